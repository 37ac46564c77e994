// Normalisation of [images, pixels, channels] over the pixels and the channels of a group, image by image. One group
// is layer normalisation, as many as channels is instance normalisation.

#include <cmath>
#include <cstdlib>
#include <new>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t images, pixels, channels, groups;

  int64_t Size() const { return images * pixels * channels; }
  int64_t Width() const { return channels / groups; }
};

Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 4);
  SizeOf(g, 3);
  for (int i = 0; i < 4; i++) {
    if (g[i] < 1) Refuse("member %d of the shape is %d, expected at least 1", i, g[i]);
  }
  if (g[2] % g[3] != 0) Refuse("%d channels in %d groups", g[2], g[3]);
  return {g[0], g[1], g[2], g[3]};
}

struct Doubles {
  explicit Doubles(int64_t size) : data(static_cast<double*>(std::calloc(static_cast<size_t>(size), sizeof(double)))) {
    if (!data) throw std::bad_alloc();
  }
  ~Doubles() { std::free(data); }
  Doubles(const Doubles&) = delete;
  Doubles& operator=(const Doubles&) = delete;
  double* data;
};

// A sum of term(0) … term(n − 1) in an order that the compiler can vectorise.
template <typename Term>
inline double Sum(int64_t n, const Term& term) {
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {}, sum = 0;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += term(i + lane);
  }
  for (; i < n; i++) sum += term(i);
  for (int64_t lane = 0; lane < kLanes; lane++) sum += lanes[lane];
  return sum;
}

// The same in single precision, block by block.
template <typename Term>
inline double RowSum(int64_t n, const Term& term) {
  constexpr int64_t kLanes = 16, kRun = 1024;
  double total = 0;
  for (int64_t start = 0; start < n; start += kRun) {
    const int64_t stop = start + kRun < n ? start + kRun : n;
    float lanes[kLanes] = {};
    int64_t i = start;
    for (; i + kLanes <= stop; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += term(i + lane);
    }
    for (int64_t lane = 0; lane < kLanes; lane++) total += lanes[lane];
    for (; i < stop; i++) total += term(i);
  }
  return total;
}

// In how many parts the pixels of an image are gone through: fixed by the shape, so that results do not depend on the
// threads.
int64_t PartsOf(const Shape& s) {
  const int64_t parts = s.images >= 16 ? 1 : s.pixels * s.channels / kPartElements;
  const int64_t most = s.pixels < 16 ? s.pixels : 16;
  return parts < 1 ? 1 : (parts < most ? parts : most);
}

// Calls `visit(image, first pixel, pixel after the last, number of the part)` for all parts of all images.
template <typename Visit>
void EachPart(const Shape& s, int64_t parts, const Visit& visit) {
  ParallelFor(s.images * parts, GrainFor(s.pixels * s.channels / parts), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t part = task % parts;
      visit(task / parts, s.pixels * part / parts, s.pixels * (part + 1) / parts, task);
    }
  });
}

// Pixels that are added up in single precision.
constexpr int64_t kBlock = 32;
// Channels that are, at a time.
constexpr int64_t kChannels = 128;

// Adds term(offset in x, channel) of pixels [begin, end) to sums[channel].
template <typename Term>
inline void AddPixels(const Shape& s, int64_t image, int64_t begin, int64_t end, double* sums, const Term& term) {
  for (int64_t left = 0; left < s.channels; left += kChannels) {
    const int64_t width = s.channels - left < kChannels ? s.channels - left : kChannels;
    for (int64_t top = begin; top < end; top += kBlock) {
      const int64_t bottom = top + kBlock < end ? top + kBlock : end;
      float block[kChannels];
      for (int64_t c = 0; c < width; c++) block[c] = 0;
      for (int64_t pixel = top; pixel < bottom; pixel++) {
        const int64_t row = (image * s.pixels + pixel) * s.channels + left;
        for (int64_t c = 0; c < width; c++) block[c] += term(row + c, left + c);
      }
      for (int64_t c = 0; c < width; c++) sums[left + c] += block[c];
    }
  }
}

// Adds up the parts of each image into its first.
void JoinParts(const Shape& s, int64_t parts, double* sums) {
  for (int64_t image = 0; image < s.images; image++) {
    double* first = sums + image * parts * s.channels;
    for (int64_t i = s.channels; i < parts * s.channels; i++) first[i % s.channels] += first[i];
  }
}

double Inverse(float variance, double epsilon) { return 1 / std::sqrt(variance + epsilon); }

// Of images of one pixel: a row at a time.
void NormaliseRows(const Shape& s, const float* x, const float* gamma, const float* beta, float* y, float* mean,
                   float* variance, double epsilon) {
  const int64_t width = s.Width();
  ParallelFor(s.images, GrainFor(4 * s.channels), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * s.groups; i < end * s.groups; i++) {
      const float* from = x + i * width;
      const float centre = static_cast<float>(RowSum(width, [=](int64_t c) { return from[c]; }) / width);
      const double deviation = RowSum(width, [=](int64_t c) { return (from[c] - centre) * (from[c] - centre); });
      mean[i] = centre;
      variance[i] = static_cast<float>(deviation / width);
      const float inverse = static_cast<float>(Inverse(variance[i], epsilon));
      const float *scale = gamma + i % s.groups * width, *shift = beta + i % s.groups * width;
      float* to = y + i * width;
      for (int64_t c = 0; c < width; c++) to[c] = (from[c] - centre) * inverse * scale[c] + shift[c];
    }
  });
}

void NormaliseImages(const Shape& s, const float* x, const float* gamma, const float* beta, float* y, float* mean,
                     float* variance, double epsilon) {
  const int64_t parts = PartsOf(s), width = s.Width();
  const double count = static_cast<double>(width * s.pixels);
  const Doubles sums(s.images * parts * s.channels), deviations(s.images * parts * s.channels);
  const Doubles factors(s.images * s.channels);
  EachPart(s, parts, [&](int64_t image, int64_t begin, int64_t end, int64_t task) {
    AddPixels(s, image, begin, end, sums.data + task * s.channels, [=](int64_t i, int64_t) { return x[i]; });
  });
  JoinParts(s, parts, sums.data);
  // Of each channel of each image: the mean of its group, and γ / deviation.
  float* centres = reinterpret_cast<float*>(factors.data);
  float* slopes = centres + s.images * s.channels;
  for (int64_t i = 0; i < s.images * s.groups; i++) {
    const int64_t image = i / s.groups, first = i % s.groups * width;
    const double* of = sums.data + image * parts * s.channels + first;
    mean[i] = static_cast<float>(Sum(width, [=](int64_t c) { return of[c]; }) / count);
    for (int64_t c = 0; c < width; c++) centres[image * s.channels + first + c] = mean[i];
  }
  EachPart(s, parts, [&](int64_t image, int64_t begin, int64_t end, int64_t task) {
    const float* centre = centres + image * s.channels;
    AddPixels(s, image, begin, end, deviations.data + task * s.channels, [=](int64_t i, int64_t c) {
      const float difference = x[i] - centre[c];
      return difference * difference;
    });
  });
  JoinParts(s, parts, deviations.data);
  for (int64_t i = 0; i < s.images * s.groups; i++) {
    const int64_t image = i / s.groups, first = i % s.groups * width;
    const double* of = deviations.data + image * parts * s.channels + first;
    variance[i] = static_cast<float>(Sum(width, [=](int64_t c) { return of[c]; }) / count);
    const double inverse = Inverse(variance[i], epsilon);
    for (int64_t c = first; c < first + width; c++) {
      slopes[image * s.channels + c] = static_cast<float>(gamma[c] * inverse);
    }
  }
  ParallelFor(s.images * s.pixels, GrainFor(s.channels), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t image = row / s.pixels;
      const float *from = x + row * s.channels, *centre = centres + image * s.channels;
      const float* slope = slopes + image * s.channels;
      float* to = y + row * s.channels;
      for (int64_t c = 0; c < s.channels; c++) to[c] = (from[c] - centre[c]) * slope[c] + beta[c];
    }
  });
}

struct Gradients {
  const float *x, *dy, *mean, *variance, *gamma;
  float *dx, *dgamma, *dbeta;
  double epsilon;
};

// With n = (x − mean) / deviation: dx = (γ dy − mean(γ dy) − n mean(γ dy n)) / deviation over a group.
void BackwardRows(const Shape& s, const Gradients& g) {
  const int64_t width = s.Width(), rows = s.images;
  // As many parts as give every core one, fixed by the shape.
  const int64_t wanted = rows * s.channels / kPartElements, most = rows < 16 ? rows : 16;
  const int64_t parts = wanted < 1 ? 1 : (wanted < most ? wanted : most);
  const Doubles sums(parts * 2 * s.channels), blocks(parts * s.channels);
  ParallelFor(parts, GrainFor(4 * rows * s.channels / parts), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      double *sum = sums.data + part * 2 * s.channels, *product = sum + s.channels;
      float* block_sum = reinterpret_cast<float*>(blocks.data + part * s.channels);
      float* block_product = block_sum + s.channels;
      const int64_t last = rows * (part + 1) / parts;
      for (int64_t top = rows * part / parts; top < last; top += kBlock) {
        const int64_t bottom = top + kBlock < last ? top + kBlock : last;
        for (int64_t c = 0; c < s.channels; c++) block_sum[c] = block_product[c] = 0;
        for (int64_t i = top * s.groups; i < bottom * s.groups; i++) {
          const int64_t first = i % s.groups * width;
          const float *from = g.x + i * width, *upstream = g.dy + i * width, *scale = g.gamma + first;
          const float centre = g.mean[i];
          const double inverse = Inverse(g.variance[i], g.epsilon);
          const double level = RowSum(width, [=](int64_t c) { return upstream[c] * scale[c]; }) / width;
          const double tilt =
              RowSum(width, [=](int64_t c) { return upstream[c] * scale[c] * (from[c] - centre); }) / width;
          const float slope = static_cast<float>(inverse), offset = static_cast<float>(-level * inverse);
          const float factor = static_cast<float>(-tilt * inverse * inverse * inverse);
          float* to = g.dx + i * width;
          for (int64_t c = 0; c < width; c++) {
            const float difference = from[c] - centre;
            to[c] = slope * upstream[c] * scale[c] + (factor * difference + offset);
            block_sum[first + c] += upstream[c];
            block_product[first + c] += upstream[c] * difference * slope;
          }
        }
        for (int64_t c = 0; c < s.channels; c++) {
          sum[c] += block_sum[c];
          product[c] += block_product[c];
        }
      }
    }
  });
  for (int64_t c = 0; c < s.channels; c++) {
    double sum = 0, product = 0;
    for (int64_t part = 0; part < parts; part++) {
      sum += sums.data[part * 2 * s.channels + c];
      product += sums.data[(part * 2 + 1) * s.channels + c];
    }
    g.dbeta[c] = static_cast<float>(sum);
    g.dgamma[c] = static_cast<float>(product);
  }
}

void BackwardImages(const Shape& s, const Gradients& g) {
  const int64_t parts = PartsOf(s), width = s.Width(), all = s.images * s.channels;
  const double count = static_cast<double>(width * s.pixels);
  const Doubles sums(parts * all), products(parts * all), factors(2 * all), totals(2 * s.channels);
  // dx = slope · dy + tilt · (x − mean) + offset, with factors of each channel of each image.
  float *centres = reinterpret_cast<float*>(factors.data), *slopes = centres + all, *tilts = slopes + all;
  float* offsets = tilts + all;
  for (int64_t i = 0; i < all; i++) centres[i] = g.mean[i / width];
  EachPart(s, parts, [&](int64_t image, int64_t begin, int64_t end, int64_t task) {
    const float *x = g.x, *dy = g.dy, *centre = centres + image * s.channels;
    AddPixels(s, image, begin, end, sums.data + task * s.channels, [=](int64_t i, int64_t) { return dy[i]; });
    AddPixels(s, image, begin, end, products.data + task * s.channels,
              [=](int64_t i, int64_t c) { return dy[i] * (x[i] - centre[c]); });
  });
  JoinParts(s, parts, sums.data);
  JoinParts(s, parts, products.data);
  for (int64_t i = 0; i < s.images * s.groups; i++) {
    const int64_t image = i / s.groups, first = i % s.groups * width;
    const double* sum = sums.data + image * parts * s.channels + first;
    const double* product = products.data + image * parts * s.channels + first;
    const float* scale = g.gamma + first;
    const double inverse = Inverse(g.variance[i], g.epsilon);
    const double level = Sum(width, [=](int64_t c) { return scale[c] * sum[c]; }) / count;
    const double tilt = Sum(width, [=](int64_t c) { return scale[c] * product[c]; }) / count;
    for (int64_t c = 0; c < width; c++) {
      const int64_t at = image * s.channels + first + c;
      slopes[at] = static_cast<float>(scale[c] * inverse);
      tilts[at] = static_cast<float>(-tilt * inverse * inverse * inverse);
      offsets[at] = static_cast<float>(-level * inverse);
      totals.data[first + c] += sum[c];
      totals.data[s.channels + first + c] += product[c] * inverse;
    }
  }
  for (int64_t c = 0; c < s.channels; c++) {
    g.dbeta[c] = static_cast<float>(totals.data[c]);
    g.dgamma[c] = static_cast<float>(totals.data[s.channels + c]);
  }
  ParallelFor(s.images * s.pixels, GrainFor(2 * s.channels), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row / s.pixels * s.channels;
      const float *from = g.x + row * s.channels, *upstream = g.dy + row * s.channels;
      float* to = g.dx + row * s.channels;
      for (int64_t c = 0; c < s.channels; c++) {
        to[c] = slopes[at + c] * upstream[c] + (tilts[at + c] * (from[c] - centres[at + c]) + offsets[at + c]);
      }
    }
  });
}

}  // namespace

// (x, gamma, beta, y, mean, variance, [images, pixels, channels, groups], epsilon); mean and variance of each group of
// each image.
void groupNorm(const Call& call) {
  const Shape s = ShapeOf(call, 6);
  const float* x = call.Elements<float>(0, s.Size());
  const float* gamma = call.Elements<float>(1, s.channels);
  const float* beta = call.Elements<float>(2, s.channels);
  float* y = call.Elements<float>(3, s.Size());
  float* mean = call.Elements<float>(4, s.images * s.groups);
  float* variance = call.Elements<float>(5, s.images * s.groups);
  (s.pixels == 1 ? NormaliseRows : NormaliseImages)(s, x, gamma, beta, y, mean, variance, call.Number(7));
}

// (x, dy, mean, variance, gamma, dx, dgamma, dbeta, [images, pixels, channels, groups], epsilon)
void groupNormGrad(const Call& call) {
  const Shape s = ShapeOf(call, 8);
  const int64_t groups = s.images * s.groups;
  const Gradients g{call.Elements<float>(0, s.Size()),     call.Elements<float>(1, s.Size()),
                    call.Elements<float>(2, groups),       call.Elements<float>(3, groups),
                    call.Elements<float>(4, s.channels),   call.Elements<float>(5, s.Size()),
                    call.Elements<float>(6, s.channels),   call.Elements<float>(7, s.channels),
                    call.Number(9)};
  (s.pixels == 1 ? BackwardRows : BackwardImages)(s, g);
}

}  // namespace medrobust::MEDROBUST_ISA
