// Pooling of NDHWC volumes, images being of depth 1. A geometry is [batch, depth, height, width, channels, out depth,
// height, width, window depth, height, width, stride depth, height, width, dilation depth, height, width, padding front,
// top, left].

#pragma once

#include "memory.h"
#include "pack.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// The cells [from, to), in steps, that a window covers along one axis; padding has no cells.
struct Span {
  int64_t from, to, step;

  int64_t Count() const { return to > from ? (to - from + step - 1) / step : 0; }
};

struct Axis {
  int64_t length, outputs, window, stride, dilation, padding;

  // From the first cell of a window to the last.
  int64_t Reach() const { return (window - 1) * dilation; }
  bool IsDisjoint() const { return outputs == 1 || stride > Reach(); }
  bool CoversAll() const {
    return dilation == 1 && (outputs == 1 || stride <= window) && (outputs - 1) * stride - padding + window >= length;
  }

  Span At(int64_t output) const {
    int64_t from = output * stride - padding, to = from + Reach() + 1;
    if (to > length) to = length;
    if (from < 0) from += (-from + dilation - 1) / dilation * dilation;
    return {from, to, dilation};
  }
};

struct Geometry {
  int64_t batch, channels;
  Axis depth, height, width;

  int64_t Cells() const { return depth.length * height.length * width.length; }
  int64_t Outputs() const { return depth.outputs * height.outputs * width.outputs; }
  int64_t Window() const { return depth.window * height.window * width.window; }
  // Whether no cell is under two windows.
  bool IsDisjoint() const { return depth.IsDisjoint() && height.IsDisjoint() && width.IsDisjoint(); }
  // Whether every cell is under a window.
  bool CoversAll() const { return depth.CoversAll() && height.CoversAll() && width.CoversAll(); }

  int64_t InputSize() const { return batch * Cells() * channels; }
  int64_t OutputSize() const { return batch * Outputs() * channels; }
};

inline Geometry GeometryOf(const Call& call, int index) {
  constexpr int kMembers = 20, kFirstPadding = 17;
  const int32_t* g = call.Integers(index, kMembers);
  for (int i = 0; i < kMembers; i++) {
    const int32_t least = i < kFirstPadding ? 1 : 0;
    if (g[i] < least) Refuse("geometry: member %d is %d, expected at least %d", i, g[i], least);
  }
  const int32_t output[] = {g[0], g[5], g[6], g[7], g[4]}, plane[] = {g[1], g[2], g[3]};
  SizeOf(g, 5);
  SizeOf(output, 5);
  if (SizeOf(plane, 3) > 2147483647) Refuse("geometry: more than 2^31 cells");
  const auto axis = [g](int i) { return Axis{g[1 + i], g[5 + i], g[8 + i], g[11 + i], g[14 + i], g[17 + i]}; };
  return {g[0], g[4], axis(0), axis(1), axis(2)};
}

// The cells under the window of one output.
struct Window {
  int64_t Count() const { return planes.Count() * rows.Count() * columns.Count(); }

  Span planes, rows, columns;
  int64_t height, width;
};

// Goes through them in the order of memory: for (Cell at(window); at.IsIn(); at.Next()). (A function that is called for
// each would keep GCC from having what it refers to in registers.)
struct Cell {
  explicit Cell(const Window& window)
      : w(window), plane(w.planes.from), row(w.rows.from), column(w.columns.from), start((plane * w.height + row) * w.width) {
    if (row >= w.rows.to || column >= w.columns.to) plane = w.planes.to;
  }
  bool IsIn() const { return plane < w.planes.to; }
  int64_t Number() const { return start + column; }
  void Next() {
    column += w.columns.step;
    if (column < w.columns.to) return;
    column = w.columns.from;
    row += w.rows.step;
    if (row >= w.rows.to) {
      row = w.rows.from;
      plane += w.planes.step;
    }
    start = (plane * w.height + row) * w.width;
  }

  const Window w;
  int64_t plane, row, column, start;
};

inline Window WindowOf(const Geometry& g, int64_t plane, int64_t row, int64_t column) {
  return {g.depth.At(plane), g.height.At(row), g.width.At(column), g.height.length, g.width.length};
}

// Calls `visit(window, first cell of its volume, output)` for all outputs.
template <typename Visit>
void EachOutput(const Geometry& g, const Visit& visit) {
  const int64_t rows = g.depth.outputs * g.height.outputs;
  ParallelFor(g.batch * rows, GrainFor(g.width.outputs * g.channels * g.Window()), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t volume = i / rows, plane = i % rows / g.height.outputs, row = i % g.height.outputs;
      Window window = WindowOf(g, plane, row, 0);
      for (int64_t column = 0; column < g.width.outputs; column++) {
        window.columns = g.width.At(column);
        visit(window, volume * g.Cells(), i * g.width.outputs + column);
      }
    }
  });
}

// The largest values of a window from a channel of its volume on, and the first cells that have them; -1 where there are
// none.
template <typename P>
struct Largest {
  using V = typename P::Vector;
  using I = typename P::Integers;

  template <typename T>
  inline Largest(const T* volume, int64_t channels, const Window& window) {
#pragma GCC unroll 4
    for (int i = 0; i < P::kCount; i++) {
      value[i] = All<V>(-__builtin_inff());
      cell[i] = All<I>(-1);
    }
    for (Cell at(window); at.IsIn(); at.Next()) {
      const T* from = volume + at.Number() * channels;
      const I here = All<I>(static_cast<int32_t>(at.Number()));
#pragma GCC unroll 4
      for (int i = 0; i < P::kCount; i++) {
        const V found = Get<V>(from + i * P::kWidth);
        cell[i] = found > value[i] ? here : cell[i];
        value[i] = found > value[i] ? found : value[i];
      }
    }
  }

  V value[P::kCount];
  I cell[P::kCount];
};

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
