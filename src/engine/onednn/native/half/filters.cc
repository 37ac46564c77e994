#include "filters.h"

#include "vectors.h"

namespace medrobust::avx512 {
namespace {

// bfloat16 in the upper halves of sixteen, to the nearest, as Narrow.
inline __m512i Rounded(const float* from) {
  return _mm512_slli_epi32(_mm512_cvtepu16_epi32(Narrow(Load(from))), 16);
}

void PairsOfInputs(const FilterLayout& f, const float* from, Half* to) {
  for (int64_t i = 0; i < f.block_inputs; i += 2) {
    for (int64_t o = 0; o < f.block_outputs; o += kLanes) {
      const __m512i first = _mm512_srli_epi32(Rounded(from + i * f.ours.inputs + o), 16);
      const __m512i second = Rounded(from + (i + 1) * f.ours.inputs + o);
      _mm512_storeu_si512(to + i * f.block_outputs + 2 * o, _mm512_or_si512(first, second));
    }
  }
}

void PairsOfOutputs(const FilterLayout& f, const float* from, Half* to) {
  // Pairs of outputs, to be transposed.
  alignas(64) int32_t pairs[kLanes * kLanes / 2];
  for (int64_t i = 0; i < kLanes; i++) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(pairs + i * kLanes / 2), Narrow(Load(from + i * f.ours.inputs)));
  }
  const __m512i rows = _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                                          _mm512_set1_epi32(kLanes / 2));
  for (int64_t pair = 0; pair < kLanes / 2; pair++) {
    _mm512_storeu_si512(to + pair * 2 * kLanes, _mm512_i32gather_epi32(rows, pairs + pair, 4));
  }
}

}  // namespace

void CopyFilter(const FilterLayout& f, const float* filter, Half* copy) {
  const int64_t blocks = f.outputs / f.block_outputs;
  ParallelFor(f.height * f.width * blocks, GrainFor(f.block_outputs * f.inputs), [=](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t o = task % blocks, column = task / blocks % f.width, row = task / (blocks * f.width);
      const float* from = filter + o * f.block_outputs + row * f.ours.height + column * f.ours.width;
      Half* to = copy + o * f.theirs.outputs + row * f.theirs.height + column * f.theirs.width;
      for (int64_t i = 0; i < f.inputs / f.block_inputs; i++) {
        (f.is_of_gradient ? PairsOfOutputs : PairsOfInputs)(f, from + i * f.block_inputs * f.ours.inputs,
                                                            to + i * f.theirs.inputs);
      }
    }
  });
}

}  // namespace medrobust::avx512
