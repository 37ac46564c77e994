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
};

// `kept`: whether copies of the filter are kept, so that its layout costs nothing.
Way WayOf(const Convolution& c, Direction direction, bool kept);

// Whether the operands are rounded to bfloat16, if the caller has asked for it: not where few pixels or channels leave
// nothing to gain. The gradient of the filter is never: oneDNN 2.6 gains little there, and it is what training sums up.
bool UsesBf16(const Convolution& c, Direction direction, bool kept);

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
