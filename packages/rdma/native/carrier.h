// Carrier is a way that is no mapping: what is pushed along it is handed over, and carried by somebody else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bowecho {

class Carrier {
 public:
  virtual ~Carrier() = default;

  /** Of the region there, in bytes. */
  virtual size_t targetSize() const = 0;
  /** False once its network is closed: what is pushed then goes nowhere. */
  virtual bool isOpen() const = 0;
  /** Takes a span of at least one byte; captured bytes stay as they are until `flush`. */
  virtual void accept(const uint8_t* bytes, size_t offset, size_t length, bool isCaptured) = 0;
  /** The push ends. */
  virtual void flush() = 0;
};

}  // namespace bowecho
