// Resizing of NHWC images. Which pixels an output takes, along rows and along columns, is decided in TypeScript.

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Geometry {
  int64_t batch, height, width, channels, out_height, out_width;

  int64_t InputSize() const { return batch * height * width * channels; }
  int64_t OutputSize() const { return batch * out_height * out_width * channels; }
};

Geometry GeometryOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 6);
  for (int i = 0; i < 6; i++) {
    if (g[i] < 1) Refuse("geometry: member %d is %d, expected at least 1", i, g[i]);
  }
  const int32_t output[] = {g[0], g[4], g[5], g[3]};
  SizeOf(g, 4);
  SizeOf(output, 4);
  return {g[0], g[1], g[2], g[3], g[4], g[5]};
}

const int32_t* PlacesOf(const Call& call, int index, int64_t count, int64_t below) {
  const int32_t* places = call.Elements<int32_t>(index, count);
  for (int64_t i = 0; i < count; i++) {
    if (places[i] < 0 || places[i] >= below) Refuse("argument %d: pixel %d does not exist", index, places[i]);
  }
  return places;
}

// Output i along an axis is (1 − fraction) · input[low] + fraction · input[high].
struct Taps {
  const int32_t *low, *high;
  const float* fraction;
};

Taps TapsOf(const Call& call, int index, int64_t count, int64_t below) {
  return {PlacesOf(call, index, count, below), PlacesOf(call, index + 1, count, below),
          call.Elements<float>(index + 2, count)};
}

void Clear(float* to, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = 0;
}

void AddScaled(float* to, const float* from, float weight, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += weight * from[i];
}

}  // namespace

// (x, y, geometry, low rows, high rows, fractions of rows, low columns, high columns, fractions of columns)
void resizeBilinear(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  const Taps rows = TapsOf(call, 3, g.out_height, g.height), columns = TapsOf(call, 6, g.out_width, g.width);
  const int64_t n = g.channels;
  ParallelFor(g.batch * g.out_height, GrainFor(4 * g.out_width * n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = i % g.out_height;
      const float* image = x + i / g.out_height * g.height * g.width * n;
      const float *top = image + rows.low[row] * g.width * n, *bottom = image + rows.high[row] * g.width * n;
      const float down = rows.fraction[row];
      for (int64_t j = 0; j < g.out_width; j++) {
        const int64_t left = columns.low[j] * n, right = columns.high[j] * n;
        const float across = columns.fraction[j];
        float* to = y + (i * g.out_width + j) * n;
        for (int64_t c = 0; c < n; c++) {
          const float above = top[left + c] + (top[right + c] - top[left + c]) * across;
          const float below = bottom[left + c] + (bottom[right + c] - bottom[left + c]) * across;
          to[c] = above + (below - above) * down;
        }
      }
    }
  });
}

// The same with (dy, dx, …).
void resizeBilinearGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* dy = call.Elements<float>(0, g.OutputSize());
  float* dx = call.Elements<float>(1, g.InputSize());
  const Taps rows = TapsOf(call, 3, g.out_height, g.height), columns = TapsOf(call, 6, g.out_width, g.width);
  const int64_t n = g.channels, pixels = g.height * g.width * n;
  ParallelFor(g.batch, GrainFor(4 * g.out_height * g.out_width * n), [&](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      float* to = dx + image * pixels;
      Clear(to, pixels);
      const float* from = dy + image * g.out_height * g.out_width * n;
      for (int64_t i = 0; i < g.out_height; i++) {
        float *top = to + rows.low[i] * g.width * n, *bottom = to + rows.high[i] * g.width * n;
        const float down = rows.fraction[i];
        for (int64_t j = 0; j < g.out_width; j++, from += n) {
          const int64_t left = columns.low[j] * n, right = columns.high[j] * n;
          const float across = columns.fraction[j];
          AddScaled(top + left, from, (1 - down) * (1 - across), n);
          AddScaled(top + right, from, (1 - down) * across, n);
          AddScaled(bottom + left, from, down * (1 - across), n);
          AddScaled(bottom + right, from, down * across, n);
        }
      }
    }
  });
}

// (x, y, geometry, rows, columns)
void resizeNearest(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* x = call.Elements<float>(0, g.InputSize());
  float* y = call.Elements<float>(1, g.OutputSize());
  const int32_t* rows = PlacesOf(call, 3, g.out_height, g.height);
  const int32_t* columns = PlacesOf(call, 4, g.out_width, g.width);
  const int64_t n = g.channels;
  ParallelFor(g.batch * g.out_height, GrainFor(g.out_width * n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float* line = x + (i / g.out_height * g.height + rows[i % g.out_height]) * g.width * n;
      float* to = y + i * g.out_width * n;
      for (int64_t j = 0; j < g.out_width; j++, to += n) {
        const float* from = line + columns[j] * n;
        for (int64_t c = 0; c < n; c++) to[c] = from[c];
      }
    }
  });
}

// The same with (dy, dx, …).
void resizeNearestGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  const float* dy = call.Elements<float>(0, g.OutputSize());
  float* dx = call.Elements<float>(1, g.InputSize());
  const int32_t* rows = PlacesOf(call, 3, g.out_height, g.height);
  const int32_t* columns = PlacesOf(call, 4, g.out_width, g.width);
  const int64_t n = g.channels, pixels = g.height * g.width * n;
  ParallelFor(g.batch, GrainFor(g.out_height * g.out_width * n), [&](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      float* to = dx + image * pixels;
      Clear(to, pixels);
      const float* from = dy + image * g.out_height * g.out_width * n;
      for (int64_t i = 0; i < g.out_height; i++) {
        for (int64_t j = 0; j < g.out_width; j++, from += n) {
          AddScaled(to + (rows[i] * g.width + columns[j]) * n, from, 1, n);
        }
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
