#include "fd-watch.h"

#include <uv.h>

#include <utility>

#include "system-error.h"

namespace bowecho {

struct FdWatch::Handle {
  uv_poll_t poll;
  FdWatch* watch;  // null once the watch is closed
  // A pipe whose readers are gone is reported as an error, whatever is asked for; so ask for what never comes by itself.
  int events;
  std::function<void()> onEvent;
  napi_async_cleanup_hook_handle hook = nullptr;

  /** Cuts the link and has libuv close; the last words are `closed`. */
  void beginClose() {
    watch->handle_ = nullptr;
    watch = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&poll), closed);
  }

  static void closed(uv_handle_t* poll) {
    auto* handle = static_cast<Handle*>(poll->data);
    // Where the thread is ending, it waits for this; else it takes the hook off.
    if (handle->hook != nullptr) napi_remove_async_cleanup_hook(handle->hook);
    delete handle;
  }

  static void threadEnds(napi_async_cleanup_hook_handle, void* data) {
    auto* handle = static_cast<Handle*>(data);
    if (handle->watch != nullptr) handle->beginClose();
  }

  // The status is not looked at: an error (the other end gone) is an event as well, and the owner looks for himself.
  static void happened(uv_poll_t* poll, int, int) {
    // A copy, because the call may close the watch, and the loop may then free the handle.
    const std::function<void()> onEvent = static_cast<Handle*>(poll->data)->onEvent;
    onEvent();
  }
};

FdWatch::FdWatch(napi_env env, int fd, For what, std::function<void()> onEvent) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) failWith("napi_get_uv_event_loop", ENOTSUP);
  auto* handle = new Handle{{}, this, what == For::READABLE ? UV_READABLE : UV_DISCONNECT, std::move(onEvent)};
  const int made = uv_poll_init(loop, &handle->poll, fd);
  if (made != 0) {
    delete handle;
    failWith("uv_poll_init", -made);
  }
  handle->poll.data = handle;
  handle_ = handle;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->poll));
  const int started = uv_poll_start(&handle->poll, handle->events, Handle::happened);
  if (started == 0 && napi_add_async_cleanup_hook(env, Handle::threadEnds, handle, &handle->hook) == napi_ok) return;
  handle->beginClose();
  failWith("uv_poll_start", started == 0 ? ENOTSUP : -started);
}

// Neither can fail for a handle that was started once.
void FdWatch::pause() {
  if (handle_ != nullptr) uv_poll_stop(&handle_->poll);
}

void FdWatch::resume() {
  if (handle_ != nullptr) uv_poll_start(&handle_->poll, handle_->events, Handle::happened);
}

void FdWatch::close() {
  if (handle_ != nullptr) handle_->beginClose();
}

}  // namespace bowecho
