// LibfabricLibrary is libfabric as it is found on this machine, when somebody asks for it. The addon is not linked to it: a
// process that needs no network needs no such library, and one binary works with the versions of many distributions.
//
// Only six functions have names in the library; everything else is called through the objects that they return. Each has
// a version of the interface that belongs to the structures which we pass (the C library's symbol versions), and newer
// libraries keep the old ones.
#pragma once

#include <string>

#include "libfabric-headers.h"

namespace bowecho {

/** The interface that we speak: the oldest library that has it is the oldest that will do. */
constexpr uint32_t LIBFABRIC_API = FI_VERSION(1, 11);

class LibfabricLibrary {
 public:
  /** The library, or null: `reason` says why, in words. Looked for once. */
  static const LibfabricLibrary* load(std::string& reason);

  int (*getInfo)(uint32_t version, const char* node, const char* service, uint64_t flags, const fi_info* hints,
                 fi_info** info) = nullptr;
  fi_info* (*duplicate)(const fi_info* info) = nullptr;
  void (*free)(fi_info* info) = nullptr;
  int (*openFabric)(fi_fabric_attr* attributes, fid_fabric** fabric, void* context) = nullptr;
  const char* (*describeError)(int error) = nullptr;
  uint32_t (*version)() = nullptr;

  /** `1.17.0` would be 1 and 17: the library does not tell more. */
  uint32_t major() const { return FI_MAJOR(version()); }
  uint32_t minor() const { return FI_MINOR(version()); }

 private:
  bool resolve(std::string& reason);

  void* handle_ = nullptr;
};

}  // namespace bowecho
