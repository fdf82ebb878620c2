// listProviders tells JavaScript what libfabric offers here: `listProviders({ node })`.
#pragma once

#include <napi.h>

namespace bowecho {

/**
 * `{ version: [1, 17], providers: [{ provider, domain, address }] }`, in libfabric's order, only those that do what we need; or
 * `{ reason }` where there is no library that will do. `node` is a local address, or empty for any.
 */
Napi::Value listProviders(const Napi::CallbackInfo& info);

}  // namespace bowecho
