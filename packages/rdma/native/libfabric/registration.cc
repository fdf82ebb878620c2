#include "registration.h"

#include "region.h"
#include "system-error.h"
#include "endpoint.h"

namespace bowecho {

Napi::Function Registration::define(Napi::Env env) {
  return DefineClass(env, "Registration",
                     {InstanceAccessor<&Registration::key>("key"), InstanceAccessor<&Registration::base>("base"),
                      InstanceMethod<&Registration::close>("close")});
}

Registration::Registration(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Registration>(info) {
  open_ = Endpoint::Unwrap(info[0].As<Napi::Object>())->open();
  const Region& region = *Region::Unwrap(info[1].As<Napi::Object>());
  withSystemErrors(info.Env(), [&] { memory_ = open_->expose(region.mapAgain()); });
}

Napi::Value Registration::key(const Napi::CallbackInfo& info) { return Napi::BigInt::New(info.Env(), memory_->key()); }

Napi::Value Registration::base(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(), memory_->base());
}

void Registration::close(const Napi::CallbackInfo&) { release(); }

void Registration::release() {
  if (memory() != nullptr) memory_->close();
  memory_ = nullptr;
}

}  // namespace bowecho
