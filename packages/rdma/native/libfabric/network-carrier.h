// NetworkCarrier carries the writes of one way over libfabric: from a registered region here to a registered region there.
#pragma once

#include <memory>
#include <utility>

#include "carrier.h"
#include "open-endpoint.h"

namespace bowecho {

/** A region there, as its key describes it. */
struct RemoteMemory {
  uint64_t key;
  uint64_t base;
  size_t size;
};

class NetworkCarrier : public Carrier {
 public:
  NetworkCarrier(std::shared_ptr<OpenEndpoint> open, RegisteredMemory* local, size_t remote, RemoteMemory there)
      : open_(std::move(open)), local_(local), remote_(open_->remote(remote)), there_(there) {}

  size_t targetSize() const override { return there_.size; }
  bool isOpen() const override { return open_->isOpen(); }

  void accept(const uint8_t* bytes, size_t offset, size_t length, bool isCaptured) override {
    remote_.post(Span{bytes, length, there_.base + offset, there_.key, local_, nullptr, isCaptured});
  }

  void flush() override { open_->flush(); }

 private:
  std::shared_ptr<OpenEndpoint> open_;
  RegisteredMemory* local_;
  RemoteEndpoint& remote_;
  const RemoteMemory there_;
};

}  // namespace bowecho
