// RemoteEndpoint is an endpoint of another process: writes to it are posted here, in order, and wait here in order while
// libfabric takes no more.
//
// A peer that takes nothing (its process stands still, or nobody answers) keeps nobody else waiting: what may be under way in all is
// shared out among the peers, and what waits for one is bounded. Beyond that bound this peer has failed.
//
// Spans of one push are gathered: neighbours become one, and where the provider can, up to four places go into one
// write, because a write over tcp costs some five microseconds whatever its size. That keeps the order which the fabric
// promises, since a provider on a stream puts bytes down as they come; others get one write for each span.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "operation.h"

namespace bowecho {

class OpenEndpoint;

class RemoteEndpoint {
 public:
  RemoteEndpoint(OpenEndpoint& endpoint, size_t index, fi_addr_t address)
      : endpoint_(endpoint), index_(index), address_(address) {}

  /** Length is above 0, and captured bytes may change after `flush`. Where too much waits already, the peer has failed. */
  void post(const Span& span);
  /** The push ends. */
  void flush();
  /** Tries what waits. */
  void retry();
  void completed(Operation* operation);
  /** Nobody writes there any more: what waits is dropped. What libfabric has taken cannot be called back. */
  void drop();
  /** It cannot be reached: nothing more is sent there. Reported once. */
  void fail(std::string words);
  /** The connection broke: nothing more is sent there, and nothing of it is to be believed. Reported once. */
  void broke(std::string words);

  bool isFailed() const { return isFailed_; }
  bool isWaiting() const { return !waiting_.empty(); }

 private:
  void gather(const Span& span);
  void send(bool endsPush);
  bool stage(Operation& operation);
  int64_t attempt(Operation& operation);
  int64_t inject(bool endsPush);
  bool hasData(bool endsPush) const;
  void sent(bool endsPush, uint64_t bytes);
  void release(Operation* operation);
  void stop();
  void dropWaiting();
  void share();
  bool isBroken(int64_t result) const;
  void refused(int64_t result);
  void giveUpIfStuck();
  bool hasRoom() const;
  bool mayPost() const;

  OpenEndpoint& endpoint_;
  const size_t index_;
  const fi_addr_t address_;
  Span gathered_[MOST_SPANS];
  size_t gatheredCount_ = 0;
  bool isGathering_ = false;
  std::deque<Operation*> waiting_;
  size_t underWay_ = 0;
  uint64_t bytesUnderWay_ = 0;
  uint64_t stagedBytes_ = 0;
  uint64_t pushes_ = 0;
  /** Written to, and not dropped or failed since. */
  bool isWanted_ = false;
  /** Counted among those that share what may be under way. */
  bool isSharing_ = false;
  bool wasConnected_ = false;
  bool isFailed_ = false;
  bool isBroken_ = false;
  std::chrono::steady_clock::time_point stuckSince_;
  bool isStuck_ = false;
};

}  // namespace bowecho
