// Pooling of NDHWC volumes, images being of depth 1: (x, y, geometry) with geometry [batch, depth, height, width,
// channels, out depth, height, width, window depth, height, width, stride depth, height, width, dilation depth, height,
// width, padding front, top, left]. Arrays are all of floats, or all of bfloat16.

#include <cmath>

#include "half.h"
#include "memory.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// The cells [from, to), in steps, that a window covers along one axis; padding has no cells.
struct Span {
  int64_t from, to, step;

  int64_t Count() const { return to > from ? (to - from + step - 1) / step : 0; }
};

struct Axis {
  int64_t length, outputs, window, stride, dilation, padding;

  bool IsDisjoint() const { return outputs == 1 || stride > (window - 1) * dilation; }
  bool CoversAll() const {
    return dilation == 1 && (outputs == 1 || stride <= window) && (outputs - 1) * stride - padding + window >= length;
  }

  Span At(int64_t output) const {
    int64_t from = output * stride - padding, to = from + (window - 1) * dilation + 1;
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

Geometry GeometryOf(const Call& call, int index) {
  constexpr int kMembers = 20, kFirstPadding = 17;
  const int32_t* g = call.Integers(index, kMembers);
  for (int i = 0; i < kFirstPadding; i++) {
    if (g[i] < 1) Refuse("geometry: member %d is %d, expected at least 1", i, g[i]);
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
  Window(const Geometry& g, int64_t output)
      : planes(g.depth.At(output / (g.height.outputs * g.width.outputs))),
        rows(g.height.At(output / g.width.outputs % g.height.outputs)),
        columns(g.width.At(output % g.width.outputs)),
        height(g.height.length),
        width(g.width.length) {}

  int64_t Count() const { return planes.Count() * rows.Count() * columns.Count(); }

  // Calls `visit(cell)` in the order of memory.
  template <typename Visit>
  void Each(const Visit& visit) const {
    for (int64_t plane = planes.from; plane < planes.to; plane += planes.step) {
      for (int64_t row = rows.from; row < rows.to; row += rows.step) {
        const int64_t start = (plane * height + row) * width;
        for (int64_t column = columns.from; column < columns.to; column += columns.step) visit(start + column);
      }
    }
  }

  Span planes, rows, columns;
  int64_t height, width;
};

// Channels that are pooled at once.
constexpr int64_t kChannels = 64;

// For every output and block of channels, `see(result, values of a cell, channels)` for each cell of its window, from
// results that are `start`, and `end(result, cells, channels)`.
template <typename T, typename See, typename End>
void EachOutput(const Geometry& g, const T* x, T* y, float start, const See& see, const End& end_with) {
  ParallelFor(g.batch * g.Outputs(), GrainFor(g.channels * g.Window()), [&](int64_t begin, int64_t end) {
    float result[kChannels];
    for (int64_t i = begin; i < end; i++) {
      const int64_t volume = i / g.Outputs();
      const Window window(g, i - volume * g.Outputs());
      for (int64_t first = 0; first < g.channels; first += kChannels) {
        const int64_t count = g.channels - first < kChannels ? g.channels - first : kChannels;
        const T* from = x + volume * g.Cells() * g.channels + first;
        for (int64_t c = 0; c < count; c++) result[c] = start;
        window.Each([&](int64_t at) { see(result, from + at * g.channels, count); });
        end_with(result, window, count);
        T* to = y + i * g.channels + first;
        for (int64_t c = 0; c < count; c++) Store(result[c], to + c);
      }
    }
  });
}

// Calls `spread(offset of the volume in x, offset in dy, number of channels)` for every volume and block of channels:
// all outputs of a volume write to the same cells.
template <typename Spread>
void EachBlock(const Geometry& g, const Spread& spread) {
  const int64_t blocks = (g.channels + kChannels - 1) / kChannels;
  const int64_t cost = g.Outputs() * g.Window() * g.channels / blocks;
  ParallelFor(g.batch * blocks, GrainFor(cost), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t volume = task / blocks, first = task % blocks * kChannels;
      const int64_t count = g.channels - first < kChannels ? g.channels - first : kChannels;
      spread(volume * g.Cells() * g.channels + first, volume * g.Outputs() * g.channels + first, count);
    }
  });
}

template <typename T>
void Clear(const Geometry& g, T* dx, int64_t step, int64_t count) {
  for (int64_t cell = 0; cell < g.Cells(); cell++) {
    for (int64_t c = 0; c < count; c++) Store(0.0f, dx + cell * step + c);
  }
}

// The same, for a gradient that is summed up: `spread(offset in x, offset in dy, number of channels, sums, floats from
// cell to cell)`.
template <typename T, typename Spread>
void EachSum(const Geometry& g, T* dx, const Spread& spread) {
  const int64_t most = g.channels < kChannels ? g.channels : kChannels;
  const FloatsOfThreads scratch(!InPlace(dx), g.Cells() * most);
  EachBlock(g, [&](int64_t at_x, int64_t at_dy, int64_t count) {
    float* sums = InPlace(dx) ? InPlace(dx) + at_x : scratch.Own();
    const int64_t step = InPlace(dx) ? g.channels : count;
    Clear(g, sums, step, count);
    spread(at_x, at_dy, count, sums, step);
    if (InPlace(dx)) return;
    for (int64_t cell = 0; cell < g.Cells(); cell++) {
      for (int64_t c = 0; c < count; c++) Store(sums[cell * step + c], dx + at_x + cell * g.channels + c);
    }
  });
}

// The first largest cell of a window, for `count` <= kChannels channels; -1 where there is none.
template <typename T>
void FindLargest(const Geometry& g, const Window& window, const T* volume, int64_t count, float* best,
                 int32_t* place) {
  for (int64_t c = 0; c < count; c++) {
    best[c] = -INFINITY;
    place[c] = -1;
  }
  window.Each([&](int64_t at) {
    const T* from = volume + at * g.channels;
    const int32_t cell = static_cast<int32_t>(at);
    for (int64_t c = 0; c < count; c++) {
      const float value = Load(from[c]);
      const bool better = value > best[c];
      best[c] = better ? value : best[c];
      place[c] = better ? cell : place[c];
    }
  });
}

template <typename T>
void MaxPool(const Call& call, const Geometry& g) {
  const T* x = call.Elements<T>(0, g.InputSize());
  T* y = call.Elements<T>(1, g.OutputSize());
  const auto see = [](float* largest, const T* cell, int64_t count) {
    for (int64_t c = 0; c < count; c++) {
      const float value = Load(cell[c]);
      largest[c] = value > largest[c] ? value : largest[c];
    }
  };
  EachOutput(g, x, y, -INFINITY, see, [](float*, const Window&, int64_t) {});
}

template <typename T>
void AvgPool(const Call& call, const Geometry& g) {
  const T* x = call.Elements<T>(0, g.InputSize());
  T* y = call.Elements<T>(1, g.OutputSize());
  const auto see = [](float* sum, const T* cell, int64_t count) {
    for (int64_t c = 0; c < count; c++) sum[c] += Load(cell[c]);
  };
  EachOutput(g, x, y, 0, see, [](float* sum, const Window& window, int64_t count) {
    const float cells = static_cast<float>(window.Count());
    for (int64_t c = 0; c < count; c++) sum[c] /= cells;
  });
}

template <typename T>
void MaxPoolGrad(const Call& call, const Geometry& g) {
  const T* dy = call.Elements<T>(0, g.OutputSize());
  const T* x = call.Elements<T>(1, g.InputSize());
  T* dx = call.Elements<T>(2, g.InputSize());
  if (g.IsDisjoint()) {
    EachBlock(g, [&](int64_t at_x, int64_t at_dy, int64_t count) {
      if (!g.CoversAll()) Clear(g, dx + at_x, g.channels, count);
      float best[kChannels];
      int32_t place[kChannels];
      for (int64_t i = 0; i < g.Outputs(); i++) {
        const Window window(g, i);
        FindLargest(g, window, x + at_x, count, best, place);
        const T* upstream = dy + at_dy + i * g.channels;
        window.Each([&](int64_t at) {
          T* to = dx + at_x + at * g.channels;
          const int32_t cell = static_cast<int32_t>(at);
          for (int64_t c = 0; c < count; c++) to[c] = Either(place[c] == cell, upstream[c]);
        });
      }
    });
    return;
  }
  EachSum(g, dx, [&](int64_t at_x, int64_t at_dy, int64_t count, float* sums, int64_t step) {
    float best[kChannels];
    int32_t place[kChannels];
    for (int64_t i = 0; i < g.Outputs(); i++) {
      const Window window(g, i);
      FindLargest(g, window, x + at_x, count, best, place);
      const T* upstream = dy + at_dy + i * g.channels;
      window.Each([&](int64_t at) {
        float* to = sums + at * step;
        const int32_t cell = static_cast<int32_t>(at);
        for (int64_t c = 0; c < count; c++) to[c] += Either(place[c] == cell, Load(upstream[c]));
      });
    }
  });
}

template <typename T>
void AvgPoolGrad(const Call& call, const Geometry& g) {
  const T* dy = call.Elements<T>(0, g.OutputSize());
  EachSum(g, call.Elements<T>(1, g.InputSize()),
          [&](int64_t, int64_t at_dy, int64_t count, float* sums, int64_t step) {
            for (int64_t i = 0; i < g.Outputs(); i++) {
              const Window window(g, i);
              const T* upstream = dy + at_dy + i * g.channels;
              const float share = 1.0f / static_cast<float>(window.Count());
              window.Each([&](int64_t at) {
                float* to = sums + at * step;
                for (int64_t c = 0; c < count; c++) to[c] += Load(upstream[c]) * share;
              });
            }
          });
}

}  // namespace

void maxPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { MaxPool<decltype(element)>(call, g); });
}

void avgPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { AvgPool<decltype(element)>(call, g); });
}

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

// (x, y, indices, geometry, with batch): an index is the place of the largest element in its volume, or in the batch;
// -1 where there is none.
void maxPoolWithArgmax(const Call& call) {
  const Geometry g = GeometryOf(call, 3);
  const bool with_batch = call.Boolean(4);
  if (g.InputSize() > 2147483647) Refuse("geometry: more than 2^31 elements");
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  int32_t* indices = call.Elements<int32_t>(2, g.OutputSize());
  EachBlock(g, [&](int64_t at_x, int64_t at_y, int64_t count) {
    float best[kChannels];
    int32_t place[kChannels];
    const int64_t first = with_batch ? at_x : at_x % g.channels;
    for (int64_t i = 0; i < g.Outputs(); i++) {
      FindLargest(g, Window(g, i), x + at_x, count, best, place);
      float* largest = y + at_y + i * g.channels;
      int32_t* index = indices + at_y + i * g.channels;
      for (int64_t c = 0; c < count; c++) {
        largest[c] = best[c];
        index[c] = place[c] < 0 ? -1 : static_cast<int32_t>(first + place[c] * g.channels + c);
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
