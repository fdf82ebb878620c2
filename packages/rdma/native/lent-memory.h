// LentMemory is shared memory that JavaScript sees as an ArrayBuffer.
//
// The mapping has two holders: this object, and the backing store of the ArrayBuffer. It is unmapped when both have let go,
// so neither a view that outlives its region nor a region whose view was collected reads memory that is gone. Node drops
// the backing store's share in the event loop's turn after the ArrayBuffer was collected, or at the end of the thread.
//
// Closing does not detach the ArrayBuffer. V8 compiles code that trusts that no buffer of the thread was ever detached; after the
// first one that was, all loops over typed arrays took 1.7 to 1.9 times as long. So closing puts empty private pages in
// the place of the shared ones: it fences as well, it costs nothing later, and a file or socket operation that still runs on
// a view harms nobody.
#pragma once

#include <napi.h>

#include <memory>

#include "shared-memory.h"

namespace bowecho {

class LentMemory {
 public:
  explicit LentMemory(std::shared_ptr<SharedMemory> memory) : memory_(std::move(memory)) {}

  /** An ArrayBuffer over the memory, made at the first call. Throws SystemError ENOTSUP where the engine forbids it. */
  Napi::Value buffer(Napi::Env env);

  /** Lets the memory go; views of it show zeros from then on, and what is written to them goes nowhere. Twice is allowed. */
  void close();

  /** Null after `close`. */
  const std::shared_ptr<SharedMemory>& memory() const { return memory_; }

 private:
  std::shared_ptr<SharedMemory> memory_;
  // Weak: whoever holds views holds the ArrayBuffer, and behind a buffer that nobody holds nothing need be put.
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

}  // namespace bowecho
