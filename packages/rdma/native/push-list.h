// PushList carries out push batches: it knows the ways from regions here to regions there. Where the region there is mapped here,
// it copies what descriptors say, and rings for each process that was written to; else it hands them to the way's carrier.
// It is what a PushTable of JavaScript stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "carrier.h"
#include "peer-process.h"
#include "region.h"
#include "shared-memory.h"

namespace bowecho {

/** The way from a region here to a region there: mapped here (a target and a bell), or by a carrier. */
struct Way {
  std::shared_ptr<Source> source;
  std::shared_ptr<SharedMemory> target;
  std::shared_ptr<RemoteBell> bell;
  std::unique_ptr<Carrier> carrier;
  /** Of the push that used the carrier last. */
  uint64_t lastPush = 0;
};

class PushList {
 public:
  /** Gives the way its index. */
  size_t add(Way way);
  void remove(size_t index) { ways_.at(index).reset(); }
  void useBatch(const int32_t* batch) { batch_ = batch; }

  /**
   * Carries out the first `count` descriptors of the batch; how many were. Fewer: the next one names no way, or reaches outside of
   * its regions, and nothing of it was carried out.
   */
  int32_t push(int32_t count);

 private:
  bool carryOut(const int32_t* descriptor);
  void copy(Way& way, const uint8_t* from, size_t to, size_t length);
  void touch(Way& way);
  void ring();

  // Indexes are not given twice: a hint about a peer that is gone must not hit its successor. An ended way costs 8 bytes.
  std::vector<std::unique_ptr<Way>> ways_;
  // Those to ring, and to flush, after this push; room for each is made by `add`.
  std::vector<RemoteBell*> touched_;
  std::vector<Carrier*> carrying_;
  const int32_t* batch_ = nullptr;
  uint64_t pushes_ = 0;
};

}  // namespace bowecho
