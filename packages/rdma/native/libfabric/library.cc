#include "library.h"

#include <dlfcn.h>

#include <cstdlib>

namespace bowecho {

namespace {

constexpr const char* LIBRARY = "libfabric.so.1";
constexpr uint32_t NEWEST_MAJOR = 2;

struct Setting {
  const char* name;
  const char* value;
};

// Read by providers when the library is first asked, and only where the user has not said otherwise:
//  - groups have up to 64 members; by the default of 256, ofi_rxm asks soft-RoCE for more completions than it can hold;
//  - ofi_rxm keeps receive buffers, which we use only for the notice that a push has landed. By default they take 64 MiB of an
//    endpoint over tcp, and 2 MiB of each connection over verbs, pinned;
//  - where a connection over verbs is closed while notices of it have not been looked at, ofi_rxm gives their buffers back to the
//    connection that is there no more, and the process ends by a bad access (rxm_close_conn and rxm_free_rx_buf, up to 2.6). So
//    connections are looked after only when no notices are left. Endpoints that are closed see to it themselves. (Buffers that
//    all connections share, FI_OFI_RXM_USE_SRX, are no way out: verbs then lose the notices);
//  - the descriptor that a sleeper waits for must cover tcp connections that come later, without being asked anew;
//  - our registrations live long and are not cached, so nothing need watch the process' mappings, which is done by patching
//    the C library's functions;
//  - libpsm_infinipath and libpsm2, which come with libfabric on Debian, put handlers of its own in the place of the process' for SIGTERM,
//    SIGINT, SIGSEGV and more as soon as they are loaded or used: the application's would be gone, and with them the one by which Node
//    turns a bad access of WebAssembly into an exception.
constexpr Setting SETTINGS[] = {
    {"FI_UNIVERSE_SIZE", "64"}, {"FI_OFI_RXM_BUFFER_SIZE", "256"}, {"FI_OFI_RXM_CQ_EQ_FAIRNESS", "1000000000"},
    {"FI_OFI_RXM_DEF_TCP_WAIT_OBJ", "fd"}, {"FI_MR_CACHE_MONITOR", "disabled"}, {"IPATH_NO_BACKTRACE", "1"},
    {"HFI_NO_BACKTRACE", "1"}};

template <typename Function>
bool find(void* library, const char* name, const char* version, Function& function) {
  void* address = nullptr;
#ifdef __GLIBC__
  address = dlvsym(library, name, version);
#else
  (void)version;
  address = dlsym(library, name);
#endif
  function = reinterpret_cast<Function>(address);
  return address != nullptr;
}

}  // namespace

const LibfabricLibrary* LibfabricLibrary::load(std::string& reason) {
  static std::string whyNot;
  static const LibfabricLibrary* loaded = [] {
    auto* library = new LibfabricLibrary;  // for the life of the process: providers do not bear to be unloaded
    if (library->resolve(whyNot)) return library;
    delete library;
    return static_cast<LibfabricLibrary*>(nullptr);
  }();
  reason = whyNot;
  return loaded;
}

bool LibfabricLibrary::resolve(std::string& reason) {
  for (const Setting& setting : SETTINGS) setenv(setting.name, setting.value, 0);
  handle_ = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) {
    const char* error = dlerror();
    reason = std::string("the library does not load: ") + (error == nullptr ? LIBRARY : error);
    return false;
  }
  struct Needed {
    const char* name;
    bool isThere;
  };
  const Needed needed[] = {
      {"fi_version", find(handle_, "fi_version", "FABRIC_1.0", version)},
      {"fi_strerror", find(handle_, "fi_strerror", "FABRIC_1.0", describeError)},
      {"fi_getinfo", find(handle_, "fi_getinfo", "FABRIC_1.3", getInfo)},
      {"fi_dupinfo", find(handle_, "fi_dupinfo", "FABRIC_1.3", duplicate)},
      {"fi_freeinfo", find(handle_, "fi_freeinfo", "FABRIC_1.3", free)},
      {"fi_fabric", find(handle_, "fi_fabric", "FABRIC_1.1", openFabric)},
  };
  const std::string found = version == nullptr ? "of an unknown version"
                                               : std::to_string(major()) + "." + std::to_string(minor());
  for (const Needed& function : needed) {
    if (function.isThere) continue;
    reason = "the library found is " + found + " and has no " + function.name + " as this version needs it";
    return false;
  }
  if (version() < LIBFABRIC_API) {
    reason = "the library found is " + found + ", and this version needs " + std::to_string(FI_MAJOR(LIBFABRIC_API)) +
             "." + std::to_string(FI_MINOR(LIBFABRIC_API)) + " or newer";
    return false;
  }
  if (major() > NEWEST_MAJOR) {
    reason = "the library found is " + found + ", newer than this version knows (up to " +
             std::to_string(NEWEST_MAJOR) + ".x)";
    return false;
  }
  return true;
}

}  // namespace bowecho
