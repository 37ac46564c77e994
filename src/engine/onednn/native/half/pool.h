// Windows of images, of channels by the sixteen; what the geometry says is in loops/pool.cc.

#pragma once

#include "vectors.h"

namespace medrobust::avx512 {
namespace {

// What windows of images need of the geometry that loops/pool.cc describes.
struct Geometry {
  int64_t batch, height, width, channels, out_height, out_width, window_height, window_width, stride_height,
      stride_width, top, left;

  int64_t InputSize() const { return batch * height * width * channels; }
  int64_t OutputSize() const { return batch * out_height * out_width * channels; }
  // Whether every cell is under one window.
  bool IsTiled() const {
    return stride_height == window_height && stride_width == window_width && top == 0 && left == 0 &&
           out_height * stride_height == height && out_width * stride_width == width;
  }
};

inline bool Takes(const Call& call, int index, Geometry* geometry) {
  if (!call.IsHalf(0)) return false;
  constexpr int kMembers = 20, kFirstPadding = 17;
  const int32_t* g = call.Integers(index, kMembers);
  for (int i = 0; i < kFirstPadding; i++) {
    if (g[i] < 1) return false;
  }
  const int32_t output[] = {g[0], g[6], g[7], g[4]}, plane[] = {g[2], g[3]};
  SizeOf(g, 5);
  SizeOf(output, 4);
  if (SizeOf(plane, 2) > 2147483647) return false;
  *geometry = {g[0], g[2], g[3], g[4], g[6], g[7], g[9], g[10], g[12], g[13], g[18], g[19]};
  const bool is_flat = g[1] == 1 && g[5] == 1 && g[8] == 1 && g[17] == 0 && g[15] == 1 && g[16] == 1 &&
                       g[18] >= 0 && g[19] >= 0;
  return is_flat && g[4] % kLanes == 0;
}

// The cells of one axis that a window covers.
struct Span {
  Span(int64_t output, int64_t stride, int64_t padding, int64_t window, int64_t length)
      : from(output * stride - padding), to(from + window) {
    if (from < 0) from = 0;
    if (to > length) to = length;
  }
  int64_t Count() const { return to > from ? to - from : 0; }
  int64_t from, to;
};

// The windows of one axis that are over a cell.
struct Windows {
  Windows(int64_t cell, int64_t stride, int64_t padding, int64_t window, int64_t outputs)
      : from(cell + padding < window ? 0 : (cell + padding - window) / stride + 1), to((cell + padding) / stride + 1) {
    if (to > outputs) to = outputs;
  }
  int64_t from, to;
};

}  // namespace
}  // namespace medrobust::avx512
