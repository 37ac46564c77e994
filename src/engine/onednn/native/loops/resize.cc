// Resizing of NHWC images. Which pixels an output takes, along rows and along columns, is decided in TypeScript. Images are
// both of floats, or both of bfloat16.

#include "half.h"
#include "memory.h"

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

template <typename T>
void AddScaled(float* to, const T* from, float weight, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += weight * Load(from[i]);
}

// Calls `spread(dy of the image, sums)` for every image of a gradient.
template <typename T, typename Spread>
void EachImage(const Geometry& g, const T* dy, T* dx, int64_t cost, const Spread& spread) {
  const int64_t pixels = g.height * g.width * g.channels;
  const FloatsOfThreads scratch(!InPlace(dx), pixels);
  ParallelFor(g.batch, GrainFor(cost), [&](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      float* sums = InPlace(dx) ? InPlace(dx) + image * pixels : scratch.Own();
      Clear(sums, pixels);
      spread(dy + image * g.out_height * g.out_width * g.channels, sums);
      if (InPlace(dx)) continue;
      for (int64_t i = 0; i < pixels; i++) Store(sums[i], dx + image * pixels + i);
    }
  });
}


template <typename T>
void Bilinear(const Call& call, const Geometry& g) {
  const T* x = call.Elements<T>(0, g.InputSize());
  T* y = call.Elements<T>(1, g.OutputSize());
  const Taps rows = TapsOf(call, 3, g.out_height, g.height), columns = TapsOf(call, 6, g.out_width, g.width);
  const int64_t n = g.channels;
  ParallelFor(g.batch * g.out_height, GrainFor(4 * g.out_width * n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = i % g.out_height;
      const T* image = x + i / g.out_height * g.height * g.width * n;
      const T *top = image + rows.low[row] * g.width * n, *bottom = image + rows.high[row] * g.width * n;
      const float down = rows.fraction[row];
      for (int64_t j = 0; j < g.out_width; j++) {
        const int64_t left = columns.low[j] * n, right = columns.high[j] * n;
        const float across = columns.fraction[j];
        T* to = y + (i * g.out_width + j) * n;
        for (int64_t c = 0; c < n; c++) {
          const float corner = Load(top[left + c]), other = Load(bottom[left + c]);
          const float above = corner + (Load(top[right + c]) - corner) * across;
          const float below = other + (Load(bottom[right + c]) - other) * across;
          Store(above + (below - above) * down, to + c);
        }
      }
    }
  });
}

template <typename T>
void BilinearGrad(const Call& call, const Geometry& g) {
  const T* dy = call.Elements<T>(0, g.OutputSize());
  T* dx = call.Elements<T>(1, g.InputSize());
  const Taps rows = TapsOf(call, 3, g.out_height, g.height), columns = TapsOf(call, 6, g.out_width, g.width);
  const int64_t n = g.channels;
  EachImage(g, dy, dx, 4 * g.out_height * g.out_width * n, [&](const T* from, float* to) {
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
  });
}

template <typename T>
void Nearest(const Call& call, const Geometry& g) {
  const T* x = call.Elements<T>(0, g.InputSize());
  T* y = call.Elements<T>(1, g.OutputSize());
  const int32_t* rows = PlacesOf(call, 3, g.out_height, g.height);
  const int32_t* columns = PlacesOf(call, 4, g.out_width, g.width);
  const int64_t n = g.channels;
  ParallelFor(g.batch * g.out_height, GrainFor(g.out_width * n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T* line = x + (i / g.out_height * g.height + rows[i % g.out_height]) * g.width * n;
      T* to = y + i * g.out_width * n;
      for (int64_t j = 0; j < g.out_width; j++, to += n) {
        const T* from = line + columns[j] * n;
        for (int64_t c = 0; c < n; c++) to[c] = from[c];
      }
    }
  });
}

template <typename T>
void NearestGrad(const Call& call, const Geometry& g) {
  const T* dy = call.Elements<T>(0, g.OutputSize());
  T* dx = call.Elements<T>(1, g.InputSize());
  const int32_t* rows = PlacesOf(call, 3, g.out_height, g.height);
  const int32_t* columns = PlacesOf(call, 4, g.out_width, g.width);
  const int64_t n = g.channels;
  EachImage(g, dy, dx, g.out_height * g.out_width * n, [&](const T* from, float* to) {
    for (int64_t i = 0; i < g.out_height; i++) {
      for (int64_t j = 0; j < g.out_width; j++, from += n) {
        AddScaled(to + (rows[i] * g.width + columns[j]) * n, from, 1, n);
      }
    }
  });
}

}  // namespace

// (x, y, geometry, low rows, high rows, fractions of rows, low columns, high columns, fractions of columns)
void resizeBilinear(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { Bilinear<decltype(element)>(call, g); });
}

// The same with (dy, dx, …).
void resizeBilinearGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { BilinearGrad<decltype(element)>(call, g); });
}

// (x, y, geometry, rows, columns)
void resizeNearest(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { Nearest<decltype(element)>(call, g); });
}

// The same with (dy, dx, …).
void resizeNearestGrad(const Call& call) {
  const Geometry g = GeometryOf(call, 2);
  OfType(call, 0, [&](auto element) { NearestGrad<decltype(element)>(call, g); });
}

}  // namespace medrobust::MEDROBUST_ISA
