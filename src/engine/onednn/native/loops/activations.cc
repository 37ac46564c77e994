// Activations that tfjs composes of several kernels, and gradients of activations: (x, y), (dy, saved, dx), and
// parameters.

#include "elementary.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

constexpr int64_t kCheap = 2, kExponential = 8;

template <typename Function>
void Map(const Call& call, Function function) {
  const Array<float> x = call.All<float>(0);
  const float* from = x.data;
  float* to = call.Elements<float>(1, x.size);
  ParallelFor(x.size, GrainFor(kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) to[i] = function(from[i]);
  });
}

// `slope(saved)` times dy.
template <typename Function>
void Gradient(const Call& call, int64_t cost, Function slope) {
  const Array<float> upstream = call.All<float>(0);
  const float *dy = upstream.data, *saved = call.Elements<float>(1, upstream.size);
  float* dx = call.Elements<float>(2, upstream.size);
  ParallelFor(upstream.size, GrainFor(cost), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) dx[i] = dy[i] * slope(saved[i]);
  });
}

// Twice the argument of tanh in Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2: x (1 + tanh u) / 2 is
// x sigmoid(2u).
inline float TanhArgument(float x) { return 1.59576912f * (x + 0.044715f * x * x * x); }
inline float TanhArgumentSlope(float x) { return 1.59576912f * (1 + 3 * 0.044715f * x * x); }

}  // namespace

void silu(const Call& call) {
  Map(call, [](float x) { return x * Sigmoid(x); });
}

void gelu(const Call& call) {
  Map(call, [](float x) { return x * NormalCdf(x); });
}

void geluTanh(const Call& call) {
  Map(call, [](float x) { return x * Sigmoid(TanhArgument(x)); });
}

// Of the input.
void siluGrad(const Call& call) {
  Gradient(call, kExponential, [](float x) {
    const float s = Sigmoid(x);
    return s * (1 + x * (1 - s));
  });
}

void geluGrad(const Call& call) {
  Gradient(call, kExponential, [](float x) { return NormalCdf(x) + x * NormalDensity(x); });
}

void geluTanhGrad(const Call& call) {
  Gradient(call, kExponential, [](float x) {
    const float s = Sigmoid(TanhArgument(x));
    return s * (1 + x * (1 - s) * TanhArgumentSlope(x));
  });
}

void softplusGrad(const Call& call) {
  Gradient(call, kExponential, [](float x) { return Sigmoid(x); });
}

// (dy, x, dx, alpha)
void leakyReluGrad(const Call& call) {
  const float alpha = static_cast<float>(call.Number(3));
  Gradient(call, kCheap, [=](float x) { return x > 0 ? 1 : alpha; });
}

// Of the output.
void sigmoidGrad(const Call& call) {
  Gradient(call, kCheap, [](float y) { return y * (1 - y); });
}

void tanhGrad(const Call& call) {
  Gradient(call, kCheap, [](float y) { return 1 - y * y; });
}

}  // namespace medrobust::MEDROBUST_ISA
