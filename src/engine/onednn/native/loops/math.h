// Elementary functions that the compiler can vectorise, unlike those of the C library: to about two units in the last
// place, except that results below the smallest normal number are 0.

#pragma once

#include <cmath>
#include <cstring>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// exp(x) = 2^n · exp(r), |r| <= ln 2 / 2, as in Cephes.
inline float Exp(float x) {
  constexpr float kLargest = 88.72283f, kSmallest = -87.33654f;
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
  // Twice half the power: 2^128 alone is no float.
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = static_cast<int32_t>((static_cast<uint32_t>(bits) + 126u) << 23);
  float power;
  std::memcpy(&power, &bits, sizeof power);
  const float result = p * power * 2;
  return x > kLargest ? INFINITY : (x < kSmallest ? 0 : (x != x ? x : result));
}

inline float Sigmoid(float x) {
  const float e = Exp(-std::fabs(x));
  return (x < 0 ? e : 1.0f) / (1 + e);
}

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
