// plainFunction makes a JavaScript function of one argument that carries a C++ object with it. As a method of a wrapped object
// it would take 60 ns more, which is a lot for what every turn calls.
#pragma once

#include <napi.h>

#include <memory>

namespace bowecho {

/** `body(env, object, argument)` may return null for undefined. The function shares the object, which may outlive its maker. */
template <typename Object>
Napi::Value plainFunction(Napi::Env env, const char* name, const std::shared_ptr<Object>& object,
                          napi_value (*body)(napi_env, Object&, napi_value)) {
  struct Bound {
    std::shared_ptr<Object> object;
    napi_value (*body)(napi_env, Object&, napi_value);
  };
  auto* bound = new Bound{object, body};
  const napi_callback call = [](napi_env callEnv, napi_callback_info info) -> napi_value {
    size_t arguments = 1;
    napi_value argument = nullptr;
    void* data = nullptr;
    if (napi_get_cb_info(callEnv, info, &arguments, &argument, nullptr, &data) != napi_ok) return nullptr;
    const auto* self = static_cast<Bound*>(data);
    return self->body(callEnv, *self->object, argument);
  };
  napi_value function = nullptr;
  const napi_status made = napi_create_function(env, name, NAPI_AUTO_LENGTH, call, bound, &function);
  NAPI_THROW_IF_FAILED(env, made, Napi::Value());
  const napi_status added = napi_add_finalizer(
      env, function, bound, [](napi_env, void* data, void*) { delete static_cast<Bound*>(data); }, nullptr, nullptr);
  NAPI_THROW_IF_FAILED(env, added, Napi::Value());
  return Napi::Value(env, function);
}

}  // namespace bowecho
