// Gradients of poolings of images, of channels by the sixteen, as loops/pool.cc.

#include "half_kernels.h"
#include "pool.h"

namespace medrobust::avx512 {
namespace {

// Which cell of a window is its first largest, by number; -1 where there is none.
inline __m512i FindLargest(const Geometry& g, const Half* image, const Span& rows, const Span& columns, int64_t top,
                           int64_t left) {
  __m512 largest = _mm512_set1_ps(-__builtin_inff());
  __m512i place = _mm512_set1_epi32(-1);
  for (int64_t i = rows.from; i < rows.to; i++) {
    for (int64_t j = columns.from; j < columns.to; j++) {
      const __m512 value = Load(image + (i * g.width + j) * g.channels);
      const __mmask16 better = _mm512_cmp_ps_mask(value, largest, _CMP_GT_OQ);
      largest = _mm512_mask_mov_ps(largest, better, value);
      place = _mm512_mask_set1_epi32(place, better, static_cast<int>((i - top) * g.window_width + j - left));
    }
  }
  return place;
}

// Every cell is under one window, and is written once.
void Tiled(const Geometry& g, const Half* dy, const Half* x, Half* dx) {
  const int64_t cost = g.out_width * g.channels * g.window_height * g.window_width;
  const Span rows(0, g.stride_height, 0, g.window_height, g.height);
  const Span columns(0, g.stride_width, 0, g.window_width, g.width);
  ParallelFor(g.batch * g.out_height, GrainFor(cost), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t column = 0; column < g.out_width; column++) {
        const Half* upstream = dy + (row * g.out_width + column) * g.channels;
        // Rows of windows lie behind each other, those of the next image too.
        const int64_t corner = (row * g.stride_height * g.width + column * g.stride_width) * g.channels;
        for (int64_t c = 0; c < g.channels; c += kLanes) {
          const __m512i place = FindLargest(g, x + corner + c, rows, columns, 0, 0);
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
}

// For every cell, sixteen channels at a time, the sum over the windows that it is under, in their order:
// `add(sum, offset of the outputs of the image, output in the image, number of the cell in its window, channel)`.
template <typename Add>
void EachCell(const Geometry& g, Half* dx, const Add& add) {
  ParallelFor(g.batch * g.height, GrainFor(2 * g.width * g.channels), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t image = row / g.height * g.out_height * g.out_width, y = row % g.height;
      const Windows above(y, g.stride_height, g.top, g.window_height, g.out_height);
      for (int64_t x = 0; x < g.width; x++) {
        const Windows beside(x, g.stride_width, g.left, g.window_width, g.out_width);
        for (int64_t c = 0; c < g.channels; c += kLanes) {
          __m512 sum = _mm512_setzero_ps();
          for (int64_t i = above.from; i < above.to; i++) {
            const int64_t line = (y + g.top - i * g.stride_height) * g.window_width + x + g.left;
            for (int64_t j = beside.from; j < beside.to; j++) {
              sum = add(sum, image, i * g.out_width + j, line - j * g.stride_width, c);
            }
          }
          Store(sum, dx + (row * g.width + x) * g.channels + c);
        }
      }
    }
  });
}

}  // namespace

// (dy, x, dx, geometry): each dy goes to the first largest cell of its window.
bool maxPoolGrad(const Call& call) {
  Geometry g;
  if (!call.IsHalf(1) || !Takes(call, 3, &g)) return false;
  constexpr int64_t kMostCells = 127;
  if (g.window_height > kMostCells || g.window_height * g.window_width > kMostCells) return false;
  const Half* dy = call.Elements<Half>(0, g.OutputSize());
  const Half* x = call.Elements<Half>(1, g.InputSize());
  Half* dx = call.Elements<Half>(2, g.InputSize());
  if (g.IsTiled()) {
    Tiled(g, dy, x, dx);
    return true;
  }
  const Memory memory(g.OutputSize());
  int8_t* places = static_cast<int8_t*>(memory.data);
  const int64_t cost = g.out_width * g.channels * g.window_height * g.window_width;
  ParallelFor(g.batch * g.out_height, GrainFor(cost), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const Half* image = x + row / g.out_height * g.height * g.width * g.channels;
      const int64_t top = row % g.out_height * g.stride_height - g.top;
      const Span rows(row % g.out_height, g.stride_height, g.top, g.window_height, g.height);
      for (int64_t column = 0; column < g.out_width; column++) {
        const int64_t left = column * g.stride_width - g.left;
        const Span columns(column, g.stride_width, g.left, g.window_width, g.width);
        int8_t* to = places + (row * g.out_width + column) * g.channels;
        for (int64_t c = 0; c < g.channels; c += kLanes) {
          const __m512i place = FindLargest(g, image + c, rows, columns, top, left);
          _mm_storeu_si128(reinterpret_cast<__m128i*>(to + c), _mm512_cvtepi32_epi8(place));
        }
      }
    }
  });
  EachCell(g, dx, [=](__m512 sum, int64_t image, int64_t output, int64_t cell, int64_t c) {
    const int64_t at = (image + output) * g.channels + c;
    const __m128i place = _mm_loadu_si128(reinterpret_cast<const __m128i*>(places + at));
    const __mmask16 here = _mm_cmpeq_epi8_mask(place, _mm_set1_epi8(static_cast<char>(cell)));
    return _mm512_mask_add_ps(sum, here, sum, Load(dy + at));
  });
  return true;
}

// (dy, dx, geometry): each dy is spread evenly over the cells of its window; padding has none.
bool avgPoolGrad(const Call& call) {
  Geometry g;
  if (!call.IsHalf(1) || !Takes(call, 2, &g)) return false;
  const Half* dy = call.Elements<Half>(0, g.OutputSize());
  Half* dx = call.Elements<Half>(1, g.InputSize());
  const int64_t outputs = g.out_height * g.out_width;
  const Memory memory(outputs * int64_t{sizeof(float)});
  float* shares = static_cast<float*>(memory.data);
  for (int64_t i = 0; i < outputs; i++) {
    const Span rows(i / g.out_width, g.stride_height, g.top, g.window_height, g.height);
    const Span columns(i % g.out_width, g.stride_width, g.left, g.window_width, g.width);
    shares[i] = 1.0f / static_cast<float>(rows.Count() * columns.Count());
  }
  EachCell(g, dx, [=](__m512 sum, int64_t image, int64_t output, int64_t, int64_t c) {
    return _mm512_fmadd_ps(Load(dy + (image + output) * g.channels + c), _mm512_set1_ps(shares[output]), sum);
  });
  return true;
}

}  // namespace medrobust::avx512
