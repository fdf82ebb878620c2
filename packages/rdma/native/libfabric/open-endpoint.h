// OpenEndpoint is an endpoint of libfabric with what it needs (fabric, domain, address vector, completion queue): it
// registers memory, writes into that of others, and drives progress. One per fabric, all on one thread.
//
// What libfabric leaves to its user, and how it is done here:
//
//  - Connectionless providers make a new connection by themselves where an old one broke, and what the old one had taken and
//    not delivered is lost without a word. A counter must not be believed that came over the new one. A sender knows: writes
//    that were under way fail, and if none was, the next is not taken (-FI_EAGAIN), as never happens on a connection that
//    stands. It then sends nothing more, and the peer is reported as one whose writes are lost, for it may do the same.
//  - Where a write makes no sound at its target (verbs, shm), the last write of a push carries remote completion data, which
//    wakes a target that sleeps. Over tcp the socket does that, and data would be deadly: a process that is killed in the
//    middle of such a write takes its target with it (ofi_rxm looks into the error's context, which is null; seen in 1.17,
//    and the code is the same up to 2.1).
//  - That data is my tag and the number of the push, so a gap shows at the target as well.
//  - A region that is closed stays registered for a while, over empty pages. Both tcp and verbs answer a write to an
//    unknown key by breaking the connection, and with it all writes to other regions.
//  - Nothing says that a peer cannot be connected: the provider tries again, for ever. So a peer that takes nothing for some
//    time is reported as failed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "library.h"
#include "registered-memory.h"
#include "remote-endpoint.h"
#include "staging.h"

namespace bowecho {

/** What became of a whole endpoint so far; JavaScript sees them as a Float64Array in this order. */
enum Gauge : size_t {
  FAILURES_PENDING,
  WRITES_UNDER_WAY,
  WRITES_WAITING,
  WRITES_POSTED,
  BYTES_POSTED,
  PUSHES_SENT,
  PUSHES_ARRIVED,
  GAUGES
};

struct EndpointChoice {
  std::string provider;
  std::string node;  // a local address, or empty
  uint32_t tag;
};

/** Providers have buffers for 2,048 and more. As long as there are some, only a connection that is gone refuses a write. */
constexpr size_t MOST_UNDER_WAY_IN_ALL = 1536;

class OpenEndpoint {
 public:
  using Clock = std::chrono::steady_clock;

  /** Throws SystemError. */
  OpenEndpoint(const LibfabricLibrary& library, const EndpointChoice& choice, double* gauges);
  OpenEndpoint(const OpenEndpoint&) = delete;
  OpenEndpoint& operator=(const OpenEndpoint&) = delete;
  ~OpenEndpoint() { close(); }

  /** Ends everything; what was not carried out is dropped. Twice is allowed. */
  void close();
  bool isOpen() const { return endpoint_ != nullptr; }

  std::vector<uint8_t> address() const;
  /** The number of the endpoint there; the same for the same tag. Throws SystemError. */
  size_t insert(const uint8_t* address, size_t length, uint32_t tag);
  RemoteEndpoint& remote(size_t index) { return *remotes_.at(index); }

  /** Throws SystemError. */
  RegisteredMemory* expose(std::unique_ptr<SharedMemory> memory);

  /** Drives progress; how many pushes of others have landed. */
  size_t progress();
  /** Sends what pushes have gathered. */
  void flush();
  /** Whether it is safe to wait for `waitFd`. False: look at memory, then ask again. */
  bool mayWait();
  /** Whether `waitFd` says that something is to be done. */
  bool isReadable() const;
  /** -1 where the provider has none. */
  int waitFd() const { return waitFd_; }

  struct Failure {
    size_t remote;
    std::string words;
    /** Writes from there to here were lost; else, writes to there find no way. */
    bool lostWrites;
  };
  std::vector<Failure> takeFailures();

  /** What a call answered, in libfabric's words. */
  std::string describe(int64_t result) const { return library_.describeError(static_cast<int>(-result)); }

  const fi_info& info() const { return *info_; }
  /** Whether a write's bytes are put down in their order, and arrive over a connection that may break. */
  bool isStream() const { return isStream_; }
  /** How many spans one write can have, in their order. */
  size_t spansPerWrite() const { return spansPerWrite_; }
  size_t mostBytesPerWrite() const { return mostBytesPerWrite_; }
  /**
   * How many writes to one endpoint may be under way: as many as to each other one, and one share is left for who comes next. So
   * those that take nothing, however many, leave room for the others.
   */
  size_t mostUnderWay() const { return std::max<size_t>(1, MOST_UNDER_WAY_IN_ALL / (sharers_ + 1)); }
  /** How many captured bytes can be handed over without being kept here. */
  size_t mostInjectBytes() const { return mayInject_ ? info_->tx_attr->inject_size : 0; }
  bool usesVirtualAddresses() const { return (info_->domain_attr->mr_mode & FI_MR_VIRT_ADDR) != 0; }

 private:
  friend class RemoteEndpoint;
  friend class RegisteredMemory;

  struct Sender {
    uint64_t next = 1;
    bool isBroken = false;
    /** Two endpoints have the same tag: their numbers mix. */
    bool isAmbiguous = false;
    size_t remote = NOBODY;
  };
  static constexpr size_t NOBODY = SIZE_MAX;

  void open(const EndpointChoice& choice);
  void check(const char* call, int64_t result) const;
  fid_mr* registerMemory(const SharedMemory& memory, uint64_t access);
  bool readsRegisteredOnly() const { return (info_->domain_attr->mr_mode & FI_MR_LOCAL) != 0; }

  uint64_t halfMask() const { return (uint64_t{1} << (dataBits_ / 2)) - 1; }
  uint64_t pushData(uint64_t number) const;
  void landed(uint64_t data);
  void readError();
  void dropNotices();
  void failed(Failure failure);
  void retire(RegisteredMemory* memory);

  const LibfabricLibrary& library_;
  double* const gauges_;
  const uint32_t tag_;
  fi_info* info_ = nullptr;
  fid_fabric* fabric_ = nullptr;
  fid_domain* domain_ = nullptr;
  fid_av* addresses_ = nullptr;
  fid_cq* completions_ = nullptr;
  fid_ep* endpoint_ = nullptr;
  int waitFd_ = -1;
  /** The provider did not let us wait, when asked last. */
  bool isRefusedToWait_ = false;
  int dataBits_ = 64;
  bool isStream_ = false;
  bool mayInject_ = false;
  size_t spansPerWrite_ = 1;
  size_t mostBytesPerWrite_ = 0;

  Staging staging_;
  OperationPool operations_;
  std::vector<std::unique_ptr<RemoteEndpoint>> remotes_;
  std::vector<RemoteEndpoint*> gathering_;
  /** Endpoints that are written to, or have writes under way. */
  size_t sharers_ = 0;
  std::unordered_map<uint64_t, Sender> senders_;
  std::vector<Failure> failures_;
  std::vector<std::unique_ptr<RegisteredMemory>> memories_;
  /** The most that were open at one time. */
  size_t mostOpen_ = 0;
  /** The closed ones that others may still write to, oldest first; and the places of older ones. */
  std::vector<RegisteredMemory*> retired_;
  std::vector<std::unique_ptr<SharedMemory>> graves_;
};

}  // namespace bowecho
