// RemoteRegion is this process' mapping of a region of another one: `new RemoteRegion(process, fd, size, nonce)`, `close()`.
// `memory` shows its bytes; a push does not need that, tools that look at the table of another process do, and tests.
#pragma once

#include <napi.h>

#include <memory>

#include "lent-memory.h"

namespace bowecho {

class RemoteRegion : public Napi::ObjectWrap<RemoteRegion> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit RemoteRegion(const Napi::CallbackInfo& info);

  const std::shared_ptr<SharedMemory>& mapping() const { return lent_->memory(); }

 private:
  Napi::Value memory(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  std::unique_ptr<LentMemory> lent_;
};

}  // namespace bowecho
