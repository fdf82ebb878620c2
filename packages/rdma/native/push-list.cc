#include "push-list.h"

#include <atomic>
#include <utility>

#include "copy-span.h"

namespace bowecho {

namespace {

// As packages/core/src/fabric.ts has it. Mappings copy everything at the post, borrowed or captured. Carriers ring for quiet spans
// too: what lands by a network wakes by itself.
constexpr int PUSH_STRIDE = 5;
constexpr int PUSH_PEER = 0;
constexpr int PUSH_LOCAL_OFFSET = 1;
constexpr int PUSH_REMOTE_OFFSET = 2;
constexpr int PUSH_LENGTH = 3;
constexpr int PUSH_FLAGS = 4;

constexpr int32_t CAPTURED = 1;
constexpr int32_t QUIET = 2;

bool isInside(int32_t offset, int32_t length, size_t size) {
  return offset >= 0 && length >= 0 && static_cast<uint64_t>(offset) + static_cast<uint64_t>(length) <= size;
}

}  // namespace

size_t PushList::add(Way way) {
  ways_.push_back(std::make_unique<Way>(std::move(way)));
  touched_.reserve(ways_.size());
  carrying_.reserve(ways_.size());
  return ways_.size() - 1;
}

int32_t PushList::push(int32_t count) {
  pushes_++;
  touched_.clear();
  carrying_.clear();
  int32_t done = 0;
  while (done < count && carryOut(batch_ + static_cast<size_t>(done) * PUSH_STRIDE)) done++;
  // Also after one that is bad: what came before it is on its way.
  ring();
  for (Carrier* carrier : carrying_) carrier->flush();
  return done;
}

/** False: it is bad. */
bool PushList::carryOut(const int32_t* descriptor) {
  const auto index = static_cast<uint32_t>(descriptor[PUSH_PEER]);
  if (index >= ways_.size()) return false;
  Way* way = ways_[index].get();
  if (way == nullptr || !way->source->isOpen) return true;
  const int32_t from = descriptor[PUSH_LOCAL_OFFSET];
  const int32_t to = descriptor[PUSH_REMOTE_OFFSET];
  const int32_t length = descriptor[PUSH_LENGTH];
  Carrier* carrier = way->carrier.get();
  const size_t targetSize = carrier == nullptr ? way->target->size() : carrier->targetSize();
  if (!isInside(from, length, way->source->size) || !isInside(to, length, targetSize)) return false;
  const uint8_t* bytes = way->source->bytes + from;
  if (carrier == nullptr) {
    copy(*way, bytes, static_cast<size_t>(to), static_cast<size_t>(length));
    if ((descriptor[PUSH_FLAGS] & QUIET) == 0) touch(*way);
    return true;
  }
  if (length == 0 || !carrier->isOpen()) return true;
  const bool isCaptured = (descriptor[PUSH_FLAGS] & CAPTURED) != 0;
  carrier->accept(bytes, static_cast<size_t>(to), static_cast<size_t>(length), isCaptured);
  if (way->lastPush != pushes_) {
    way->lastPush = pushes_;
    carrying_.push_back(carrier);
  }
  return true;
}

void PushList::copy(Way& way, const uint8_t* from, size_t to, size_t length) {
  copySpan(way.target->bytes() + to, from, length);
  // Data before its guard: a counter must not be seen before the bytes that it vouches for, and the next descriptor may be
  // that counter.
  std::atomic_thread_fence(std::memory_order_release);
}

/** Whoever that way leads to is to be rung for. */
void PushList::touch(Way& way) {
  if (way.bell->lastPush != pushes_) {
    way.bell->lastPush = pushes_;
    touched_.push_back(way.bell.get());
  }
}

void PushList::ring() {
  if (touched_.empty()) return;
  // All that was written must be visible before any word is read: else a peer that has just looked and found nothing goes to
  // sleep, while its word here still says that it has not looked.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (RemoteBell* bell : touched_) bell->ring();
}

}  // namespace bowecho
