#include "gemm.h"
#include "kernels.h"
#include "parallel.h"

namespace medrobust {

// (a, b, out, [batch, m, n, k, aBatch, bBatch], transposeA, transposeB): a and b have `batch` matrices each, or one
// that serves all.
void matMul(const Call& call) {
  const int32_t* g = call.Integers(3, 6);
  const int64_t batch = g[0], m = g[1], n = g[2], k = g[3], a_batch = g[4], b_batch = g[5];
  const int32_t a_shape[] = {g[4], g[1], g[3]}, b_shape[] = {g[5], g[3], g[2]}, shape[] = {g[0], g[1], g[2]};
  if ((a_batch != 1 && a_batch != batch) || (b_batch != 1 && b_batch != batch)) Refuse("batches do not match");
  const float* a = call.Elements<float>(0, SizeOf(a_shape, 3));
  const float* b = call.Elements<float>(1, SizeOf(b_shape, 3));
  float* out = call.Elements<float>(2, SizeOf(shape, 3));
  const bool transpose_a = call.Boolean(4), transpose_b = call.Boolean(5);
  if (m == 0 || n == 0 || k == 0) Refuse("an empty matrix");

  // One product, where the rows of all matrices lie behind each other.
  if (b_batch == 1 && a_batch == batch && !transpose_a) {
    Gemm(false, transpose_b, batch * m, n, k, a, b, out);
    return;
  }
  const auto multiply = [&](int64_t i) {
    Gemm(transpose_a, transpose_b, m, n, k, a + (a_batch == 1 ? 0 : i) * m * k, b + (b_batch == 1 ? 0 : i) * k * n,
         out + i * m * n);
  };
  constexpr int64_t kSmall = 64 * 64 * 64;
  if (m * n * k <= kSmall) {
    ParallelFor(batch, GrainFor(m * n * k / 8), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) multiply(i);
    });
  } else {
    for (int64_t i = 0; i < batch; i++) multiply(i);
  }
}

}  // namespace medrobust
