#include "convolution_gemm.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "gemm.h"
#include "parallel.h"

namespace medrobust {
namespace {

// [out_height · out_width rows of an image, filter_height · filter_width · inputs]
struct Unfolding {
  explicit Unfolding(const Convolution& geometry)
      : c(geometry),
        rows(int64_t{c.out_height} * c.out_width),
        width(int64_t{c.filter_height} * c.filter_width * c.inputs) {
    // What is unfolded should still be in the cache when it is multiplied; but each product reads the filter, which is
    // the larger part where there are few pixels.
    const int64_t most_floats = rows <= kFewPixels ? 4 << 20 : 1 << 19;
    images = std::max<int64_t>(1, std::min<int64_t>(c.batch, most_floats / (rows * width)));
    memory.reset(new float[images * rows * width]);
  }

  // Calls `visit(place in the row, place in the image or -1, count)` for every run of floats that an output needs: the
  // taps of one row of a dense filter lie behind each other in both, those beyond the edges are nowhere in the image.
  template <typename Visit>
  void EachRun(int64_t row, const Visit& visit) const {
    const int64_t top = row / c.out_width % c.out_height * c.stride_height - c.pad_top;
    const int64_t left = row % c.out_width * c.stride_width - c.pad_left;
    const int64_t taps = c.dilation_width == 1 ? c.filter_width : 1;
    for (int64_t i = 0; i < c.filter_height; i++) {
      const int64_t y = top + i * c.dilation_height;
      for (int64_t j = 0; j < c.filter_width; j += taps) {
        const int64_t place = (i * c.filter_width + j) * c.inputs, x = left + j * c.dilation_width;
        if (y < 0 || y >= c.height) {
          visit(place, int64_t{-1}, taps * c.inputs);
          continue;
        }
        const int64_t first = std::min(taps, std::max<int64_t>(0, -x));
        const int64_t last = std::max(first, std::min<int64_t>(taps, c.width - x));
        if (first > 0) visit(place, int64_t{-1}, first * c.inputs);
        if (last > first) visit(place + first * c.inputs, (y * c.width + x + first) * c.inputs, (last - first) * c.inputs);
        if (last < taps) visit(place + last * c.inputs, int64_t{-1}, (taps - last) * c.inputs);
      }
    }
  }

  void Fill(const float* x, int64_t count) {
    const int64_t pixels = int64_t{c.height} * c.width * c.inputs;
    ParallelFor(count * rows, GrainFor(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const float* image = x + row / rows * pixels;
        float* to = memory.get() + row * width;
        EachRun(row, [&](int64_t place, int64_t pixel, int64_t floats) {
          if (pixel < 0) {
            std::memset(to + place, 0, floats * sizeof(float));
          } else {
            std::memcpy(to + place, image + pixel, floats * sizeof(float));
          }
        });
      }
    });
  }

  // The reverse: adds every tap to the pixel that it came from.
  void Gather(float* dx, int64_t count) const {
    const int64_t pixels = int64_t{c.height} * c.width * c.inputs;
    ParallelFor(count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t image = begin; image < end; image++) {
        float* to = dx + image * pixels;
        std::memset(to, 0, pixels * sizeof(float));
        for (int64_t row = image * rows; row < (image + 1) * rows; row++) {
          const float* from = memory.get() + row * width;
          EachRun(row, [&](int64_t place, int64_t pixel, int64_t floats) {
            if (pixel < 0) return;
            for (int64_t i = 0; i < floats; i++) to[pixel + i] += from[place + i];
          });
        }
      }
    });
  }

  const Convolution& c;
  int64_t rows, width, images;
  std::unique_ptr<float[]> memory;
};

// Calls `run(first image, number of images)` for as many images as are unfolded at once.
template <typename Run>
void InParts(const Unfolding& unfolding, const Run& run) {
  for (int64_t first = 0; first < unfolding.c.batch; first += unfolding.images) {
    run(first, std::min<int64_t>(unfolding.images, unfolding.c.batch - first));
  }
}

// Whether x is unfolded as it lies.
bool IsUnfolded(const Convolution& c) {
  return c.filter_height * c.filter_width == 1 && c.stride_height == 1 && c.stride_width == 1 && c.pad_top == 0 &&
         c.pad_left == 0 && c.out_height == c.height && c.out_width == c.width;
}

int64_t Rows(const Convolution& c) { return int64_t{c.batch} * c.out_height * c.out_width; }

}  // namespace

void GemmForward(const Convolution& c, const float* x, const float* filter, float* y) {
  if (IsUnfolded(c)) return Gemm(false, false, Rows(c), c.outputs, c.inputs, x, filter, y);
  Unfolding unfolding(c);
  InParts(unfolding, [&](int64_t first, int64_t count) {
    unfolding.Fill(x + first * c.height * c.width * c.inputs, count);
    Gemm(false, false, count * unfolding.rows, c.outputs, unfolding.width, unfolding.memory.get(), filter,
         y + first * unfolding.rows * c.outputs);
  });
}

void GemmBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx) {
  if (IsUnfolded(c)) return Gemm(false, true, Rows(c), c.inputs, c.outputs, dy, filter, dx);
  Unfolding unfolding(c);
  InParts(unfolding, [&](int64_t first, int64_t count) {
    Gemm(false, true, count * unfolding.rows, unfolding.width, c.outputs, dy + first * unfolding.rows * c.outputs,
         filter, unfolding.memory.get());
    unfolding.Gather(dx + first * c.height * c.width * c.inputs, count);
  });
}

void GemmBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter) {
  if (IsUnfolded(c)) return Gemm(true, false, c.inputs, c.outputs, Rows(c), x, dy, dfilter);
  Unfolding unfolding(c);
  InParts(unfolding, [&](int64_t first, int64_t count) {
    unfolding.Fill(x + first * c.height * c.width * c.inputs, count);
    Gemm(true, false, unfolding.width, c.outputs, count * unfolding.rows, unfolding.memory.get(),
         dy + first * unfolding.rows * c.outputs, dfilter, first > 0);
  });
}

void AddBias(const Convolution& c, const float* bias, bool relu, float* y) {
  if (!bias && !relu) return;
  ParallelFor(c.OutputSize() / c.outputs, GrainFor(c.outputs), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      float* to = y + row * c.outputs;
      for (int64_t o = 0; o < c.outputs; o++) {
        const float value = bias ? to[o] + bias[o] : to[o];
        to[o] = relu && value < 0 ? 0 : value;
      }
    }
  });
}

}  // namespace medrobust
