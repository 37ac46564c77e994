// Structural similarity: (x, y, weights, scratch, similarities, [images, height, width, channels, window], c1, c2) with
// scratch for four rows of each image.

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t images, height, width, channels, window;

  int64_t Row() const { return width * channels; }
};

Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 5);
  SizeOf(g, 4);
  if (g[0] < 0 || g[4] < 1 || g[4] > g[1] || g[4] > g[2] || g[3] < 1) {
    Refuse("a window of %d in an image of %d x %d x %d", g[4], g[1], g[2], g[3]);
  }
  return {g[0], g[1], g[2], g[3], g[4]};
}

// Weighted sums down the window: of x, of y, of x · y and of (x − y)², for each place in a row.
void Down(const Shape& s, const float* x, const float* y, const float* weights, float* sums) {
  const int64_t row = s.Row();
  float *of_x = sums, *of_y = sums + row, *of_xy = sums + 2 * row, *of_change = sums + 3 * row;
  for (int64_t i = 0; i < 4 * row; i++) sums[i] = 0;
  for (int64_t k = 0; k < s.window; k++) {
    const float weight = weights[k];
    const float *a = x + k * row, *b = y + k * row;
    for (int64_t i = 0; i < row; i++) {
      const float change = a[i] - b[i];
      of_x[i] += weight * a[i];
      of_y[i] += weight * b[i];
      of_xy[i] += weight * (a[i] * b[i]);
      of_change[i] += weight * (change * change);
    }
  }
}

// The sums across the window, for up to kBlock places from `place` on.
constexpr int64_t kBlock = 64;

void Across(const Shape& s, const float* sums, const float* weights, int64_t place, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i++) out[i] = 0;
  for (int64_t k = 0; k < s.window; k++) {
    const float* from = sums + place + k * s.channels;
    for (int64_t i = 0; i < count; i++) out[i] += weights[k] * from[i];
  }
}

// The sum of the similarities of all windows whose top is this row. With m = mean x · mean y and d the difference of the
// means, (mean x)² + (mean y)² = 2m + d², and so with the variances: equal images give exactly 1.
double SumOfRow(const Shape& s, const float* sums, const float* weights, float c1, float c2) {
  const int64_t row = s.Row(), places = (s.width - s.window + 1) * s.channels;
  double total = 0;
  for (int64_t place = 0; place < places; place += kBlock) {
    const int64_t count = places - place < kBlock ? places - place : kBlock;
    float a[kBlock], b[kBlock], ab[kBlock], change[kBlock];
    Across(s, sums, weights, place, count, a);
    Across(s, sums + row, weights, place, count, b);
    Across(s, sums + 2 * row, weights, place, count, ab);
    Across(s, sums + 3 * row, weights, place, count, change);
    float found[kBlock];
    for (int64_t i = 0; i < count; i++) {
      const float m = a[i] * b[i], d = a[i] - b[i], square = d * d;
      const float like = 2 * m + c1, covariance = 2 * (ab[i] - m) + c2, spread = change[i] - square;
      found[i] = like / (like + square) * (covariance / (covariance + spread));
    }
    for (int64_t i = 0; i < count; i++) total += found[i];
  }
  return total;
}

}  // namespace

void structuralSimilarity(const Call& call) {
  const Shape s = ShapeOf(call, 5);
  const int64_t row = s.Row(), size = s.height * row;
  const float *x = call.Elements<float>(0, s.images * size), *y = call.Elements<float>(1, s.images * size);
  const float* weights = call.Elements<float>(2, s.window);
  float* scratch = call.Elements<float>(3, s.images * 4 * row);
  float* similarities = call.Elements<float>(4, s.images);
  const float c1 = static_cast<float>(call.Number(6)), c2 = static_cast<float>(call.Number(7));
  const int64_t rows = s.height - s.window + 1, windows = rows * (s.width - s.window + 1) * s.channels;
  ParallelFor(s.images, GrainFor(size), [=](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      float* sums = scratch + image * 4 * row;
      double total = 0;
      for (int64_t top = 0; top < rows; top++) {
        const int64_t start = image * size + top * row;
        Down(s, x + start, y + start, weights, sums);
        total += SumOfRow(s, sums, weights, c1, c2);
      }
      similarities[image] = static_cast<float>(total / windows);
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
