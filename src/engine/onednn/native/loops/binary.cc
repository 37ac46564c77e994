// Functions of two elements, with broadcasting: (a, b, out, shapes), where shapes is [rank, out…, a…, b…], all of the
// same rank, and a length of a or b is that of out, or 1. Of those that `MEDROBUST_REAL_BINARY` makes, out may be
// bfloat16, and then so may a and b.

#include <cmath>

#include "half.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

constexpr int kMostAxes = 8;

// Axes that are broadcast alike are joined; the last axis is number 0.
struct Broadcast {
  int rank = 0;
  int64_t length[kMostAxes];
  int64_t a_stride[kMostAxes], b_stride[kMostAxes];
  int64_t size = 1, a_size = 1, b_size = 1;
};

Broadcast BroadcastOf(const Call& call, int index) {
  const int32_t rank = call.Integers(index, 1)[0];
  if (rank < 0 || rank > kMostAxes) Refuse("rank %d", rank);
  const int32_t* out = call.Integers(index, 1 + 3 * rank) + 1;
  const int32_t *a = out + rank, *b = a + rank;
  Broadcast s;
  s.size = SizeOf(out, rank);
  bool a_before = false, b_before = false;
  for (int axis = rank - 1; axis >= 0; axis--) {
    if ((a[axis] != out[axis] && a[axis] != 1) || (b[axis] != out[axis] && b[axis] != 1)) {
      Refuse("axis %d: lengths %d and %d do not give %d", axis, a[axis], b[axis], out[axis]);
    }
    if (out[axis] == 1) continue;
    const bool a_full = a[axis] != 1, b_full = b[axis] != 1;
    if (s.rank > 0 && a_full == a_before && b_full == b_before) {
      s.length[s.rank - 1] *= out[axis];
    } else {
      s.length[s.rank] = out[axis];
      s.a_stride[s.rank] = a_full ? s.a_size : 0;
      s.b_stride[s.rank] = b_full ? s.b_size : 0;
      s.rank++;
    }
    s.a_size *= a[axis];
    s.b_size *= b[axis];
    a_before = a_full;
    b_before = b_full;
  }
  if (s.rank == 0) {
    s.rank = 1;
    s.length[0] = s.size;
    s.a_stride[0] = s.b_stride[0] = 0;
  }
  return s;
}

template <typename A, typename B, typename Out, typename Function>
inline void Row(const A* a, int64_t a_step, const B* b, int64_t b_step, Out* out, int64_t n, Function function) {
  if (a_step && b_step) {
    for (int64_t i = 0; i < n; i++) Store(function(Load(a[i]), Load(b[i])), out + i);
  } else if (a_step) {
    const auto y = Load(*b);
    for (int64_t i = 0; i < n; i++) Store(function(Load(a[i]), y), out + i);
  } else if (b_step) {
    const auto x = Load(*a);
    for (int64_t i = 0; i < n; i++) Store(function(x, Load(b[i])), out + i);
  } else {
    const auto value = function(Load(*a), Load(*b));
    for (int64_t i = 0; i < n; i++) Store(value, out + i);
  }
}

// Rows of this many elements at most are combined with a vector several at a time.
constexpr int64_t kShortRow = 128;

// `vector` is combined with every row of a, for the elements [begin, end).
template <typename A, typename B, typename Out, typename Function>
inline void ShortRows(const A* a, const B* vector, int64_t length, Out* out, int64_t begin, int64_t end, Function function) {
  B tile[2 * kShortRow];
  const int64_t rows = 2 * kShortRow / length;
  for (int64_t i = 0; i < rows * length; i++) tile[i] = vector[i % length];
  for (int64_t i = begin; i < end;) {
    const int64_t at = i % length, most = at > 0 ? length - at : rows * length;
    const int64_t run = most < end - i ? most : end - i;
    Row(a + i, 1, tile + at, 1, out + i, run, function);
    i += run;
  }
}

template <typename A, typename B, typename Out, typename Function>
void Combine(const Call& call, Function function) {
  const Broadcast s = BroadcastOf(call, 3);
  const A* a = call.Elements<A>(0, s.a_size);
  const B* b = call.Elements<B>(1, s.b_size);
  Out* out = call.Elements<Out>(2, s.size);
  ParallelFor(s.size, kGrain, [&](int64_t begin, int64_t end) {
    const int64_t inner = s.length[0];
    if (s.rank == 2 && inner <= kShortRow && s.a_stride[0] && s.a_stride[1] && s.b_stride[0] && !s.b_stride[1]) {
      ShortRows(a, b, inner, out, begin, end, function);
      return;
    }
    if (s.rank == 2) {
      int64_t row = begin / inner, at = begin % inner;
      for (int64_t i = begin; i < end; row++, at = 0) {
        const int64_t run = inner - at < end - i ? inner - at : end - i;
        Row(a + at * s.a_stride[0] + row * s.a_stride[1], s.a_stride[0], b + at * s.b_stride[0] + row * s.b_stride[1],
            s.b_stride[0], out + i, run, function);
        i += run;
      }
      return;
    }
    for (int64_t i = begin; i < end;) {
      int64_t rest = i / inner;
      const int64_t at = i - rest * inner;
      const int64_t run = inner - at < end - i ? inner - at : end - i;
      int64_t a_at = at * s.a_stride[0], b_at = at * s.b_stride[0];
      for (int axis = 1; axis < s.rank; axis++) {
        const int64_t next = axis == s.rank - 1 ? 0 : rest / s.length[axis];
        const int64_t position = rest - next * s.length[axis];
        a_at += position * s.a_stride[axis];
        b_at += position * s.b_stride[axis];
        rest = next;
      }
      Row(a + a_at, s.a_stride[0], b + b_at, s.b_stride[0], out + i, run, function);
      i += run;
    }
  });
}

}  // namespace

#define MEDROBUST_BINARY(name, expression)                                                      \
  void name(const Call& call) {                                                                 \
    Combine<float, float, float>(call, [](float a, float b) -> float { return expression; });   \
  }

#define MEDROBUST_REAL_BINARY(name, expression)                           \
  void name(const Call& call) {                                           \
    CombineReals(call, [](float a, float b) -> float { return expression; }); \
  }

namespace {

template <typename Function>
void CombineReals(const Call& call, Function function) {
  if (!call.IsHalf(2)) return Combine<float, float, float>(call, function);
  const bool a = call.IsHalf(0), b = call.IsHalf(1);
  if (a && b) return Combine<Half, Half, Half>(call, function);
  if (a) return Combine<Half, float, Half>(call, function);
  if (b) return Combine<float, Half, Half>(call, function);
  Combine<float, float, Half>(call, function);
}

}  // namespace

MEDROBUST_REAL_BINARY(add, a + b)
MEDROBUST_REAL_BINARY(sub, a - b)
MEDROBUST_REAL_BINARY(multiply, a* b)
MEDROBUST_BINARY(realDiv, a / b)
MEDROBUST_BINARY(maximum, a > b || a != a ? a : b)
MEDROBUST_BINARY(minimum, a < b || a != a ? a : b)
MEDROBUST_BINARY(squaredDifference, (a - b) * (a - b))
// Not a number where the sum is not.
MEDROBUST_REAL_BINARY(addRelu, a + b < 0 ? 0 : a + b)
MEDROBUST_BINARY(prelu, a < 0 ? a * b : a)
// Of dy and y.
MEDROBUST_REAL_BINARY(reluGrad, b > 0 ? a : 0)
MEDROBUST_REAL_BINARY(relu6Grad, b > 0 && b < 6 ? a : 0)
MEDROBUST_REAL_BINARY(eluGrad, b >= 0 ? a : a * (b + 1))

#undef MEDROBUST_BINARY
#undef MEDROBUST_REAL_BINARY

namespace {

// The fifth argument is the type of the elements: 0 float, 1 int32, 2 bool.
template <typename Function>
void Compare(const Call& call, Function function) {
  switch (call.Integer(4)) {
    case 0:
      return Combine<float, float, uint8_t>(call, function);
    case 1:
      return Combine<int32_t, int32_t, uint8_t>(call, function);
    case 2:
      return Combine<uint8_t, uint8_t, uint8_t>(call, function);
    default:
      Refuse("unknown type %d", call.Integer(4));
  }
}

}  // namespace

#define MEDROBUST_COMPARISON(name, expression) \
  void name(const Call& call) {                \
    Compare(call, [](auto a, auto b) -> uint8_t { return expression; }); \
  }

MEDROBUST_COMPARISON(greater, a > b)
MEDROBUST_COMPARISON(greaterEqual, a >= b)
MEDROBUST_COMPARISON(less, a < b)
MEDROBUST_COMPARISON(lessEqual, a <= b)
MEDROBUST_COMPARISON(equal, a == b)
MEDROBUST_COMPARISON(notEqual, a != b)
MEDROBUST_COMPARISON(logicalAnd, (a != 0) & (b != 0))
MEDROBUST_COMPARISON(logicalOr, (a != 0) | (b != 0))

#undef MEDROBUST_COMPARISON

// (condition, t, e, out), all of one size.
void select(const Call& call) {
  const Array<uint8_t> condition = call.All<uint8_t>(0);
  const uint8_t* c = condition.data;
  const float* t = call.Elements<float>(1, condition.size);
  const float* e = call.Elements<float>(2, condition.size);
  float* out = call.Elements<float>(3, condition.size);
  ParallelFor(condition.size, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) out[i] = c[i] ? t[i] : e[i];
  });
}

// (terms, out)
void addN(const Call& call) {
  constexpr int64_t kMostTerms = 64;
  const int64_t count = call.ListLength(0);
  if (count < 1 || count > kMostTerms) Refuse("expected 1 to 64 terms, received %lld", static_cast<long long>(count));
  const Array<float> out = call.All<float>(1);
  const float* terms[kMostTerms];
  for (int64_t t = 0; t < count; t++) terms[t] = call.ListElements<float>(0, t, out.size);
  float* to = out.data;
  ParallelFor(out.size, kGrain, [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 2048;
    for (int64_t start = begin; start < end; start += kBlock) {
      const int64_t stop = start + kBlock < end ? start + kBlock : end;
      for (int64_t i = start; i < stop; i++) to[i] = terms[0][i];
      for (int64_t t = 1; t < count; t++) {
        const float* from = terms[t];
        for (int64_t i = start; i < stop; i++) to[i] += from[i];
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
