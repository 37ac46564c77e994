// Convolutions of few channels, whose larger side is bfloat16. See few_channels.cc.

#pragma once

#include "../convolution.h"

namespace medrobust::avx512 {

// Heights × widths × inputs of the filters of FewForward and FewBackwardFilter are that at most.
constexpr int kMostTaps = 32;

// The outputs of FewOutputsBackwardFilter are less.
constexpr int kFewestOutputs = 5;

// Outputs are by the sixteen.
void FewForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu, Half* y);
// Without strides and dilations.
void FewBackwardInput(const Convolution& c, const Half* dy, const float* filter, float* dx);
void FewBackwardFilter(const Convolution& c, const float* x, const Half* dy, float* dfilter);

// Of a 1 × 1 filter, without strides and padding; inputs are by the sixteen.
void FewOutputsBackwardFilter(const Convolution& c, const Half* x, const float* dy, float* dfilter);

}  // namespace medrobust::avx512
