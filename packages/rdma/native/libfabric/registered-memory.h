// RegisteredMemory is a region as libfabric knows it. It is a second mapping of the region's pages: JavaScript looks at them by
// its own, so closing a region takes them from JavaScript at once, while writes that are under way still have a place to be
// read from, and late ones of others a place to fall into.
#pragma once

#include <memory>

#include "region.h"
#include "shared-memory.h"
#include "libfabric-headers.h"

namespace bowecho {

class OpenEndpoint;

/** Belongs to its endpoint, and is gone some time after `close`. */
class RegisteredMemory {
 public:
  RegisteredMemory(OpenEndpoint& endpoint, std::unique_ptr<SharedMemory> memory, fid_mr* registration);
  RegisteredMemory(const RegisteredMemory&) = delete;
  RegisteredMemory& operator=(const RegisteredMemory&) = delete;
  ~RegisteredMemory() { unregister(); }

  const std::shared_ptr<Source>& source() const { return source_; }
  uint64_t key() const { return fi_mr_key(registration_); }
  uint64_t base() const;
  void* descriptor() const { return descriptor_; }

  /** A write that reads from here is under way, or no longer. */
  void borrow() { borrows_++; }
  void giveBack();

  /** Nothing new is read from here, and what is written here is seen by nobody. */
  void close();

  /** Takes the registration away: nobody writes here any more. */
  void withdraw();

  /** The same; the pages are empty since `close`. Gives their place to whoever keeps it. */
  std::unique_ptr<SharedMemory> unregister();

 private:
  void retireWhenIdle();

  OpenEndpoint& endpoint_;
  std::unique_ptr<SharedMemory> memory_;
  fid_mr* registration_;
  void* descriptor_;
  std::shared_ptr<Source> source_;
  size_t borrows_ = 0;
  bool isClosed_ = false;
};

}  // namespace bowecho
