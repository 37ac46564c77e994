#ifndef MEDROBUST_NO_ONEDNN

#include <cstring>
#include <memory>
#include <utility>

#include "convolution.h"
#include "convolution_gemm.h"
#include "convolution_pieces.h"
#include "parallel.h"
#include "precision.h"
#include "primitive.h"

namespace medrobust {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;
constexpr auto kBf16 = memory::data_type::bf16;
constexpr auto kDirect = dnnl::algorithm::convolution_direct;

// The types in which oneDNN takes the operands. Our arrays are float32 always.
struct Types {
  memory::data_type x = kFloat, w = kFloat, y = kFloat;
};

// A convolution in oneDNN's terms. `plain` is how our arrays lie in memory, `best` is what oneDNN may choose.
struct Problem {
  explicit Problem(const Convolution& c, bool channels_last, const Types& types = {})
      : strides{c.stride_height, c.stride_width},
        dilations{c.dilation_height - 1, c.dilation_width - 1},
        before{c.pad_top, c.pad_left},
        after{Behind(c.height, c.out_height, c.stride_height, c.dilation_height, c.filter_height, c.pad_top),
              Behind(c.width, c.out_width, c.stride_width, c.dilation_width, c.filter_width, c.pad_left)} {
    const memory::dims input{c.batch, c.inputs, c.height, c.width};
    const memory::dims output{c.batch, c.outputs, c.out_height, c.out_width};
    memory::dims filter{c.outputs, c.inputs, c.filter_height, c.filter_width};
    if (c.depthwise) filter = {c.inputs, c.outputs / c.inputs, 1, c.filter_height, c.filter_width};
    const Tag best = channels_last ? Tag::nhwc : Tag::any;
    x = {{input, kFloat, Tag::nhwc}, {input, types.x, best}};
    y = {{output, kFloat, Tag::nhwc}, {output, types.y, best}};
    w = {{filter, kFloat, c.depthwise ? Tag::hwigo : Tag::hwio}, {filter, types.w, Tag::any}};
    bias = {{c.outputs}, kFloat, Tag::x};
    if (c.IsVolume()) DescribeVolume(c, channels_last);
    if (c.groups > 1) DescribeGroups(c);
  }

  void DescribeVolume(const Convolution& c, bool channels_last) {
    strides.insert(strides.begin(), c.stride_depth);
    dilations.insert(dilations.begin(), c.dilation_depth - 1);
    before.insert(before.begin(), c.pad_front);
    after.insert(after.begin(),
                 Behind(c.depth, c.out_depth, c.stride_depth, c.dilation_depth, c.filter_depth, c.pad_front));
    const memory::dims input{c.batch, c.inputs, c.depth, c.height, c.width};
    const memory::dims output{c.batch, c.outputs, c.out_depth, c.out_height, c.out_width};
    const memory::dims filter{c.outputs, c.inputs, c.filter_depth, c.filter_height, c.filter_width};
    const Tag best = channels_last ? Tag::ndhwc : Tag::any;
    x = {{input, kFloat, Tag::ndhwc}, {input, kFloat, best}};
    y = {{output, kFloat, Tag::ndhwc}, {output, kFloat, best}};
    w = {{filter, kFloat, Tag::dhwio}, {filter, kFloat, Tag::any}};
  }

  void DescribeGroups(const Convolution& c) {
    memory::dims filter{c.groups, c.outputs / c.groups, c.inputs / c.groups, c.filter_height, c.filter_width};
    if (c.IsVolume()) filter.insert(filter.begin() + 3, c.filter_depth);
    w = {{filter, kFloat, c.IsVolume() ? Tag::dhwigo : Tag::hwigo}, {filter, kFloat, Tag::any}};
  }

  static int64_t Behind(int64_t in, int64_t out, int64_t stride, int64_t dilation, int64_t filter, int64_t ahead) {
    const int64_t needed = (out - 1) * stride + (filter - 1) * dilation + 1 - in - ahead;
    return needed > 0 ? needed : 0;
  }

  struct Layout {
    memory::desc plain, best;
  };
  memory::dims strides, dilations, before, after;
  Layout x, y, w;
  memory::desc bias;
};

dnnl::primitive_attr Attributes(bool relu) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops operations;
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
    operations.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
    attributes.set_post_ops(operations);
  }
  return attributes;
}

// oneDNN 3 took the operation descriptors away: what made them now makes the primitive descriptor.
dnnl::convolution_forward::primitive_desc DescribeForward(const Problem& p, bool bias, bool relu) {
  const auto kind = dnnl::prop_kind::forward_training;
#if DNNL_VERSION_MAJOR >= 3
  if (!bias) {
    return {Engine(),  kind,        kDirect,  p.x.best, p.w.best, p.y.best,
            p.strides, p.dilations, p.before, p.after,  Attributes(relu)};
  }
  return {Engine(),  kind,        kDirect,  p.x.best, p.w.best,         p.bias, p.y.best,
          p.strides, p.dilations, p.before, p.after,  Attributes(relu)};
#else
  using Operation = dnnl::convolution_forward::desc;
  const Operation operation =
      bias ? Operation(kind, kDirect, p.x.best, p.w.best, p.bias, p.y.best, p.strides, p.dilations, p.before, p.after)
           : Operation(kind, kDirect, p.x.best, p.w.best, p.y.best, p.strides, p.dilations, p.before, p.after);
  return {operation, Attributes(relu), Engine()};
#endif
}

dnnl::convolution_backward_data::primitive_desc DescribeBackwardInput(const Problem& p, const Problem& forward) {
  const auto hint = DescribeForward(forward, false, false);
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(),    kDirect,  p.x.best, p.w.best, p.y.best, p.strides,
          p.dilations, p.before, p.after,  hint,     Attributes(false)};
#else
  const dnnl::convolution_backward_data::desc operation(kDirect, p.x.best, p.w.best, p.y.best, p.strides, p.dilations,
                                                        p.before, p.after);
  return {operation, Attributes(false), Engine(), hint};
#endif
}

dnnl::convolution_backward_weights::primitive_desc DescribeBackwardFilter(const Problem& p) {
  const auto hint = DescribeForward(p, false, false);
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(),    kDirect,  p.x.best, p.w.best, p.y.best, p.strides,
          p.dilations, p.before, p.after,  hint,     Attributes(false)};
#else
  const dnnl::convolution_backward_weights::desc operation(kDirect, p.x.best, p.w.best, p.y.best, p.strides,
                                                           p.dilations, p.before, p.after);
  return {operation, Attributes(false), Engine(), hint};
#endif
}

enum Direction : int32_t { kForward, kBackwardInput, kBackwardFilter };

// Whether the operands are rounded to bfloat16, if the caller has asked for it: not where few pixels or channels leave
// nothing to gain. The gradient of the filter is never: oneDNN 2.6 gains little there, and it is what training sums up.
bool UsesBf16(const Convolution& c, Direction direction) {
  constexpr int64_t kVeryFewPixels = 16;
  return IsBf16() && direction != kBackwardFilter && !c.depthwise && !c.HasPieces() && c.inputs >= 8 &&
         c.outputs >= 8 && int64_t{c.out_height} * c.out_width > kVeryFewPixels;
}

PrimitiveKey KeyOf(const Convolution& c, Direction direction, bool bias, bool relu) {
  PrimitiveKey key(&c, sizeof c);
  // oneDNN compiles for a number of threads, and worker threads that share this addon may have chosen another.
  const int32_t variant[] = {direction, bias, relu, ThreadCount(), UsesBf16(c, direction)};
  key.Append(variant, sizeof variant);
  return key;
}

// How a convolution is computed.
enum class Way {
  kPlain,    // by oneDNN, on our layout of x and y
  kBlocked,  // by oneDNN, on its own layout, which costs copies of both
  kProduct,  // as a matrix product of ours
  kFlipped,  // the gradient of the input, as a convolution with the flipped filter
};

bool IsPoint(const Convolution& c) { return c.filter_depth * c.filter_height * c.filter_width == 1; }
bool IsStrided(const Convolution& c) { return c.stride_height > 1 || c.stride_width > 1; }
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

// Measured with oneDNN 2.6 on AVX-512, over the layers of ResNet-18 and -50, U-Net and Inception-v3. Our layout costs
// next to nothing there. Where few pixels meet many channels, oneDNN reorders the filter for little work, and one matrix
// product for the whole batch, on the filter as it lies, takes down to a third of the time; and so does the gradient of
// an input of less than eight channels, the image that is attacked.
Way WayForAvx512(const Convolution& c, Direction direction) {
  constexpr int64_t kVeryFewPixels = 16;
  constexpr int32_t kManyInputs = 256;
  const int64_t pixels = Pixels(c);
  if (c.HasPieces()) return Way::kPlain;
  switch (direction) {
    case kForward:
      return pixels <= kFewPixels ? Way::kProduct : Way::kPlain;
    case kBackwardInput:
      if (c.inputs < 8) return Way::kProduct;
      if (IsPoint(c)) return Way::kPlain;
      if (IsStrided(c)) return pixels <= kFewPixels ? Way::kProduct : Way::kPlain;
      return pixels > kFewPixels && CanFlip(c) ? Way::kFlipped : Way::kPlain;
    default:
      if (pixels <= kVeryFewPixels) return Way::kProduct;
      return !IsPoint(c) && pixels <= kFewPixels && c.inputs >= kManyInputs ? Way::kProduct : Way::kPlain;
  }
}

// Measured as above on AVX2. The faster layout differs by up to 40 %. For the gradient of the filter, which oneDNN gets image by
// image, the matrix product holds up to larger images.
Way WayForAvx2(const Convolution& c, Direction direction) {
  constexpr int32_t kManyInputs = 32, kMediumPixels = 32 * 32, kManyChannels = 64;
  if (!IsPoint(c) && !c.HasPieces()) {
    const int64_t pixels = Pixels(c);
    if (pixels <= kFewPixels) return Way::kProduct;
    if (direction == kBackwardFilter && c.inputs >= kManyInputs && pixels <= kMediumPixels) return Way::kProduct;
  }
  if (direction == kBackwardInput && c.inputs < 8) return c.HasPieces() ? Way::kBlocked : Way::kProduct;
  const bool fits_blocks = c.inputs % 8 == 0 && c.outputs % 8 == 0;
  if (!fits_blocks || IsPoint(c)) return Way::kPlain;
  switch (direction) {
    case kForward:
      return c.inputs < kManyChannels ? Way::kPlain : Way::kBlocked;
    case kBackwardInput:
      return c.inputs < kManyChannels || c.outputs < kManyChannels || Pixels(c) < 16 * 16 ? Way::kPlain : Way::kBlocked;
    default:
      return Way::kBlocked;
  }
}

// Where oneDNN gives a wrong gradient of a 1 × 1 filter whose channels leave a rest: 2.6 (jit_1x1:avx2) now and then that
// of the filter, with strides, as it reads working memory that it never wrote; 3.7 that of the input.
bool IsDefective(const Convolution& c, Direction direction) {
  if (!IsPoint(c)) return false;
#if DNNL_VERSION_MAJOR >= 3
  if (direction == kBackwardInput) return c.inputs % 16 != 0 || c.outputs % 16 != 0;
#endif
  return direction == kBackwardFilter && IsStrided(c) && (c.inputs % 8 != 0 || c.outputs % 8 != 0);
}

Way WayOf(const Convolution& c, Direction direction) {
  constexpr auto kAvx512 = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
  static const bool has_avx512 = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & kAvx512) == kAvx512;
  if (c.depthwise) return Way::kPlain;
  if (!c.HasPieces() && IsDefective(c, direction)) return Way::kProduct;
  if (UsesBf16(c, direction)) return Way::kPlain;
  return has_avx512 ? WayForAvx512(c, direction) : WayForAvx2(c, direction);
}

// The gradient of the input of a convolution without strides is a convolution of dy: with the taps of the filter in
// reverse order, and its inputs and outputs exchanged. oneDNN's forward convolutions are its fastest.
void FlippedBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx) {
  Convolution f = c;
  std::swap(f.inputs, f.outputs);
  std::swap(f.height, f.out_height);
  std::swap(f.width, f.out_width);
  f.pad_top = (c.filter_height - 1) * c.dilation_height - c.pad_top;
  f.pad_left = (c.filter_width - 1) * c.dilation_width - c.pad_left;
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kBackwardInput, false, false), [&](Primitive* made) {
    Problem p(f, true);
    const int64_t channels = int64_t{c.inputs} * c.outputs;
    p.w.plain = memory::desc({f.outputs, f.inputs, f.filter_height, f.filter_width}, kFloat,
                             {f.inputs, 1, f.filter_width * channels, channels});
    const auto description = DescribeForward(p, false, false);
    made->Build(dnnl::convolution_forward(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_SRC, p.x.plain, description.src_desc());
    made->AddInput(DNNL_ARG_WEIGHTS, p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DST, p.y.plain, description.dst_desc());
  });
  const int64_t taps = int64_t{c.filter_height} * c.filter_width, channels = int64_t{c.inputs} * c.outputs;
  const std::unique_ptr<float[]> flipped(new float[taps * channels]);
  for (int64_t tap = 0; tap < taps; tap++) {
    std::memcpy(flipped.get() + tap * channels, filter + (taps - 1 - tap) * channels, channels * sizeof(float));
  }
  const void* operands[] = {dy, flipped.get(), dx};
  primitive.Run(operands);
}

// The same defects, of volumes and groups: one by one, their planes and groups are products.
bool HasDefectivePieces(const Convolution& c, Direction direction) {
  if (!c.HasPieces() || !IsPoint(c)) return false;
#if DNNL_VERSION_MAJOR >= 3
  if (direction == kBackwardInput) return true;
#endif
  return direction == kBackwardFilter && (IsStrided(c) || c.stride_depth > 1);
}

}  // namespace

void ConvolutionForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu,
                        float* y) {
  const Way way = WayOf(c, kForward);
  if (way == Way::kProduct) {
    GemmForward(c, x, filter, y);
    AddBias(c, bias, relu, y);
    return;
  }
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kForward, bias != nullptr, relu), [&](Primitive* made) {
    const bool bf16 = UsesBf16(c, kForward);
    const Problem p(c, way == Way::kPlain, bf16 ? Types{kBf16, kBf16, kFloat} : Types{});
    const auto description = DescribeForward(p, bias != nullptr, relu);
    made->Build(dnnl::convolution_forward(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_SRC, p.x.plain, description.src_desc());
    made->AddInput(DNNL_ARG_WEIGHTS, p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DST, p.y.plain, description.dst_desc());
    if (bias) made->AddInput(DNNL_ARG_BIAS, p.bias, p.bias);
  });
  const void* operands[] = {x, filter, y, bias};
  primitive.Run(operands);
}

void ConvolutionBackwardInput(const Convolution& c, const float* dy, const float* filter, float* dx) {
  if (HasDefectivePieces(c, kBackwardInput)) return PiecesBackwardInput(c, dy, filter, dx);
  const Way way = WayOf(c, kBackwardInput);
  if (way == Way::kProduct) return GemmBackwardInput(c, dy, filter, dx);
  if (way == Way::kFlipped) return FlippedBackwardInput(c, dy, filter, dx);
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kBackwardInput, false, false), [&](Primitive* made) {
    const bool bf16 = UsesBf16(c, kBackwardInput);
    const Problem p(c, way == Way::kPlain, bf16 ? Types{kFloat, kBf16, kBf16} : Types{});
    const Problem forward(c, way == Way::kPlain, bf16 ? Types{kBf16, kBf16, kBf16} : Types{});
    const auto description = DescribeBackwardInput(p, forward);
    made->Build(dnnl::convolution_backward_data(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_DIFF_DST, p.y.plain, description.diff_dst_desc());
    made->AddInput(DNNL_ARG_WEIGHTS, p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DIFF_SRC, p.x.plain, description.diff_src_desc());
  });
  const void* operands[] = {dy, filter, dx};
  primitive.Run(operands);
}

void ConvolutionBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter) {
  if (HasDefectivePieces(c, kBackwardFilter)) return PiecesBackwardFilter(c, x, dy, dfilter);
  const Way way = WayOf(c, kBackwardFilter);
  if (way == Way::kProduct) return GemmBackwardFilter(c, x, dy, dfilter);
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kBackwardFilter, false, false), [&](Primitive* made) {
    const Problem p(c, way == Way::kPlain);
    const auto description = DescribeBackwardFilter(p);
    made->Build(dnnl::convolution_backward_weights(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_SRC, p.x.plain, description.src_desc());
    made->AddInput(DNNL_ARG_DIFF_DST, p.y.plain, description.diff_dst_desc());
    made->AddOutput(DNNL_ARG_DIFF_WEIGHTS, p.w.plain, description.diff_weights_desc());
  });
  const void* operands[] = {x, dy, dfilter};
  primitive.Run(operands);
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
