// Batch normalisation of [rows, channels]. What is of the shape of x is all of floats, or all of bfloat16.

#include <cmath>
#include <limits>

#include "half.h"
#include "memory.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t rows, channels;
};

Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 2);
  SizeOf(g, 2);
  if (g[0] < 1 || g[1] < 1) Refuse("an empty batch");
  return {g[0], g[1]};
}

// Not a number where `value` is not.
inline float Above(float least, float value) { return value < least ? least : value; }

// Rows whose statistics are gathered in single precision, while they are in the first-level cache.
constexpr int64_t kBlock = 32;

// In how many parts the rows are gone through: fixed by the shape, so that results do not depend on the threads.
int64_t PartsOf(const Shape& s) {
  const int64_t parts = s.rows * s.channels / (2 * kGrain);
  const int64_t most = s.rows < 16 ? s.rows : 16;
  return parts < 1 ? 1 : (parts < most ? parts : most);
}

// Mean and sum of squared deviations of rows [begin, end), joined block by block: Chan, Golub and LeVeque 1979,
// "Updating formulae and a pairwise algorithm for computing sample variances".
template <typename T>
void Gather(const T* x, int64_t channels, int64_t begin, int64_t end, double* mean, double* deviation,
            float* block_mean, float* block_deviation) {
  double count = 0;
  for (int64_t top = begin; top < end; top += kBlock) {
    const int64_t bottom = top + kBlock < end ? top + kBlock : end;
    const float inverse = 1.0f / static_cast<float>(bottom - top);
    for (int64_t c = 0; c < channels; c++) block_mean[c] = block_deviation[c] = 0;
    for (int64_t row = top; row < bottom; row++) {
      const T* from = x + row * channels;
      for (int64_t c = 0; c < channels; c++) block_mean[c] += Load(from[c]);
    }
    for (int64_t c = 0; c < channels; c++) block_mean[c] *= inverse;
    for (int64_t row = top; row < bottom; row++) {
      const T* from = x + row * channels;
      for (int64_t c = 0; c < channels; c++) {
        const float difference = Load(from[c]) - block_mean[c];
        block_deviation[c] += difference * difference;
      }
    }
    const double rows = static_cast<double>(bottom - top), total = count + rows;
    for (int64_t c = 0; c < channels; c++) {
      const double difference = block_mean[c] - mean[c];
      mean[c] += difference * rows / total;
      deviation[c] += block_deviation[c] + difference * difference * count * rows / total;
    }
    count = total;
  }
}

// (x, gamma, beta, y, mean, variance, [rows, channels], epsilon, residual or null, relu): the residual, of the shape of
// x, is added to what is normalised, before the relu.
template <typename T>
void Train(const Call& call) {
  const Shape s = ShapeOf(call, 6);
  const int64_t channels = s.channels;
  const T* x = call.Elements<T>(0, s.rows * channels);
  const float* gamma = call.Elements<float>(1, channels);
  const float* beta = call.Elements<float>(2, channels);
  T* y = call.Elements<T>(3, s.rows * channels);
  float* mean = call.Elements<float>(4, channels);
  float* variance = call.Elements<float>(5, channels);
  const double epsilon = call.Number(7);
  const T* residual = call.Has(8) ? call.Elements<T>(8, s.rows * channels) : nullptr;
  const float least = call.Boolean(9) ? 0 : -std::numeric_limits<float>::infinity();

  const int64_t parts = PartsOf(s);
  const Memory memory(parts * channels * (2 * sizeof(double) + 2 * sizeof(float)));
  double* means = static_cast<double*>(memory.data);
  double* deviations = means + parts * channels;
  float* floats = reinterpret_cast<float*>(deviations + parts * channels);
  ParallelFor(parts, GrainFor(s.rows * channels / parts), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      float* own = floats + part * 2 * channels;
      Gather(x, channels, s.rows * part / parts, s.rows * (part + 1) / parts, means + part * channels,
             deviations + part * channels, own, own + channels);
    }
  });
  float *scale = floats, *shift = floats + channels;
  for (int64_t c = 0; c < channels; c++) {
    double count = 0, total_mean = 0, total_deviation = 0;
    for (int64_t part = 0; part < parts; part++) {
      const double rows = static_cast<double>(s.rows * (part + 1) / parts - s.rows * part / parts);
      const double difference = means[part * channels + c] - total_mean;
      total_deviation += deviations[part * channels + c] + difference * difference * count * rows / (count + rows);
      total_mean += difference * rows / (count + rows);
      count += rows;
    }
    const double biased = total_deviation / count;
    mean[c] = static_cast<float>(total_mean);
    variance[c] = static_cast<float>(biased);
    scale[c] = static_cast<float>(gamma[c] / std::sqrt(biased + epsilon));
    shift[c] = beta[c];
  }
  ParallelFor(s.rows, GrainFor(channels), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* from = x + row * channels;
      T* to = y + row * channels;
      if (residual) {
        const T* more = residual + row * channels;
        for (int64_t c = 0; c < channels; c++) {
          Store(Above(least, (Load(from[c]) - mean[c]) * scale[c] + shift[c] + Load(more[c])), to + c);
        }
      } else {
        for (int64_t c = 0; c < channels; c++) {
          Store(Above(least, (Load(from[c]) - mean[c]) * scale[c] + shift[c]), to + c);
        }
      }
    }
  });
}

// (x, dy, mean, variance, gamma, dx, dgamma, dbeta, [rows, channels], epsilon, y or null, dresidual or null): y is given
// where relu was taken of it.
template <typename T>
void TrainGrad(const Call& call) {
  const Shape s = ShapeOf(call, 8);
  const int64_t channels = s.channels;
  const T* x = call.Elements<T>(0, s.rows * channels);
  const T* dy = call.Elements<T>(1, s.rows * channels);
  const float* mean = call.Elements<float>(2, channels);
  const float* variance = call.Elements<float>(3, channels);
  const float* gamma = call.Elements<float>(4, channels);
  T* dx = call.Elements<T>(5, s.rows * channels);
  float* dgamma = call.Elements<float>(6, channels);
  float* dbeta = call.Elements<float>(7, channels);
  const double epsilon = call.Number(9);
  const T* y = call.Has(10) ? call.Elements<T>(10, s.rows * channels) : nullptr;
  T* dresidual = call.Has(11) ? call.Elements<T>(11, s.rows * channels) : nullptr;

  const int64_t parts = PartsOf(s);
  const Memory memory((parts + 1) * channels * (2 * sizeof(double) + 3 * sizeof(float)));
  double* sums = static_cast<double*>(memory.data);
  double* products = sums + parts * channels;
  float* floats = reinterpret_cast<float*>(products + parts * channels);
  ParallelFor(parts, GrainFor(2 * s.rows * channels / parts), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      double *sum = sums + part * channels, *product = products + part * channels;
      float *block_sum = floats + part * 2 * channels, *block_product = block_sum + channels;
      const int64_t last = s.rows * (part + 1) / parts;
      for (int64_t top = s.rows * part / parts; top < last; top += kBlock) {
        const int64_t bottom = top + kBlock < last ? top + kBlock : last;
        for (int64_t c = 0; c < channels; c++) block_sum[c] = block_product[c] = 0;
        for (int64_t row = top; row < bottom; row++) {
          const T *from = x + row * channels, *upstream = dy + row * channels;
          if (y) {
            const T* after = y + row * channels;
            for (int64_t c = 0; c < channels; c++) {
              const float through = Either(Load(after[c]) > 0, Load(upstream[c]));
              block_sum[c] += through;
              block_product[c] += through * (Load(from[c]) - mean[c]);
            }
            continue;
          }
          for (int64_t c = 0; c < channels; c++) {
            const float through = Load(upstream[c]);
            block_sum[c] += through;
            block_product[c] += through * (Load(from[c]) - mean[c]);
          }
        }
        for (int64_t c = 0; c < channels; c++) {
          sum[c] += block_sum[c];
          product[c] += block_product[c];
        }
      }
    }
  });
  // dx = slope · dy + tilt · (x − mean) + offset
  float *slope = floats, *tilt = floats + channels, *offset = floats + 2 * channels;
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (int64_t part = 0; part < parts; part++) {
      sum += sums[part * channels + c];
      product += products[part * channels + c];
    }
    const double inverse = 1 / std::sqrt(variance[c] + epsilon), rows = static_cast<double>(s.rows);
    dgamma[c] = static_cast<float>(product * inverse);
    dbeta[c] = static_cast<float>(sum);
    slope[c] = static_cast<float>(gamma[c] * inverse);
    tilt[c] = static_cast<float>(-gamma[c] * inverse * inverse * inverse * product / rows);
    offset[c] = static_cast<float>(-gamma[c] * inverse * sum / rows);
  }
  ParallelFor(s.rows, GrainFor(2 * channels), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T *from = x + row * channels, *upstream = dy + row * channels;
      T* to = dx + row * channels;
      if (y || dresidual) {
        const T* after = y ? y + row * channels : nullptr;
        T* aside = dresidual ? dresidual + row * channels : to;
        if (after) {
          for (int64_t c = 0; c < channels; c++) aside[c] = Either(Load(after[c]) > 0, upstream[c]);
        } else {
          for (int64_t c = 0; c < channels; c++) aside[c] = upstream[c];
        }
        upstream = aside;
      }
      for (int64_t c = 0; c < channels; c++) {
        Store(slope[c] * Load(upstream[c]) + (tilt[c] * (Load(from[c]) - mean[c]) + offset[c]), to + c);
      }
    }
  });
}

// (x, mean, variance, offset or null, scale or null, y, [rows, channels], epsilon)
template <typename T>
void Inference(const Call& call) {
  const Shape s = ShapeOf(call, 6);
  const int64_t channels = s.channels;
  const T* x = call.Elements<T>(0, s.rows * channels);
  const float* mean = call.Elements<float>(1, channels);
  const float* variance = call.Elements<float>(2, channels);
  const float* offset = call.Has(3) ? call.Elements<float>(3, channels) : nullptr;
  const float* scale = call.Has(4) ? call.Elements<float>(4, channels) : nullptr;
  T* y = call.Elements<T>(5, s.rows * channels);
  const double epsilon = call.Number(7);
  const Memory memory(channels * 2 * static_cast<int64_t>(sizeof(float)));
  float *slope = static_cast<float*>(memory.data), *shift = slope + channels;
  for (int64_t c = 0; c < channels; c++) {
    slope[c] = static_cast<float>((scale ? scale[c] : 1) / std::sqrt(variance[c] + epsilon));
    shift[c] = offset ? offset[c] : 0;
  }
  ParallelFor(s.rows, GrainFor(channels), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* from = x + row * channels;
      T* to = y + row * channels;
      for (int64_t c = 0; c < channels; c++) Store((Load(from[c]) - mean[c]) * slope[c] + shift[c], to + c);
    }
  });
}

}  // namespace

void batchNormTrain(const Call& call) {
  OfType(call, 0, [&](auto element) { Train<decltype(element)>(call); });
}

void batchNormTrainGrad(const Call& call) {
  OfType(call, 0, [&](auto element) { TrainGrad<decltype(element)>(call); });
}

void batchNormInference(const Call& call) {
  OfType(call, 0, [&](auto element) { Inference<decltype(element)>(call); });
}

}  // namespace medrobust::MEDROBUST_ISA
