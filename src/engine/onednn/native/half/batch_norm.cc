// Batch normalisation of [rows, channels], of channels by the sixteen: as loops/batch_norm.cc.

#include <cmath>
#include <limits>

#include "half_kernels.h"
#include "vectors.h"

namespace medrobust::avx512 {
namespace {

struct Shape {
  int64_t rows, channels;
};

bool Takes(const Call& call, int index, Shape* shape) {
  if (!call.IsHalf(0)) return false;
  const int32_t* g = call.Integers(index, 2);
  *shape = {g[0], g[1]};
  return g[0] > 0 && g[1] > 0 && g[1] % kLanes == 0;
}

// Rows whose sums are gathered in single precision, while they are in the first-level cache.
constexpr int64_t kBlock = 32;

// In how many parts the rows are gone through: fixed by the shape, so that results do not depend on the threads.
int64_t PartsOf(const Shape& s) {
  const int64_t parts = s.rows * s.channels / (2 * kGrain);
  const int64_t most = s.rows < 16 ? s.rows : 16;
  return parts < 1 ? 1 : (parts < most ? parts : most);
}

// Doubles for each channel, of each part.
struct Sums {
  Sums(const Shape& shape, int64_t parts) : memory(2 * parts * shape.channels * int64_t{sizeof(double)}) {
    first = static_cast<double*>(memory.data);
    second = first + parts * shape.channels;
  }
  Memory memory;
  double *first, *second;
};

// Vectors of a row at a time: several sums at once keep the adders busy.
constexpr int kSums = 4;

inline __m512 Total(const __m512* sums) {
  return _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3]));
}

// Calls `visit(which of kSums, row)` for the rows [top, bottom).
template <typename Visit>
inline void EachRow(int64_t top, int64_t bottom, const Visit& visit) {
  int64_t row = top;
  for (; row + kSums <= bottom; row += kSums) {
#pragma GCC unroll 4
    for (int i = 0; i < kSums; i++) visit(i, row + i);
  }
  for (; row < bottom; row++) visit(0, row);
}

// Mean and sum of squared deviations of the rows [begin, end), joined block by block: Chan, Golub and LeVeque 1979,
// "Updating formulae and a pairwise algorithm for computing sample variances".
void Gather(const Half* x, int64_t channels, int64_t begin, int64_t end, double* mean, double* deviation) {
  double count = 0;
  for (int64_t top = begin; top < end; top += kBlock) {
    const int64_t bottom = top + kBlock < end ? top + kBlock : end;
    const double rows = static_cast<double>(bottom - top), total = count + rows;
    const __m512 inverse = _mm512_set1_ps(1.0f / static_cast<float>(bottom - top));
    for (int64_t c = 0; c < channels; c += kLanes) {
      __m512 sums[kSums] = {};
      EachRow(top, bottom, [&](int i, int64_t row) { sums[i] = _mm512_add_ps(sums[i], Load(x + row * channels + c)); });
      const __m512 block_mean = _mm512_mul_ps(Total(sums), inverse);
      __m512 squares[kSums] = {};
      EachRow(top, bottom, [&](int i, int64_t row) {
        const __m512 difference = _mm512_sub_ps(Load(x + row * channels + c), block_mean);
        squares[i] = _mm512_fmadd_ps(difference, difference, squares[i]);
      });
      float means[kLanes], deviations[kLanes];
      _mm512_storeu_ps(means, block_mean);
      _mm512_storeu_ps(deviations, Total(squares));
      for (int64_t lane = 0; lane < kLanes; lane++) {
        const double difference = means[lane] - mean[c + lane];
        mean[c + lane] += difference * (rows / total);
        deviation[c + lane] += deviations[lane] + difference * difference * (count * rows / total);
      }
    }
    count = total;
  }
}

}  // namespace

bool batchNormTrain(const Call& call) {
  Shape s;
  if (!Takes(call, 6, &s)) return false;
  const int64_t channels = s.channels;
  const Half* x = call.Elements<Half>(0, s.rows * channels);
  const float* gamma = call.Elements<float>(1, channels);
  const float* beta = call.Elements<float>(2, channels);
  Half* y = call.Elements<Half>(3, s.rows * channels);
  float* mean = call.Elements<float>(4, channels);
  float* variance = call.Elements<float>(5, channels);
  const double epsilon = call.Number(7);
  const Half* residual = call.Has(8) ? call.Elements<Half>(8, s.rows * channels) : nullptr;
  const __m512 least = _mm512_set1_ps(call.Boolean(9) ? 0 : -std::numeric_limits<float>::infinity());

  const int64_t parts = PartsOf(s);
  const Sums sums(s, parts);
  ParallelFor(parts, GrainFor(s.rows * channels / parts), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      Gather(x, channels, s.rows * part / parts, s.rows * (part + 1) / parts, sums.first + part * channels,
             sums.second + part * channels);
    }
  });
  const Memory memory(channels * int64_t{sizeof(float)});
  float* scale = static_cast<float*>(memory.data);
  for (int64_t c = 0; c < channels; c++) {
    double count = 0, total_mean = 0, total_deviation = 0;
    for (int64_t part = 0; part < parts; part++) {
      const double rows = static_cast<double>(s.rows * (part + 1) / parts - s.rows * part / parts);
      const double difference = sums.first[part * channels + c] - total_mean;
      total_deviation += sums.second[part * channels + c] + difference * difference * count * rows / (count + rows);
      total_mean += difference * rows / (count + rows);
      count += rows;
    }
    const double biased = total_deviation / count;
    mean[c] = static_cast<float>(total_mean);
    variance[c] = static_cast<float>(biased);
    scale[c] = static_cast<float>(gamma[c] / std::sqrt(biased + epsilon));
  }
  ParallelFor(s.rows, GrainFor(channels), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin * channels; i < end * channels; i += channels) {
      for (int64_t c = 0; c < channels; c += kLanes) {
        const __m512 centred = _mm512_sub_ps(Load(x + i + c), Load(mean + c));
        __m512 value = _mm512_fmadd_ps(centred, Load(scale + c), Load(beta + c));
        if (residual) value = _mm512_add_ps(value, Load(residual + i + c));
        // Of a NaN and another, the second.
        Store(_mm512_max_ps(least, value), y + i + c);
      }
    }
  });
  return true;
}

bool batchNormTrainGrad(const Call& call) {
  Shape s;
  if (!Takes(call, 8, &s)) return false;
  const int64_t channels = s.channels;
  const Half* x = call.Elements<Half>(0, s.rows * channels);
  const Half* dy = call.Elements<Half>(1, s.rows * channels);
  const float* mean = call.Elements<float>(2, channels);
  const float* variance = call.Elements<float>(3, channels);
  const float* gamma = call.Elements<float>(4, channels);
  Half* dx = call.Elements<Half>(5, s.rows * channels);
  float* dgamma = call.Elements<float>(6, channels);
  float* dbeta = call.Elements<float>(7, channels);
  const double epsilon = call.Number(9);
  const Half* y = call.Has(10) ? call.Elements<Half>(10, s.rows * channels) : nullptr;
  Half* dresidual = call.Has(11) ? call.Elements<Half>(11, s.rows * channels) : nullptr;
  const auto through = [=](int64_t i) {
    const __m256i upstream = LoadBits(dy + i);
    return y ? _mm256_maskz_mov_epi16(IsPositive(LoadBits(y + i)), upstream) : upstream;
  };

  const int64_t parts = PartsOf(s);
  const Sums sums(s, parts);
  ParallelFor(parts, GrainFor(2 * s.rows * channels / parts), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      double *sum = sums.first + part * channels, *product = sums.second + part * channels;
      const int64_t last = s.rows * (part + 1) / parts;
      for (int64_t top = s.rows * part / parts; top < last; top += kBlock) {
        const int64_t bottom = top + kBlock < last ? top + kBlock : last;
        for (int64_t c = 0; c < channels; c += kLanes) {
          const __m512 centre = Load(mean + c);
          __m512 block_sums[kSums] = {}, block_products[kSums] = {};
          EachRow(top, bottom, [&](int i, int64_t row) {
            const __m512 upstream = Widen(through(row * channels + c));
            const __m512 centred = _mm512_sub_ps(Load(x + row * channels + c), centre);
            block_sums[i] = _mm512_add_ps(block_sums[i], upstream);
            block_products[i] = _mm512_fmadd_ps(upstream, centred, block_products[i]);
          });
          float block_sum[kLanes], block_product[kLanes];
          _mm512_storeu_ps(block_sum, Total(block_sums));
          _mm512_storeu_ps(block_product, Total(block_products));
          for (int64_t lane = 0; lane < kLanes; lane++) {
            sum[c + lane] += block_sum[lane];
            product[c + lane] += block_product[lane];
          }
        }
      }
    }
  });
  // dx = slope · dy + tilt · (x − mean) + offset
  const Memory memory(3 * channels * int64_t{sizeof(float)});
  float *slope = static_cast<float*>(memory.data), *tilt = slope + channels, *offset = tilt + channels;
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (int64_t part = 0; part < parts; part++) {
      sum += sums.first[part * channels + c];
      product += sums.second[part * channels + c];
    }
    const double inverse = 1 / std::sqrt(variance[c] + epsilon), rows = static_cast<double>(s.rows);
    dgamma[c] = static_cast<float>(product * inverse);
    dbeta[c] = static_cast<float>(sum);
    slope[c] = static_cast<float>(gamma[c] * inverse);
    tilt[c] = static_cast<float>(-gamma[c] * inverse * inverse * inverse * product / rows);
    offset[c] = static_cast<float>(-gamma[c] * inverse * sum / rows);
  }
  ParallelFor(s.rows, GrainFor(2 * channels), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin * channels; i < end * channels; i += channels) {
      for (int64_t c = 0; c < channels; c += kLanes) {
        const __m256i upstream = through(i + c);
        if (dresidual) StoreBits(upstream, dresidual + i + c);
        const __m512 centred = _mm512_sub_ps(Load(x + i + c), Load(mean + c));
        const __m512 rest = _mm512_fmadd_ps(Load(tilt + c), centred, Load(offset + c));
        Store(_mm512_fmadd_ps(Load(slope + c), Widen(upstream), rest), dx + i + c);
      }
    }
  });
  return true;
}

}  // namespace medrobust::avx512
