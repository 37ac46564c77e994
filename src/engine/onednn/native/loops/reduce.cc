// Reductions: (x, out, [outer, length, inner]) reduces the middle axis. Reductions over several axes are several calls.

#include "half.h"
#include "memory.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t outer, length, inner;
};

Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 3);
  SizeOf(g, 3);
  if (g[1] < 1) Refuse("nothing to reduce");
  return {g[0], g[1], g[2]};
}

constexpr int64_t kLanes = 16;

// A sum in an order that the compiler can vectorise; blocks are added up in double precision.
template <typename T>
double SumOf(const T* x, int64_t n) {
  constexpr int64_t kBlock = 4096;
  double total = 0;
  for (int64_t start = 0; start < n; start += kBlock) {
    const int64_t stop = start + kBlock < n ? start + kBlock : n;
    float lanes[kLanes] = {};
    int64_t i = start;
    for (; i + kLanes <= stop; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += Load(x[i + lane]);
    }
    double sum = 0;
    for (int64_t lane = 0; lane < kLanes; lane++) sum += lanes[lane];
    for (; i < stop; i++) sum += Load(x[i]);
    total += sum;
  }
  return total;
}

// Adds `rows` rows of `inner` elements to `sums`. The number of rows decides the rounding, the threads do not.
template <typename T>
void AddRows(const T* x, int64_t rows, int64_t inner, int64_t stride, double* sums) {
  constexpr int64_t kRows = 32, kWidth = 256;
  for (int64_t left = 0; left < inner; left += kWidth) {
    const int64_t width = inner - left < kWidth ? inner - left : kWidth;
    for (int64_t top = 0; top < rows; top += kRows) {
      const int64_t bottom = top + kRows < rows ? top + kRows : rows;
      float block[kWidth];
      for (int64_t i = 0; i < width; i++) block[i] = 0;
      for (int64_t row = top; row < bottom; row++) {
        const T* from = x + row * stride + left;
        for (int64_t i = 0; i < width; i++) block[i] += Load(from[i]);
      }
      for (int64_t i = 0; i < width; i++) sums[left + i] += block[i];
    }
  }
}

// In how many parts a reduction is done, at most: fixed by the shape, so that results are the same for any number
// of threads.
int64_t PartsOf(int64_t outer, int64_t length, int64_t inner) {
  if (outer >= 16) return 1;
  const int64_t parts = length * inner / (2 * kPartElements);
  const int64_t most = length < 16 ? length : 16;
  return parts < 1 ? 1 : (parts < most ? parts : most);
}

template <typename T>
void Total(const Call& call, bool average) {
  const Shape s = ShapeOf(call, 2);
  const T* x = call.Elements<T>(0, s.outer * s.length * s.inner);
  float* out = call.Elements<float>(1, s.outer * s.inner);
  const double scale = average ? 1.0 / static_cast<double>(s.length) : 1;
  const int64_t parts = PartsOf(s.outer, s.length, s.inner);
  const Memory memory((s.outer * parts * s.inner + 1) * static_cast<int64_t>(sizeof(double)));
  double* sums = static_cast<double*>(memory.data);
  ParallelFor(s.outer * parts, GrainFor(s.length * s.inner / parts), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t row = task / parts, part = task % parts;
      const int64_t from = s.length * part / parts, to = s.length * (part + 1) / parts;
      const T* start = x + (row * s.length + from) * s.inner;
      double* sum = sums + task * s.inner;
      if (s.inner == 1) {
        *sum = SumOf(start, to - from);
      } else {
        AddRows(start, to - from, s.inner, s.inner, sum);
      }
    }
  });
  for (int64_t row = 0; row < s.outer; row++) {
    for (int64_t i = 0; i < s.inner; i++) {
      double sum = 0;
      for (int64_t part = 0; part < parts; part++) sum += sums[(row * parts + part) * s.inner + i];
      out[row * s.inner + i] = static_cast<float>(sum * scale);
    }
  }
}

// `better(candidate, best)`; a NaN wins and stays.
template <typename Better>
void Extreme(const Call& call, Better better) {
  const Shape s = ShapeOf(call, 2);
  const float* x = call.Elements<float>(0, s.outer * s.length * s.inner);
  float* out = call.Elements<float>(1, s.outer * s.inner);
  ParallelFor(s.outer, GrainFor(s.length * s.inner), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * s.length * s.inner;
      float* to = out + row * s.inner;
      for (int64_t i = 0; i < s.inner; i++) to[i] = from[i];
      for (int64_t j = 1; j < s.length; j++) {
        const float* next = from + j * s.inner;
        for (int64_t i = 0; i < s.inner; i++) {
          const float candidate = next[i], best = to[i];
          to[i] = better(candidate, best) || candidate != candidate ? candidate : best;
        }
      }
    }
  });
}

// The first of equal ones; a NaN is never better.
template <typename Better>
void Place(const Call& call, Better better) {
  const Shape s = ShapeOf(call, 2);
  const float* x = call.Elements<float>(0, s.outer * s.length * s.inner);
  int32_t* out = call.Elements<int32_t>(1, s.outer * s.inner);
  ParallelFor(s.outer * s.inner, GrainFor(s.length), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float* from = x + i / s.inner * s.length * s.inner + i % s.inner;
      float best = from[0];
      int32_t place = 0;
      for (int64_t j = 1; j < s.length; j++) {
        const float candidate = from[j * s.inner];
        if (better(candidate, best)) {
          best = candidate;
          place = static_cast<int32_t>(j);
        }
      }
      out[i] = place;
    }
  });
}

}  // namespace

// x may be bfloat16; sums are float.
void sum(const Call& call) {
  OfType(call, 0, [&](auto element) { Total<decltype(element)>(call, false); });
}
void mean(const Call& call) {
  OfType(call, 0, [&](auto element) { Total<decltype(element)>(call, true); });
}

void max(const Call& call) {
  Extreme(call, [](float a, float b) { return a > b; });
}
void min(const Call& call) {
  Extreme(call, [](float a, float b) { return a < b; });
}
void argMax(const Call& call) {
  Place(call, [](float a, float b) { return a > b; });
}
void argMin(const Call& call) {
  Place(call, [](float a, float b) { return a < b; });
}

}  // namespace medrobust::MEDROBUST_ISA
