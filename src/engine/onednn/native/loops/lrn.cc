// Local response normalisation of [rows, channels], over the channels up to `radius` away: Krizhevsky et al. 2012,
// section 3.3, with alpha not divided by the number of channels, as in TensorFlow.

#include <cmath>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Norm {
  int64_t rows, channels, radius;
  float bias, alpha, beta;

  int64_t First(int64_t c) const { return c < radius ? 0 : c - radius; }
  int64_t Last(int64_t c) const { return c + radius < channels ? c + radius : channels - 1; }

  float At(const float* row, int64_t c) const {
    float sum = 0;
    for (int64_t i = First(c); i <= Last(c); i++) sum += row[i] * row[i];
    return bias + alpha * sum;
  }

  float Factor(float norm) const {
    // The exponent that nets use.
    if (beta == 0.75f) return 1 / (std::sqrt(norm) * std::sqrt(std::sqrt(norm)));
    return std::pow(norm, -beta);
  }
};

// ([rows, channels, radius], bias, alpha, beta) from argument `index` on.
Norm NormOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 3);
  SizeOf(g, 2);
  if (g[1] < 1 || g[2] < 0) Refuse("%d channels, up to %d away", g[1], g[2]);
  return {g[0],
          g[1],
          g[2],
          static_cast<float>(call.Number(index + 1)),
          static_cast<float>(call.Number(index + 2)),
          static_cast<float>(call.Number(index + 3))};
}

constexpr int64_t kCost = 16;

}  // namespace

// (x, y, [rows, channels, radius], bias, alpha, beta)
void lrn(const Call& call) {
  const Norm n = NormOf(call, 2);
  const float* x = call.Elements<float>(0, n.rows * n.channels);
  float* y = call.Elements<float>(1, n.rows * n.channels);
  ParallelFor(n.rows, GrainFor(n.channels * kCost), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * n.channels;
      for (int64_t c = 0; c < n.channels; c++) y[row * n.channels + c] = from[c] * n.Factor(n.At(from, c));
    }
  });
}

// (x, y, dy, dx, [rows, channels, radius], bias, alpha, beta)
void lrnGrad(const Call& call) {
  const Norm n = NormOf(call, 4);
  const int64_t size = n.rows * n.channels;
  const float *x = call.Elements<float>(0, size), *y = call.Elements<float>(1, size);
  const float* dy = call.Elements<float>(2, size);
  float* dx = call.Elements<float>(3, size);
  ParallelFor(n.rows, GrainFor(n.channels * kCost), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t start = row * n.channels;
      const float *from = x + start, *result = y + start, *upstream = dy + start;
      for (int64_t c = 0; c < n.channels; c++) {
        float sum = 0;
        for (int64_t i = n.First(c); i <= n.Last(c); i++) sum += upstream[i] * result[i] / n.At(from, i);
        dx[start + c] = upstream[c] * n.Factor(n.At(from, c)) - 2 * n.alpha * n.beta * from[c] * sum;
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
