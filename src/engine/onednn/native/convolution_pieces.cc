#include "convolution_pieces.h"

#include <cstring>
#include <vector>

#include "convolution_gemm.h"
#include "parallel.h"

namespace medrobust {
namespace {

// Copies `count` floats of every row between arrays whose rows begin that many floats apart.
void CopyRows(int64_t rows, int64_t count, const float* from, int64_t from_step, float* to, int64_t to_step) {
  ParallelFor(rows, GrainFor(count), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      std::memcpy(to + row * to_step, from + row * from_step, count * sizeof(float));
    }
  });
}

void Add(int64_t count, const float* from, float* to) {
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) to[i] += from[i];
  });
}

// One group of a convolution, with arrays of its own.
struct Group {
  explicit Group(const Convolution& whole) : c(whole) {
    c.inputs /= whole.groups;
    c.outputs /= whole.groups;
    c.groups = 1;
    x.resize(c.InputSize());
    filter.resize(c.FilterSize());
    y.resize(c.OutputSize());
  }

  // Between the arrays of the convolution and its own, for group number `g` of as many channels as it has.
  void Take(const float* all, int64_t channels, int64_t g, std::vector<float>* own, int64_t own_channels) const {
    const int64_t rows = static_cast<int64_t>(own->size()) / own_channels;
    CopyRows(rows, own_channels, all + g * own_channels, channels, own->data(), own_channels);
  }
  void Put(const std::vector<float>& own, int64_t own_channels, float* all, int64_t channels, int64_t g) const {
    const int64_t rows = static_cast<int64_t>(own.size()) / own_channels;
    CopyRows(rows, own_channels, own.data(), own_channels, all + g * own_channels, channels);
  }

  Convolution c;
  std::vector<float> x, filter, y;
};

// The convolution of one plane of a volume by one plane of the filter.
Convolution PlaneOf(const Convolution& c) {
  Convolution plane = c;
  plane.batch = plane.depth = plane.filter_depth = plane.out_depth = plane.stride_depth = plane.dilation_depth = 1;
  plane.pad_front = 0;
  return plane;
}

// Calls `visit(plane of x, plane of the filter, plane of y)` for each three that belong together, those of one plane of
// y in turn.
template <typename Visit>
void EachPlane(const Convolution& c, const Visit& visit) {
  for (int64_t image = 0; image < c.batch; image++) {
    for (int64_t out = 0; out < c.out_depth; out++) {
      for (int64_t tap = 0; tap < c.filter_depth; tap++) {
        const int64_t in = out * c.stride_depth - c.pad_front + tap * c.dilation_depth;
        if (in >= 0 && in < c.depth) visit(image * c.depth + in, tap, image * c.out_depth + out);
      }
    }
  }
}

}  // namespace

void PiecesForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu, float* y) {
  if (c.groups > 1) {
    Group group(c);
    for (int64_t g = 0; g < c.groups; g++) {
      group.Take(x, c.inputs, g, &group.x, group.c.inputs);
      group.Take(filter, c.outputs, g, &group.filter, group.c.outputs);
      ConvolutionForward(group.c, group.x.data(), group.filter.data(), nullptr, false, group.y.data());
      group.Put(group.y, group.c.outputs, y, c.outputs, g);
    }
    return AddBias(c, bias, relu, y);
  }
  const Convolution plane = PlaneOf(c);
  std::vector<float> term(plane.OutputSize());
  std::memset(y, 0, c.OutputSize() * sizeof(float));
  EachPlane(c, [&](int64_t in, int64_t tap, int64_t out) {
    ConvolutionForward(plane, x + in * plane.InputSize(), filter + tap * plane.FilterSize(), nullptr, false,
                       term.data());
    Add(plane.OutputSize(), term.data(), y + out * plane.OutputSize());
  });
  AddBias(c, bias, relu, y);
}

void PiecesBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx) {
  if (c.groups > 1) {
    Group group(c);
    for (int64_t g = 0; g < c.groups; g++) {
      group.Take(dy, c.outputs, g, &group.y, group.c.outputs);
      group.Take(filter, c.outputs, g, &group.filter, group.c.outputs);
      ConvolutionBackwardInput(group.c, group.y.data(), group.filter.data(), group.x.data());
      group.Put(group.x, group.c.inputs, dx, c.inputs, g);
    }
    return;
  }
  const Convolution plane = PlaneOf(c);
  std::vector<float> term(plane.InputSize());
  std::memset(dx, 0, c.InputSize() * sizeof(float));
  EachPlane(c, [&](int64_t in, int64_t tap, int64_t out) {
    ConvolutionBackwardInput(plane, dy + out * plane.OutputSize(), filter + tap * plane.FilterSize(), term.data());
    Add(plane.InputSize(), term.data(), dx + in * plane.InputSize());
  });
}

void PiecesBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter) {
  if (c.groups > 1) {
    Group group(c);
    for (int64_t g = 0; g < c.groups; g++) {
      group.Take(x, c.inputs, g, &group.x, group.c.inputs);
      group.Take(dy, c.outputs, g, &group.y, group.c.outputs);
      ConvolutionBackwardFilter(group.c, group.x.data(), group.y.data(), group.filter.data());
      group.Put(group.filter, group.c.outputs, dfilter, c.outputs, g);
    }
    return;
  }
  const Convolution plane = PlaneOf(c);
  std::vector<float> term(plane.FilterSize());
  std::memset(dfilter, 0, c.FilterSize() * sizeof(float));
  EachPlane(c, [&](int64_t in, int64_t tap, int64_t out) {
    ConvolutionBackwardFilter(plane, x + in * plane.InputSize(), dy + out * plane.OutputSize(), term.data());
    Add(plane.FilterSize(), term.data(), dfilter + tap * plane.FilterSize());
  });
}

}  // namespace medrobust
