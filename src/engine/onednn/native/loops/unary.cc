// Functions of each element by itself: (x, y) or (x, y, parameters…). They follow JavaScript's rules for NaN.

#include <cmath>

#include "elementary.h"
#include "half.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// x and y are both floats, or both bfloat16.
template <typename Function>
void Map(const Call& call, int64_t cost, Function function) {
  OfType(call, 0, [&](auto element) {
    using T = decltype(element);
    const Array<T> x = call.All<T>(0);
    const T* from = x.data;
    T* to = call.Elements<T>(1, x.size);
    ParallelFor(x.size, GrainFor(cost), [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) Store(function(Load(from[i])), to + i);
    });
  });
}

constexpr int64_t kCheap = 1;
constexpr int64_t kVectorised = 4;
constexpr int64_t kTranscendental = 16;

}  // namespace

#define MEDROBUST_UNARY(name, cost, expression) \
  void name(const Call& call) {                 \
    Map(call, cost, [](float x) -> float { return expression; }); \
  }

MEDROBUST_UNARY(relu, kCheap, x < 0 ? 0 : x)
MEDROBUST_UNARY(relu6, kCheap, x < 0 ? 0 : (x > 6 ? 6 : x))
MEDROBUST_UNARY(elu, kVectorised, x >= 0 ? x : Exp(x) - 1)
MEDROBUST_UNARY(neg, kCheap, -x)
MEDROBUST_UNARY(abs, kCheap, std::fabs(x))
// Of NaN 0, as in tfjs.
MEDROBUST_UNARY(sign, kCheap, x < 0 ? -1.0f : (x > 0 ? 1.0f : 0.0f))
MEDROBUST_UNARY(square, kCheap, x* x)
MEDROBUST_UNARY(sqrt, kCheap, std::sqrt(x))
MEDROBUST_UNARY(rsqrt, kCheap, 1 / std::sqrt(x))
MEDROBUST_UNARY(reciprocal, kCheap, 1 / x)
MEDROBUST_UNARY(exp, kVectorised, Exp(x))
MEDROBUST_UNARY(expm1, kTranscendental, std::expm1(x))
MEDROBUST_UNARY(log, kTranscendental, std::log(x))
MEDROBUST_UNARY(log1p, kTranscendental, std::log1p(x))
MEDROBUST_UNARY(sigmoid, kVectorised, Sigmoid(x))
MEDROBUST_UNARY(softplus, kVectorised, Softplus(x))
MEDROBUST_UNARY(tanh, kVectorised, Tanh(x))
MEDROBUST_UNARY(floor, kCheap, std::floor(x))
MEDROBUST_UNARY(ceil, kCheap, std::ceil(x))
// Halves to the even neighbour, as in tfjs.
MEDROBUST_UNARY(round, kCheap, std::nearbyint(x))

#undef MEDROBUST_UNARY

void leakyRelu(const Call& call) {
  const float alpha = static_cast<float>(call.Number(2));
  Map(call, kCheap, [=](float x) { return x < 0 ? alpha * x : x; });
}

void step(const Call& call) {
  const float alpha = static_cast<float>(call.Number(2));
  Map(call, kCheap, [=](float x) { return x > 0 ? 1.0f : (x != x ? x : alpha); });
}

void clipByValue(const Call& call) {
  const float low = static_cast<float>(call.Number(2)), high = static_cast<float>(call.Number(3));
  Map(call, kCheap, [=](float x) { return x > high ? high : (x < low ? low : x); });
}

void logicalNot(const Call& call) {
  const Array<uint8_t> x = call.All<uint8_t>(0);
  uint8_t* y = call.Elements<uint8_t>(1, x.size);
  for (int64_t i = 0; i < x.size; i++) y[i] = !x.data[i];
}

namespace {

// As JavaScript puts a number into an Int32Array: towards zero, modulo 2^32, NaN to 0.
int32_t ToInteger(float x) {
  if (x > -2147483648.0f && x < 2147483648.0f) return static_cast<int32_t>(x);
  if (!(std::fabs(x) <= 3.4028235e38f)) return 0;
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(std::fmod(std::trunc(x), 4294967296.0f))));
}

template <typename From, typename To, typename Function>
void Convert(const Call& call, Function function) {
  const Array<From> x = call.All<From>(0);
  const From* from = x.data;
  To* to = call.Elements<To>(1, x.size);
  ParallelFor(x.size, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) to[i] = function(from[i]);
  });
}

}  // namespace

// (x, y, conversion): 0 float → int32, 1 float → bool, 2 int32 → float, 3 int32 → bool, 4 bool → float, 5 bool → int32.
void cast(const Call& call) {
  switch (call.Integer(2)) {
    case 0:
      return Convert<float, int32_t>(call, [](float x) { return ToInteger(x); });
    case 1:
      return Convert<float, uint8_t>(call, [](float x) -> uint8_t { return x != 0; });
    case 2:
      return Convert<int32_t, float>(call, [](int32_t x) { return static_cast<float>(x); });
    case 3:
      return Convert<int32_t, uint8_t>(call, [](int32_t x) -> uint8_t { return x != 0; });
    case 4:
      return Convert<uint8_t, float>(call, [](uint8_t x) { return static_cast<float>(x); });
    case 5:
      return Convert<uint8_t, int32_t>(call, [](uint8_t x) { return static_cast<int32_t>(x); });
    default:
      Refuse("unknown conversion %d", call.Integer(2));
  }
}

}  // namespace medrobust::MEDROBUST_ISA
