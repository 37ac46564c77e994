// Running sums and products, and reductions by them: (x, out, [outer, length, inner]) along the middle axis.

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t outer, length, inner;
};

Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 3);
  SizeOf(g, 3);
  if (g[1] < 1) Refuse("nothing to go along");
  return {g[0], g[1], g[2]};
}

// (x, out, shape, exclusive, reverse): out[j] = start ∘ x[0] ∘ … ∘ x[j], or up to x[j − 1]; from the end, if `reverse`.
template <typename Join>
void Scan(const Call& call, float start, Join join) {
  const Shape s = ShapeOf(call, 2);
  const bool exclusive = call.Boolean(3), reverse = call.Boolean(4);
  const float* x = call.Elements<float>(0, s.outer * s.length * s.inner);
  float* out = call.Elements<float>(1, s.outer * s.length * s.inner);
  ParallelFor(s.outer, GrainFor(s.length * s.inner), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t j = 0; j < s.length; j++) {
        const int64_t step = reverse ? -s.inner : s.inner;
        const int64_t at = (row * s.length + (reverse ? s.length - 1 - j : j)) * s.inner;
        const float *before = out + at - step, *added = x + (exclusive ? at - step : at);
        float* to = out + at;
        if (j == 0) {
          for (int64_t i = 0; i < s.inner; i++) to[i] = exclusive ? start : added[i];
        } else {
          for (int64_t i = 0; i < s.inner; i++) to[i] = join(before[i], added[i]);
        }
      }
    }
  });
}

template <typename T, typename Sum, typename Join>
void Reduce(const Call& call, Sum start, Join join) {
  const Shape s = ShapeOf(call, 2);
  const T* x = call.Elements<T>(0, s.outer * s.length * s.inner);
  T* out = call.Elements<T>(1, s.outer * s.inner);
  ParallelFor(s.outer * s.inner, GrainFor(s.length), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T* from = x + i / s.inner * s.length * s.inner + i % s.inner;
      Sum sum = start;
      for (int64_t j = 0; j < s.length; j++) sum = join(sum, from[j * s.inner]);
      out[i] = static_cast<T>(sum);
    }
  });
}

}  // namespace

void cumsum(const Call& call) {
  Scan(call, 0, [](float a, float b) { return a + b; });
}

void cumprod(const Call& call) {
  Scan(call, 1, [](float a, float b) { return a * b; });
}

void prod(const Call& call) {
  Reduce<float>(call, 1.0, [](double a, float b) { return a * b; });
}

void any(const Call& call) {
  Reduce<uint8_t>(call, 0, [](int a, uint8_t b) { return a | (b != 0); });
}

void all(const Call& call) {
  Reduce<uint8_t>(call, 1, [](int a, uint8_t b) { return a & (b != 0); });
}

}  // namespace medrobust::MEDROBUST_ISA
