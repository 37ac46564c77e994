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
  // Forward: blocks of as many outputs, each with two inputs; 0: of the gradient, blocks of eight times sixteen inputs,
  // each with two outputs.
  int64_t block;
};

constexpr int64_t kGradientBlock = 16;

void CopyFilter(const FilterLayout& layout, const float* filter, Half* copy);

}  // namespace medrobust::avx512
