#ifdef MEDROBUST_NO_ONEDNN

#include <memory>

#include "gemm.h"
#include "kernels.h"
#include "parallel.h"

namespace medrobust {
namespace {

std::unique_ptr<float[]> Transposed(const float* from, int64_t rows, int64_t columns) {
  std::unique_ptr<float[]> to(new float[rows * columns]);
  float* data = to.get();
  constexpr int64_t kSquare = 16;
  ParallelFor((rows + kSquare - 1) / kSquare, GrainFor(columns * kSquare), [=](int64_t begin, int64_t end) {
    for (int64_t top = begin * kSquare; top < end * kSquare && top < rows; top += kSquare) {
      for (int64_t column = 0; column < columns; column++) {
        for (int64_t row = top; row < top + kSquare && row < rows; row++) {
          data[column * rows + row] = from[row * columns + column];
        }
      }
    }
  });
  return to;
}

}  // namespace

void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
          float* c, bool accumulate) {
  std::unique_ptr<float[]> own_a, own_b;
  if (transpose_a) own_a = Transposed(a, k, m);
  if (transpose_b) own_b = Transposed(b, n, k);
#ifdef MEDROBUST_WITH_AVX2
  const auto multiply = HasAvx2() ? avx2::MultiplyRows : baseline::MultiplyRows;
#else
  const auto multiply = baseline::MultiplyRows;
#endif
  multiply(m, n, k, own_a ? own_a.get() : a, own_b ? own_b.get() : b, c, accumulate);
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
