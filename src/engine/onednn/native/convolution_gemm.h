// Convolutions as matrix products: the pixels that each output needs are laid out in a row. Not for depthwise ones.

#pragma once

#include "convolution.h"

namespace medrobust {

void GemmForward(const Convolution& c, const float* x, const float* filter, float* y);
void GemmBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx);
void GemmBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter);

}  // namespace medrobust
