// Included before every source of the addon, to build one that forgets the full barrier between writing and looking at the
// word of a doorbell. Only the compiler still keeps the order; the processor need not.
#pragma once
#include <atomic>
#define atomic_thread_fence atomic_signal_fence
