// Pooling of NHWC images: (x, y, geometry) with geometry [batch, height, width, channels, outHeight, outWidth,
// windowHeight, windowWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft].

#include <cmath>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Geometry {
  int64_t batch, height, width, channels, out_height, out_width;
  int64_t window_height, window_width, stride_height, stride_width, dilation_height, dilation_width;
  int64_t pad_top, pad_left;

  int64_t InputSize() const { return batch * height * width * channels; }
  int64_t OutputSize() const { return batch * out_height * out_width * channels; }
};

Geometry GeometryOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 14);
  for (int i = 0; i < 12; i++) {
    if (g[i] < 1) Refuse("geometry: member %d is %d, expected at least 1", i, g[i]);
  }
  const int32_t output[] = {g[0], g[4], g[5], g[3]};
  SizeOf(g, 4);
  SizeOf(output, 4);
  return {g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9], g[10], g[11], g[12], g[13]};
}

// The cells [from, to), in steps, that a window covers along one axis; padding has no cells.
struct Span {
  int64_t from, to, step;

  Span(int64_t start, int64_t window, int64_t dilation, int64_t length) : from(start), step(dilation) {
    to = start + (window - 1) * dilation + 1;
    if (to > length) to = length;
    if (from < 0) from += (-from + dilation - 1) / dilation * dilation;
  }

  int64_t Count() const { return to > from ? (to - from + step - 1) / step : 0; }
};

Span RowsOf(const Geometry& g, int64_t row) {
  return {row * g.stride_height - g.pad_top, g.window_height, g.dilation_height, g.height};
}

Span ColumnsOf(const Geometry& g, int64_t column) {
  return {column * g.stride_width - g.pad_left, g.window_width, g.dilation_width, g.width};
}

// Calls `pool(first cell of the image, rows, columns, output cell)` for every output.
template <typename Pool>
void EachOutput(const Geometry& g, const float* x, float* y, const Pool& pool) {
  const int64_t rows = g.batch * g.out_height;
  ParallelFor(rows, GrainFor(g.out_width * g.channels * g.window_height * g.window_width),
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; i++) {
                  const Span span = RowsOf(g, i % g.out_height);
                  const float* image = x + i / g.out_height * g.height * g.width * g.channels;
                  for (int64_t column = 0; column < g.out_width; column++) {
                    pool(image, span, ColumnsOf(g, column), y + (i * g.out_width + column) * g.channels);
                  }
                }
              });
}

// Channels that one task of a gradient takes: the tasks of an image write to the same rows.
constexpr int64_t kChannels = 64;

// Calls `spread(offset of the image in x, offset in dy, first channel, number of channels)` for every image and
// block of channels.
template <typename Spread>
void EachBlock(const Geometry& g, const Spread& spread) {
  const int64_t blocks = (g.channels + kChannels - 1) / kChannels;
  const int64_t cost = g.out_height * g.out_width * g.window_height * g.window_width * g.channels / blocks;
  ParallelFor(g.batch * blocks, GrainFor(cost), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t image = task / blocks, first = task % blocks * kChannels;
      const int64_t count = g.channels - first < kChannels ? g.channels - first : kChannels;
      spread(image * g.height * g.width * g.channels + first, image * g.out_height * g.out_width * g.channels + first,
             count);
    }
  });
}

void Clear(const Geometry& g, float* dx, int64_t count) {
  for (int64_t cell = 0; cell < g.height * g.width; cell++) {
    for (int64_t c = 0; c < count; c++) dx[cell * g.channels + c] = 0;
  }
}

}  // namespace

void maxPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  EachOutput(g, x, y, [&](const float* image, const Span& rows, const Span& columns, float* out) {
    for (int64_t c = 0; c < g.channels; c++) out[c] = -INFINITY;
    for (int64_t row = rows.from; row < rows.to; row += rows.step) {
      for (int64_t column = columns.from; column < columns.to; column += columns.step) {
        const float* cell = image + (row * g.width + column) * g.channels;
        for (int64_t c = 0; c < g.channels; c++) out[c] = cell[c] > out[c] ? cell[c] : out[c];
      }
    }
  });
}

void avgPool(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  EachOutput(g, x, y, [&](const float* image, const Span& rows, const Span& columns, float* out) {
    for (int64_t c = 0; c < g.channels; c++) out[c] = 0;
    for (int64_t row = rows.from; row < rows.to; row += rows.step) {
      for (int64_t column = columns.from; column < columns.to; column += columns.step) {
        const float* cell = image + (row * g.width + column) * g.channels;
        for (int64_t c = 0; c < g.channels; c++) out[c] += cell[c];
      }
    }
    const float cells = static_cast<float>(rows.Count() * columns.Count());
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
    const float* image = x + at_x;
    float* gradient = dx + at_x;
    Clear(g, gradient, count);
    float best[kChannels];
    int32_t place[kChannels];
    for (int64_t i = 0; i < g.out_height * g.out_width; i++) {
      const Span rows = RowsOf(g, i / g.out_width), columns = ColumnsOf(g, i % g.out_width);
      for (int64_t c = 0; c < count; c++) {
        best[c] = -INFINITY;
        place[c] = -1;
      }
      for (int64_t row = rows.from; row < rows.to; row += rows.step) {
        for (int64_t column = columns.from; column < columns.to; column += columns.step) {
          const int32_t cell = static_cast<int32_t>(row * g.width + column);
          const float* from = image + cell * g.channels;
          for (int64_t c = 0; c < count; c++) {
            const bool better = from[c] > best[c];
            best[c] = better ? from[c] : best[c];
            place[c] = better ? cell : place[c];
          }
        }
      }
      const float* upstream = dy + at_dy + i * g.channels;
      for (int64_t c = 0; c < count; c++) {
        if (place[c] >= 0) gradient[place[c] * g.channels + c] += upstream[c];
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
    for (int64_t i = 0; i < g.out_height * g.out_width; i++) {
      const Span rows = RowsOf(g, i / g.out_width), columns = ColumnsOf(g, i % g.out_width);
      const float* upstream = dy + at_dy + i * g.channels;
      const float share = 1.0f / static_cast<float>(rows.Count() * columns.Count());
      for (int64_t row = rows.from; row < rows.to; row += rows.step) {
        for (int64_t column = columns.from; column < columns.to; column += columns.step) {
          float* to = gradient + (row * g.width + column) * g.channels;
          for (int64_t c = 0; c < count; c++) to[c] += upstream[c] * share;
        }
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
