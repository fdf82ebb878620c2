// PeerProcess is another process (or another fabric of this one) as seen from here: `new PeerProcess(pid, fd, nonce, pipeFd,
// pipeInode)`, `onDeath`, `close()`.
//
// It holds the directory /proc/<pid> open. A number of a process may be given away again after its death, but this
// directory then belongs to nobody and opens nothing more. So when the nonce of the doorbell has matched once, all that is
// opened by the same directory later belongs to that very process.
#pragma once

#include <sys/types.h>

#include <napi.h>

#include <memory>

#include "doorbell.h"
#include "fd-watch.h"
#include "shared-memory.h"

namespace bowecho {

Nonce nonceOf(const Napi::Value& bytes);

/** The senders' side of a Doorbell. Push lists share it with the PeerProcess. */
class RemoteBell {
 public:
  RemoteBell(std::shared_ptr<SharedMemory> memory, FileDescriptor pipe)
      : memory_(std::move(memory)), pipe_(std::move(pipe)) {}

  /** Says that something landed. The caller has passed a full barrier since its last write. */
  void ring();

  int pipe() const { return pipe_.number(); }

  /** The number of the last push that wrote to this process: it is to ring once for all of them. */
  uint64_t lastPush = 0;

 private:
  std::shared_ptr<SharedMemory> memory_;
  FileDescriptor pipe_;
};

class PeerProcess : public Napi::ObjectWrap<PeerProcess> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit PeerProcess(const Napi::CallbackInfo& info);

  /** Throws SystemError. */
  std::shared_ptr<SharedMemory> openMemory(int fd, size_t size, const Nonce& nonce) const;
  const std::shared_ptr<RemoteBell>& bell() const { return bell_; }

 private:
  FileDescriptor openPipe(int fd, uint64_t inode) const;
  void close(const Napi::CallbackInfo& info);

  // Destroyed from the last to the first: the watch before the pipe that it watches.
  FileDescriptor directory_;
  std::shared_ptr<RemoteBell> bell_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace bowecho
