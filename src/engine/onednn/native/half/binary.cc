// Sums and gradients of relu, of tensors of one shape; or of rows and a vector of floats, such as a bias.

#include "half_kernels.h"
#include "vectors.h"

namespace medrobust::avx512 {
namespace {

constexpr int kMostAxes = 8;

// The size of out if a and b are of its shape, or b, where it may be `short_b`, of that of its last axis; else 0.
int64_t RowsOf(const Call& call, bool short_b, int64_t* last) {
  const int32_t rank = call.Integers(3, 1)[0];
  if (rank < 1 || rank > kMostAxes) return 0;
  const int32_t* out = call.Integers(3, 1 + 3 * rank) + 1;
  const int32_t *a = out + rank, *b = a + rank;
  for (int axis = 0; axis < rank; axis++) {
    if (out[axis] < 1 || a[axis] != out[axis]) return 0;
    if (b[axis] != (short_b && axis < rank - 1 ? 1 : out[axis])) return 0;
  }
  *last = out[rank - 1];
  return SizeOf(out, rank);
}

// Of the elements [0, size): `vector` of sixteen at a time; the rest among zeros.
template <typename Vector>
bool Elementwise(const Call& call, const Vector& vector) {
  if (!call.IsHalf(0) || !call.IsHalf(1) || !call.IsHalf(2)) return false;
  int64_t last;
  const int64_t size = RowsOf(call, false, &last);
  if (size < kLanes) return false;
  const Half *a = call.Elements<Half>(0, size), *b = call.Elements<Half>(1, size);
  Half* out = call.Elements<Half>(2, size);
  ParallelFor(size / kLanes, kGrain / kLanes, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin * kLanes; i < end * kLanes; i += kLanes) {
      StoreBits(vector(LoadBits(a + i), LoadBits(b + i)), out + i);
    }
  });
  const int64_t done = size / kLanes * kLanes;
  const __mmask16 rest = static_cast<__mmask16>((1u << (size - done)) - 1);
  const __m256i tail = vector(_mm256_maskz_loadu_epi16(rest, a + done), _mm256_maskz_loadu_epi16(rest, b + done));
  _mm256_mask_storeu_epi16(out + done, rest, tail);
  return true;
}

bool AddVector(const Call& call) {
  if (!call.IsHalf(0) || call.IsHalf(1) || !call.IsHalf(2)) return false;
  int64_t length;
  const int64_t size = RowsOf(call, true, &length);
  if (size == 0 || length % kLanes != 0) return false;
  const Half* a = call.Elements<Half>(0, size);
  const float* b = call.Elements<float>(1, length);
  Half* out = call.Elements<Half>(2, size);
  ParallelFor(size / length, GrainFor(length), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      for (int64_t c = 0; c < length; c += kLanes) {
        Store(_mm512_add_ps(Load(a + row * length + c), Load(b + c)), out + row * length + c);
      }
    }
  });
  return true;
}

}  // namespace

bool add(const Call& call) {
  return AddVector(call) || Elementwise(call, [](__m256i a, __m256i b) {
           return Narrow(_mm512_add_ps(Widen(a), Widen(b)));
         });
}

bool addRelu(const Call& call) {
  return Elementwise(call, [](__m256i a, __m256i b) {
    const __m512 sum = _mm512_add_ps(Widen(a), Widen(b));
    // Of a NaN and another, the second.
    return Narrow(_mm512_max_ps(_mm512_setzero_ps(), sum));
  });
}

// Of dy and y.
bool reluGrad(const Call& call) {
  return Elementwise(call, [](__m256i a, __m256i b) { return _mm256_maskz_mov_epi16(IsPositive(b), a); });
}

}  // namespace medrobust::avx512
