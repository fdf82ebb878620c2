#include "remote-endpoint.h"

#include <cstring>
#include <utility>

#include "open-endpoint.h"

namespace bowecho {

namespace {

// For one peer; some 120 MiB of memory in all. The protocol bounds what is under way by the size of its rings. Where a peer stands
// still, twenty thousand pushes a second of counters of 500 bytes fill this in six seconds: a group has dropped it by then.
constexpr size_t MOST_WAITING = 131072;
constexpr uint64_t MOST_BYTES_STAGED = 64 << 20;
constexpr uint64_t MOST_BYTES_UNDER_WAY = 16 << 20;

// While a connection is made, nothing is taken and nothing is under way. It needs both processes to drive progress, and one of
// them may be busy. A connection that is there, and takes nothing because its peer stands still, has writes under way: how
// long that may last is not ours to judge.
constexpr std::chrono::seconds LONGEST_CONNECTING{10};

// Whoever is refused memory here is told so as of a peer, for only the writes to that one fail.
const std::string MEMORY_REMEDY = "network cards need memory that stays in place: raise `ulimit -l`";

bool continues(const Span& span, const Span& next) {
  return span.memory == next.memory && span.isCaptured == next.isCaptured && span.key == next.key &&
         span.bytes + span.length == next.bytes && span.target + span.length == next.target;
}

}  // namespace

void RemoteEndpoint::post(const Span& span) {
  if (isFailed_) return;
  if (waiting_.size() >= MOST_WAITING || stagedBytes_ >= MOST_BYTES_STAGED) {
    return fail("it takes nothing, or too slowly: " + std::to_string(waiting_.size()) + " writes wait for it, and " +
                std::to_string(stagedBytes_) + " bytes that were copied for them");
  }
  if (!isWanted_) {
    isWanted_ = true;
    share();
  }
  if (!isGathering_) {
    isGathering_ = true;
    endpoint_.gathering_.push_back(this);
  }
  const uint64_t most = span.isCaptured ? Staging::MOST_BYTES : endpoint_.mostBytesPerWrite();
  Span piece = span;
  for (uint64_t left = span.length; left > 0; left -= piece.length) {
    piece.length = left < most ? left : most;
    gather(piece);
    piece.bytes += piece.length;
    piece.target += piece.length;
  }
}

void RemoteEndpoint::gather(const Span& span) {
  if (gatheredCount_ > 0) {
    Span& last = gathered_[gatheredCount_ - 1];
    const uint64_t most = span.isCaptured ? Staging::MOST_BYTES : endpoint_.mostBytesPerWrite();
    if (continues(last, span) && last.length + span.length <= most) {
      last.length += span.length;
      return;
    }
  }
  uint64_t bytes = span.length;
  for (size_t i = 0; i < gatheredCount_; i++) bytes += gathered_[i].length;
  if (gatheredCount_ == endpoint_.spansPerWrite() || bytes > endpoint_.mostBytesPerWrite()) send(false);
  gathered_[gatheredCount_++] = span;
}

void RemoteEndpoint::flush() {
  isGathering_ = false;
  if (gatheredCount_ > 0) send(true);
}

/** Posts what was gathered as one write. */
void RemoteEndpoint::send(bool endsPush) {
  const size_t count = std::exchange(gatheredCount_, 0);
  if (isFailed_) return;
  const Span& only = gathered_[0];
  if (count == 1 && only.isCaptured && only.length <= endpoint_.mostInjectBytes() && hasRoom()) {
    const int64_t result = inject(endsPush);
    if (result == 0) return;
    if (result != -FI_EAGAIN) return refused(result);
  }
  Operation* operation = endpoint_.operations_.take();
  operation->remote = this;
  operation->count = count;
  operation->endsPush = endsPush;
  operation->bytes = 0;
  for (size_t i = 0; i < count; i++) {
    Span& span = operation->spans[i] = gathered_[i];
    operation->bytes += span.length;
    if (!span.isCaptured) span.memory->borrow();
  }
  if (!stage(*operation)) {
    release(operation);
    return fail("this process gets no memory for what waits to be sent there (" + MEMORY_REMEDY + ")");
  }
  const bool isTried = hasRoom();
  const int64_t result = isTried ? attempt(*operation) : -FI_EAGAIN;
  if (result == 0) return;
  if (result == -FI_EAGAIN && !(isTried && isBroken(result))) {
    waiting_.push_back(operation);
    endpoint_.gauges_[WRITES_WAITING]++;
    return;
  }
  release(operation);
  refused(result);
}

/** Copies captured bytes to where they stay. False: there is no memory. */
bool RemoteEndpoint::stage(Operation& operation) {
  bool isStaged = true;
  for (size_t i = 0; i < operation.count; i++) {
    Span& span = operation.spans[i];
    if (!span.isCaptured) continue;
    span.memory = nullptr;
    span.block = endpoint_.staging_.take(span.length);
    if (span.block == nullptr) {
      isStaged = false;
      continue;
    }
    stagedBytes_ += Staging::sizeOf(*span.block);
    std::memcpy(span.block->bytes, span.bytes, span.length);
    span.bytes = span.block->bytes;
  }
  return isStaged;
}

bool RemoteEndpoint::hasRoom() const {
  return waiting_.empty() && mayPost();
}

bool RemoteEndpoint::mayPost() const {
  return underWay_ < endpoint_.mostUnderWay() && bytesUnderWay_ < MOST_BYTES_UNDER_WAY &&
         endpoint_.gauges_[WRITES_UNDER_WAY] < static_cast<double>(MOST_UNDER_WAY_IN_ALL);
}

/** Who has writes under way has a share, though nobody writes there any more: those may stay for long. */
void RemoteEndpoint::share() {
  const bool isSharing = isWanted_ || underWay_ > 0;
  if (isSharing == isSharing_) return;
  isSharing_ = isSharing;
  if (isSharing) {
    endpoint_.sharers_++;
  } else {
    endpoint_.sharers_--;
  }
}

/** Where a write makes no sound at its target, the last one of a push does. */
bool RemoteEndpoint::hasData(bool endsPush) const {
  return endsPush && !endpoint_.isStream();
}

/** Libfabric has taken a write. Pushes are numbered here, so that those which are dropped leave no gap. */
void RemoteEndpoint::sent(bool endsPush, uint64_t bytes) {
  wasConnected_ = true;
  if (endsPush) {
    pushes_++;
    endpoint_.gauges_[PUSHES_SENT]++;
  }
  endpoint_.gauges_[WRITES_POSTED]++;
  endpoint_.gauges_[BYTES_POSTED] += static_cast<double>(bytes);
}

int64_t RemoteEndpoint::inject(bool endsPush) {
  const Span& span = gathered_[0];
  const int64_t result =
      hasData(endsPush)
          ? fi_inject_writedata(endpoint_.endpoint_, span.bytes, span.length, endpoint_.pushData(pushes_ + 1), address_,
                                span.target, span.key)
          : fi_inject_write(endpoint_.endpoint_, span.bytes, span.length, address_, span.target, span.key);
  if (result == 0) sent(endsPush, span.length);
  return result;
}

int64_t RemoteEndpoint::attempt(Operation& operation) {
  iovec sources[MOST_SPANS];
  fi_rma_iov targets[MOST_SPANS];
  void* descriptors[MOST_SPANS];
  for (size_t i = 0; i < operation.count; i++) {
    const Span& span = operation.spans[i];
    sources[i] = iovec{const_cast<uint8_t*>(span.bytes), span.length};
    targets[i] = fi_rma_iov{span.target, span.length, span.key};
    descriptors[i] = span.block != nullptr ? span.block->descriptor : span.memory->descriptor();
  }
  const bool withData = hasData(operation.endsPush);
  const uint64_t data = withData ? endpoint_.pushData(pushes_ + 1) : 0;
  const fi_msg_rma message{sources, descriptors,       operation.count,    address_,
                           targets, operation.count, &operation.context, data};
  const uint64_t flags = FI_COMPLETION | (withData ? FI_REMOTE_CQ_DATA : 0);
  const int64_t result = fi_writemsg(endpoint_.endpoint_, &message, flags);
  if (result != 0) return result;
  sent(operation.endsPush, operation.bytes);
  underWay_++;
  bytesUnderWay_ += operation.bytes;
  endpoint_.gauges_[WRITES_UNDER_WAY]++;
  return 0;
}

void RemoteEndpoint::retry() {
  bool isProgress = false;
  while (!waiting_.empty() && mayPost()) {
    Operation* operation = waiting_.front();
    const int64_t result = attempt(*operation);
    if (result == -FI_EAGAIN && !isBroken(result)) break;
    if (result != 0) return refused(result);
    waiting_.pop_front();
    endpoint_.gauges_[WRITES_WAITING]--;
    isProgress = true;
  }
  if (isProgress || waiting_.empty()) {
    isStuck_ = false;
  } else {
    giveUpIfStuck();
  }
}

void RemoteEndpoint::giveUpIfStuck() {
  if (underWay_ > 0) {
    isStuck_ = false;
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (!isStuck_) {
    isStuck_ = true;
    stuckSince_ = now;
    return;
  }
  if (now - stuckSince_ < LONGEST_CONNECTING) return;
  fail("no connection came about within " + std::to_string(LONGEST_CONNECTING.count()) + " seconds");
}

void RemoteEndpoint::completed(Operation* operation) {
  underWay_--;
  bytesUnderWay_ -= operation->bytes;
  endpoint_.gauges_[WRITES_UNDER_WAY]--;
  isStuck_ = false;
  release(operation);
  share();
}

void RemoteEndpoint::drop() {
  if (!endpoint_.isOpen()) return;  // all was released then
  isWanted_ = false;
  isStuck_ = false;
  share();
  dropWaiting();
}

void RemoteEndpoint::release(Operation* operation) {
  for (size_t i = 0; i < operation->count; i++) {
    const Span& span = operation->spans[i];
    if (span.block != nullptr) {
      stagedBytes_ -= Staging::sizeOf(*span.block);
      endpoint_.staging_.giveBack(span.block);
    }
    if (!span.isCaptured) span.memory->giveBack();
  }
  endpoint_.operations_.giveBack(operation);
}

/** A connection that stands takes a write when none is under way. */
bool RemoteEndpoint::isBroken(int64_t result) const {
  return result == -FI_EAGAIN && endpoint_.isStream() && wasConnected_ && underWay_ == 0;
}

void RemoteEndpoint::refused(int64_t result) {
  if (isBroken(result)) return broke("the connection is gone");
  std::string words = endpoint_.describe(result);
  if (result == -FI_ENOMEM) words += " (" + MEMORY_REMEDY + ")";
  fail(std::move(words));
}

void RemoteEndpoint::fail(std::string words) {
  if (isFailed_) return;
  stop();
  endpoint_.failed({index_, std::move(words), false});
}

void RemoteEndpoint::broke(std::string words) {
  if (isBroken_) return;
  isBroken_ = true;
  stop();
  endpoint_.failed({index_, std::move(words), true});
}

void RemoteEndpoint::stop() {
  if (isFailed_) return;
  isFailed_ = true;
  isWanted_ = false;
  gatheredCount_ = 0;
  share();
  dropWaiting();
}

void RemoteEndpoint::dropWaiting() {
  endpoint_.gauges_[WRITES_WAITING] -= static_cast<double>(waiting_.size());
  for (Operation* operation : waiting_) release(operation);
  waiting_.clear();
}

}  // namespace bowecho
