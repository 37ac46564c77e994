// Kernels for bfloat16 that take the place of those in loops/ where they can: each returns false, and has done nothing,
// for arguments that it does not take, wrong ones among them.

#pragma once

#include "../call.h"

#define MEDROBUST_HALF_KERNELS(X) \
  X(add) X(addRelu) X(reluGrad) X(batchNormTrain) X(batchNormTrainGrad) X(maxPool) X(avgPool) X(maxPoolGrad) X(avgPoolGrad)

namespace medrobust {

// Whether they were compiled and this machine has what they need.
bool HasAvx512();

namespace avx512 {
#define MEDROBUST_DECLARE(name) bool name(const Call& call);
MEDROBUST_HALF_KERNELS(MEDROBUST_DECLARE)
#undef MEDROBUST_DECLARE
}  // namespace avx512

}  // namespace medrobust
