// SharedMemory is a mapping of memory that processes share: an anonymous file (memfd) of whole pages, and one more page
// behind them by which a stranger is noticed.
//
//     | bytes, zeroed, rounded up to pages                 | Trailer page |
//
// Whoever makes it reserves every page at once, because a page that is missing later is a SIGBUS in the middle of a
// protocol turn. He also seals the size: nobody can cut pages off under those that map it, for the same reason.
//
// Whoever opens it names a descriptor of another process. That number may mean something else by now, so the opener checks
// what it is (sealed memory of just this size) and compares the nonce in the trailer before it believes anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "file-descriptor.h"

namespace bowecho {

using Nonce = std::array<uint8_t, 16>;

class SharedMemory {
 public:
  /** Makes new memory. Throws SystemError, and leaves nothing behind then. */
  explicit SharedMemory(size_t size);
  /**
   * Maps memory that another one made; `file` is not needed afterwards. Throws SystemError: ESTALE where it is not the
   * memory that `nonce` names.
   */
  SharedMemory(const FileDescriptor& file, size_t size, const Nonce& nonce);
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }
  const Nonce& nonce() const { return nonce_; }

  /**
   * Puts empty private pages where the shared ones were: nobody else's writes show there any more, nor these elsewhere. False
   * where the system refuses; nothing has changed then.
   */
  bool leave();

  /** The anonymous file, where this is the maker; a peer opens it by its number. */
  FileDescriptor& file() { return file_; }

 private:
  void map(int file);

  const size_t size_;
  Nonce nonce_{};
  FileDescriptor file_;
  uint8_t* bytes_ = nullptr;
};

}  // namespace bowecho
