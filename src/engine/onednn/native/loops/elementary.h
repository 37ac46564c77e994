// Elementary functions that the compiler can vectorise, unlike those of the C library: to a few units in the last place.

#pragma once

#include <cmath>
#include <cstring>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// Of −126 <= n <= 127.
inline float PowerOfTwo(int32_t n) {
  const int32_t bits = (n + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return power;
}

// exp(x) = 2^n · exp(r), |r| <= ln 2 / 2, as in Cephes.
inline float Exp(float x) {
  constexpr float kLargest = 88.72283f, kSmallest = -104.0f;
  // Adding this leaves the nearest integer in the lowest bits.
  constexpr float kRounder = 12582912.0f;
  const float clamped = x > kLargest ? kLargest : (x < kSmallest ? kSmallest : x);
  const float shifted = clamped * 1.44269504f + kRounder;
  const float n = shifted - kRounder;
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1;
  // In two steps: neither 2^128 nor 2^-150 is a float by itself.
  int32_t integer;
  std::memcpy(&integer, &shifted, sizeof integer);
  integer -= 0x4b400000;
  const int32_t half = integer / 2;
  const float result = p * PowerOfTwo(half) * PowerOfTwo(integer - half);
  return x > kLargest ? INFINITY : (x < kSmallest ? 0 : (x != x ? x : result));
}

inline float Sigmoid(float x) {
  const float e = Exp(-std::fabs(x));
  return (x < 0 ? e : 1.0f) / (1 + e);
}

inline float Tanh(float x) {
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near = p * z * x + x, far = 1 - 2 / (Exp(2 * std::fabs(x)) + 1);
  return std::fabs(x) < 0.625f ? near : (x < 0 ? -far : far);
}

// log(1 + x) of 0 <= x <= 1: the rounding of 1 + x is undone as by Kahan, and the logarithm is that of Cephes.
inline float Log1pOfUnit(float x) {
  const float u = 1 + x;
  const bool upper = u > 1.41421356f;
  const float r = (upper ? u * 0.5f : u) - 1, z = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  const float log = p * r * z - 0.5f * z + r + (upper ? 0.69314718f : 0.0f);
  return u == 1 ? x : log * (x / (u - 1));
}

inline float Softplus(float x) { return (x > 0 ? x : 0) + Log1pOfUnit(Exp(-std::fabs(x))); }

// The normal distribution, by erfc as in Press et al., Numerical Recipes in C, 2nd edition, section 6.2: to a
// fractional error of 1.2e-7.
inline float NormalCdf(float x) {
  const float z = std::fabs(x) * 0.70710678f, t = 1 / (1 + 0.5f * z);
  float p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  const float tail = 0.5f * t * Exp(p - z * z);
  return x < 0 ? tail : 1 - tail;
}

inline float NormalDensity(float x) { return 0.39894228f * Exp(-0.5f * x * x); }

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
