// What is asked of the addon besides kernels.

#include "half/half_kernels.h"
#include "kernels.h"
#include "parallel.h"
#include "signals.h"

namespace medrobust {

bool HasAvx2() {
#ifdef MEDROBUST_WITH_AVX2
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

bool HasAvx512() {
#ifdef MEDROBUST_WITH_AVX2
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

// (threads): how many of them kernels use from now on that this thread calls.
void setThreads(const Call& call) {
  const int32_t threads = call.Integer(0);
  if (threads < 1 || threads > 1024) Refuse("expected 1 to 1024 threads, received %d", threads);
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
  MakeThreads();
}

// (bytes, result): how many bytes the array begins after a multiple of 64.
void misalignment(const Call& call) {
  const Array<uint8_t> bytes = call.All<uint8_t>(0);
  call.Elements<int32_t>(1, 1)[0] = static_cast<int32_t>(reinterpret_cast<uintptr_t>(bytes.data) % 64);
}

}  // namespace medrobust
