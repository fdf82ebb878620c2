#include "endpoint.h"

#include "call-back.h"
#include "plain-function.h"
#include "system-error.h"

namespace bowecho {

namespace {

napi_value progress(napi_env env, OpenEndpoint& open, napi_value) {
  napi_value landed = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(open.progress()), &landed);
  return landed;
}

}  // namespace

Napi::Function Endpoint::define(Napi::Env env) {
  return DefineClass(env, "Endpoint",
                     {InstanceAccessor<&Endpoint::address>("address"), InstanceAccessor<&Endpoint::facts>("facts"),
                      InstanceMethod<&Endpoint::insert>("insert"), InstanceMethod<&Endpoint::arm>("arm"),
                      InstanceMethod<&Endpoint::isReadable>("isReadable"),
                      InstanceMethod<&Endpoint::drop>("drop"),
                      InstanceMethod<&Endpoint::takeFailures>("takeFailures"),
                      InstanceMethod<&Endpoint::close>("close")});
}

Endpoint::Endpoint(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Endpoint>(info) {
  const Napi::Object options = info[0].As<Napi::Object>();
  const EndpointChoice choice{options.Get("provider").As<Napi::String>().Utf8Value(),
                              options.Get("node").As<Napi::String>().Utf8Value(),
                              options.Get("tag").As<Napi::Number>().Uint32Value()};
  auto gauges = options.Get("gauges").As<Napi::Float64Array>();
  gauges_ = Napi::Persistent(gauges);
  withSystemErrors(info.Env(), [&] {
    std::string reason;
    const LibfabricLibrary* library = LibfabricLibrary::load(reason);
    if (library == nullptr) failWith("dlopen", ENOENT);
    open_ = std::make_shared<OpenEndpoint>(*library, choice, gauges.Data());
    if (open_->waitFd() < 0) return;
    watch_ = std::make_unique<FdWatch>(info.Env(), open_->waitFd(), FdWatch::For::READABLE, [this] {
      watch_->pause();
      callBack(*this, "onReady");
    });
    watch_->pause();
  });
  // Like `push`: called every turn, so a plain function and not a method.
  info.This().As<Napi::Object>().Set("progress", plainFunction(info.Env(), "progress", open_, progress));
}

Endpoint::~Endpoint() {
  watch_.reset();
  if (open_ != nullptr) open_->close();  // the gauges go with this object, whoever else holds the endpoint
}

Napi::Value Endpoint::address(const Napi::CallbackInfo& info) {
  return withSystemErrors(info.Env(), [&] {
    const std::vector<uint8_t> bytes = open_->address();
    return Napi::Buffer<uint8_t>::Copy(info.Env(), bytes.data(), bytes.size());
  });
}

Napi::Value Endpoint::facts(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const fi_info& found = open_->info();
  Napi::Object facts = Napi::Object::New(env);
  facts.Set("provider", found.fabric_attr->prov_name);
  facts.Set("domain", found.domain_attr->name == nullptr ? "" : found.domain_attr->name);
  facts.Set("injectBytes", static_cast<double>(found.tx_attr->inject_size));
  facts.Set("spansPerWrite", static_cast<double>(open_->spansPerWrite()));
  facts.Set("bytesPerWrite", static_cast<double>(open_->mostBytesPerWrite()));
  facts.Set("canWait", open_->waitFd() >= 0);
  facts.Set("tellsArrivals", !open_->isStream());
  return facts;
}

Napi::Value Endpoint::insert(const Napi::CallbackInfo& info) {
  const auto address = info[0].As<Napi::Uint8Array>();
  const uint32_t tag = info[1].As<Napi::Number>().Uint32Value();
  return withSystemErrors(info.Env(), [&] {
    const size_t index = open_->insert(address.Data(), address.ByteLength(), tag);
    return Napi::Number::New(info.Env(), static_cast<double>(index));
  });
}

/** False: something is to be looked at, do not sleep. Never called where the provider cannot wait. */
Napi::Value Endpoint::arm(const Napi::CallbackInfo& info) {
  return withSystemErrors(info.Env(), [&] {
    const bool mayWait = open_->isOpen() && open_->mayWait();
    if (mayWait) watch_->resume();
    return Napi::Boolean::New(info.Env(), mayWait);
  });
}

Napi::Value Endpoint::isReadable(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), open_->isOpen() && open_->isReadable());
}

void Endpoint::drop(const Napi::CallbackInfo& info) {
  open_->remote(static_cast<size_t>(info[0].As<Napi::Number>().Int64Value())).drop();
}

Napi::Value Endpoint::takeFailures(const Napi::CallbackInfo& info) {
  const auto failures = open_->takeFailures();
  Napi::Array list = Napi::Array::New(info.Env(), failures.size());
  for (uint32_t i = 0; i < failures.size(); i++) {
    Napi::Object failure = Napi::Object::New(info.Env());
    failure.Set("remote", static_cast<double>(failures[i].remote));
    failure.Set("words", failures[i].words);
    failure.Set("lostWrites", failures[i].lostWrites);
    list.Set(i, failure);
  }
  return list;
}

void Endpoint::close(const Napi::CallbackInfo&) {
  watch_.reset();
  open_->close();
}

}  // namespace bowecho
