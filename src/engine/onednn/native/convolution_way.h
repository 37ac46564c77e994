// Which of the ways to compute a convolution is taken: by fixed rules, so that results repeat.

#pragma once

#ifndef MEDROBUST_NO_ONEDNN

#include "convolution.h"

namespace medrobust {

enum Direction : int32_t { kForward, kBackwardInput, kBackwardFilter };

enum class Way {
  kPlain,    // by oneDNN, on our layout of x and y
  kBlocked,  // by oneDNN, on its own layout, which costs copies of both
  kProduct,  // as a matrix product of ours
  kFlipped,  // the gradient of the input, as a convolution with the flipped filter
  kPieces,   // of volumes and groups: plane by plane and group by group
  kFew,      // of few channels, by loops of ours that read and write bfloat16: see half/few_channels.h
};

// What is known of a convolution besides its geometry.
struct Use {
  Direction direction;
  // Whether copies of the filter are kept, so that its layout costs nothing.
  bool kept;
  // Whether x and y, or their gradients, are stored as bfloat16.
  bool is_x_half, is_y_half;
};

Way WayOf(const Convolution& c, const Use& use);

// Whether bfloat16 is multiplied, if the caller has asked for it: not where few pixels or channels leave nothing to gain,
// nor of images, whose pixels it would round, but in their gradients. In the gradient of the filter, which is what training sums up, only of what
// is stored so already.
bool UsesBf16(const Convolution& c, const Use& use);

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
