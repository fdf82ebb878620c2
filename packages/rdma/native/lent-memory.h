// LentMemory is shared memory that JavaScript sees as an ArrayBuffer.
//
// The mapping has two holders: this object, and the backing store of the ArrayBuffer. It is unmapped when both have let go,
// so neither a view that outlives its region nor a region whose view was collected reads memory that is gone. Node drops
// the backing store's share in the event loop's turn after the ArrayBuffer was detached or collected, or at the end of the
// thread, where Node first detaches the buffer itself.
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

  /** Detaches the ArrayBuffer (its views then have length 0) and lets the memory go. Twice is allowed. */
  void close();

  /** Null after `close`. */
  const std::shared_ptr<SharedMemory>& memory() const { return memory_; }

 private:
  std::shared_ptr<SharedMemory> memory_;
  // Weak: whoever holds views holds the ArrayBuffer, and a buffer that nobody holds needs no detaching.
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

}  // namespace bowecho
