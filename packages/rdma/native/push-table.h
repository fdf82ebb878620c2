// PushTable carries out push batches: `add(region, remoteRegion, process)` gives a way its index, `remove(index)` ends it,
// `useBatch(array)` says where batches lie, `push(count)` carries out the first `count` descriptors there.
//
// The batch array is fetched when it changes and not at each push, because that costs more than a push of counters. JavaScript
// keeps the array alive and checks that it is long enough.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "peer-process.h"
#include "region.h"
#include "shared-memory.h"

namespace bowecho {

class PushTable : public Napi::ObjectWrap<PushTable> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit PushTable(const Napi::CallbackInfo& info);

 private:
  /** The way from a region here to a region there. */
  struct Way {
    std::shared_ptr<Source> source;
    std::shared_ptr<SharedMemory> target;
    std::shared_ptr<RemoteBell> bell;
  };

  Napi::Value add(const Napi::CallbackInfo& info);
  void remove(const Napi::CallbackInfo& info);
  void useBatch(const Napi::CallbackInfo& info);
  /** Undefined, or the place in the batch of the first descriptor that names no way or reaches outside of its regions. */
  Napi::Value push(const Napi::CallbackInfo& info);

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
