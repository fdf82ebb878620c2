#include "shared-memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "system-error.h"

namespace bowecho {

namespace {

constexpr char MAGIC[8] = {'b', 'o', 'w', 'e', 'c', 'h', 'o', '1'};

struct Trailer {
  char magic[8];
  uint64_t size;
  uint8_t nonce[16];
};

// Shrinking is what would turn a mapped page into a SIGBUS; growing and more seals have no use here.
constexpr int SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// One fallocate of everything begins anew after each signal, and a profiler sends a thousand of them a second.
constexpr size_t RESERVED_AT_ONCE = 16 << 20;

size_t pageSize() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

size_t trailerOffset(size_t size) { return (size + pageSize() - 1) / pageSize() * pageSize(); }

size_t fileSize(size_t size) { return trailerOffset(size) + pageSize(); }

// Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ, which may end the process, so the limit is asked first.
void refuseBeyondFileSizeLimit(size_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) failWith("getrlimit");
  if (limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur) failWith("fallocate", EFBIG);
}

void reserve(int file, size_t size) {
  refuseBeyondFileSizeLimit(size);
  for (size_t from = 0; from < size;) {
    const size_t length = std::min(size - from, RESERVED_AT_ONCE);
    if (fallocate(file, 0, static_cast<off_t>(from), static_cast<off_t>(length)) == 0) {
      from += length;
    } else if (errno != EINTR) {
      failWith("fallocate");
    }
  }
}

}  // namespace

SharedMemory::SharedMemory(size_t size) : size_(size) {
  // 16 bytes come whole and without waiting, once the system has booted.
  if (getrandom(nonce_.data(), nonce_.size(), 0) != static_cast<ssize_t>(nonce_.size())) failWith("getrandom");
  file_ = FileDescriptor(memfd_create("bowecho", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file_.isOpen()) failWith("memfd_create");
  reserve(file_.number(), fileSize(size));
  if (fcntl(file_.number(), F_ADD_SEALS, SEALS) != 0) failWith("fcntl");
  map(file_.number());
  auto* trailer = reinterpret_cast<Trailer*>(bytes_ + trailerOffset(size));
  std::memcpy(trailer->magic, MAGIC, sizeof MAGIC);
  trailer->size = size;
  std::memcpy(trailer->nonce, nonce_.data(), nonce_.size());
}

SharedMemory::SharedMemory(const FileDescriptor& file, size_t size, const Nonce& nonce) : size_(size), nonce_(nonce) {
  struct stat status;
  if (fstat(file.number(), &status) != 0) failWith("fstat");
  const int seals = fcntl(file.number(), F_GET_SEALS);  // EINVAL for anything but memory
  const bool isOurs = seals >= 0 && (seals & SEALS) == SEALS && static_cast<size_t>(status.st_size) == fileSize(size);
  if (!isOurs) failWith("fcntl", ESTALE);
  map(file.number());
  const auto* trailer = reinterpret_cast<const Trailer*>(bytes_ + trailerOffset(size));
  const bool isNamed = std::memcmp(trailer->magic, MAGIC, sizeof MAGIC) == 0 && trailer->size == size &&
                       std::memcmp(trailer->nonce, nonce.data(), nonce.size()) == 0;
  if (isNamed) return;
  munmap(bytes_, fileSize(size_));  // a constructor that throws has no destructor
  failWith("mmap", ESTALE);
}

void SharedMemory::map(int file) {
  // The pages are there already, so populating only saves their first faults, which would fall into a turn.
  void* mapped = mmap(nullptr, fileSize(size_), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  if (mapped == MAP_FAILED) failWith("mmap");
  bytes_ = static_cast<uint8_t*>(mapped);
}

bool SharedMemory::leave() {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  return mmap(bytes_, fileSize(size_), PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

SharedMemory::~SharedMemory() { munmap(bytes_, fileSize(size_)); }

}  // namespace bowecho
