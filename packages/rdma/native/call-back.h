// callBack calls the method `name` of a wrapped object from the event loop, as Node calls its own: promises and ticks run
// after it, and what it throws is an uncaught exception.
//
// C++ holds its JavaScript objects weakly, and finds the function as a property. A strong reference to the function would
// keep alive what it closes over, and a fabric that nobody closed would never be collected.
#pragma once

#include <napi.h>

namespace bowecho {

template <typename Wrapped>
void callBack(Napi::ObjectWrap<Wrapped>& wrapped, const char* name) {
  napi_env env = wrapped.Env();
  Napi::HandleScope scope(env);
  Napi::Object self = wrapped.Value();
  if (self.IsEmpty()) return;  // collected, and its finalizer is still to come
  napi_value method = nullptr;
  if (napi_get_named_property(env, self, name, &method) != napi_ok) return;  // the thread is being terminated
  napi_valuetype type = napi_undefined;
  if (napi_typeof(env, method, &type) != napi_ok || type != napi_function) return;
  if (napi_make_callback(env, nullptr, self, method, 0, nullptr, nullptr) == napi_ok) return;
  bool isPending = false;
  napi_value thrown = nullptr;
  if (napi_is_exception_pending(env, &isPending) != napi_ok || !isPending) return;
  if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) napi_fatal_exception(env, thrown);
}

}  // namespace bowecho
