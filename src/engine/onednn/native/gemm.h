// Products of row-major matrices.

#pragma once

#include <cstdint>

namespace medrobust {

// c[m, n] = a · b + (accumulate ? c : 0), where a is [m, k], or [k, m] transposed, and b is [k, n], or [n, k].
// Uses all threads, unless it is called in a parallel loop.
void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
          float* c, bool accumulate = false);

}  // namespace medrobust
