// The gradient of batch normalisation in training.

#include <cmath>

#include "batch_norm.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// dy, or 0 where relu was taken of a y that is not above 0.
template <typename T>
struct Whole {
  const T* dy;
  T At(int64_t at) const { return dy[at]; }
};
template <typename T>
struct Masked {
  const T *dy, *y;
  T At(int64_t at) const { return Either(Load(y[at]) > 0, dy[at]); }
};

// Adds up what is upstream, and its products with the deviations of x.
template <typename T, typename Upstream>
void Gather(const Shape& s, const T* x, Upstream upstream, const float* means, int64_t begin, int64_t end,
            float* sums) {
  float* products = sums + s.Width();
  EachRows<4>(s, begin, end, [=](auto rows, int64_t start, int64_t length) {
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) {
      float sum = sums[i], product = products[i];
#pragma GCC unroll 4
      for (int row = 0; row < decltype(rows)::kCount; row++) {
        const int64_t at = start + row * length + i;
        const float through = Load(upstream.At(at));
        sum += through;
        product += through * (Load(x[at]) - means[i]);
      }
      sums[i] = sum;
      products[i] = product;
    }
  });
}

// dx = slope · upstream + tilt · (x − mean) + offset
struct Slopes {
  const float *mean, *slope, *tilt, *offset;
};

template <typename T, typename Upstream>
void Spread(const Shape& s, const T* x, Upstream upstream, Slopes of, T* dx, T* dresidual) {
  ParallelFor(s.LongRows(), GrainFor(2 * s.Width()), [=](int64_t begin, int64_t end) {
    EachRows<1>(s, begin, end, [=](auto, int64_t start, int64_t length) {
      const T* from = x + start;
      T* to = dx + start;
#pragma GCC ivdep
      for (int64_t i = 0; i < length; i++) {
        const float rest = of.tilt[i] * (Load(from[i]) - of.mean[i]) + of.offset[i];
        Store(of.slope[i] * Load(upstream.At(start + i)) + rest, to + i);
      }
      if (!dresidual) return;
      T* aside = dresidual + start;
#pragma GCC ivdep
      for (int64_t i = 0; i < length; i++) aside[i] = upstream.At(start + i);
    });
  });
}

template <typename T, typename Upstream>
void TrainGrad(const Call& call, const Shape& s, const Upstream& upstream) {
  const int64_t channels = s.channels;
  const T* x = call.Elements<T>(0, s.Size());
  const float* mean = call.Elements<float>(2, channels);
  const float* variance = call.Elements<float>(3, channels);
  const float* gamma = call.Elements<float>(4, channels);
  T* dx = call.Elements<T>(5, s.Size());
  float* dgamma = call.Elements<float>(6, channels);
  float* dbeta = call.Elements<float>(7, channels);
  const double epsilon = call.Number(9);
  T* dresidual = call.Has(11) ? call.Elements<T>(11, s.Size()) : nullptr;

  const Memory memory(7 * s.Width() * static_cast<int64_t>(sizeof(float)));
  float *means = static_cast<float*>(memory.data), *slopes = means + s.Width(), *tilts = slopes + s.Width();
  float *offsets = tilts + s.Width(), *slope = offsets + s.Width(), *tilt = slope + channels, *offset = tilt + channels;
  Repeat(s, mean, means);
  const Sums both(s);
  both.Take(
      2, [&](int64_t begin, int64_t end, float* sums) { Gather(s, x, upstream, means, begin, end, sums); },
      [&](int64_t, int64_t, const float* sums, double* first, double* second) {
        for (int64_t start = 0; start < s.Width(); start += channels) {
          for (int64_t c = 0; c < channels; c++) {
            first[c] += sums[start + c];
            second[c] += sums[s.Width() + start + c];
          }
        }
      });
  const double *sums = both.First(), *products = both.Second();
  const double rows = static_cast<double>(s.rows);
  for (int64_t c = 0; c < channels; c++) {
    const double inverse = 1 / std::sqrt(variance[c] + epsilon);
    dgamma[c] = static_cast<float>(products[c] * inverse);
    dbeta[c] = static_cast<float>(sums[c]);
    slope[c] = static_cast<float>(gamma[c] * inverse);
    tilt[c] = static_cast<float>(-gamma[c] * inverse * inverse * inverse * products[c] / rows);
    offset[c] = static_cast<float>(-gamma[c] * inverse * sums[c] / rows);
  }
  Repeat(s, slope, slopes);
  Repeat(s, tilt, tilts);
  Repeat(s, offset, offsets);
  Spread(s, x, upstream, {means, slopes, tilts, offsets}, dx, dresidual);
}

template <typename T>
void TrainGradOf(const Call& call) {
  const Shape s = ShapeOf(call, 8);
  const T* dy = call.Elements<T>(1, s.Size());
  if (call.Has(10)) {
    TrainGrad<T>(call, s, Masked<T>{dy, call.Elements<T>(10, s.Size())});
  } else {
    TrainGrad<T>(call, s, Whole<T>{dy});
  }
}

}  // namespace

void batchNormTrainGrad(const Call& call) {
  OfType(call, 0, [&](auto element) { TrainGradOf<decltype(element)>(call); });
}

}  // namespace medrobust::MEDROBUST_ISA
