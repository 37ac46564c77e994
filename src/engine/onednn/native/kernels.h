// Every function that JavaScript can call, by name: the same names as in binding.ts.

#pragma once

#include "call.h"

// Compiled once; oneDNN chooses its code for the processor by itself.
#define MEDROBUST_SHARED_KERNELS(X) \
  X(setThreads) X(setBf16) X(misalignment) X(keepFilter) X(releaseFilter) X(conv2d) X(conv2dBackpropInput) X(conv2dBackpropFilter) X(matMul) \
  X(conv3d) X(conv3dBackpropInput) X(conv3dBackpropFilter) X(topK)

// Our own loops, in loops/: compiled for any processor, and on x86 once more for AVX2.
#define MEDROBUST_LOOP_KERNELS(X)                                                                              \
  X(relu) X(relu6) X(leakyRelu) X(elu) X(neg) X(abs) X(sign) X(step) X(square) X(sqrt) X(rsqrt) X(reciprocal)  \
  X(exp) X(expm1) X(log) X(log1p) X(sigmoid) X(softplus) X(tanh) X(floor) X(ceil) X(round) X(clipByValue)      \
  X(add) X(sub) X(multiply) X(realDiv) X(maximum) X(minimum) X(squaredDifference) X(prelu) X(addRelu)                   \
  X(reluGrad) X(relu6Grad) X(eluGrad)                                                                          \
  X(greater) X(greaterEqual) X(less) X(lessEqual) X(equal) X(notEqual)                                         \
  X(logicalAnd) X(logicalOr) X(logicalNot) X(select) X(cast) X(addN)                                           \
  X(sum) X(mean) X(max) X(min) X(argMax) X(argMin)                                                             \
  X(batchNormTrain) X(batchNormTrainGrad) X(batchNormInference)                                                \
  X(silu) X(siluGrad) X(gelu) X(geluGrad) X(geluTanh) X(geluTanhGrad)                                          \
  X(leakyReluGrad) X(sigmoidGrad) X(tanhGrad) X(softplusGrad)                                                  \
  X(groupNorm) X(groupNormGrad)                                                                                \
  X(erf) X(selu) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(asinh) X(acosh) X(atanh)       \
  X(isNaN) X(isInf) X(isFinite) X(pow) X(mod) X(atan2) X(floorDiv) X(floorDivInt)                              \
  X(addInt) X(subInt) X(multiplyInt) X(maximumInt) X(minimumInt)                                               \
  X(prod) X(any) X(all) X(cumsum) X(cumprod)                                                                   \
  X(gatherAxes) X(gatherNd) X(scatterNd)                                                                       \
  X(lrn) X(lrnGrad)                                                                                            \
  X(maxPool) X(maxPoolGrad) X(avgPool) X(avgPoolGrad)                                                          \
  X(maxPoolWithArgmax) X(maxUnpool) X(maxUnpoolGrad)                                                           \
  X(widen) X(narrow)                                                                                           \
  X(concat) X(slice) X(pad) X(transpose) X(tile) X(gather) X(oneHot)                                           \
  X(resizeBilinear) X(resizeBilinearGrad) X(resizeNearest) X(resizeNearestGrad)                                \
  X(softmax) X(sparseCrossEntropy) X(sparseCrossEntropyGrad) X(softDice) X(softDiceGrad)                       \
  X(applyAdam) X(applyMomentum) X(applyRmsProp) X(gradientNorm)                                                \
  X(structuralSimilarity)

namespace medrobust {

#define MEDROBUST_DECLARE(name) void name(const Call& call);

MEDROBUST_SHARED_KERNELS(MEDROBUST_DECLARE)

// Whether the loops were compiled for AVX2 and this machine has it.
bool HasAvx2();

#define MEDROBUST_DECLARE_LOOPS                                                                               \
  MEDROBUST_LOOP_KERNELS(MEDROBUST_DECLARE)                                                                   \
  /* c[m, n] = a[m, k] · b[k, n] + (accumulate ? c : 0); only without oneDNN. */                              \
  void MultiplyRows(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, bool accumulate); \
  void Widen(int64_t count, const Half* from, float* to);                                                     \
  void Narrow(int64_t count, const float* from, Half* to);

namespace baseline {
MEDROBUST_DECLARE_LOOPS
}
namespace avx2 {
MEDROBUST_DECLARE_LOOPS
}

#undef MEDROBUST_DECLARE
#undef MEDROBUST_DECLARE_LOOPS

}  // namespace medrobust
