// PushTable gives JavaScript a PushList: `add(region, remoteRegion, process)`, `addNetwork(registration, endpoint, remote, {
// key, base, size })`, `remove(index)`, `useBatch(array)`, and the function `push(count)`, which returns undefined if all was
// carried out, else the place of the descriptor that is bad.
//
// A push is the one call of every turn: it is a plain function, and the batch array is fetched when it changes and not at each
// push. JavaScript keeps the array alive and checks that it is long enough.
#pragma once

#include <napi.h>

#include <memory>

#include "push-list.h"

namespace bowecho {

class PushTable : public Napi::ObjectWrap<PushTable> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit PushTable(const Napi::CallbackInfo& info);

 private:
  Napi::Value add(const Napi::CallbackInfo& info);
#ifdef BOWECHO_LIBFABRIC
  Napi::Value addNetwork(const Napi::CallbackInfo& info);
#endif
  void remove(const Napi::CallbackInfo& info);
  void useBatch(const Napi::CallbackInfo& info);

  // Shared with the function, which may be held, and called, when the table is gone.
  std::shared_ptr<PushList> list_;
};

}  // namespace bowecho
