// FdWatch calls back on the thread's event loop when a descriptor becomes readable, or when its other end is gone. A watch
// alone does not keep a process alive.
//
// A handle of libuv outlives its owner: closing takes until the loop's next turn, and Node does not end a thread while the loop
// has handles. So the handle is in an object of its own that frees itself when libuv lets go of it, and a cleanup hook
// closes it where a thread ends first. Whichever of the two comes first cuts the link between the watch and its handle.
//
// libuv permits closing the descriptor as soon as `close()` has returned.
#pragma once

#include <node_api.h>

#include <functional>

namespace bowecho {

class FdWatch {
 public:
  enum class For { READABLE, OTHER_END_GONE };

  /** Throws SystemError. `onEvent` may destroy the watch. */
  FdWatch(napi_env env, int fd, For what, std::function<void()> onEvent);
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  ~FdWatch() { close(); }

  /** No call back until `resume`. What stays readable is reported again then. */
  void pause();
  void resume();

  /** No call back after this. Twice is allowed. */
  void close();

 private:
  struct Handle;
  Handle* handle_ = nullptr;
};

}  // namespace bowecho
