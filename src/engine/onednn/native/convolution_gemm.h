// Convolutions as matrix products: the pixels that each output needs are laid out in a row. Not for depthwise ones.

#pragma once

#include "convolution.h"

namespace medrobust {

// Up to so many pixels of output, an image is small beside a filter with many channels.
constexpr int64_t kFewPixels = 64;

void GemmForward(const Convolution& c, const float* x, const float* filter, float* y);
void GemmBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx);
void GemmBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter);

// Adds `bias` (null: nothing) to each pixel of y, and takes relu of it if `relu`. For depthwise ones too.
void AddBias(const Convolution& c, const float* bias, bool relu, float* y);

}  // namespace medrobust
