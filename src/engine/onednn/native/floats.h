// Arrays of floats for what computes in float only, where the tensor is bfloat16.

#pragma once

#include <memory>

#include "convolution.h"

namespace medrobust {

// The floats of a source: its own, or a copy.
class FloatSource {
 public:
  FloatSource(Source source, int64_t size);
  const float* data() const { return data_; }

 private:
  std::unique_ptr<float[]> copy_;
  const float* data_;
};

// Floats to write to, which `Finish` brings to the target.
class FloatTarget {
 public:
  FloatTarget(Target target, int64_t size);
  float* data() const { return data_; }
  void Finish() const;

 private:
  Target target_;
  int64_t size_;
  std::unique_ptr<float[]> copy_;
  float* data_;
};

}  // namespace medrobust
