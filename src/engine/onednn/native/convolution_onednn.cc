#ifndef MEDROBUST_NO_ONEDNN

#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "convolution.h"
#include "convolution_gemm.h"
#include "convolution_pieces.h"
#include "convolution_way.h"
#include "floats.h"
#include "half/few_channels.h"
#include "kept_filters.h"
#include "parallel.h"
#include "primitive.h"

namespace medrobust {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;
constexpr auto kBf16 = memory::data_type::bf16;
constexpr auto kDirect = dnnl::algorithm::convolution_direct;

// The types in which oneDNN takes the operands, and those of our arrays, where they are other ones: it then copies them.
// Our filters are float32 always.
struct Types {
  memory::data_type x = kFloat, w = kFloat, y = kFloat, our_x = kFloat, our_y = kFloat;
};

constexpr memory::data_type TypeOf(bool is_half) { return is_half ? kBf16 : kFloat; }

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
    x = {{input, types.our_x, Tag::nhwc}, {input, types.x, best}};
    y = {{output, types.our_y, Tag::nhwc}, {output, types.y, best}};
    w = {{filter, kFloat, c.depthwise ? Tag::hwigo : Tag::hwio}, {filter, types.w, Tag::any}};
    bias = {{c.outputs}, kFloat, Tag::x};
    if (c.IsVolume()) DescribeVolume(c, channels_last, types);
    if (c.groups > 1) DescribeGroups(c);
  }

  void DescribeVolume(const Convolution& c, bool channels_last, const Types& types) {
    strides.insert(strides.begin(), c.stride_depth);
    dilations.insert(dilations.begin(), c.dilation_depth - 1);
    before.insert(before.begin(), c.pad_front);
    after.insert(after.begin(),
                 Behind(c.depth, c.out_depth, c.stride_depth, c.dilation_depth, c.filter_depth, c.pad_front));
    const memory::dims input{c.batch, c.inputs, c.depth, c.height, c.width};
    const memory::dims output{c.batch, c.outputs, c.out_depth, c.out_height, c.out_width};
    const memory::dims filter{c.outputs, c.inputs, c.filter_depth, c.filter_height, c.filter_width};
    const Tag best = channels_last ? Tag::ndhwc : Tag::any;
    x = {{input, types.our_x, Tag::ndhwc}, {input, kFloat, best}};
    y = {{output, types.our_y, Tag::ndhwc}, {output, kFloat, best}};
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

dnnl::convolution_backward_weights::primitive_desc DescribeBackwardFilter(const Problem& p, const Problem& forward) {
  const auto hint = DescribeForward(forward, false, false);
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(),    kDirect,  p.x.best, p.w.best, p.y.best, p.strides,
          p.dilations, p.before, p.after,  hint,     Attributes(false)};
#else
  const dnnl::convolution_backward_weights::desc operation(kDirect, p.x.best, p.w.best, p.y.best, p.strides,
                                                           p.dilations, p.before, p.after);
  return {operation, Attributes(false), Engine(), hint};
#endif
}

PrimitiveKey KeyOf(const Convolution& c, const Use& use, bool bias = false, bool relu = false) {
  PrimitiveKey key(&c, sizeof c);
  // oneDNN compiles for a number of threads, and worker threads that share this addon may have chosen another.
  const int32_t variant[] = {use.direction, use.kept,      bias,          relu,
                             ThreadCount(), UsesBf16(c, use), use.is_x_half, use.is_y_half};
  key.Append(variant, sizeof variant);
  return key;
}

// The kept copy of a filter as the primitive wants it; null where none is kept, or none needed.
void* CopyOf(const Filter& filter, Primitive& primitive, Taps taps, const std::function<const float*()>& values) {
  const memory::desc* layout = primitive.CopiedFilter();
  if (!filter.IsKept() || !layout) return nullptr;
  return KeptFilter(filter.number(), taps, *layout, [&](void* copy) { primitive.CopyFilter(values(), copy); });
}

// The gradient of the input of a convolution without strides is a convolution of dy: with the taps of the filter in
// reverse order, and its inputs and outputs exchanged. oneDNN's forward convolutions are its fastest.
void FlippedBackwardInput(const Convolution& c, const Use& use, Source dy, const Filter& filter, Target dx) {
  Convolution f = c;
  std::swap(f.inputs, f.outputs);
  std::swap(f.height, f.out_height);
  std::swap(f.width, f.out_width);
  f.pad_top = (c.filter_height - 1) * c.dilation_height - c.pad_top;
  f.pad_left = (c.filter_width - 1) * c.dilation_width - c.pad_left;
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, use), [&](Primitive* made) {
    const auto type = TypeOf(UsesBf16(c, use));
    const auto ours = TypeOf(dx.is_half);
    Problem p(f, true, {type, type, type == kBf16 ? ours : kFloat, TypeOf(dy.is_half), ours});
    const int64_t channels = int64_t{c.inputs} * c.outputs;
    p.w.plain = memory::desc({f.outputs, f.inputs, f.filter_height, f.filter_width}, kFloat,
                             {f.inputs, 1, f.filter_width * channels, channels});
    const auto description = DescribeForward(p, false, false);
    made->Build(dnnl::convolution_forward(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_SRC, p.x.plain, description.src_desc());
    made->AddFilter(p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DST, p.y.plain, description.dst_desc());
  });
  std::unique_ptr<float[]> flipped;
  const auto flip = [&](const float* values) {
    const int64_t taps = int64_t{c.filter_height} * c.filter_width, channels = int64_t{c.inputs} * c.outputs;
    flipped.reset(new float[taps * channels]);
    for (int64_t tap = 0; tap < taps; tap++) {
      std::memcpy(flipped.get() + tap * channels, values + (taps - 1 - tap) * channels,
                  channels * sizeof(float));
    }
    return flipped.get();
  };
  void* copy = CopyOf(filter, primitive, Taps::kFlipped, [&] { return flip(filter.ToCopy()); });
  const void* operands[] = {dy.data, copy ? nullptr : flip(filter.Read()), dx.data};
  primitive.Run(operands, copy);
}

// By an algorithm of ours, which computes in float.
void PlainForward(const Convolution& c, Way way, Source x, const float* filter, const float* bias, bool relu, Target y) {
  const FloatSource from(x, c.InputSize());
  const FloatTarget to(y, c.OutputSize());
  if (way == Way::kPieces) {
    PiecesForward(c, from.data(), filter, bias, relu, to.data());
  } else {
    GemmForward(c, from.data(), filter, to.data());
    AddBias(c, bias, relu, to.data());
  }
  to.Finish();
}

}  // namespace

void ConvolutionForward(const Convolution& c, Source x, const Filter& filter, const float* bias, bool relu, Target y) {
  const Use use{kForward, filter.IsKept(), x.is_half, y.is_half};
  const Way way = WayOf(c, use);
  if (way == Way::kPieces || way == Way::kProduct) return PlainForward(c, way, x, filter.Read(), bias, relu, y);
#ifdef MEDROBUST_WITH_AVX2
  if (way == Way::kFew) {
    return avx512::FewForward(c, static_cast<const float*>(x.data), filter.Read(), bias, relu, static_cast<Half*>(y.data));
  }
#endif
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, use, bias != nullptr, relu), [&](Primitive* made) {
    const auto type = TypeOf(UsesBf16(c, use));
    const auto ours = TypeOf(y.is_half);
    const Problem p(c, way == Way::kPlain, {type, type, type == kBf16 ? ours : kFloat, TypeOf(x.is_half), ours});
    const auto description = DescribeForward(p, bias != nullptr, relu);
    made->Build(dnnl::convolution_forward(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_SRC, p.x.plain, description.src_desc());
    made->AddFilter(p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DST, p.y.plain, description.dst_desc());
    if (bias) made->AddInput(DNNL_ARG_BIAS, p.bias, p.bias);
  });
  void* copy = CopyOf(filter, primitive, Taps::kStraight, [&] { return filter.ToCopy(); });
  const void* operands[] = {x.data, copy ? nullptr : filter.Read(), y.data, bias};
  primitive.Run(operands, copy);
}

namespace {

void PlainBackwardInput(const Convolution& c, Way way, Source dy, const float* filter, Target dx) {
  const FloatSource from(dy, c.OutputSize());
  const FloatTarget to(dx, c.InputSize());
  (way == Way::kPieces ? PiecesBackwardInput : GemmBackwardInput)(c, from.data(), filter, to.data());
  to.Finish();
}

}  // namespace

void ConvolutionBackwardInput(const Convolution& c, Source dy, const Filter& filter, Target dx) {
  const Use use{kBackwardInput, filter.IsKept(), dx.is_half, dy.is_half};
  const Way way = WayOf(c, use);
  if (way == Way::kPieces || way == Way::kProduct) return PlainBackwardInput(c, way, dy, filter.Read(), dx);
  if (way == Way::kFlipped) return FlippedBackwardInput(c, use, dy, filter, dx);
#ifdef MEDROBUST_WITH_AVX2
  if (way == Way::kFew) {
    return avx512::FewBackwardInput(c, static_cast<const Half*>(dy.data), filter.Read(), static_cast<float*>(dx.data));
  }
#endif
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, use), [&](Primitive* made) {
    const auto type = TypeOf(UsesBf16(c, use));
    const auto ours = TypeOf(dx.is_half);
    const Problem p(c, way == Way::kPlain,
                    {type == kBf16 ? ours : kFloat, type, type, ours, TypeOf(dy.is_half)});
    const Problem forward(c, way == Way::kPlain, {type, type, type});
    const auto description = DescribeBackwardInput(p, forward);
    made->Build(dnnl::convolution_backward_data(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_DIFF_DST, p.y.plain, description.diff_dst_desc());
    made->AddFilter(p.w.plain, description.weights_desc());
    made->AddOutput(DNNL_ARG_DIFF_SRC, p.x.plain, description.diff_src_desc());
  });
  void* copy = CopyOf(filter, primitive, Taps::kStraight, [&] { return filter.ToCopy(); });
  const void* operands[] = {dy.data, copy ? nullptr : filter.Read(), dx.data};
  primitive.Run(operands, copy);
}

void ConvolutionBackwardFilter(const Convolution& c, Source x, Source dy, float* dfilter) {
  const Use use{kBackwardFilter, false, x.is_half, dy.is_half};
  const Way way = WayOf(c, use);
#ifdef MEDROBUST_WITH_AVX2
  if (way == Way::kFew && x.is_half) {
    return avx512::FewOutputsBackwardFilter(c, static_cast<const Half*>(x.data), static_cast<const float*>(dy.data), dfilter);
  }
  if (way == Way::kFew) {
    return avx512::FewBackwardFilter(c, static_cast<const float*>(x.data), static_cast<const Half*>(dy.data), dfilter);
  }
#endif
  if (way == Way::kPieces || way == Way::kProduct) {
    const FloatSource images(x, c.InputSize()), upstream(dy, c.OutputSize());
    (way == Way::kPieces ? PiecesBackwardFilter : GemmBackwardFilter)(c, images.data(), upstream.data(), dfilter);
    return;
  }
  const PrimitiveLock lock;
  Primitive& primitive = Cached(KeyOf(c, use), [&](Primitive* made) {
    const auto type = TypeOf(UsesBf16(c, use));
    const Types ours{type, kFloat, type, TypeOf(x.is_half), TypeOf(dy.is_half)};
    const Problem p(c, way == Way::kPlain, ours);
    Types forward = ours;
    forward.w = type;
    const auto description = DescribeBackwardFilter(p, Problem(c, way == Way::kPlain, forward));
    made->Build(dnnl::convolution_backward_weights(description), description.scratchpad_desc());
    made->AddInput(DNNL_ARG_SRC, p.x.plain, description.src_desc());
    made->AddInput(DNNL_ARG_DIFF_DST, p.y.plain, description.diff_dst_desc());
    made->AddOutput(DNNL_ARG_DIFF_WEIGHTS, p.w.plain, description.diff_weights_desc());
  });
  const void* operands[] = {x.data, dy.data, dfilter};
  primitive.Run(operands);
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
