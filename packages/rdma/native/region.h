// Region is memory of this process that peers may map and write into: `new Region(bytes)`, `memory`, `fd`, `nonce`,
// `close()`.
//
// A push reads from a Region, and JavaScript may close the Region while push lists still name it. So what a push holds is the
// Source: the place where the bytes are, empty once the region is closed.
#pragma once

#include <napi.h>

#include <memory>

#include "lent-memory.h"

namespace bowecho {

struct Source {
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  bool isOpen = false;
};

class Region : public Napi::ObjectWrap<Region> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Region(const Napi::CallbackInfo& info);
  ~Region() override;

  const std::shared_ptr<Source>& source() const { return source_; }

  /** Another mapping of the same bytes. Throws SystemError. */
  std::unique_ptr<SharedMemory> mapAgain() const;

 private:
  Napi::Value memory(const Napi::CallbackInfo& info);
  Napi::Value fd(const Napi::CallbackInfo& info);
  Napi::Value nonce(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  std::unique_ptr<LentMemory> lent_;
  std::shared_ptr<Source> source_;
};

}  // namespace bowecho
