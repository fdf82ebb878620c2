#include "push-table.h"

#include "remote-region.h"

namespace bowecho {

namespace {

using Share = std::shared_ptr<PushList>;

napi_value push(napi_env env, napi_callback_info info) {
  size_t arguments = 1;
  napi_value argument = nullptr;
  void* share = nullptr;
  int32_t count = 0;
  if (napi_get_cb_info(env, info, &arguments, &argument, nullptr, &share) != napi_ok) return nullptr;
  if (napi_get_value_int32(env, argument, &count) != napi_ok) return nullptr;
  const int32_t done = static_cast<Share*>(share)->get()->push(count);
  if (done >= count) return nullptr;
  napi_value place = nullptr;
  napi_create_int32(env, done, &place);
  return place;
}

Napi::Value pushFunction(Napi::Env env, const Share& list) {
  auto* share = new Share(list);
  napi_value function = nullptr;
  const napi_status made = napi_create_function(env, "push", NAPI_AUTO_LENGTH, push, share, &function);
  NAPI_THROW_IF_FAILED(env, made, Napi::Value());
  const napi_status added = napi_add_finalizer(
      env, function, share, [](napi_env, void* data, void*) { delete static_cast<Share*>(data); }, nullptr, nullptr);
  NAPI_THROW_IF_FAILED(env, added, Napi::Value());
  return Napi::Value(env, function);
}

}  // namespace

Napi::Function PushTable::define(Napi::Env env) {
  return DefineClass(env, "PushTable",
                     {InstanceMethod<&PushTable::add>("add"), InstanceMethod<&PushTable::remove>("remove"),
                      InstanceMethod<&PushTable::useBatch>("useBatch")});
}

PushTable::PushTable(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<PushTable>(info), list_(std::make_shared<PushList>()) {
  info.This().As<Napi::Object>().Set("push", pushFunction(info.Env(), list_));
}

Napi::Value PushTable::add(const Napi::CallbackInfo& info) {
  const Region& local = *Region::Unwrap(info[0].As<Napi::Object>());
  const RemoteRegion& remote = *RemoteRegion::Unwrap(info[1].As<Napi::Object>());
  const PeerProcess& process = *PeerProcess::Unwrap(info[2].As<Napi::Object>());
  const size_t index = list_->add(Way{local.source(), remote.mapping(), process.bell()});
  return Napi::Number::New(info.Env(), static_cast<double>(index));
}

void PushTable::remove(const Napi::CallbackInfo& info) { list_->remove(info[0].As<Napi::Number>().Uint32Value()); }

void PushTable::useBatch(const Napi::CallbackInfo& info) { list_->useBatch(info[0].As<Napi::Int32Array>().Data()); }

}  // namespace bowecho
