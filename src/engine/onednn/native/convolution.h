// Convolutions in NHWC, with filters [height, width, inputs, outputs] or, depthwise, [height, width, inputs,
// multiplier]. Implemented twice: by oneDNN, and in plain C++ for machines without it.

#pragma once

#include <cstdint>

namespace medrobust {

struct Convolution {
  int32_t batch, height, width, inputs;
  int32_t outputs, filter_height, filter_width;
  int32_t out_height, out_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;  // 1: dense
  int32_t pad_top, pad_left;
  int32_t depthwise;  // 0 or 1

  int64_t InputSize() const { return int64_t{batch} * height * width * inputs; }
  int64_t OutputSize() const { return int64_t{batch} * out_height * out_width * outputs; }
  int64_t FilterSize() const {
    return int64_t{filter_height} * filter_width * (depthwise ? outputs : int64_t{inputs} * outputs);
  }
};

// `bias` may be null.
void ConvolutionForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu,
                        float* y);
void ConvolutionBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx);
void ConvolutionBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter);

}  // namespace medrobust
