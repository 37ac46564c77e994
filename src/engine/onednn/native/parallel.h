// Loops over all cores.

#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <cstdint>

namespace medrobust {

// Elements per core below which waking it up costs more than it saves: 20 µs where it sleeps, in which one alone adds two
// hundred thousand numbers to others.
constexpr int64_t kGrain = 65536;

// Elements of a part, of what is summed up in parts whatever the number of threads.
constexpr int64_t kPartElements = 32768;

inline int ThreadCount() {
#ifdef _OPENMP
  return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
  return 1;
#endif
}

// Which of the threads of a parallel loop runs this, of those that ThreadCount gave before the loop.
inline int64_t ThreadIndex([[maybe_unused]] int threads) {
#ifdef _OPENMP
  return threads > 1 ? omp_get_thread_num() : 0;
#else
  return 0;
#endif
}

// Calls `body(begin, end)` for parts of [0, count), in parallel if each part has at least `grain` items.
// `body` may not throw.
template <typename Body>
inline void ParallelFor(int64_t count, [[maybe_unused]] int64_t grain, const Body& body) {
#ifdef _OPENMP
  const int threads = ThreadCount();
  if (threads > 1 && count >= 2 * grain) {
#pragma omp parallel num_threads(threads)
    {
      const int64_t part = omp_get_thread_num();
      const int64_t parts = omp_get_num_threads();
      const int64_t begin = count * part / parts;
      const int64_t end = count * (part + 1) / parts;
      if (begin < end) body(begin, end);
    }
    return;
  }
#endif
  if (count > 0) body(int64_t{0}, count);
}

// Grain for items that each touch `cost` elements.
inline int64_t GrainFor(int64_t cost) { return cost >= kGrain ? 1 : kGrain / (cost > 0 ? cost : 1); }

}  // namespace medrobust
