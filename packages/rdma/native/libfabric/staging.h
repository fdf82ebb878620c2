// Staging keeps the bytes of captured spans from the post until libfabric has done with them. Blocks come in a few sizes and
// are used again, so a steady load allocates nothing.
//
// The memory is shared memory as regions are: a child process that the application starts does not get copies of pages
// which a network card still reads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "shared-memory.h"
#include "libfabric-headers.h"

namespace bowecho {

struct StagingBlock {
  uint8_t* bytes;
  void* descriptor;  // libfabric's local descriptor of the memory, where it wants one
  int sizeClass;
};

/** Registers memory to be read from; null where the provider reads any, throws where it refuses. */
using RegisterSource = std::function<fid_mr*(const SharedMemory&)>;

class Staging {
 public:
  explicit Staging(RegisterSource registerSource) : registerSource_(std::move(registerSource)) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() { close(); }

  /** Nothing is read from here any more. */
  void close();

  /** The largest block. */
  static constexpr size_t MOST_BYTES = 1 << 20;

  /** A block of at least `length` bytes, at most MOST_BYTES. Null where the system gives no more memory. */
  StagingBlock* take(size_t length);
  void giveBack(StagingBlock* block) { free_[block->sizeClass].push_back(block); }
  /** What it takes, whatever lies in it. */
  static size_t sizeOf(const StagingBlock& block) { return sizeOf(block.sizeClass); }

 private:
  static constexpr int SIZE_CLASSES = 15;  // 64 bytes, and twice as much each time, up to a mebibyte
  static size_t sizeOf(int sizeClass) { return size_t{64} << sizeClass; }

  struct Slab {
    std::unique_ptr<SharedMemory> memory;
    fid_mr* registration;
  };

  void grow(int sizeClass);

  const RegisterSource registerSource_;
  std::vector<Slab> slabs_;
  std::vector<std::unique_ptr<StagingBlock>> blocks_;
  std::vector<StagingBlock*> free_[SIZE_CLASSES];
};

}  // namespace bowecho
