// Convolutions of volumes, and by filters in groups, as convolutions of images: for machines without oneDNN, and where
// oneDNN is wrong.

#pragma once

#include "convolution.h"

namespace medrobust {

void PiecesForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu, float* y);
void PiecesBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx);
void PiecesBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter);

}  // namespace medrobust
