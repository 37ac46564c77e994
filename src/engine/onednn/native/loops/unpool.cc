// The reverse of max-pooling: (…, indices, …, [images, elements of a small image, elements of a large one]), where an
// index is a place in a large image, or -1.

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t images, small, large;
  const int32_t* indices;
};

Shape ShapeOf(const Call& call) {
  const int32_t* g = call.Integers(3, 3);
  const int32_t small[] = {g[0], g[1]}, large[] = {g[0], g[2]};
  SizeOf(large, 2);
  const int64_t size = SizeOf(small, 2);
  const Shape s{g[0], g[1], g[2], call.Elements<int32_t>(1, size)};
  for (int64_t i = 0; i < size; i++) {
    if (s.indices[i] < -1 || s.indices[i] >= s.large) {
      Refuse("index %d is not in an image of %d elements", s.indices[i], g[2]);
    }
  }
  return s;
}

}  // namespace

// (x, indices, y, shape): values that meet are added.
void maxUnpool(const Call& call) {
  const Shape s = ShapeOf(call);
  const float* x = call.Elements<float>(0, s.images * s.small);
  float* y = call.Elements<float>(2, s.images * s.large);
  ParallelFor(s.images, GrainFor(s.large), [=](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      float* to = y + image * s.large;
      for (int64_t i = 0; i < s.large; i++) to[i] = 0;
      for (int64_t i = image * s.small; i < (image + 1) * s.small; i++) {
        if (s.indices[i] >= 0) to[s.indices[i]] += x[i];
      }
    }
  });
}

// (dy, indices, dx, shape)
void maxUnpoolGrad(const Call& call) {
  const Shape s = ShapeOf(call);
  const float* dy = call.Elements<float>(0, s.images * s.large);
  float* dx = call.Elements<float>(2, s.images * s.small);
  ParallelFor(s.images, GrainFor(s.small), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin * s.small; i < end * s.small; i++) {
      dx[i] = s.indices[i] >= 0 ? dy[i / s.small * s.large + s.indices[i]] : 0;
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
