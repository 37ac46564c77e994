// Convolutions in NHWC, with filters [height, width, inputs, outputs] or, depthwise, [height, width, inputs,
// multiplier]. Implemented twice: by oneDNN, and in plain C++ for machines without it.

#pragma once

#include <cstdint>

#include "call.h"

namespace medrobust {

struct Convolution {
  int32_t batch, height, width, inputs;
  int32_t outputs, filter_height, filter_width;
  int32_t out_height, out_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;  // 1: dense
  int32_t pad_top, pad_left;
  int32_t depthwise;  // 0 or 1
  // Of volumes, in NDHWC with filters [depth, height, width, inputs, outputs]; an image is a volume of depth 1.
  int32_t depth = 1, filter_depth = 1, out_depth = 1, stride_depth = 1, dilation_depth = 1, pad_front = 0;
  // Filters in groups are [height, width, inputs / groups, outputs]. Not together with `depthwise`.
  int32_t groups = 1;

  int64_t InputSize() const { return int64_t{batch} * depth * height * width * inputs; }
  int64_t OutputSize() const { return int64_t{batch} * out_depth * out_height * out_width * outputs; }
  int64_t FilterSize() const {
    const int64_t taps = int64_t{filter_depth} * filter_height * filter_width;
    return taps * (depthwise ? outputs : int64_t{inputs} / groups * outputs);
  }
  bool IsVolume() const {
    return depth > 1 || filter_depth > 1 || out_depth > 1 || stride_depth > 1 || pad_front > 0;
  }
  // Whether it is more than a convolution of images by one filter.
  bool HasPieces() const { return groups > 1 || IsVolume(); }
};

// The elements of an image: floats, or bfloat16.
struct Source {
  Source(const float* floats) : data(floats), is_half(false) {}
  Source(const Half* halves) : data(halves), is_half(true) {}
  const void* data;
  bool is_half;
};

// The same, to be written.
struct Target {
  Target(float* floats) : data(floats), is_half(false) {}
  Target(Half* halves) : data(halves), is_half(true) {}
  void* data;
  bool is_half;
};

// Thrown where the values of a filter are needed that came without.
struct ValuesNeeded {};

// A filter, and its number if copies of it are kept: see kept_filters.h. It may then come without its values.
class Filter {
 public:
  Filter(const float* values, int32_t number = 0) : values_(values), number_(number) {}

  bool IsKept() const { return number_ != 0; }
  int32_t number() const { return number_; }

  // To make a copy that is kept.
  const float* ToCopy() const {
    if (!values_) throw ValuesNeeded();
    return values_;
  }

  // To be read in place of a copy.
  const float* Read() const {
    was_read_ = true;
    return ToCopy();
  }
  bool WasRead() const { return was_read_; }

 private:
  const float* values_;
  int32_t number_;
  mutable bool was_read_ = false;
};

// `bias` may be null.
void ConvolutionForward(const Convolution& c, Source x, const Filter& filter, const float* bias, bool relu, Target y);
void ConvolutionBackwardInput(const Convolution& c, Source dy, const Filter& filter, Target dx);
void ConvolutionBackwardFilter(const Convolution& c, Source x, Source dy, float* dfilter);

}  // namespace medrobust
