#include "staging.h"

#include <algorithm>

#include "system-error.h"

namespace bowecho {

namespace {

constexpr size_t SLAB_BYTES = 64 << 10;

}  // namespace

void Staging::close() {
  for (Slab& slab : slabs_) {
    if (slab.registration != nullptr) fi_close(&slab.registration->fid);
  }
  for (std::vector<StagingBlock*>& free : free_) free.clear();
  blocks_.clear();
  slabs_.clear();
}

StagingBlock* Staging::take(size_t length) {
  int sizeClass = 0;
  while (sizeOf(sizeClass) < length) sizeClass++;
  std::vector<StagingBlock*>& free = free_[sizeClass];
  if (free.empty()) grow(sizeClass);
  if (free.empty()) return nullptr;
  StagingBlock* block = free.back();
  free.pop_back();
  return block;
}

void Staging::grow(int sizeClass) {
  const size_t size = sizeOf(sizeClass);
  Slab slab{nullptr, nullptr};
  try {
    slab.memory = std::make_unique<SharedMemory>(std::max(size, SLAB_BYTES));
    slab.registration = registerSource_(*slab.memory);
  } catch (const SystemError&) {
    return;  // who asked waits until a block comes back
  }
  void* descriptor = slab.registration == nullptr ? nullptr : fi_mr_desc(slab.registration);
  for (size_t at = 0; at + size <= slab.memory->size(); at += size) {
    blocks_.push_back(std::make_unique<StagingBlock>(StagingBlock{slab.memory->bytes() + at, descriptor, sizeClass}));
    free_[sizeClass].push_back(blocks_.back().get());
  }
  slabs_.push_back(std::move(slab));
}

}  // namespace bowecho
