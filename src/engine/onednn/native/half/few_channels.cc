// Convolutions of an image of few channels, and the gradients of filters of few outputs: oneDNN computes them in float,
// and copies the larger side, which is bfloat16, from and to it. Sums are float; of many rows, double.

#include "few_channels.h"

#include <cstring>

#include "vectors.h"

namespace medrobust::avx512 {
namespace {

// The rows of the image under one row of outputs, with zeros where the filter reaches beyond it.
struct Band {
  explicit Band(const Convolution& geometry)
      : c(geometry),
        width((int64_t{c.out_width - 1} * c.stride_width + int64_t{c.filter_width - 1} * c.dilation_width + 1) * c.inputs),
        size(width * c.filter_height),
        threads(ThreadCount()),
        memory(threads * size * int64_t{sizeof(float)}) {}

  // In the memory of the thread that asks.
  const float* Fill(const float* x, int64_t row) const {
    float* band = static_cast<float*>(memory.data) + ThreadIndex(threads) * size;
    const float* image = x + row / c.out_height * c.height * c.width * c.inputs;
    const int64_t top = row % c.out_height * c.stride_height - c.pad_top;
    // Floats of a row: of the image, of padding before it, and those of the image that the band holds.
    const int64_t length = int64_t{c.width} * c.inputs, before = int64_t{c.pad_left} * c.inputs;
    const int64_t inside = length < width - before ? length : width - before;
    for (int64_t i = 0; i < c.filter_height; i++) {
      const int64_t y = top + i * c.dilation_height;
      const float* from = y >= 0 && y < c.height ? image + y * length : nullptr;
      float* to = band + i * width;
      std::memset(to, 0, width * sizeof(float));
      if (from && inside > 0) std::memcpy(to + before, from, inside * sizeof(float));
    }
    return band;
  }

  // The place of a tap of the filter under the first output: taps are counted as the filter lies in memory.
  int64_t PlaceOf(int64_t tap) const {
    const int64_t input = tap % c.inputs, column = tap / c.inputs % c.filter_width;
    return tap / (int64_t{c.filter_width} * c.inputs) * width + column * c.dilation_width * c.inputs + input;
  }

  const Convolution& c;
  int64_t width, size;
  int threads;
  Memory memory;
};

int64_t TapsOf(const Convolution& c) { return int64_t{c.filter_height} * c.filter_width * c.inputs; }

// How many parts the rows of outputs are gone through in: fixed by the shape, so that results do not depend on the
// threads.
int64_t PartsOf(int64_t rows) { return rows < 16 ? rows : 16; }

constexpr int kPixels = 8;

// Outputs [column, column + pixels) of a row, sixteen channels of each.
template <int pixels>
inline void Outputs(const Convolution& c, const float* band, const int64_t* places, const float* filter, __m512 start,
                    __m512 least, int64_t column, Half* to) {
  __m512 sums[pixels];
  for (int p = 0; p < pixels; p++) sums[p] = start;
  const int64_t step = int64_t{c.stride_width} * c.inputs, taps = TapsOf(c);
  for (int64_t tap = 0; tap < taps; tap++) {
    const __m512 weights = Load(filter + tap * c.outputs);
    const float* from = band + places[tap] + column * step;
#pragma GCC unroll 8
    for (int p = 0; p < pixels; p++) sums[p] = _mm512_fmadd_ps(_mm512_set1_ps(from[p * step]), weights, sums[p]);
  }
#pragma GCC unroll 8
  for (int p = 0; p < pixels; p++) Store(_mm512_max_ps(least, sums[p]), to + (column + p) * c.outputs);
}

// The gradients of the inputs [column, column + pixels) of a row, under the taps [i_from, i_to) × [j_from, j_to) of all
// of them. `upstream` is where the tap 0, 0 of the first one reads.
template <int pixels>
inline void Inputs(const Convolution& c, const Half* upstream, const float* filter, int64_t i_from, int64_t i_to,
                   int64_t j_from, int64_t j_to, float* to) {
  for (int64_t input = 0; input < c.inputs; input++) {
    __m512 sums[pixels] = {};
    for (int64_t i = i_from; i < i_to; i++) {
      for (int64_t j = j_from; j < j_to; j++) {
        const Half* from = upstream - (i * c.out_width + j) * c.outputs;
        const float* weights = filter + ((i * c.filter_width + j) * c.inputs + input) * c.outputs;
        for (int64_t o = 0; o < c.outputs; o += kLanes) {
          const __m512 weight = Load(weights + o);
#pragma GCC unroll 8
          for (int p = 0; p < pixels; p++) sums[p] = _mm512_fmadd_ps(Load(from + p * c.outputs + o), weight, sums[p]);
        }
      }
    }
#pragma GCC unroll 8
    for (int p = 0; p < pixels; p++) to[p * c.inputs + input] = _mm512_reduce_add_ps(sums[p]);
  }
}

}  // namespace

void FewForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu, Half* y) {
  const Band band(c);
  const __m512 least = _mm512_set1_ps(relu ? 0 : -__builtin_inff());
  int64_t places[kMostTaps];
  for (int64_t tap = 0; tap < TapsOf(c); tap++) places[tap] = band.PlaceOf(tap);
  ParallelFor(int64_t{c.batch} * c.out_height, GrainFor(int64_t{c.out_width} * c.outputs), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* rows = band.Fill(x, row);
      for (int64_t o = 0; o < c.outputs; o += kLanes) {
        const __m512 start = bias ? Load(bias + o) : _mm512_setzero_ps();
        Half* to = y + row * c.out_width * c.outputs + o;
        int64_t column = 0;
        for (; column + kPixels <= c.out_width; column += kPixels) {
          Outputs<kPixels>(c, rows, places, filter + o, start, least, column, to);
        }
        for (; column < c.out_width; column++) Outputs<1>(c, rows, places, filter + o, start, least, column, to);
      }
    }
  });
}

void FewBackwardInput(const Convolution& c, const Half* dy, const float* filter, float* dx) {
  ParallelFor(int64_t{c.batch} * c.height, GrainFor(int64_t{c.width} * c.outputs), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t below = row % c.height + c.pad_top;
      const Half* image = dy + row / c.height * c.out_height * c.out_width * c.outputs;
      const int64_t i_from = below >= c.out_height ? below - c.out_height + 1 : 0;
      const int64_t i_to = below < c.filter_height ? below + 1 : c.filter_height;
      for (int64_t column = 0; column < c.width;) {
        const int64_t beside = column + c.pad_left;
        const Half* upstream = image + (below * c.out_width + beside) * c.outputs;
        float* to = dx + (row * c.width + column) * c.inputs;
        const int64_t last = column + kPixels - 1 + c.pad_left;
        if (beside >= c.filter_width - 1 && last < c.out_width && column + kPixels <= c.width) {
          Inputs<kPixels>(c, upstream, filter, i_from, i_to, 0, c.filter_width, to);
          column += kPixels;
          continue;
        }
        const int64_t j_from = beside >= c.out_width ? beside - c.out_width + 1 : 0;
        const int64_t j_to = beside < c.filter_width ? beside + 1 : c.filter_width;
        Inputs<1>(c, upstream, filter, i_from, i_to, j_from, j_to, to);
        column++;
      }
    }
  });
}

namespace {

// Sums of `size` doubles for each part of the rows; `visit(row, sums)` adds those of one.
template <typename Visit>
void SumOfRows(int64_t rows, int64_t size, float* total, const Visit& visit) {
  const int64_t parts = PartsOf(rows);
  const Memory memory(parts * size * int64_t{sizeof(double)});
  double* sums = static_cast<double*>(memory.data);
  ParallelFor(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) visit(row, sums + part * size);
    }
  });
  for (int64_t i = 0; i < size; i++) {
    double sum = 0;
    for (int64_t part = 0; part < parts; part++) sum += sums[part * size + i];
    total[i] = static_cast<float>(sum);
  }
}

inline void AddTo(double* sums, __m512 values, int64_t step) {
  float lanes[kLanes];
  _mm512_storeu_ps(lanes, values);
  for (int64_t lane = 0; lane < kLanes; lane++) sums[lane * step] += lanes[lane];
}

}  // namespace

void FewBackwardFilter(const Convolution& c, const float* x, const Half* dy, float* dfilter) {
  // Of as many taps at a time as there are registers.
  constexpr int kTaps = 9;
  const Band band(c);
  const int64_t taps = TapsOf(c), step = int64_t{c.stride_width} * c.inputs;
  SumOfRows(int64_t{c.batch} * c.out_height, taps * c.outputs, dfilter, [&](int64_t row, double* sums) {
    const float* rows = band.Fill(x, row);
    for (int64_t first = 0; first < taps; first += kTaps) {
      int64_t places[kTaps];
      for (int t = 0; t < kTaps; t++) places[t] = band.PlaceOf(first + t < taps ? first + t : first);
      for (int64_t o = 0; o < c.outputs; o += kLanes) {
        const Half* upstream = dy + row * c.out_width * c.outputs + o;
        __m512 own[kTaps] = {};
        for (int64_t column = 0; column < c.out_width; column++) {
          const __m512 values = Load(upstream + column * c.outputs);
#pragma GCC unroll 9
          for (int t = 0; t < kTaps; t++) {
            own[t] = _mm512_fmadd_ps(_mm512_set1_ps(rows[places[t] + column * step]), values, own[t]);
          }
        }
        for (int t = 0; t < kTaps && first + t < taps; t++) AddTo(sums + (first + t) * c.outputs + o, own[t], 1);
      }
    }
  });
}

void FewOutputsBackwardFilter(const Convolution& c, const Half* x, const float* dy, float* dfilter) {
  constexpr int kMost = kFewestOutputs - 1;
  SumOfRows(int64_t{c.batch} * c.height, int64_t{c.inputs} * c.outputs, dfilter, [&](int64_t row, double* sums) {
    const Half* pixels = x + row * c.width * c.inputs;
    const float* upstream = dy + row * c.width * c.outputs;
    for (int64_t input = 0; input < c.inputs; input += kLanes) {
      __m512 own[kMost] = {};
      for (int64_t column = 0; column < c.width; column++) {
        const __m512 values = Load(pixels + column * c.inputs + input);
        for (int o = 0; o < c.outputs; o++) {
          own[o] = _mm512_fmadd_ps(values, _mm512_set1_ps(upstream[column * c.outputs + o]), own[o]);
        }
      }
      for (int o = 0; o < c.outputs; o++) AddTo(sums + input * c.outputs + o, own[o], c.outputs);
    }
  });
}

}  // namespace medrobust::avx512
