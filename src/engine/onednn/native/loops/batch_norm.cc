// Batch normalisation of [rows, channels]. What is of the shape of x is all of floats, or all of bfloat16.

#include <cmath>
#include <limits>

#include "batch_norm.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// Not a number where `value` is not.
inline float Above(float least, float value) { return value < least ? least : value; }

// Adds up the differences of the long rows of a block to its first one, and their squares: that is one of those whose
// deviation is sought, so that what cancels out is at most as many times as much as there are rows.
template <typename T>
void Gather(const Shape& s, const T* x, int64_t begin, int64_t end, float* sums) {
  const T* first = x + begin * s.Width();
  float* squares = sums + s.Width();
  EachRows<4>(s, begin, end, [=](auto rows, int64_t start, int64_t length) {
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) {
      const float pivot = Load(first[i]);
      float sum = sums[i], square = squares[i];
#pragma GCC unroll 4
      for (int row = 0; row < decltype(rows)::kCount; row++) {
        const float difference = Load(x[start + row * length + i]) - pivot;
        sum += difference;
        square += difference * difference;
      }
      sums[i] = sum;
      squares[i] = square;
    }
  });
}

// The same of the channels, as differences to the first row of all.
template <typename T>
void Join(const Shape& s, const T* x, int64_t begin, int64_t end, const float* sums, double* differences,
          double* squares) {
  const int64_t width = s.Width(), rest = s.Size() - begin * width, length = rest < width ? rest : width;
  const T* first = x + begin * width;
  for (int64_t start = 0; start < length; start += s.channels) {
    // A shorter row at the end has nothing for what lies behind it.
    const bool is_short = (end - 1) * width + start >= s.Size();
    const double rows = static_cast<double>(is_short ? end - 1 - begin : end - begin);
    for (int64_t c = 0; c < s.channels; c++) {
      const double sum = sums[start + c];
      const double shift = static_cast<double>(Load(first[start + c])) - static_cast<double>(Load(x[c]));
      differences[c] += sum + rows * shift;
      squares[c] += sums[width + start + c] + shift * (2 * sum + rows * shift);
    }
  }
}

// y = (x − mean) · scale + shift, with the residual, if there is one, and what is less than `least` raised to it.
template <typename T>
void Normalise(const Shape& s, const T* x, const float* mean, const float* scale, const float* shift, const T* residual,
               float least, T* y) {
  const Memory memory(3 * s.Width() * static_cast<int64_t>(sizeof(float)));
  float *means = static_cast<float*>(memory.data), *scales = means + s.Width(), *shifts = scales + s.Width();
  Repeat(s, mean, means);
  Repeat(s, scale, scales);
  Repeat(s, shift, shifts);
  ParallelFor(s.LongRows(), GrainFor(s.Width()), [=](int64_t begin, int64_t end) {
    EachRows<1>(s, begin, end, [=](auto, int64_t start, int64_t length) {
      const T* from = x + start;
      T* to = y + start;
      if (residual) {
        const T* more = residual + start;
#pragma GCC ivdep
        for (int64_t i = 0; i < length; i++) {
          Store(Above(least, (Load(from[i]) - means[i]) * scales[i] + shifts[i] + Load(more[i])), to + i);
        }
      } else {
#pragma GCC ivdep
        for (int64_t i = 0; i < length; i++) {
          Store(Above(least, (Load(from[i]) - means[i]) * scales[i] + shifts[i]), to + i);
        }
      }
    });
  });
}

// (x, gamma, beta, y, mean, variance, [rows, channels], epsilon, residual or null, relu): the residual, of the shape of
// x, is added to what is normalised, before the relu.
template <typename T>
void Train(const Call& call) {
  const Shape s = ShapeOf(call, 6);
  const int64_t channels = s.channels;
  const T* x = call.Elements<T>(0, s.Size());
  const float* gamma = call.Elements<float>(1, channels);
  const float* beta = call.Elements<float>(2, channels);
  T* y = call.Elements<T>(3, s.Size());
  float* mean = call.Elements<float>(4, channels);
  float* variance = call.Elements<float>(5, channels);
  const double epsilon = call.Number(7);
  const T* residual = call.Has(8) ? call.Elements<T>(8, s.Size()) : nullptr;
  const float least = call.Boolean(9) ? 0 : -std::numeric_limits<float>::infinity();

  const Sums sums(s);
  sums.Take(
      1, [&](int64_t begin, int64_t end, float* of_block) { Gather(s, x, begin, end, of_block); },
      [&](int64_t begin, int64_t end, const float* of_block, double* first, double* second) {
        Join(s, x, begin, end, of_block, first, second);
      });
  const double *differences = sums.First(), *squares = sums.Second();
  const Memory memory(channels * static_cast<int64_t>(sizeof(float)));
  float* scale = static_cast<float*>(memory.data);
  const double rows = static_cast<double>(s.rows);
  for (int64_t c = 0; c < channels; c++) {
    const double difference = differences[c] / rows, biased = squares[c] / rows - difference * difference;
    const double spread = biased < 0 ? 0 : biased;
    mean[c] = static_cast<float>(Load(x[c]) + difference);
    variance[c] = static_cast<float>(spread);
    scale[c] = static_cast<float>(gamma[c] / std::sqrt(spread + epsilon));
  }
  Normalise(s, x, mean, scale, beta, residual, least, y);
}

// (x, mean, variance, offset or null, scale or null, y, [rows, channels], epsilon)
template <typename T>
void Inference(const Call& call) {
  const Shape s = ShapeOf(call, 6);
  const int64_t channels = s.channels;
  const T* x = call.Elements<T>(0, s.Size());
  const float* mean = call.Elements<float>(1, channels);
  const float* variance = call.Elements<float>(2, channels);
  const float* offset = call.Has(3) ? call.Elements<float>(3, channels) : nullptr;
  const float* scale = call.Has(4) ? call.Elements<float>(4, channels) : nullptr;
  T* y = call.Elements<T>(5, s.Size());
  const double epsilon = call.Number(7);
  const Memory memory(channels * 2 * static_cast<int64_t>(sizeof(float)));
  float *slope = static_cast<float*>(memory.data), *shift = slope + channels;
  for (int64_t c = 0; c < channels; c++) {
    slope[c] = static_cast<float>((scale ? scale[c] : 1) / std::sqrt(variance[c] + epsilon));
    shift[c] = offset ? offset[c] : 0;
  }
  const T* residual = nullptr;
  Normalise(s, x, mean, slope, shift, residual, -std::numeric_limits<float>::infinity(), y);
}

}  // namespace

void batchNormTrain(const Call& call) {
  OfType(call, 0, [&](auto element) { Train<decltype(element)>(call); });
}

void batchNormInference(const Call& call) {
  OfType(call, 0, [&](auto element) { Inference<decltype(element)>(call); });
}

}  // namespace medrobust::MEDROBUST_ISA
