// Registration opens a region to peers: `new Registration(endpoint, region)`, `key`, `base`, `close()`.
#pragma once

#include <napi.h>

#include <memory>

#include "open-endpoint.h"

namespace bowecho {

class Registration : public Napi::ObjectWrap<Registration> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Registration(const Napi::CallbackInfo& info);
  ~Registration() override { release(); }

  /** Null once it is closed, or its endpoint is. */
  RegisteredMemory* memory() const { return open_ != nullptr && open_->isOpen() ? memory_ : nullptr; }

 private:
  Napi::Value key(const Napi::CallbackInfo& info);
  Napi::Value base(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  void release();

  std::shared_ptr<OpenEndpoint> open_;
  RegisteredMemory* memory_ = nullptr;
};

}  // namespace bowecho
