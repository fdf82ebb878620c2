// Operation is one write that libfabric carries out, or that waits for it: up to four spans and what they hold until the
// completion comes back.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libfabric-headers.h"
#include "registered-memory.h"
#include "staging.h"

namespace bowecho {

constexpr size_t MOST_SPANS = 4;

/** Bytes here and their place there. Of a captured span the bytes are the caller's until it is staged. */
struct Span {
  const uint8_t* bytes;
  uint64_t length;
  uint64_t target;
  uint64_t key;
  RegisteredMemory* memory;  // where the bytes lie; null for what was staged
  StagingBlock* block;       // where they were staged, or null
  bool isCaptured;
};

class RemoteEndpoint;

struct Operation {
  fi_context2 context;  // first, because completions bring back its address; providers write into it
  RemoteEndpoint* remote;
  Span spans[MOST_SPANS];
  size_t count;
  uint64_t bytes;
  bool endsPush;
};

/** Operations are used again: a steady load allocates none. */
class OperationPool {
 public:
  Operation* take() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Operation>());
      return all_.back().get();
    }
    Operation* operation = free_.back();
    free_.pop_back();
    return operation;
  }
  void giveBack(Operation* operation) { free_.push_back(operation); }

 private:
  std::vector<std::unique_ptr<Operation>> all_;
  std::vector<Operation*> free_;
};

}  // namespace bowecho
