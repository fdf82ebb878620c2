// What we ask of a provider, in one place: the endpoint that is opened and the list of what there is ask the same.
#pragma once

#include <string>

#include "libfabric-headers.h"

namespace bowecho {

/** Fills in hints: reliable writes in their order, driven by us on one thread. `provider` and `node`, an address, may be empty. */
void askForWrites(fi_info& hints, const std::string& provider, const std::string& node);

}  // namespace bowecho
