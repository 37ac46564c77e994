// Kernels on floats and on bfloat16 alike: they load and store elements, and compute in float.

#pragma once

#include <cstring>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

inline float Load(float x) { return x; }
inline int32_t Load(int32_t x) { return x; }
inline uint8_t Load(uint8_t x) { return x; }
inline float Load(Half x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline void Store(float value, float* to) { *to = value; }
inline void Store(uint8_t value, uint8_t* to) { *to = value; }
// To the nearest; of two, to the even one. NaN stays NaN.
inline void Store(float value, Half* to) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
  to->bits = static_cast<uint16_t>((is_nan ? bits | 0x400000 : rounded) >> 16);
}

// The element, or 0: an assignment of either that the compiler can vectorise.
inline float Either(bool taken, float x) { return taken ? x : 0; }
inline Half Either(bool taken, Half x) { return {static_cast<uint16_t>(taken ? x.bits : 0)}; }

// Calls `run` with an element of the type that an argument has: bfloat16, or else float.
template <typename Run>
void OfType(const Call& call, int index, const Run& run) {
  if (call.IsHalf(index)) {
    run(Half{});
  } else {
    run(0.0f);
  }
}

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
