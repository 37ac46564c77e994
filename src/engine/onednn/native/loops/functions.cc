// Functions of elements that nets seldom use, after the C library: (x, y), and (a, b, out) of one size. They follow
// JavaScript's rules where those differ.

#include <cmath>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

constexpr int64_t kTranscendental = 16;

template <typename Out, typename Function>
void Map(const Call& call, Function function) {
  const Array<float> x = call.All<float>(0);
  const float* from = x.data;
  Out* to = call.Elements<Out>(1, x.size);
  ParallelFor(x.size, GrainFor(kTranscendental), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) to[i] = function(from[i]);
  });
}

template <typename In, typename Out, typename Function>
void Combine(const Call& call, Function function) {
  const Array<In> first = call.All<In>(0);
  const In *a = first.data, *b = call.Elements<In>(1, first.size);
  Out* out = call.Elements<Out>(2, first.size);
  ParallelFor(first.size, kGrain / 8, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) out[i] = function(a[i], b[i]);
  });
}

// As JavaScript puts a number into an Int32Array: towards zero, modulo 2^32, NaN and infinities to 0.
int32_t ToInteger(double x) {
  if (!(std::fabs(x) <= 1.7976931348623157e308)) return 0;
  if (std::fabs(x) < 9.2e18) return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(x)));
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(std::fmod(x, 4294967296.0))));
}

// Of the sign of b.
double Modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  return (a < 0 && b < 0) || (a >= 0 && b >= 0) ? rest : std::fmod(rest + b, b);
}

// C takes 1 to the power of anything for 1.
double Power(double a, double b) { return std::isfinite(b) || std::fabs(a) != 1 ? std::pow(a, b) : NAN; }

int32_t Wrap(int64_t x) { return static_cast<int32_t>(static_cast<uint32_t>(x)); }

}  // namespace

#define MEDROBUST_FUNCTION(name, Out, expression) \
  void name(const Call& call) {                   \
    Map<Out>(call, [](float x) -> Out { return expression; }); \
  }

MEDROBUST_FUNCTION(erf, float, std::erf(x))
// Klambauer et al. 2017, arXiv:1706.02515, equation 2.
MEDROBUST_FUNCTION(selu, float, x >= 0 ? 1.0507009873554805f * x : 1.7580993408473768f * std::expm1(x))
MEDROBUST_FUNCTION(sin, float, std::sin(x))
MEDROBUST_FUNCTION(cos, float, std::cos(x))
// Near its poles float32 is not enough to round as JavaScript does.
MEDROBUST_FUNCTION(tan, float, std::tan(static_cast<double>(x)))
MEDROBUST_FUNCTION(asin, float, std::asin(x))
MEDROBUST_FUNCTION(acos, float, std::acos(x))
MEDROBUST_FUNCTION(atan, float, std::atan(x))
MEDROBUST_FUNCTION(sinh, float, std::sinh(x))
MEDROBUST_FUNCTION(cosh, float, std::cosh(x))
MEDROBUST_FUNCTION(asinh, float, std::asinh(x))
MEDROBUST_FUNCTION(acosh, float, std::acosh(x))
MEDROBUST_FUNCTION(atanh, float, std::atanh(x))
MEDROBUST_FUNCTION(isNaN, uint8_t, x != x)
MEDROBUST_FUNCTION(isInf, uint8_t, std::fabs(x) == INFINITY)
MEDROBUST_FUNCTION(isFinite, uint8_t, std::fabs(x) < INFINITY)

#undef MEDROBUST_FUNCTION

#define MEDROBUST_COMBINATION(name, In, Out, expression) \
  void name(const Call& call) {                          \
    Combine<In, Out>(call, [](In a, In b) -> Out { return expression; }); \
  }

MEDROBUST_COMBINATION(pow, float, float, static_cast<float>(Power(a, b)))
MEDROBUST_COMBINATION(mod, float, float, static_cast<float>(Modulo(a, b)))
MEDROBUST_COMBINATION(atan2, float, float, std::atan2(a, b))
MEDROBUST_COMBINATION(floorDiv, float, int32_t, ToInteger(std::floor(static_cast<double>(a) / static_cast<double>(b))))
MEDROBUST_COMBINATION(floorDivInt, int32_t, int32_t,
                      ToInteger(std::floor(static_cast<double>(a) / static_cast<double>(b))))
MEDROBUST_COMBINATION(addInt, int32_t, int32_t, Wrap(int64_t{a} + b))
MEDROBUST_COMBINATION(subInt, int32_t, int32_t, Wrap(int64_t{a} - b))
// JavaScript rounds products beyond 2^53 before it takes them modulo 2^32.
MEDROBUST_COMBINATION(multiplyInt, int32_t, int32_t, ToInteger(static_cast<double>(a) * static_cast<double>(b)))
MEDROBUST_COMBINATION(maximumInt, int32_t, int32_t, a > b ? a : b)
MEDROBUST_COMBINATION(minimumInt, int32_t, int32_t, a < b ? a : b)

#undef MEDROBUST_COMBINATION

}  // namespace medrobust::MEDROBUST_ISA
