// copySpan copies the bytes of one descriptor of a push.
//
// Counters are cells of 8 bytes, and a reader in another process must see each of them whole. memcpy promises nothing of the
// kind, so spans of whole cells are copied cell by cell, in ascending order, as far as blocks of counters go. Longer spans
// are bytes of rings, which nobody reads before the counter that vouches for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bowecho {

constexpr size_t CELL_BYTES = 8;
constexpr size_t MOST_BYTES_BY_CELLS = 2048;

/** Both ends begin at a multiple of CELL_BYTES. */
inline void copyCells(uint8_t* to, const uint8_t* from, size_t length) {
  auto* target = reinterpret_cast<uint64_t*>(to);
  const auto* source = reinterpret_cast<const uint64_t*>(from);
  for (size_t i = 0; i < length / CELL_BYTES; i++) {
    __atomic_store_n(&target[i], __atomic_load_n(&source[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
  }
}

inline void copySpan(uint8_t* to, const uint8_t* from, size_t length) {
  const auto bits = reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from) | length;
  if (bits % CELL_BYTES == 0 && length <= MOST_BYTES_BY_CELLS) {
    copyCells(to, from, length);
  } else {
    std::memcpy(to, from, length);
  }
}

}  // namespace bowecho
