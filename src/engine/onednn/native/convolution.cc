#include "convolution.h"

#include <initializer_list>

#include "kernels.h"

namespace medrobust {
namespace {

// Reads and checks a geometry: the members of Convolution, in order.
Convolution GeometryOf(const Call& call, int index) {
  constexpr int kMembers = 16;
  const int32_t* g = call.Integers(index, kMembers);
  const Convolution c{g[0], g[1], g[2],  g[3],  g[4],  g[5],  g[6],  g[7],
                      g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]};
  for (int i = 0; i < 13; i++) {
    if (g[i] < 1) Refuse("geometry: member %d is %d, expected at least 1", i, g[i]);
  }
  // oneDNN counts in 32 bits here and there.
  constexpr int32_t kMostPixels = 65535;
  constexpr int64_t kMostElements = 2147483647;
  for (int i = 5; i < 15; i++) {
    if (g[i] < 0 || g[i] > kMostPixels) Refuse("geometry: member %d is %d, expected at most 65535", i, g[i]);
  }
  const int32_t input[] = {c.batch, c.height, c.width, c.inputs};
  const int32_t output[] = {c.batch, c.out_height, c.out_width, c.outputs};
  const int32_t filter[] = {c.filter_height, c.filter_width, c.inputs, c.outputs};
  for (const auto* shape : {input, output, filter}) {
    if (SizeOf(shape, 4) > kMostElements) Refuse("geometry: more than 2^31 elements");
  }
  if (c.depthwise != 0 && c.outputs % c.inputs != 0) Refuse("geometry: outputs are no multiple of inputs");
  return c;
}

Source SourceOf(const Call& call, int index, int64_t size) {
  if (call.IsHalf(index)) return call.Elements<Half>(index, size);
  return call.Elements<float>(index, size);
}

Target TargetOf(const Call& call, int index, int64_t size) {
  if (call.IsHalf(index)) return call.Elements<Half>(index, size);
  return call.Elements<float>(index, size);
}

// Calls `run` with the filter in one argument; in the other, its number, or 0, and room for an answer: whether its values
// were read (1), or needed but not given, so that nothing was computed (2). Else copies did for them (0).
template <typename Run>
void WithFilter(const Call& call, int index, int kept_index, const Convolution& c, const Run& run) {
  int32_t* kept = call.Elements<int32_t>(kept_index, 2);
  const bool given = kept[0] == 0 || call.Has(index);
  const Filter filter(given ? call.Elements<float>(index, c.FilterSize()) : nullptr, kept[0]);
  try {
    run(filter);
    kept[1] = filter.WasRead() ? 1 : 0;
  } catch (const ValuesNeeded&) {
    kept[1] = 2;
  }
}

}  // namespace

void conv2d(const Call& call) {
  const Convolution c = GeometryOf(call, 4);
  const Source x = SourceOf(call, 0, c.InputSize());
  const float* bias = call.Has(2) ? call.Elements<float>(2, c.outputs) : nullptr;
  const Target y = TargetOf(call, 3, c.OutputSize());
  const bool relu = call.Boolean(5);
  WithFilter(call, 1, 6, c, [&](const Filter& filter) { ConvolutionForward(c, x, filter, bias, relu, y); });
}

void conv2dBackpropInput(const Call& call) {
  const Convolution c = GeometryOf(call, 3);
  const Source dy = SourceOf(call, 0, c.OutputSize());
  const Target dx = TargetOf(call, 2, c.InputSize());
  WithFilter(call, 1, 4, c, [&](const Filter& filter) { ConvolutionBackwardInput(c, dy, filter, dx); });
}

void conv2dBackpropFilter(const Call& call) {
  const Convolution c = GeometryOf(call, 3);
  ConvolutionBackwardFilter(c, SourceOf(call, 0, c.InputSize()), SourceOf(call, 1, c.OutputSize()),
                            call.Elements<float>(2, c.FilterSize()));
}

}  // namespace medrobust
