#ifndef MEDROBUST_NO_ONEDNN

#include "convolution_way.h"

#include <dnnl.hpp>

#include "convolution_gemm.h"
#include "half/few_channels.h"
#include "half/half_kernels.h"
#include "precision.h"

namespace medrobust {
namespace {

bool IsPoint(const Convolution& c) { return c.filter_depth * c.filter_height * c.filter_width == 1; }
bool IsStrided(const Convolution& c) { return c.stride_depth > 1 || c.stride_height > 1 || c.stride_width > 1; }
int64_t Pixels(const Convolution& c) { return int64_t{c.out_height} * c.out_width; }

// Whether the padding reaches no further than the filter.
bool CanFlip(const Convolution& c) {
  const auto fits = [](int64_t in, int64_t out, int64_t dilation, int64_t filter, int64_t ahead) {
    const int64_t reach = (filter - 1) * dilation, behind = out + reach - in - ahead;
    return ahead <= reach && behind >= 0 && behind <= reach;
  };
  return fits(c.height, c.out_height, c.dilation_height, c.filter_height, c.pad_top) &&
         fits(c.width, c.out_width, c.dilation_width, c.filter_width, c.pad_left);
}

bool FitsBlocks(const Convolution& c, int32_t block) { return c.inputs % block == 0 && c.outputs % block == 0; }

constexpr int64_t kVeryFewPixels = 16;

// Measured with oneDNN 2.6 on AVX-512, over the layers of ResNet-18 and -50, U-Net and Inception-v3. Our layout costs
// next to nothing there. Where few pixels meet many channels, oneDNN reorders the filter for little work, and one matrix
// product for the whole batch, on the filter as it lies, takes down to a quarter of the time; and so does the gradient of
// an input of less than eight channels, the image that is attacked. Where the filter's copy is kept, that is worth it for
// the fewest pixels only.
Way WayForAvx512(const Convolution& c, Direction direction, bool kept) {
  constexpr int64_t kHardlyAPixel = 4, kFewestPixels = 9, kFewerPixels = 36;
  constexpr int32_t kManyInputs = 256;
  const int64_t pixels = Pixels(c);
  if (c.HasPieces()) return Way::kPlain;
  switch (direction) {
    case kForward:
      return pixels <= (kept ? kHardlyAPixel : kFewerPixels) ? Way::kProduct : Way::kPlain;
    case kBackwardInput:
      if (c.inputs < 8) return Way::kProduct;
      if (IsPoint(c)) return Way::kPlain;
      if (kept) return pixels > kVeryFewPixels && !IsStrided(c) && CanFlip(c) ? Way::kFlipped : Way::kPlain;
      if (pixels <= (IsStrided(c) ? kFewPixels : kFewestPixels)) return Way::kProduct;
      return pixels > kFewerPixels && !IsStrided(c) && CanFlip(c) ? Way::kFlipped : Way::kPlain;
    default:
      if (pixels <= kVeryFewPixels) return Way::kProduct;
      // Columns of taps.
      if (c.filter_width == 1 && c.filter_height > 1 && pixels <= kFewPixels && FitsBlocks(c, 16)) return Way::kBlocked;
      return !IsPoint(c) && pixels <= kFewPixels && c.inputs >= kManyInputs ? Way::kProduct : Way::kPlain;
  }
}

// Measured as above.
Way WayForKeptBf16(const Convolution& c, Direction direction) {
  constexpr int32_t kFewOutputs = 16;
  const bool few = Pixels(c) <= kVeryFewPixels;
  if (direction == kForward) return few && (!IsPoint(c) || IsStrided(c)) ? Way::kBlocked : Way::kPlain;
  if (c.outputs <= kFewOutputs || IsStrided(c) || !CanFlip(c)) return Way::kPlain;
  return IsPoint(c) || !few ? Way::kFlipped : Way::kPlain;
}

// Measured as above on AVX2. The faster layout differs by up to 40 %. For the gradient of the filter, which oneDNN gets
// image by image, the matrix product holds up to larger images.
Way WayForAvx2(const Convolution& c, Direction direction) {
  constexpr int32_t kManyInputs = 32, kMediumPixels = 32 * 32, kManyChannels = 64;
  if (!IsPoint(c) && !c.HasPieces()) {
    const int64_t pixels = Pixels(c);
    if (pixels <= kFewPixels) return Way::kProduct;
    if (direction == kBackwardFilter && c.inputs >= kManyInputs && pixels <= kMediumPixels) return Way::kProduct;
  }
  if (direction == kBackwardInput && c.inputs < 8) return c.HasPieces() ? Way::kBlocked : Way::kProduct;
  if (!FitsBlocks(c, 8) || IsPoint(c)) return Way::kPlain;
  switch (direction) {
    case kForward:
      return c.inputs < kManyChannels ? Way::kPlain : Way::kBlocked;
    case kBackwardInput:
      return c.inputs < kManyChannels || c.outputs < kManyChannels || Pixels(c) < 16 * 16 ? Way::kPlain : Way::kBlocked;
    default:
      return Way::kBlocked;
  }
}

bool LeavesRest(const Convolution& c, int32_t block) { return c.HasPieces() || !FitsBlocks(c, block); }

// Where oneDNN computes wrong numbers. Of a 1 × 1 filter whose channels leave a rest: 2.6 (jit_1x1:avx2) now and then the
// gradient of the filter, with strides, as it reads working memory that it never wrote; 3.7 that of the input. 3.7 also
// groups of one output each, and the gradient of strided volumes of one channel.
bool IsDefective(const Convolution& c, Direction direction) {
#if DNNL_VERSION_MAJOR >= 3
  if (c.groups > 1 && c.outputs == c.groups) return true;
  if (direction == kBackwardInput && c.IsVolume() && c.inputs == 1 && IsStrided(c)) return true;
  if (direction == kBackwardInput && IsPoint(c) && LeavesRest(c, 16)) return true;
#endif
  return direction == kBackwardFilter && IsPoint(c) && IsStrided(c) && LeavesRest(c, 8);
}

// Where oneDNN would compute in float and copy the larger side, or leave most of its registers empty.
bool IsFew(const Convolution& c, const Use& use) {
  if (!HasAvx512() || c.HasPieces()) return false;
  constexpr int32_t kLanes = 16;
  const bool is_dense = !IsStrided(c) && c.dilation_height == 1 && c.dilation_width == 1;
  const bool is_of_image = c.inputs < 8 && !use.is_x_half && use.is_y_half && c.outputs % kLanes == 0 &&
                           int64_t{c.filter_height} * c.filter_width * c.inputs <= avx512::kMostTaps;
  switch (use.direction) {
    case kForward:
      return is_of_image;
    case kBackwardInput:
      return is_of_image && is_dense && c.inputs == 1;
    default:
      if (is_of_image) return true;
      return use.is_x_half && !use.is_y_half && IsPoint(c) && is_dense && c.inputs % kLanes == 0 &&
             c.outputs < avx512::kFewestOutputs && c.out_height == c.height && c.out_width == c.width;
  }
}

// Whether the copy of the filter that bfloat16 needs is ours, and quickly made: see filter_layout.h.
bool IsQuicklyCopied(const Convolution& c) { return HasAvx512() && c.inputs % 16 == 0 && c.outputs % 16 == 0; }

}  // namespace

bool UsesBf16(const Convolution& c, const Use& use) {
  if (!IsBf16() || c.depthwise || c.HasPieces()) return false;
  const bool few = Pixels(c) <= kVeryFewPixels;
  // The gradient of an image, of an upstream one that has been rounded already.
  if (c.inputs < 8) return use.direction == kBackwardInput && use.is_y_half && !few && !IsStrided(c);
  if (use.direction == kBackwardFilter) return use.is_x_half && use.is_y_half && !few;
  // Logits may be of less classes.
  const bool stored = use.direction == kForward ? use.is_x_half : use.is_x_half || use.is_y_half;
  return (c.outputs >= 8 || stored) && (use.kept || !few || IsQuicklyCopied(c));
}

Way WayOf(const Convolution& c, const Use& use) {
  constexpr auto kAvx512 = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
  static const bool has_avx512 = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & kAvx512) == kAvx512;
  if (c.depthwise) return Way::kPlain;
  if (IsFew(c, use)) return Way::kFew;
  if (IsDefective(c, use.direction)) return c.HasPieces() ? Way::kPieces : Way::kProduct;
  // The flipped filter is not worth a copy for one call.
  if (UsesBf16(c, use)) return use.kept || use.direction == kForward ? WayForKeptBf16(c, use.direction) : Way::kPlain;
  return has_avx512 ? WayForAvx512(c, use.direction, use.kept) : WayForAvx2(c, use.direction);
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
