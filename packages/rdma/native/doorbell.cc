#include "doorbell.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "call-back.h"
#include "system-error.h"

namespace bowecho {

Napi::Function Doorbell::define(Napi::Env env) {
  return DefineClass(
      env, "Doorbell",
      {InstanceAccessor<&Doorbell::state>("state"), InstanceAccessor<&Doorbell::fd>("fd"),
       InstanceAccessor<&Doorbell::nonce>("nonce"), InstanceAccessor<&Doorbell::pipeFd>("pipeFd"),
       InstanceAccessor<&Doorbell::pipeInode>("pipeInode"), InstanceMethod<&Doorbell::close>("close")});
}

Doorbell::Doorbell(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Doorbell>(info) {
  withSystemErrors(info.Env(), [&] {
    lent_ = std::make_unique<LentMemory>(std::make_shared<SharedMemory>(DOORBELL_BYTES));
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) failWith("pipe2");
    readEnd_ = FileDescriptor(ends[0]);
    writeEnd_ = FileDescriptor(ends[1]);
    watch_ = std::make_unique<FdWatch>(info.Env(), readEnd_.number(), FdWatch::For::READABLE, [this] {
      empty();
      callBack(*this, "onRing");
    });
  });
}

// The bytes carry nothing; the word does. Each byte was put after its sender set the word, so whoever looks at the word
// after this sees what those senders set. A byte that comes later makes the pipe readable again.
void Doorbell::empty() {
  char bytes[256];
  while (read(readEnd_.number(), bytes, sizeof bytes) == static_cast<ssize_t>(sizeof bytes)) {
  }
}

Napi::Value Doorbell::state(const Napi::CallbackInfo& info) {
  return withSystemErrors(info.Env(), [&] { return lent_->buffer(info.Env()); });
}

Napi::Value Doorbell::fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), lent_->memory() == nullptr ? -1 : lent_->memory()->file().number());
}

Napi::Value Doorbell::nonce(const Napi::CallbackInfo& info) {
  if (lent_->memory() == nullptr) return info.Env().Undefined();
  const Nonce& nonce = lent_->memory()->nonce();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), nonce.data(), nonce.size());
}

Napi::Value Doorbell::pipeFd(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), readEnd_.number()); }

Napi::Value Doorbell::pipeInode(const Napi::CallbackInfo& info) {
  struct stat status {};
  withSystemErrors(info.Env(), [&] {
    if (fstat(readEnd_.number(), &status) != 0) failWith("fstat");
  });
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(status.st_ino));
}

void Doorbell::close(const Napi::CallbackInfo&) {
  if (lent_->memory() == nullptr) return;
  watch_->close();
  readEnd_.close();
  writeEnd_.close();
  lent_->memory()->file().close();
  lent_->close();
}

}  // namespace bowecho
