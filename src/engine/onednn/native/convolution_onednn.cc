#ifndef MEDROBUST_NO_ONEDNN

#include "convolution.h"
#include "convolution_gemm.h"
#include "parallel.h"
#include "primitive.h"

namespace medrobust {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;
constexpr auto kDirect = dnnl::algorithm::convolution_direct;

// A convolution in oneDNN's terms. `plain` is how our arrays lie in memory, `best` is what oneDNN may choose.
struct Problem {
  explicit Problem(const Convolution& c, bool channels_last)
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
    x = {{input, kFloat, Tag::nhwc}, {input, kFloat, best}};
    y = {{output, kFloat, Tag::nhwc}, {output, kFloat, best}};
    w = {{filter, kFloat, c.depthwise ? Tag::hwigo : Tag::hwio}, {filter, kFloat, Tag::any}};
    bias = {{c.outputs}, kFloat, Tag::x};
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

dnnl::convolution_backward_data::primitive_desc DescribeBackwardInput(const Problem& p) {
  const auto hint = DescribeForward(p, false, false);
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

PrimitiveKey KeyOf(const Convolution& c, Direction direction, bool bias, bool relu) {
  PrimitiveKey key(&c, sizeof c);
  // oneDNN compiles for a number of threads, and worker threads that share this addon may have chosen another.
  const int32_t variant[] = {direction, bias, relu, ThreadCount()};
  key.Append(variant, sizeof variant);
  return key;
}

// Whether oneDNN shall work on our layout of x and y, or on its blocked one, which costs copies of both. With less
// than eight inputs the gradient of the input is several times slower in ours; otherwise, the faster one differs by
// up to 40 %. Measured with oneDNN 2.6 on AVX2, over the layers of ResNet-18, U-Net and Inception.
bool KeepChannelsLast(const Convolution& c, Direction direction) {
  if (direction == kBackwardInput && c.inputs < 8) return c.depthwise;
  const bool fits_blocks = c.inputs % 8 == 0 && c.outputs % 8 == 0;
  if (c.depthwise || !fits_blocks || c.filter_height * c.filter_width == 1) return true;
  constexpr int32_t kMany = 64;
  if (direction == kForward) return c.inputs < kMany;
  if (direction == kBackwardInput) {
    return c.inputs < kMany || c.outputs < kMany || c.out_height * c.out_width < 16 * 16;
  }
  return false;
}

// Where few pixels meet many channels, oneDNN reorders the filter for little work, and gets the gradient of the filter
// image by image; one matrix product for the whole batch, on the filter as it lies, takes down to half the time. For
// the gradient of the filter that holds up to larger images. Measured as above.
bool IsProduct(const Convolution& c, Direction direction) {
  if (c.depthwise) return false;
  if (c.filter_height * c.filter_width == 1) {
    // Here oneDNN 2.6 (jit_1x1:avx2) now and then gives a wrong gradient: it reads working memory that it never wrote.
    const bool strided = c.stride_height > 1 || c.stride_width > 1;
    return strided && direction == kBackwardFilter && (c.inputs % 8 != 0 || c.outputs % 8 != 0);
  }
  constexpr int32_t kManyInputs = 32, kMediumPixels = 32 * 32;
  const int64_t pixels = int64_t{c.out_height} * c.out_width;
  return pixels <= kFewPixels ||
         (direction == kBackwardFilter && c.inputs >= kManyInputs && pixels <= kMediumPixels);
}

}  // namespace

void ConvolutionForward(const Convolution& c, const float* x, const float* filter, const float* bias, bool relu,
                        float* y) {
  if (IsProduct(c, kForward)) {
    GemmForward(c, x, filter, y);
    AddBias(c, bias, relu, y);
    return;
  }
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kForward, bias != nullptr, relu), [&](Primitive* made) {
    const Problem p(c, KeepChannelsLast(c, kForward));
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
  if (IsProduct(c, kBackwardInput)) return GemmBackwardInput(c, dy, filter, dx);
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kBackwardInput, false, false), [&](Primitive* made) {
    const Problem p(c, KeepChannelsLast(c, kBackwardInput));
    const auto description = DescribeBackwardInput(p);
    made->Build(dnnl::convolution_backward_data(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_DIFF_DST, p.y.plain, description.diff_dst_desc());
    made->AddInput(DNNL_ARG_WEIGHTS, p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DIFF_SRC, p.x.plain, description.diff_src_desc());
  });
  const void* operands[] = {dy, filter, dx};
  primitive.Run(operands);
}

void ConvolutionBackwardFilter(const Convolution& c, const float* x, const float* dy, float* dfilter) {
  if (IsProduct(c, kBackwardFilter)) return GemmBackwardFilter(c, x, dy, dfilter);
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, kBackwardFilter, false, false), [&](Primitive* made) {
    const Problem p(c, KeepChannelsLast(c, kBackwardFilter));
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
