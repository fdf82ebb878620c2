// PushTable gives JavaScript a PushList: `add(region, remoteRegion, process)`, `remove(index)`, `useBatch(array)`, and the
// function `push(count)`, which returns undefined, or the place of the first bad descriptor.
//
// A push is the one call of every turn. So it is a plain function that carries its list with it: as a method of a wrapped
// object it would take 60 ns more, twice what it does for a small batch. For the same reason the batch array is fetched when it
// changes and not at each push; JavaScript keeps the array alive and checks that it is long enough.
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
  void remove(const Napi::CallbackInfo& info);
  void useBatch(const Napi::CallbackInfo& info);

  // Shared with the function, which may be held, and called, when the table is gone.
  std::shared_ptr<PushList> list_;
};

}  // namespace bowecho
