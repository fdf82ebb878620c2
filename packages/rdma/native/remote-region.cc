#include "remote-region.h"

#include "peer-process.h"
#include "system-error.h"

namespace bowecho {

Napi::Function RemoteRegion::define(Napi::Env env) {
  return DefineClass(
      env, "RemoteRegion",
      {InstanceAccessor<&RemoteRegion::memory>("memory"), InstanceMethod<&RemoteRegion::close>("close")});
}

RemoteRegion::RemoteRegion(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RemoteRegion>(info) {
  const PeerProcess& process = *PeerProcess::Unwrap(info[0].As<Napi::Object>());
  const int fd = info[1].As<Napi::Number>().Int32Value();
  const auto size = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  const Nonce nonce = nonceOf(info[3]);
  auto memory = withSystemErrors(info.Env(), [&] { return process.openMemory(fd, size, nonce); });
  lent_ = std::make_unique<LentMemory>(std::move(memory));
}

Napi::Value RemoteRegion::memory(const Napi::CallbackInfo& info) {
  return withSystemErrors(info.Env(), [&] { return lent_->buffer(info.Env()); });
}

void RemoteRegion::close(const Napi::CallbackInfo&) { lent_->close(); }

}  // namespace bowecho
