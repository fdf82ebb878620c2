#include "push-list.h"

#include <atomic>
#include <utility>

#include "copy-span.h"

namespace bowecho {

namespace {

// As packages/core/src/fabric.ts has it; flags are not read, because everything is copied at the post.
constexpr int PUSH_STRIDE = 5;
constexpr int PUSH_PEER = 0;
constexpr int PUSH_LOCAL_OFFSET = 1;
constexpr int PUSH_REMOTE_OFFSET = 2;
constexpr int PUSH_LENGTH = 3;

bool isInside(int32_t offset, int32_t length, size_t size) {
  return offset >= 0 && length >= 0 && static_cast<uint64_t>(offset) + static_cast<uint64_t>(length) <= size;
}

}  // namespace

size_t PushList::add(Way way) {
  ways_.push_back(std::make_unique<Way>(std::move(way)));
  touched_.reserve(ways_.size());
  return ways_.size() - 1;
}

int32_t PushList::push(int32_t count) {
  pushes_++;
  touched_.clear();
  int32_t done = 0;
  while (done < count && copy(batch_ + static_cast<size_t>(done) * PUSH_STRIDE)) done++;
  ring();  // also after a bad descriptor: what came before it has landed
  return done;
}

/** False where the descriptor is bad. */
bool PushList::copy(const int32_t* descriptor) {
  const auto index = static_cast<uint32_t>(descriptor[PUSH_PEER]);
  if (index >= ways_.size()) return false;
  const Way* way = ways_[index].get();
  if (way == nullptr || !way->source->isOpen) return true;
  const int32_t from = descriptor[PUSH_LOCAL_OFFSET];
  const int32_t to = descriptor[PUSH_REMOTE_OFFSET];
  const int32_t length = descriptor[PUSH_LENGTH];
  if (!isInside(from, length, way->source->size) || !isInside(to, length, way->target->size())) return false;
  copySpan(way->target->bytes() + to, way->source->bytes + from, static_cast<size_t>(length));
  // Data before its guard: a counter must not be seen before the bytes that it vouches for, and the next descriptor may be
  // that counter.
  std::atomic_thread_fence(std::memory_order_release);
  if (way->bell->lastPush != pushes_) {
    way->bell->lastPush = pushes_;
    touched_.push_back(way->bell.get());
  }
  return true;
}

void PushList::ring() {
  if (touched_.empty()) return;
  // All that was written must be visible before any word is read: else a peer that has just looked and found nothing goes to
  // sleep, while its word here still says that it has not looked.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (RemoteBell* bell : touched_) bell->ring();
}

}  // namespace bowecho
