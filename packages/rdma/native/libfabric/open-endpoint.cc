#include "open-endpoint.h"

#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "system-error.h"
#include "hints.h"

namespace bowecho {

namespace {

constexpr size_t COMPLETIONS_AT_ONCE = 64;
/** One call of progress ends after so many, so that a flood of small writes does not keep the thread. */
constexpr size_t MOST_ROUNDS = 16;
constexpr size_t MOST_LOOKS_IN_VAIN = 1000;
constexpr size_t COMPLETION_QUEUE = 8192;
/** Longer spans go in several writes: providers have limits, and pieces keep others' writes moving. */
constexpr uint64_t LONGEST_WRITE = 4 << 20;
constexpr size_t LEAST_RETIRED = 16;
constexpr size_t LONGEST_ADDRESS = 512;

uint64_t randomKey(size_t bytes) {
  uint64_t key = 0;
  const size_t length = std::min(bytes == 0 ? sizeof key : bytes, sizeof key);
  if (getrandom(&key, length, 0) != static_cast<ssize_t>(length)) failWith("getrandom");
  return key;
}

constexpr const char* GAP = "pushes of it are missing";

struct Hints {
  explicit Hints(const LibfabricLibrary& library) : library(library), info(library.duplicate(nullptr)) {}
  Hints(const Hints&) = delete;
  Hints& operator=(const Hints&) = delete;
  ~Hints() {
    if (info != nullptr) library.free(info);
  }
  const LibfabricLibrary& library;
  fi_info* info;
};

}  // namespace

OpenEndpoint::OpenEndpoint(const LibfabricLibrary& library, const EndpointChoice& choice, double* gauges)
    : library_(library),
      gauges_(gauges),
      tag_(choice.tag),
      staging_([this](const SharedMemory& memory) -> fid_mr* {
        return readsRegisteredOnly() ? registerMemory(memory, FI_WRITE) : nullptr;
      }) {
  try {
    open(choice);
  } catch (...) {
    close();
    throw;
  }
}

void OpenEndpoint::check(const char* call, int64_t result) const {
  if (result < 0) failWith(call, static_cast<int>(-result));
}

void OpenEndpoint::open(const EndpointChoice& choice) {
  const Hints hints(library_);
  if (hints.info == nullptr) failWith("fi_dupinfo", ENOMEM);
  askForWrites(*hints.info, choice.provider, choice.node);
  const char* node = choice.node.empty() ? nullptr : choice.node.c_str();
  check("fi_getinfo", library_.getInfo(LIBFABRIC_API, node, nullptr, node == nullptr ? 0 : FI_SOURCE, hints.info, &info_));
  check("fi_fabric", library_.openFabric(info_->fabric_attr, &fabric_, nullptr));
  check("fi_domain", fi_domain(fabric_, info_, &domain_, nullptr));
  fi_av_attr addresses{};
  addresses.type = FI_AV_TABLE;
  check("fi_av_open", fi_av_open(domain_, &addresses, &addresses_, nullptr));
  fi_cq_attr completions{};
  completions.format = FI_CQ_FORMAT_DATA;
  completions.size = COMPLETION_QUEUE;
  completions.wait_obj = FI_WAIT_FD;
  if (fi_cq_open(domain_, &completions, &completions_, nullptr) == 0) {
    if (fi_control(&completions_->fid, FI_GETWAIT, &waitFd_) != 0) waitFd_ = -1;
  } else {
    completions.wait_obj = FI_WAIT_NONE;
    check("fi_cq_open", fi_cq_open(domain_, &completions, &completions_, nullptr));
  }
  check("fi_endpoint", fi_endpoint(domain_, info_, &endpoint_, nullptr));
  check("fi_ep_bind", fi_ep_bind(endpoint_, &addresses_->fid, 0));
  check("fi_ep_bind", fi_ep_bind(endpoint_, &completions_->fid, FI_TRANSMIT | FI_RECV));
  check("fi_enable", fi_enable(endpoint_));

  dataBits_ = info_->domain_attr->cq_data_size >= 8 ? 64 : 32;
  // A provider on a stream puts the bytes of one write down in their order; of others nobody says so.
  isStream_ = std::strstr(info_->fabric_attr->prov_name, "tcp") != nullptr;
  if (isStream_) spansPerWrite_ = std::min({MOST_SPANS, info_->tx_attr->iov_limit, info_->tx_attr->rma_iov_limit});
  // Nobody is told of an injected write that fails: over verbs, a peer that takes nothing any more would be written to for ever.
  // Between processes of one machine there is no link that breaks.
  mayInject_ = std::strcmp(info_->fabric_attr->prov_name, "shm") == 0;
  mostBytesPerWrite_ = std::min<uint64_t>(info_->ep_attr->max_msg_size, LONGEST_WRITE);
}

void OpenEndpoint::close() {
  const auto closeOne = [](auto*& object) {
    if (object != nullptr) fi_close(&object->fid);
    object = nullptr;
  };
  if (endpoint_ != nullptr && readsRegisteredOnly()) dropNotices();
  closeOne(endpoint_);  // ends all operations: nothing reads or writes memory any more
  memories_.clear();
  retired_.clear();
  staging_.close();
  closeOne(completions_);
  closeOne(addresses_);
  closeOne(domain_);
  closeOne(fabric_);
  if (info_ != nullptr) library_.free(info_);
  info_ = nullptr;
  waitFd_ = -1;
  graves_.clear();
}

/**
 * Has nobody write here any more, and takes all notices of what was written, before the connections that brought them are closed: see
 * library.cc. Memory itself stays where it is until writes from it have ended.
 */
void OpenEndpoint::dropNotices() {
  for (const auto& memory : memories_) memory->withdraw();
  fi_cq_data_entry entries[COMPLETIONS_AT_ONCE];
  // A look that finds nothing may have dealt with errors of the provider's own, and more may be behind them.
  for (size_t inVain = 0; inVain < MOST_LOOKS_IN_VAIN;) {
    const ssize_t count = fi_cq_read(completions_, entries, COMPLETIONS_AT_ONCE);
    inVain = count > 0 ? 0 : inVain + 1;
    if (count != -FI_EAVAIL) continue;
    fi_cq_err_entry error{};
    fi_cq_readerr(completions_, &error, 0);
  }
}

std::vector<uint8_t> OpenEndpoint::address() const {
  std::vector<uint8_t> name(LONGEST_ADDRESS);
  size_t length = name.size();
  check("fi_getname", fi_getname(&endpoint_->fid, name.data(), &length));
  name.resize(length);
  return name;
}

size_t OpenEndpoint::insert(const uint8_t* address, size_t length, uint32_t tag) {
  // The provider reads as many bytes as its addresses have, whatever is there.
  std::vector<uint8_t> padded(std::max(length, LONGEST_ADDRESS));
  std::memcpy(padded.data(), address, length);
  fi_addr_t number = FI_ADDR_UNSPEC;
  const int inserted = fi_av_insert(addresses_, padded.data(), 1, &number, 0, nullptr);
  if (inserted != 1) failWith("fi_av_insert", inserted < 0 ? -inserted : EINVAL);
  const size_t index = remotes_.size();
  remotes_.push_back(std::make_unique<RemoteEndpoint>(*this, index, number));
  Sender& sender = senders_[tag & halfMask()];
  if (sender.remote != NOBODY) sender.isAmbiguous = true;
  sender.remote = index;
  if (sender.isBroken) remotes_[index]->broke(GAP);
  return index;
}

RegisteredMemory* OpenEndpoint::expose(std::unique_ptr<SharedMemory> memory) {
  fid_mr* registration = registerMemory(*memory, FI_WRITE | FI_REMOTE_WRITE);
  memories_.push_back(std::make_unique<RegisteredMemory>(*this, std::move(memory), registration));
  mostOpen_ = std::max(mostOpen_, memories_.size() - retired_.size());
  return memories_.back().get();
}

fid_mr* OpenEndpoint::registerMemory(const SharedMemory& memory, uint64_t access) {
  // Whoever knows the key may write, so it cannot be guessed where it is ours to choose.
  const bool isOurs = (info_->domain_attr->mr_mode & FI_MR_PROV_KEY) == 0;
  const uint64_t key = isOurs ? randomKey(info_->domain_attr->mr_key_size) : 0;
  fid_mr* registration = nullptr;
  check("fi_mr_reg", fi_mr_reg(domain_, memory.bytes(), memory.size(), access, 0, key, 0, &registration, nullptr));
  return registration;
}

/**
 * Keeps the youngest closed regions registered, and takes the registration of the others away. A group closes all regions of a view at
 * once, and others may write to any of them for a little longer. The next view's were open beside them: so half of the most
 * that were open at one time are a view's.
 */
void OpenEndpoint::retire(RegisteredMemory* memory) {
  retired_.push_back(memory);
  if (retired_.size() <= std::max(LEAST_RETIRED, mostOpen_ / 2)) return;
  RegisteredMemory* oldest = retired_.front();
  retired_.erase(retired_.begin());
  // A provider that copies by itself may be in the middle of a write, and goes on with it. The place stays, without pages.
  auto place = oldest->unregister();
  if (!readsRegisteredOnly()) graves_.push_back(std::move(place));
  const auto found =
      std::find_if(memories_.begin(), memories_.end(), [&](const auto& one) { return one.get() == oldest; });
  memories_.erase(found);
}

uint64_t OpenEndpoint::pushData(uint64_t number) const {
  return (static_cast<uint64_t>(tag_) & halfMask()) << (dataBits_ / 2) | (number & halfMask());
}

void OpenEndpoint::landed(uint64_t data) {
  Sender& sender = senders_[data >> (dataBits_ / 2) & halfMask()];
  const uint64_t number = data & halfMask();
  const bool isNext = number == sender.next;
  sender.next = (number + 1) & halfMask();
  if (isNext || sender.isBroken || sender.isAmbiguous) return;
  sender.isBroken = true;
  if (sender.remote != NOBODY) remotes_[sender.remote]->broke(GAP);
}

size_t OpenEndpoint::progress() {
  if (!isOpen()) return 0;
  size_t landedCount = 0;
  fi_cq_data_entry entries[COMPLETIONS_AT_ONCE];
  for (size_t round = 0; round < MOST_ROUNDS; round++) {
    const ssize_t count = fi_cq_read(completions_, entries, COMPLETIONS_AT_ONCE);
    if (count == -FI_EAVAIL) {
      readError();
      continue;
    }
    for (ssize_t i = 0; i < count; i++) {
      const fi_cq_data_entry& entry = entries[i];
      if ((entry.flags & FI_REMOTE_CQ_DATA) != 0) {
        landed(entry.data);
        landedCount++;
      } else if (entry.op_context != nullptr) {
        auto* operation = static_cast<Operation*>(entry.op_context);
        operation->remote->completed(operation);
      }
    }
    // Nothing is left only when nothing is read: a provider may hand over fewer at once than it has, and what is unread may be
    // the error of a connection whose successor has landed bytes already.
    if (count <= 0) break;
  }
  if (gauges_[WRITES_WAITING] > 0) {
    for (const auto& remote : remotes_) {
      if (remote->isWaiting()) remote->retry();
    }
  }
  gauges_[PUSHES_ARRIVED] += static_cast<double>(landedCount);
  return landedCount;
}

/** One operation that failed. Without a context it is none of ours. */
void OpenEndpoint::readError() {
  fi_cq_err_entry error{};
  if (fi_cq_readerr(completions_, &error, 0) != 1 || error.op_context == nullptr) return;
  auto* operation = static_cast<Operation*>(error.op_context);
  RemoteEndpoint& remote = *operation->remote;
  remote.completed(operation);
  remote.broke(std::string("a write failed: ") + library_.describeError(error.err));
}

void OpenEndpoint::flush() {
  for (RemoteEndpoint* remote : gathering_) remote->flush();
  gathering_.clear();
}

bool OpenEndpoint::isReadable() const {
  pollfd descriptor{waitFd_, POLLIN, 0};
  return poll(&descriptor, 1, 0) != 0;
}

bool OpenEndpoint::mayWait() {
  fid* objects[] = {&completions_->fid};
  if (!isStream_) return fi_trywait(fabric_, objects, 1) == FI_SUCCESS;
  // Trying drives progress, and does not tell that something landed. So it is done only where something is to be seen, to
  // take back the signal of completions that were read long ago; and then memory is looked at before the next question.
  // It takes back the signals of connections as well, which ofi_rxm looks at only now and then: as long as it refuses,
  // there is such a one, and it is tried again, or nobody would ever answer who wants to connect.
  if (!isReadable() && !isRefusedToWait_) return true;
  isRefusedToWait_ = fi_trywait(fabric_, objects, 1) != FI_SUCCESS;
  return false;
}

void OpenEndpoint::failed(Failure failure) {
  failures_.push_back(std::move(failure));
  gauges_[FAILURES_PENDING] = static_cast<double>(failures_.size());
}

std::vector<OpenEndpoint::Failure> OpenEndpoint::takeFailures() {
  gauges_[FAILURES_PENDING] = 0;
  return std::exchange(failures_, {});
}

}  // namespace bowecho
