#include "registered-memory.h"

#include <utility>

#include "open-endpoint.h"

namespace bowecho {

RegisteredMemory::RegisteredMemory(OpenEndpoint& endpoint, std::unique_ptr<SharedMemory> memory, fid_mr* registration)
    : endpoint_(endpoint),
      memory_(std::move(memory)),
      registration_(registration),
      descriptor_(fi_mr_desc(registration)),
      source_(std::make_shared<Source>(Source{memory_->bytes(), memory_->size(), true})) {}

uint64_t RegisteredMemory::base() const {
  return endpoint_.usesVirtualAddresses() ? reinterpret_cast<uint64_t>(memory_->bytes()) : 0;
}

void RegisteredMemory::giveBack() {
  borrows_--;
  if (isClosed_) retireWhenIdle();
}

void RegisteredMemory::close() {
  if (isClosed_) return;
  isClosed_ = true;
  *source_ = Source{};
  retireWhenIdle();
}

void RegisteredMemory::retireWhenIdle() {
  if (borrows_ > 0) return;
  memory_->leave();  // where the system refuses, late writes go to pages that nobody looks at
  endpoint_.retire(this);
}

void RegisteredMemory::withdraw() {
  *source_ = Source{};
  if (registration_ != nullptr) fi_close(&registration_->fid);
  registration_ = nullptr;
}

std::unique_ptr<SharedMemory> RegisteredMemory::unregister() {
  withdraw();
  return std::move(memory_);
}

}  // namespace bowecho
