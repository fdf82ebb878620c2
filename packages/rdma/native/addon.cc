// The addon: memory that processes share or open to a network, and writes into it. It knows regions, peers and spans of bytes, and nothing of
// views, frames or actors. JavaScript decides; C++ holds what must be let go of again. Each class belongs to one thread's
// environment, so worker threads have their own.
#include <sched.h>

#include <napi.h>

#include "doorbell.h"
#ifdef BOWECHO_LIBFABRIC
#include "libfabric/endpoint.h"
#include "libfabric/providers.h"
#include "libfabric/registration.h"
#endif
#include "peer-process.h"
#include "push-table.h"
#include "region.h"
#include "remote-region.h"

namespace {

void yieldProcessor(const Napi::CallbackInfo&) { sched_yield(); }

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Region", bowecho::Region::define(env));
  exports.Set("RemoteRegion", bowecho::RemoteRegion::define(env));
  exports.Set("Doorbell", bowecho::Doorbell::define(env));
  exports.Set("PeerProcess", bowecho::PeerProcess::define(env));
  exports.Set("PushTable", bowecho::PushTable::define(env));
#ifdef BOWECHO_LIBFABRIC
  exports.Set("Endpoint", bowecho::Endpoint::define(env));
  exports.Set("Registration", bowecho::Registration::define(env));
  exports.Set("listProviders", Napi::Function::New<bowecho::listProviders>(env, "listProviders"));
#endif
  exports.Set("yieldProcessor", Napi::Function::New<yieldProcessor>(env, "yieldProcessor"));
  return exports;
}

}  // namespace

NODE_API_MODULE(bowecho, initialize)
