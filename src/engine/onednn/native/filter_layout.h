// Which copies of filters we make ourselves: oneDNN's are several times slower, and training makes them at every step.

#pragma once

#ifndef MEDROBUST_NO_ONEDNN

#include <dnnl.hpp>

#include "half/filters.h"

namespace medrobust {

// Whether avx512::CopyFilter copies a filter from the layout `plain` to `wanted`, and how.
bool LayoutOfFilter(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted, avx512::FilterLayout* layout);

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
