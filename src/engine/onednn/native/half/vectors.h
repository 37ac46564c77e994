// bfloat16, sixteen elements at a time, on processors with AVX-512: those that multiply bfloat16 have it. Each file in
// this folder is compiled for it, and linked last, see loops/isa.h.

#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns of variables in its own header.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <cstdlib>
#include <new>

#include "../kernels.h"
#include "../parallel.h"

namespace medrobust::avx512 {
namespace {

constexpr int64_t kLanes = 16;

inline __m256i LoadBits(const Half* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }

inline void StoreBits(__m256i bits, Half* to) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bits); }

inline __m512 Widen(__m256i bits) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

inline __m512 Load(const Half* from) { return Widen(LoadBits(from)); }
inline __m512 Load(const float* from) { return _mm512_loadu_ps(from); }

// To the nearest; of two, to the even one. NaN stays NaN: as Store in loops/half.h.
inline __m256i Narrow(__m512 value) {
  const __m512i bits = _mm512_castps_si512(value);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __mmask16 is_nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  const __m512i result = _mm512_mask_or_epi32(rounded, is_nan, bits, _mm512_set1_epi32(0x400000));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(result, 16));
}

inline void Store(__m512 value, Half* to) { StoreBits(Narrow(value), to); }

// Which elements are greater than 0; NaN is not.
inline __mmask16 IsPositive(__m256i bits) {
  const __mmask16 above = _mm256_cmpgt_epi16_mask(bits, _mm256_setzero_si256());
  return _mm256_mask_cmple_epi16_mask(above, bits, _mm256_set1_epi16(0x7f80));
}

// Zeros.
struct Memory {
  explicit Memory(int64_t bytes) : data(std::calloc(static_cast<size_t>(bytes), 1)) {
    if (!data) throw std::bad_alloc();
  }
  ~Memory() { std::free(data); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* data;
};

}  // namespace
}  // namespace medrobust::avx512
