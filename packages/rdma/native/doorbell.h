// Doorbell is how peers wake this process: one word of shared memory and a pipe. `new Doorbell()`, `state`, `fd`, `nonce`,
// `pipeFd`, `pipeInode`, `onRing`, `close()`.
//
// The word says what a sender must do after it wrote into my memory:
//
//     AWAKE  0   I have looked since the last write. Set it to LANDED, no more.
//     LANDED 1   Somebody has set it already, and I have not looked since. Nothing to do.
//     ASLEEP 2   I am armed. Set it to LANDED, and then put a byte into the pipe.
//
// I change it in JavaScript, by atomic operations on `state`: see the table of transitions in shared-memory-fabric.ts. The
// senders' side is RemoteBell in peer-process.h.
//
// The pipe: I watch the reading end on my event loop and empty it. Peers open a writing end of their own by
// /proc/<pid>/fd/<pipeFd>, never a reading one; so no readers are left as soon as I am dead, and each peer's writing end
// then reports an error: the proof of death. I hold a writing end too, for else my reading end would report the end of
// file for ever after the last peer went.
#pragma once

#include <napi.h>

#include <memory>

#include "fd-watch.h"
#include "lent-memory.h"

namespace bowecho {

constexpr int32_t AWAKE = 0;
constexpr int32_t LANDED = 1;
constexpr int32_t ASLEEP = 2;

// The word is alone in its page, so no counter of anybody shares its cache line.
constexpr size_t DOORBELL_BYTES = sizeof(int32_t);

class Doorbell : public Napi::ObjectWrap<Doorbell> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Doorbell(const Napi::CallbackInfo& info);

 private:
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value fd(const Napi::CallbackInfo& info);
  Napi::Value nonce(const Napi::CallbackInfo& info);
  Napi::Value pipeFd(const Napi::CallbackInfo& info);
  Napi::Value pipeInode(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void empty();

  // Destroyed from the last to the first: the watch before the descriptor that it watches.
  std::unique_ptr<LentMemory> lent_;
  FileDescriptor readEnd_;
  FileDescriptor writeEnd_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace bowecho
