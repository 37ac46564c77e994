// Filters that do not change, such as those of a net that is attacked: their copies in the layouts of oneDNN are made
// once, not at every call. JavaScript numbers such a filter, and says when it is gone.

#pragma once

#include <cstdint>

#ifndef MEDROBUST_NO_ONEDNN
#include <dnnl.hpp>
#include <functional>
#endif

namespace medrobust {

// How the copy has its taps: as they are, or in reverse order with inputs and outputs exchanged.
enum class Taps : int32_t { kStraight, kFlipped };

#ifndef MEDROBUST_NO_ONEDNN

// The copy of filter `number` in this layout; `make` fills it when it is first asked for. Refuses a number that is not
// in use. To be called under PrimitiveLock, under which the copy lives.
void* KeptFilter(int32_t number, Taps taps, const dnnl::memory::desc& layout, const std::function<void(void*)>& make);

#endif

}  // namespace medrobust
