// PushList carries out push batches: it knows the ways from regions here to regions there, copies what descriptors say, and
// rings for each process that was written to. It is what a PushTable of JavaScript stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "peer-process.h"
#include "region.h"
#include "shared-memory.h"

namespace bowecho {

/** The way from a region here to a region there. */
struct Way {
  std::shared_ptr<Source> source;
  std::shared_ptr<SharedMemory> target;
  std::shared_ptr<RemoteBell> bell;
};

class PushList {
 public:
  /** Gives the way its index. */
  size_t add(Way way);
  void remove(size_t index) { ways_.at(index).reset(); }
  void useBatch(const int32_t* batch) { batch_ = batch; }

  /**
   * Carries out the first `count` descriptors of the batch. Less is returned where a descriptor names no way or reaches outside
   * of its regions: that is then its place, and nothing of it was copied.
   */
  int32_t push(int32_t count);

 private:
  bool copy(const int32_t* descriptor);
  void ring();

  // Indexes are not given twice: a hint about a peer that is gone must not hit its successor. An ended way costs 8 bytes.
  std::vector<std::unique_ptr<Way>> ways_;
  // Those to ring after this push; room for each is made by `add`.
  std::vector<RemoteBell*> touched_;
  const int32_t* batch_ = nullptr;
  uint64_t pushes_ = 0;
};

}  // namespace bowecho
