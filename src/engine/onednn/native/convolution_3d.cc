// Convolutions of volumes, and by filters in groups; an image is a volume of depth 1.

#include <initializer_list>

#include "convolution.h"
#include "kernels.h"

namespace medrobust {
namespace {

// Reads and checks a geometry: [batch, depth, height, width, inputs, outputs, filter depth, height, width, out depth,
// height, width, stride depth, height, width, dilation depth, height, width, padding front, top, left, groups].
Convolution GeometryOf(const Call& call, int index) {
  constexpr int kMembers = 22, kFirstFilter = 6, kFirstPadding = 18, kGroups = 21;
  const int32_t* g = call.Integers(index, kMembers);
  // oneDNN counts in 32 bits here and there.
  constexpr int32_t kMostPixels = 65535;
  constexpr int64_t kMostElements = 2147483647;
  for (int i = 0; i < kMembers; i++) {
    const int32_t least = i >= kFirstPadding && i < kGroups ? 0 : 1;
    const int32_t most = i >= kFirstFilter ? kMostPixels : 2147483647;
    if (g[i] < least || g[i] > most) {
      Refuse("geometry: member %d is %d, expected %d to %d", i, g[i], least, most);
    }
  }
  const int32_t input[] = {g[0], g[1], g[2], g[3], g[4]};
  const int32_t output[] = {g[0], g[9], g[10], g[11], g[5]};
  const int32_t filter[] = {g[6], g[7], g[8], g[4], g[5]};
  for (const auto* shape : {input, output, filter}) {
    if (SizeOf(shape, 5) > kMostElements) Refuse("geometry: more than 2^31 elements");
  }
  if (g[4] % g[kGroups] != 0 || g[5] % g[kGroups] != 0) {
    Refuse("geometry: %d and %d channels in %d groups", g[4], g[5], g[kGroups]);
  }
  Convolution c{g[0],  g[2],  g[3],  g[4],  g[5],  g[7],  g[8], g[10],
                g[11], g[13], g[14], g[16], g[17], g[19], g[20], 0};
  c.depth = g[1];
  c.filter_depth = g[6];
  c.out_depth = g[9];
  c.stride_depth = g[12];
  c.dilation_depth = g[15];
  c.pad_front = g[18];
  c.groups = g[kGroups];
  return c;
}

}  // namespace

// (x, filter, y, geometry)
void conv3d(const Call& call) {
  const Convolution c = GeometryOf(call, 3);
  ConvolutionForward(c, call.Elements<float>(0, c.InputSize()), call.Elements<float>(1, c.FilterSize()), nullptr, false,
                     call.Elements<float>(2, c.OutputSize()));
}

// (dy, filter, dx, geometry)
void conv3dBackpropInput(const Call& call) {
  const Convolution c = GeometryOf(call, 3);
  ConvolutionBackwardInput(c, call.Elements<float>(0, c.OutputSize()), call.Elements<float>(1, c.FilterSize()),
                           call.Elements<float>(2, c.InputSize()));
}

// (x, dy, dfilter, geometry)
void conv3dBackpropFilter(const Call& call) {
  const Convolution c = GeometryOf(call, 3);
  ConvolutionBackwardFilter(c, call.Elements<float>(0, c.InputSize()), call.Elements<float>(1, c.OutputSize()),
                            call.Elements<float>(2, c.FilterSize()));
}

}  // namespace medrobust
