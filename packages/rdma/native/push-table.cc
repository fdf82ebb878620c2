#include "push-table.h"

#include "plain-function.h"
#include "remote-region.h"
#ifdef BOWECHO_LIBFABRIC
#include "libfabric/endpoint.h"
#include "libfabric/network-carrier.h"
#include "libfabric/registration.h"
#endif

namespace bowecho {

namespace {

napi_value push(napi_env env, PushList& list, napi_value argument) {
  int32_t count = 0;
  if (napi_get_value_int32(env, argument, &count) != napi_ok) return nullptr;
  const int32_t done = list.push(count);
  if (done >= count) return nullptr;
  napi_value bad = nullptr;
  napi_create_int32(env, done, &bad);
  return bad;
}

}  // namespace

Napi::Function PushTable::define(Napi::Env env) {
  return DefineClass(env, "PushTable",
                     {InstanceMethod<&PushTable::add>("add"),
#ifdef BOWECHO_LIBFABRIC
                      InstanceMethod<&PushTable::addNetwork>("addNetwork"),
#endif
                      InstanceMethod<&PushTable::remove>("remove"),
                      InstanceMethod<&PushTable::useBatch>("useBatch")});
}

PushTable::PushTable(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<PushTable>(info), list_(std::make_shared<PushList>()) {
  info.This().As<Napi::Object>().Set("push", plainFunction(info.Env(), "push", list_, push));
}

Napi::Value PushTable::add(const Napi::CallbackInfo& info) {
  const Region& local = *Region::Unwrap(info[0].As<Napi::Object>());
  const RemoteRegion& remote = *RemoteRegion::Unwrap(info[1].As<Napi::Object>());
  const PeerProcess& process = *PeerProcess::Unwrap(info[2].As<Napi::Object>());
  const size_t index = list_->add(Way{local.source(), remote.mapping(), process.bell(), nullptr});
  return Napi::Number::New(info.Env(), static_cast<double>(index));
}

#ifdef BOWECHO_LIBFABRIC
Napi::Value PushTable::addNetwork(const Napi::CallbackInfo& info) {
  RegisteredMemory* local = Registration::Unwrap(info[0].As<Napi::Object>())->memory();
  const std::shared_ptr<OpenEndpoint>& open = Endpoint::Unwrap(info[1].As<Napi::Object>())->open();
  const auto remote = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  const Napi::Object there = info[3].As<Napi::Object>();
  bool isLossless = true;
  const RemoteMemory memory{there.Get("key").As<Napi::BigInt>().Uint64Value(&isLossless),
                            there.Get("base").As<Napi::BigInt>().Uint64Value(&isLossless),
                            static_cast<size_t>(there.Get("bytes").As<Napi::Number>().Int64Value())};
  auto carrier = std::make_unique<NetworkCarrier>(open, local, remote, memory);
  const size_t index = list_->add(Way{local->source(), nullptr, nullptr, std::move(carrier)});
  return Napi::Number::New(info.Env(), static_cast<double>(index));
}
#endif

void PushTable::remove(const Napi::CallbackInfo& info) { list_->remove(info[0].As<Napi::Number>().Uint32Value()); }

void PushTable::useBatch(const Napi::CallbackInfo& info) { list_->useBatch(info[0].As<Napi::Int32Array>().Data()); }

}  // namespace bowecho
