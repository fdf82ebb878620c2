#include "region.h"

#include "system-error.h"

namespace bowecho {

Napi::Function Region::define(Napi::Env env) {
  return DefineClass(env, "Region",
                     {InstanceAccessor<&Region::memory>("memory"), InstanceAccessor<&Region::fd>("fd"),
                      InstanceAccessor<&Region::nonce>("nonce"), InstanceMethod<&Region::close>("close")});
}

Region::Region(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Region>(info) {
  const auto size = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  auto memory = withSystemErrors(info.Env(), [&] { return std::make_shared<SharedMemory>(size); });
  source_ = std::make_shared<Source>(Source{memory->bytes(), size, true});
  lent_ = std::make_unique<LentMemory>(std::move(memory));
}

// Collected without close(): the descriptor goes, and the source; views that still live keep the mapping.
Region::~Region() {
  if (source_ != nullptr) *source_ = Source{};
  if (lent_ != nullptr && lent_->memory() != nullptr) lent_->memory()->file().close();
}

std::unique_ptr<SharedMemory> Region::mapAgain() const {
  const std::shared_ptr<SharedMemory>& memory = lent_->memory();
  if (memory == nullptr) failWith("mmap", EBADF);
  return std::make_unique<SharedMemory>(memory->file(), memory->size(), memory->nonce());
}

Napi::Value Region::memory(const Napi::CallbackInfo& info) {
  return withSystemErrors(info.Env(), [&] { return lent_->buffer(info.Env()); });
}

Napi::Value Region::fd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), lent_->memory() == nullptr ? -1 : lent_->memory()->file().number());
}

Napi::Value Region::nonce(const Napi::CallbackInfo& info) {
  if (lent_->memory() == nullptr) return info.Env().Undefined();
  const Nonce& nonce = lent_->memory()->nonce();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), nonce.data(), nonce.size());
}

// The descriptor closes here and not with the mapping: views may live long, and nobody new shall come in.
void Region::close(const Napi::CallbackInfo&) {
  if (lent_->memory() == nullptr) return;
  *source_ = Source{};
  lent_->memory()->file().close();
  lent_->close();
}

}  // namespace bowecho
