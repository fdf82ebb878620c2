// RemoteEndpoint is an endpoint of another process: writes to it are posted here, in order, and wait here in order while
// libfabric takes no more.
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

  /** False: so much waits already that nothing more is taken. Length is above 0, and captured bytes may change after `flush`. */
  bool post(const Span& span);
  /** The push ends. */
  void flush();
  /** Tries what waits. */
  void retry();
  void completed(Operation* operation);
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
  int64_t inject(uint64_t data, bool hasData);
  void release(Operation* operation);
  void stop();
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
  bool wasConnected_ = false;
  bool isFailed_ = false;
  bool isBroken_ = false;
  std::chrono::steady_clock::time_point stuckSince_;
  bool isStuck_ = false;
};

}  // namespace bowecho
