// bfloat16 to float and back.

#include "half.h"

namespace medrobust::MEDROBUST_ISA {

void Widen(int64_t count, const Half* from, float* to) {
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) to[i] = Load(from[i]);
  });
}

void Narrow(int64_t count, const float* from, Half* to) {
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) Store(from[i], to + i);
  });
}

// (x, y)
void widen(const Call& call) {
  const Array<Half> x = call.All<Half>(0);
  Widen(x.size, x.data, call.Elements<float>(1, x.size));
}

// (x, y): to the nearest.
void narrow(const Call& call) {
  const Array<float> x = call.All<float>(0);
  Narrow(x.size, x.data, call.Elements<Half>(1, x.size));
}

}  // namespace medrobust::MEDROBUST_ISA
