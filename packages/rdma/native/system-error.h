// SystemError is a refusal of the operating system on its way to JavaScript. C++ throws it where the call failed, so that
// destructors undo what was made before; `withSystemErrors`, at the door to JavaScript, turns it into an Error with
// `code` ('ENOSPC') and `syscall`. What it means for a user is JavaScript's to say.
#pragma once

#include <cerrno>
#include <napi.h>
#include <uv.h>

namespace bowecho {

struct SystemError {
  const char* call;
  int number;
};

[[noreturn]] inline void failWith(const char* call, int number = errno) { throw SystemError{call, number}; }

/** Runs `body`; what it throws as a SystemError becomes an exception of JavaScript. */
template <typename Body>
auto withSystemErrors(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const SystemError& refused) {
    // ESTALE is said by us and not by the kernel, and libuv has no name for it.
    const bool isOther = refused.number == ESTALE;
    Napi::Error error = Napi::Error::New(env, isOther ? "it is not what was named" : uv_strerror(-refused.number));
    error.Set("code", Napi::String::New(env, isOther ? "ESTALE" : uv_err_name(-refused.number)));
    error.Set("syscall", Napi::String::New(env, refused.call));
    throw error;
  }
}

}  // namespace bowecho
