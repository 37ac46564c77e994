#ifdef MEDROBUST_NO_ONEDNN

#include <cstring>

#include "convolution.h"
#include "convolution_gemm.h"
#include "convolution_pieces.h"
#include "floats.h"
#include "parallel.h"

namespace medrobust {
namespace {

// Calls `visit(cell of x, tap of the filter, cell of y)` for each pair of pixels that a depthwise convolution of one
// image multiplies, for all channels at once.
template <typename Visit>
void EachPair(const Convolution& c, const Visit& visit) {
  for (int64_t row = 0; row < c.out_height; row++) {
    for (int64_t column = 0; column < c.out_width; column++) {
      for (int64_t i = 0; i < c.filter_height; i++) {
        const int64_t y = row * c.stride_height - c.pad_top + i * c.dilation_height;
        if (y < 0 || y >= c.height) continue;
        for (int64_t j = 0; j < c.filter_width; j++) {
          const int64_t x = column * c.stride_width - c.pad_left + j * c.dilation_width;
          if (x < 0 || x >= c.width) continue;
          visit((y * c.width + x) * c.inputs, (i * c.filter_width + j) * c.outputs,
                (row * c.out_width + column) * c.outputs);
        }
      }
    }
  }
}

template <typename Body>
void EachImage(const Convolution& c, const Body& body) {
  ParallelFor(c.batch, 1, [&](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      body(image * c.height * c.width * c.inputs, image * c.out_height * c.out_width * c.outputs);
    }
  });
}

void DepthwiseForward(const Convolution& c, const float* x, const float* filter, float* y) {
  const int64_t multiplier = c.outputs / c.inputs;
  std::memset(y, 0, c.OutputSize() * sizeof(float));
  EachImage(c, [&](int64_t at_x, int64_t at_y) {
    EachPair(c, [&](int64_t cell, int64_t tap, int64_t out) {
      for (int64_t o = 0; o < c.outputs; o++) y[at_y + out + o] += x[at_x + cell + o / multiplier] * filter[tap + o];
    });
  });
}

void DepthwiseBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx) {
  const int64_t multiplier = c.outputs / c.inputs;
  std::memset(dx, 0, c.InputSize() * sizeof(float));
  EachImage(c, [&](int64_t at_x, int64_t at_y) {
    EachPair(c, [&](int64_t cell, int64_t tap, int64_t out) {
      for (int64_t o = 0; o < c.outputs; o++) dx[at_x + cell + o / multiplier] += dy[at_y + out + o] * filter[tap + o];
    });
  });
}

void DepthwiseBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter) {
  const int64_t multiplier = c.outputs / c.inputs;
  std::memset(dfilter, 0, c.FilterSize() * sizeof(float));
  for (int64_t image = 0; image < c.batch; image++) {
    const int64_t at_x = image * c.height * c.width * c.inputs, at_y = image * c.out_height * c.out_width * c.outputs;
    EachPair(c, [&](int64_t cell, int64_t tap, int64_t out) {
      for (int64_t o = 0; o < c.outputs; o++) {
        dfilter[tap + o] += x[at_x + cell + o / multiplier] * dy[at_y + out + o];
      }
    });
  }
}

}  // namespace

void ConvolutionForward(const Convolution& c, Source x, const Filter& filter, const float* bias, bool relu, Target y) {
  const FloatSource from(x, c.InputSize());
  const FloatTarget to(y, c.OutputSize());
  if (c.HasPieces()) {
    PiecesForward(c, from.data(), filter.Read(), bias, relu, to.data());
  } else {
    (c.depthwise ? DepthwiseForward : GemmForward)(c, from.data(), filter.Read(), to.data());
    AddBias(c, bias, relu, to.data());
  }
  to.Finish();
}

void ConvolutionBackwardInput(const Convolution& c, Source dy, const Filter& filter, Target dx) {
  const FloatSource from(dy, c.OutputSize());
  const FloatTarget to(dx, c.InputSize());
  if (c.HasPieces()) {
    PiecesBackwardInput(c, from.data(), filter.Read(), to.data());
  } else {
    (c.depthwise ? DepthwiseBackwardInput : GemmBackwardInput)(c, from.data(), filter.Read(), to.data());
  }
  to.Finish();
}

void ConvolutionBackwardFilter(const Convolution& c, Source x, Source dy, float* dfilter) {
  const FloatSource images(x, c.InputSize()), upstream(dy, c.OutputSize());
  if (c.HasPieces()) return PiecesBackwardFilter(c, images.data(), upstream.data(), dfilter);
  (c.depthwise ? DepthwiseBackwardFilter : GemmBackwardFilter)(c, images.data(), upstream.data(), dfilter);
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
