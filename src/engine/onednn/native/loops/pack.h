// Neighbouring channels that are computed alike, in registers: a few vectors of the processor, or one float where fewer
// channels are left.

#pragma once

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "half.h"

// Vectors are arguments of inlined functions only.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace medrobust::MEDROBUST_ISA {
namespace {

#ifdef __AVX__
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float FloatVector __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntegerVector __attribute__((vector_size(kLanes * 4)));
typedef uint32_t BitVector __attribute__((vector_size(kLanes * 4)));
typedef uint16_t HalfVector __attribute__((vector_size(kLanes * 2)));

// `kMany` vectors; `Vector` may be float, too. Loops over them are unrolled, so that arrays of that many stay in registers.
template <typename V, int kMany>
struct Pack {
  using Vector = V;
  using Integers = IntegerVector;
  static constexpr int kCount = kMany, kWidth = kLanes;
};

template <int kMany>
struct Pack<float, kMany> {
  using Vector = float;
  using Integers = int32_t;
  static constexpr int kCount = kMany, kWidth = 1;
};

// Calls `body(pack, channel)` for all channels: for `kMany` vectors at once as long as there are as many, then for one,
// then for single floats. What it computes of a channel may not depend on which.
template <int kMany, typename Body>
inline void EachPack(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + kMany * kLanes <= channels; c += kMany * kLanes) body(Pack<FloatVector, kMany>{}, c);
  for (; c + kLanes <= channels; c += kLanes) body(Pack<FloatVector, 1>{}, c);
  for (; c < channels; c++) body(Pack<float, 1>{}, c);
}

// The elements from here on, of the same type.
template <typename V, typename T>
inline V Get(const T* from) {
  V value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// bfloat16 as floats.
template <typename V>
inline V Get(const Half* from) {
  if constexpr (sizeof(V) == sizeof(float)) {
    return Load(*from);
  } else {
#ifdef __AVX2__
    // GCC 12 takes four instructions for the one that there is.
    const __m256i wide = _mm256_cvtepu16_epi32(Get<__m128i>(&from->bits));
    return reinterpret_cast<V>(reinterpret_cast<BitVector>(wide) << 16);
#else
    return reinterpret_cast<V>(__builtin_convertvector(Get<HalfVector>(&from->bits), BitVector) << 16);
#endif
  }
}

template <typename V, typename T>
inline void Put(const V& value, T* to) {
  std::memcpy(to, &value, sizeof value);
}

inline void Put(float value, Half* to) { Store(value, to); }

// As Store rounds.
inline void Put(FloatVector value, Half* to) {
  const BitVector bits = reinterpret_cast<BitVector>(value), rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const IntegerVector is_nan = reinterpret_cast<IntegerVector>(bits & 0x7fffffff) > 0x7f800000;
  Put(__builtin_convertvector((is_nan ? bits | 0x400000 : rounded) >> 16, HalfVector), &to->bits);
}

// As many of x as V has.
template <typename V, typename X>
inline V All(X x) {
  return V{} + x;
}

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
