#include "precision.h"

#include <atomic>

#include "kernels.h"

#ifndef MEDROBUST_NO_ONEDNN
#include <dnnl.hpp>
#endif

namespace medrobust {
namespace {

std::atomic<bool> is_bf16{false};

}  // namespace

bool HasBf16() {
#ifdef MEDROBUST_NO_ONEDNN
  return false;
#else
  constexpr auto kNeeded = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & kNeeded) == kNeeded;
#endif
}

bool IsBf16() { return is_bf16.load(std::memory_order_relaxed); }

// (bf16): whether convolutions round their operands to bfloat16 from now on; sums are float32 in any case.
void setBf16(const Call& call) {
  const bool bf16 = call.Boolean(0);
  if (bf16 && !HasBf16()) Refuse("this processor has no bfloat16");
  is_bf16.store(bf16, std::memory_order_relaxed);
}

}  // namespace medrobust
