#include "lent-memory.h"

#include "system-error.h"

namespace bowecho {

Napi::Value LentMemory::buffer(Napi::Env env) {
  if (!buffer_.IsEmpty()) {
    Napi::ArrayBuffer existing = buffer_.Value();
    if (!existing.IsEmpty()) return existing;
  }
  if (memory_ == nullptr) return Napi::ArrayBuffer::New(env, 0);
  auto* share = new std::shared_ptr<SharedMemory>(memory_);
  napi_value value = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory_->bytes(), memory_->size(),
      [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<SharedMemory>*>(hint); }, share, &value);
  if (status != napi_ok) {
    delete share;
    failWith("napi_create_external_arraybuffer", ENOTSUP);
  }
  Napi::ArrayBuffer made(env, value);
  buffer_ = Napi::Reference<Napi::ArrayBuffer>::New(made, 0);
  return made;
}

void LentMemory::close() {
  if (memory_ != nullptr && !buffer_.IsEmpty()) {
    Napi::ArrayBuffer lent = buffer_.Value();
    // Where the system has no room even for empty pages, the views are taken away instead, at the price told in the header.
    if (!lent.IsEmpty() && !lent.IsDetached() && !memory_->leave()) lent.Detach();
  }
  memory_.reset();
  buffer_.Reset();
}

}  // namespace bowecho
