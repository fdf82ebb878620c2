// Endpoint gives JavaScript an OpenEndpoint: `new Endpoint({ provider, node, tag, gauges })`, `address`, `facts`, `insert(address,
// tag)`, `progress()`, `arm()`, `isReadable()`, `onReady`, `drop(number)`, `takeFailures()`, `close()`.
#pragma once

#include <napi.h>

#include <memory>

#include "fd-watch.h"
#include "open-endpoint.h"

namespace bowecho {

class Endpoint : public Napi::ObjectWrap<Endpoint> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Endpoint(const Napi::CallbackInfo& info);
  ~Endpoint() override;

  const std::shared_ptr<OpenEndpoint>& open() const { return open_; }

 private:
  Napi::Value address(const Napi::CallbackInfo& info);
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value insert(const Napi::CallbackInfo& info);
  Napi::Value arm(const Napi::CallbackInfo& info);
  Napi::Value isReadable(const Napi::CallbackInfo& info);
  void drop(const Napi::CallbackInfo& info);
  Napi::Value takeFailures(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // Destroyed from the last to the first: the watch before the descriptor that it watches.
  Napi::Reference<Napi::Float64Array> gauges_;
  std::shared_ptr<OpenEndpoint> open_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace bowecho
