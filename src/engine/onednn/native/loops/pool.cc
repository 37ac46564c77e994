// Pooling: (x, y, geometry), see pool.h. Arrays are all of floats, or all of bfloat16.

#include "pool.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// Every output starts as `start`, takes `see(so far, values of a cell)` for each cell of its window, and ends as
// `end(it, window)`.
template <typename T, typename See, typename End>
void Pool(const Call& call, const Geometry& g, float start, const See& see, const End& end) {
  const T* x = call.Elements<T>(0, g.InputSize());
  T* y = call.Elements<T>(1, g.OutputSize());
  EachOutput(g, [&](const Window& window, int64_t first, int64_t output) {
    EachPack<4>(g.channels, [=, step = g.channels](auto pack, int64_t c) {
      using P = decltype(pack);
      using V = typename P::Vector;
      V result[P::kCount];
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) result[i] = All<V>(start);
      for (Cell at(window); at.IsIn(); at.Next()) {
        const T* from = x + (first + at.Number()) * step + c;
#pragma GCC unroll 4
        for (int i = 0; i < P::kCount; i++) result[i] = see(result[i], Get<V>(from + i * P::kWidth));
      }
      T* to = y + output * step + c;
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) Put(end(result[i], window), to + i * P::kWidth);
    });
  });
}

}  // namespace

void maxPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const auto see = [](auto largest, auto value) { return value > largest ? value : largest; };
  const auto end = [](auto largest, const Window&) { return largest; };
  OfType(call, 0, [&](auto element) { Pool<decltype(element)>(call, g, -__builtin_inff(), see, end); });
}

void avgPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const auto see = [](auto sum, auto value) { return sum + value; };
  const auto end = [](auto sum, const Window& window) { return sum / static_cast<float>(window.Count()); };
  OfType(call, 0, [&](auto element) { Pool<decltype(element)>(call, g, 0, see, end); });
}

// (x, y, indices, geometry, with batch): an index is the place of the largest element in its volume, or in the batch;
// -1 where there is none.
void maxPoolWithArgmax(const Call& call) {
  const Geometry g = GeometryOf(call, 3);
  const bool with_batch = call.Boolean(4);
  if (g.InputSize() > 2147483647) Refuse("geometry: more than 2^31 elements");
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  int32_t* indices = call.Elements<int32_t>(2, g.OutputSize());
  EachOutput(g, [&](const Window& window, int64_t first, int64_t output) {
    const int64_t before = with_batch ? first : 0;
    EachPack<4>(g.channels, [&](auto pack, int64_t c) {
      using P = decltype(pack);
      const Largest<P> largest(x + first * g.channels + c, g.channels, window);
      const int64_t to = output * g.channels + c;
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) {
        Put(largest.value[i], y + to + i * P::kWidth);
        Put(largest.cell[i], indices + to + i * P::kWidth);
      }
    });
    int32_t* index = indices + output * g.channels;
    for (int64_t c = 0; c < g.channels; c++) {
      if (index[c] >= 0) index[c] = static_cast<int32_t>((before + index[c]) * g.channels + c);
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
