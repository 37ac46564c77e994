// Poolings of images, of channels by the sixteen, as loops/pool.cc.

#include "half_kernels.h"
#include "pool.h"

namespace medrobust::avx512 {
namespace {

// For every output, sixteen channels at a time: `see(result, values of a cell)` for each cell of its window, from a
// result that is `start`, and `end(result, number of cells)`.
template <typename See, typename End>
bool EachOutput(const Call& call, float start, const See& see, const End& end_with) {
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
          __m512 result = _mm512_set1_ps(start);
          for (int64_t i = rows.from; i < rows.to; i++) {
            const Half* cells = image + i * g.width * g.channels + c;
            for (int64_t j = columns.from; j < columns.to; j++) result = see(result, Load(cells + j * g.channels));
          }
          Store(end_with(result, rows.Count() * columns.Count()), to + c);
        }
      }
    }
  });
  return true;
}

}  // namespace

bool maxPool(const Call& call) {
  // Of a NaN and another, the second.
  const auto see = [](__m512 largest, __m512 value) { return _mm512_max_ps(value, largest); };
  return EachOutput(call, -__builtin_inff(), see, [](__m512 largest, int64_t) { return largest; });
}

bool avgPool(const Call& call) {
  const auto see = [](__m512 sum, __m512 value) { return _mm512_add_ps(sum, value); };
  return EachOutput(call, 0, see, [](__m512 sum, int64_t cells) {
    return _mm512_div_ps(sum, _mm512_set1_ps(static_cast<float>(cells)));
  });
}

}  // namespace medrobust::avx512
