// Pooling of NDHWC volumes, images being of depth 1: (x, y, geometry) with geometry [batch, depth, height, width,
// channels, out depth, height, width, window depth, height, width, stride depth, height, width, dilation depth, height,
// width, padding front, top, left].

#include <cmath>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// The cells [from, to), in steps, that a window covers along one axis; padding has no cells.
struct Span {
  int64_t from, to, step;

  int64_t Count() const { return to > from ? (to - from + step - 1) / step : 0; }
};

struct Axis {
  int64_t length, outputs, window, stride, dilation, padding;

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

// Calls `pool(first cell of the volume, window, output cell)` for every output.
template <typename Pool>
void EachOutput(const Geometry& g, const float* x, float* y, const Pool& pool) {
  ParallelFor(g.batch * g.Outputs(), GrainFor(g.channels * g.Window()), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t volume = i / g.Outputs();
      pool(x + volume * g.Cells() * g.channels, Window(g, i - volume * g.Outputs()), y + i * g.channels);
    }
  });
}

// Channels that one task of a gradient takes: the tasks of a volume write to the same cells.
constexpr int64_t kChannels = 64;

// Calls `spread(offset of the volume in x, offset in dy, number of channels)` for every volume and block of channels.
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

void Clear(const Geometry& g, float* dx, int64_t count) {
  for (int64_t cell = 0; cell < g.Cells(); cell++) {
    for (int64_t c = 0; c < count; c++) dx[cell * g.channels + c] = 0;
  }
}

// The first largest cell of a window, for `count` <= kChannels channels; -1 where there is none.
void FindLargest(const Geometry& g, const Window& window, const float* volume, int64_t count, float* best,
                 int32_t* place) {
  for (int64_t c = 0; c < count; c++) {
    best[c] = -INFINITY;
    place[c] = -1;
  }
  window.Each([&](int64_t at) {
    const float* from = volume + at * g.channels;
    const int32_t cell = static_cast<int32_t>(at);
    for (int64_t c = 0; c < count; c++) {
      const bool better = from[c] > best[c];
      best[c] = better ? from[c] : best[c];
      place[c] = better ? cell : place[c];
    }
  });
}

}  // namespace

void maxPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  EachOutput(g, x, y, [&](const float* volume, const Window& window, float* out) {
    for (int64_t c = 0; c < g.channels; c++) out[c] = -INFINITY;
    window.Each([&](int64_t at) {
      const float* cell = volume + at * g.channels;
      for (int64_t c = 0; c < g.channels; c++) out[c] = cell[c] > out[c] ? cell[c] : out[c];
    });
  });
}

void avgPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  EachOutput(g, x, y, [&](const float* volume, const Window& window, float* out) {
    for (int64_t c = 0; c < g.channels; c++) out[c] = 0;
    window.Each([&](int64_t at) {
      const float* cell = volume + at * g.channels;
      for (int64_t c = 0; c < g.channels; c++) out[c] += cell[c];
    });
    const float cells = static_cast<float>(window.Count());
    for (int64_t c = 0; c < g.channels; c++) out[c] /= cells;
  });
}

// (dy, x, dx, geometry): each dy goes to the first largest cell of its window.
void maxPoolGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 3);
  const float* dy = call.Elements<float>(0, g.OutputSize());
  const float* x = call.Elements<float>(1, g.InputSize());
  float* dx = call.Elements<float>(2, g.InputSize());
  EachBlock(g, [&](int64_t at_x, int64_t at_dy, int64_t count) {
    float* gradient = dx + at_x;
    Clear(g, gradient, count);
    float best[kChannels];
    int32_t place[kChannels];
    for (int64_t i = 0; i < g.Outputs(); i++) {
      FindLargest(g, Window(g, i), x + at_x, count, best, place);
      const float* upstream = dy + at_dy + i * g.channels;
      for (int64_t c = 0; c < count; c++) {
        if (place[c] >= 0) gradient[place[c] * g.channels + c] += upstream[c];
      }
    }
  });
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

// (dy, dx, geometry): each dy is spread evenly over the cells of its window; padding has none.
void avgPoolGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* dy = call.Elements<float>(0, g.OutputSize());
  float* dx = call.Elements<float>(1, g.InputSize());
  EachBlock(g, [&](int64_t at_x, int64_t at_dy, int64_t count) {
    float* gradient = dx + at_x;
    Clear(g, gradient, count);
    for (int64_t i = 0; i < g.Outputs(); i++) {
      const Window window(g, i);
      const float* upstream = dy + at_dy + i * g.channels;
      const float share = 1.0f / static_cast<float>(window.Count());
      window.Each([&](int64_t at) {
        float* to = gradient + at * g.channels;
        for (int64_t c = 0; c < count; c++) to[c] += upstream[c] * share;
      });
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
