// Gradients of pooling, see pool.h. Arrays are all of floats, or all of bfloat16.

#include "pool_gather.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// For windows that do not overlap: `spread(dx of its cells, window, pack, first of its channels in the volume, dy)` for
// every output.
template <typename T, typename Spread>
void EachDisjoint(const Geometry& g, const T* dy, T* dx, const Spread& spread) {
  if (!g.CoversAll()) {
    ParallelFor(g.InputSize(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) Store(0.0f, dx + i);
    });
  }
  EachOutput(g, [&](const Window& window, int64_t first, int64_t output) {
    EachPack<4>(g.channels, [&](auto pack, int64_t c) {
      spread(pack, window, first * g.channels + c, dy + output * g.channels + c);
    });
  });
}

template <typename T>
void DisjointMaxPoolGrad(const Geometry& g, const T* dy, const T* x, T* dx) {
  EachDisjoint(g, dy, dx, [&](auto pack, const Window& window, int64_t start, const T* upstream) {
    using P = decltype(pack);
    using V = typename P::Vector;
    const Largest<P> largest(x + start, g.channels, window);
    V whole[P::kCount];
#pragma GCC unroll 4
    for (int i = 0; i < P::kCount; i++) whole[i] = Get<V>(upstream + i * P::kWidth);
    T* cells = dx + start;
    const int64_t step = g.channels;
    for (Cell at(window); at.IsIn(); at.Next()) {
      T* to = cells + at.Number() * step;
      const auto here = All<typename P::Integers>(static_cast<int32_t>(at.Number()));
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) Put(largest.cell[i] == here ? whole[i] : V{}, to + i * P::kWidth);
    }
  });
}

template <typename T>
void DisjointAvgPoolGrad(const Geometry& g, const T* dy, T* dx) {
  EachDisjoint(g, dy, dx, [&](auto pack, const Window& window, int64_t start, const T* upstream) {
    using P = decltype(pack);
    using V = typename P::Vector;
    const float share = 1.0f / static_cast<float>(window.Count());
    V part[P::kCount];
#pragma GCC unroll 4
    for (int i = 0; i < P::kCount; i++) part[i] = Get<V>(upstream + i * P::kWidth) * share;
    T* cells = dx + start;
    const int64_t step = g.channels;
    for (Cell at(window); at.IsIn(); at.Next()) {
      T* to = cells + at.Number() * step;
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) Put(part[i], to + i * P::kWidth);
    }
  });
}

// For every cell and pack of channels, the sum of `share(pack, cell, output)(channel)` for the outputs over it.
template <typename T, typename Share>
void Gather(const Geometry& g, const Covers& covers, const Lists& lists, const Part& part, T* dx, const Share& share) {
  T* volume = dx + part.volume * g.Cells() * g.channels + part.first;
  const int64_t channels = part.count, step = g.channels;
  EachCell(g, covers, part, lists.Own(), [=](int64_t cell, const int64_t* over, int64_t count) {
    EachPack<4>(channels, [=](auto pack, int64_t c) {
      using P = decltype(pack);
      using V = typename P::Vector;
      V sum[P::kCount];
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) sum[i] = V{};
      for (const int64_t* output = over; output < over + count; output++) {
        const auto of_output = share(pack, cell, *output);
#pragma GCC unroll 4
        for (int i = 0; i < P::kCount; i++) sum[i] += of_output(c + i * P::kWidth);
      }
      T* to = volume + cell * step + c;
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) Put(sum[i], to + i * P::kWidth);
    });
  });
}

// The first largest cell under each window that reaches into the part. Those outputs alone have memory, but are counted
// through the volume: gives how many there are before.
template <typename T>
int64_t FindLargest(const Geometry& g, const Covers& covers, const Parts& parts, const Part& part, const T* x,
                    int32_t* cells) {
  const T* volume = x + part.volume * g.Cells() * g.channels + part.first;
  const int64_t rows_from = covers.height[part.rows.from].from, rows_to = covers.height[part.rows.to - 1].to;
  const int64_t planes_from = covers.depth[part.planes.from].from, planes_to = covers.depth[part.planes.to - 1].to;
  const int64_t first_row = planes_from * g.height.outputs + (parts.is_flat ? rows_from : 0);
  const int64_t before = first_row * g.width.outputs;
  for (int64_t plane = planes_from; plane < planes_to; plane++) {
    for (int64_t row = rows_from; row < rows_to; row++) {
      Window window = WindowOf(g, plane, row, 0);
      const int64_t start = (plane * g.height.outputs + row) * g.width.outputs - before;
      for (int64_t column = 0; column < g.width.outputs; column++) {
        window.columns = g.width.At(column);
        int32_t* to = cells + (start + column) * part.count;
        EachPack<4>(part.count, [=, channels = g.channels](auto pack, int64_t c) {
          using P = decltype(pack);
          const Largest<P> largest(volume + c, channels, window);
#pragma GCC unroll 4
          for (int i = 0; i < P::kCount; i++) Put(largest.cell[i], to + c + i * P::kWidth);
        });
      }
    }
  }
  return before;
}

template <typename T>
void MaxPoolGrad(const Call& call, const Geometry& g) {
  const T* dy = call.Elements<T>(0, g.OutputSize());
  const T* x = call.Elements<T>(1, g.InputSize());
  T* dx = call.Elements<T>(2, g.InputSize());
  if (g.IsDisjoint()) return DisjointMaxPoolGrad(g, dy, x, dx);
  const Covers covers(g);
  const Lists lists(covers);
  const Parts parts(g);
  const FloatsOfThreads scratch(true, parts.outputs * Parts::kBlock);
  parts.Each([&](const Part& part) {
    int32_t* cells = reinterpret_cast<int32_t*>(scratch.Own());
    const int64_t before = FindLargest(g, covers, parts, part, x, cells);
    const T* upstream = dy + part.volume * g.Outputs() * g.channels + part.first;
    const int64_t count = part.count, step = g.channels;
    Gather(g, covers, lists, part, dx, [=](auto pack, int64_t cell, int64_t output) {
      using V = typename decltype(pack)::Vector;
      using I = typename decltype(pack)::Integers;
      const int32_t* largest = cells + (output - before) * count;
      const T* whole = upstream + output * step;
      const I here = All<I>(static_cast<int32_t>(cell));
      return [=](int64_t c) { return Get<I>(largest + c) == here ? Get<V>(whole + c) : V{}; };
    });
  });
}

template <typename T>
void AvgPoolGrad(const Call& call, const Geometry& g) {
  const T* dy = call.Elements<T>(0, g.OutputSize());
  T* dx = call.Elements<T>(1, g.InputSize());
  if (g.IsDisjoint()) return DisjointAvgPoolGrad(g, dy, dx);
  const Covers covers(g);
  const Lists lists(covers);
  const Memory memory(g.Outputs() * static_cast<int64_t>(sizeof(float)));
  float* shares = static_cast<float*>(memory.data);
  for (int64_t i = 0; i < g.Outputs(); i++) {
    const int64_t row = i / g.width.outputs;
    const Window window = WindowOf(g, row / g.height.outputs, row % g.height.outputs, i % g.width.outputs);
    shares[i] = 1.0f / static_cast<float>(window.Count());
  }
  Parts(g).Each([&](const Part& part) {
    const T* upstream = dy + part.volume * g.Outputs() * g.channels + part.first;
    const int64_t step = g.channels;
    Gather(g, covers, lists, part, dx, [=](auto pack, int64_t, int64_t output) {
      using V = typename decltype(pack)::Vector;
      const T* whole = upstream + output * step;
      const V share = All<V>(shares[output]);
      return [=](int64_t c) { return Get<V>(whole + c) * share; };
    });
  });
}

}  // namespace

// (dy, x, dx, geometry): each dy goes to the first largest cell of its window.
void maxPoolGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 3);
  OfType(call, 0, [&](auto element) { MaxPoolGrad<decltype(element)>(call, g); });
}

// (dy, dx, geometry): each dy is spread evenly over the cells of its window; padding has none.
void avgPoolGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { AvgPoolGrad<decltype(element)>(call, g); });
}

}  // namespace medrobust::MEDROBUST_ISA
