#include "peer-process.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "call-back.h"
#include "system-error.h"

namespace bowecho {

namespace {

FileDescriptor openOrThrow(int directory, const char* path, int flags) {
  for (;;) {
    FileDescriptor opened(openat(directory, path, flags | O_CLOEXEC));
    if (opened.isOpen()) return opened;
    if (errno != EINTR) failWith("open");
  }
}

// Opening a device or a lock can have effects, and the number may mean anything by now. So this looks first, by O_PATH,
// which opens nothing; `expected` decides; then what was looked at is opened.
template <typename Expected>
FileDescriptor openOfProcess(int directory, int fd, int flags, Expected expected) {
  char path[32];
  std::snprintf(path, sizeof path, "fd/%d", fd);
  const FileDescriptor seen = openOrThrow(directory, path, O_PATH);
  struct stat status;
  if (fstat(seen.number(), &status) != 0) failWith("fstat");
  if (!expected(status)) failWith("fstat", ESTALE);
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", seen.number());
  return openOrThrow(AT_FDCWD, path, flags);
}

}  // namespace

Nonce nonceOf(const Napi::Value& bytes) {
  const auto array = bytes.As<Napi::Uint8Array>();
  Nonce nonce{};
  std::memcpy(nonce.data(), array.Data(), std::min(nonce.size(), array.ByteLength()));
  return nonce;
}

// What makes this right stands beside the receiver's transitions, in shared-memory-fabric.ts. The load first, because the
// word is mostly LANDED while the peer is busy, and an exchange would pull its cache line over here each time.
void RemoteBell::ring() {
  auto* word = reinterpret_cast<int32_t*>(memory_->bytes());
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == LANDED) return;
  if (__atomic_exchange_n(word, LANDED, __ATOMIC_SEQ_CST) != ASLEEP) return;
  // EAGAIN: the pipe is full of rings that were not taken yet. EPIPE: the peer is dead, and the watch says so. Node ignores
  // SIGPIPE for the whole process. EINTR cannot come, because this does not block.
  const ssize_t ignored = write(pipe_.number(), "", 1);
  static_cast<void>(ignored);
}

Napi::Function PeerProcess::define(Napi::Env env) {
  return DefineClass(env, "PeerProcess", {InstanceMethod<&PeerProcess::close>("close")});
}

PeerProcess::PeerProcess(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PeerProcess>(info) {
  const int pid = info[0].As<Napi::Number>().Int32Value();
  const int fd = info[1].As<Napi::Number>().Int32Value();
  const Nonce nonce = nonceOf(info[2]);
  const int pipeFd = info[3].As<Napi::Number>().Int32Value();
  bool isLossless = false;
  const uint64_t pipeInode = info[4].As<Napi::BigInt>().Uint64Value(&isLossless);
  withSystemErrors(info.Env(), [&] {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d", pid);
    directory_ = openOrThrow(AT_FDCWD, path, O_PATH | O_DIRECTORY);
    auto memory = openMemory(fd, DOORBELL_BYTES, nonce);
    bell_ = std::make_shared<RemoteBell>(std::move(memory), openPipe(pipeFd, pipeInode));
    watch_ = std::make_unique<FdWatch>(info.Env(), bell_->pipe(), FdWatch::For::OTHER_END_GONE, [this] {
      watch_->close();
      callBack(*this, "onDeath");
    });
  });
}

std::shared_ptr<SharedMemory> PeerProcess::openMemory(int fd, size_t size, const Nonce& nonce) const {
  const FileDescriptor file = openOfProcess(directory_.number(), fd, O_RDWR,
                                            [](const struct stat& status) { return S_ISREG(status.st_mode); });
  return std::make_shared<SharedMemory>(file, size, nonce);
}

// For writing alone: a reading end in my hands would hide the death of the peer from everybody.
FileDescriptor PeerProcess::openPipe(int fd, uint64_t inode) const {
  return openOfProcess(directory_.number(), fd, O_WRONLY | O_NONBLOCK, [inode](const struct stat& status) {
    return S_ISFIFO(status.st_mode) && status.st_ino == inode;
  });
}

void PeerProcess::close(const Napi::CallbackInfo&) {
  watch_->close();
  directory_.close();
  bell_.reset();
}

}  // namespace bowecho
