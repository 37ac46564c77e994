// Copies of filters in the layouts in which oneDNN multiplies bfloat16.

#pragma once

#include <cstdint>

#include "../call.h"

namespace medrobust::avx512 {

// [outputs, inputs, height, width] with strides in elements: of ours, where outputs lie side by side, and of oneDNN's,
// from block to block.
struct FilterLayout {
  int64_t outputs, inputs, height, width;
  struct Strides {
    int64_t outputs, inputs, height, width;
  } ours, theirs;
  // A block holds pairs of inputs, each for all its outputs in turn; or, of the gradient, pairs of outputs, each for all
  // its inputs, sixteen of both.
  int64_t block_outputs, block_inputs;
  bool is_of_gradient;
};

void CopyFilter(const FilterLayout& layout, const float* filter, Half* copy);

}  // namespace medrobust::avx512
