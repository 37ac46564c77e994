// The largest of the windows of images, of channels by the sixteen, and its gradient where windows lie side by side: as
// loops/pool.cc.

#include "half_kernels.h"
#include "vectors.h"

namespace medrobust::avx512 {
namespace {

// What windows of images need of the geometry that loops/pool.cc describes.
struct Geometry {
  int64_t batch, height, width, channels, out_height, out_width, window_height, window_width, stride_height,
      stride_width, top, left;

  int64_t InputSize() const { return batch * height * width * channels; }
  int64_t OutputSize() const { return batch * out_height * out_width * channels; }
  // Whether every cell is under one window.
  bool IsTiled() const {
    return stride_height == window_height && stride_width == window_width && top == 0 && left == 0 &&
           out_height * stride_height == height && out_width * stride_width == width;
  }
};

bool Takes(const Call& call, int index, Geometry* geometry) {
  if (!call.IsHalf(0)) return false;
  constexpr int kMembers = 20, kFirstPadding = 17;
  const int32_t* g = call.Integers(index, kMembers);
  for (int i = 0; i < kFirstPadding; i++) {
    if (g[i] < 1) return false;
  }
  const int32_t output[] = {g[0], g[6], g[7], g[4]}, plane[] = {g[2], g[3]};
  SizeOf(g, 5);
  SizeOf(output, 4);
  if (SizeOf(plane, 2) > 2147483647) return false;
  *geometry = {g[0], g[2], g[3], g[4], g[6], g[7], g[9], g[10], g[12], g[13], g[18], g[19]};
  const bool is_flat = g[1] == 1 && g[5] == 1 && g[8] == 1 && g[17] == 0 && g[15] == 1 && g[16] == 1;
  return is_flat && g[4] % kLanes == 0;
}

// The cells of one axis that a window covers.
struct Span {
  Span(int64_t output, int64_t stride, int64_t padding, int64_t window, int64_t length)
      : from(output * stride - padding), to(from + window) {
    if (from < 0) from = 0;
    if (to > length) to = length;
  }
  int64_t from, to;
};

}  // namespace

bool maxPool(const Call& call) {
  Geometry g;
  if (!Takes(call, 2, &g)) return false;
  const Half* x = call.Elements<Half>(0, g.InputSize());
  Half* y = call.Elements<Half>(1, g.OutputSize());
  const int64_t cost = g.out_width * g.channels * g.window_height * g.window_width;
  ParallelFor(g.batch * g.out_height, GrainFor(cost), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const Half* image = x + row / g.out_height * g.height * g.width * g.channels;
      const Span rows(row % g.out_height, g.stride_height, g.top, g.window_height, g.height);
      for (int64_t column = 0; column < g.out_width; column++) {
        const Span columns(column, g.stride_width, g.left, g.window_width, g.width);
        Half* to = y + (row * g.out_width + column) * g.channels;
        for (int64_t c = 0; c < g.channels; c += kLanes) {
          __m512 largest = _mm512_set1_ps(-__builtin_inff());
          for (int64_t i = rows.from; i < rows.to; i++) {
            const Half* cells = image + i * g.width * g.channels + c;
            // Of a NaN and another, the second.
            for (int64_t j = columns.from; j < columns.to; j++) {
              largest = _mm512_max_ps(Load(cells + j * g.channels), largest);
            }
          }
          Store(largest, to + c);
        }
      }
    }
  });
  return true;
}

// (dy, x, dx, geometry): each dy goes to the first largest cell of its window.
bool maxPoolGrad(const Call& call) {
  Geometry g;
  if (!call.IsHalf(1) || !Takes(call, 3, &g) || !g.IsTiled()) return false;
  const Half* dy = call.Elements<Half>(0, g.OutputSize());
  const Half* x = call.Elements<Half>(1, g.InputSize());
  Half* dx = call.Elements<Half>(2, g.InputSize());
  const int64_t cost = g.out_width * g.channels * g.window_height * g.window_width;
  ParallelFor(g.batch * g.out_height, GrainFor(cost), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t column = 0; column < g.out_width; column++) {
        const Half* upstream = dy + (row * g.out_width + column) * g.channels;
        // Rows of windows lie behind each other, those of the next image too.
        const int64_t corner = (row * g.stride_height * g.width + column * g.stride_width) * g.channels;
        for (int64_t c = 0; c < g.channels; c += kLanes) {
          __m512 largest = _mm512_set1_ps(-__builtin_inff());
          __m512i place = _mm512_set1_epi32(-1);
          for (int64_t i = 0; i < g.window_height; i++) {
            for (int64_t j = 0; j < g.window_width; j++) {
              const __m512 value = Load(x + corner + (i * g.width + j) * g.channels + c);
              const __mmask16 better = _mm512_cmp_ps_mask(value, largest, _CMP_GT_OQ);
              largest = _mm512_mask_mov_ps(largest, better, value);
              place = _mm512_mask_set1_epi32(place, better, static_cast<int>(i * g.window_width + j));
            }
          }
          const __m256i gradient = LoadBits(upstream + c);
          for (int64_t i = 0; i < g.window_height; i++) {
            for (int64_t j = 0; j < g.window_width; j++) {
              const __m512i cell = _mm512_set1_epi32(static_cast<int>(i * g.window_width + j));
              const __mmask16 here = _mm512_cmpeq_epi32_mask(place, cell);
              StoreBits(_mm256_maskz_mov_epi16(here, gradient), dx + corner + (i * g.width + j) * g.channels + c);
            }
          }
        }
      }
    }
  });
  return true;
}

}  // namespace medrobust::avx512
