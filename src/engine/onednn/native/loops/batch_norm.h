// What the passes of batch normalisation share. Of [rows, channels], several short rows are taken for one long one, of
// which the last may be shorter: loops over its elements are long, whatever the channels.

#pragma once

#include "half.h"
#include "memory.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t rows, channels;

  int64_t Size() const { return rows * channels; }
  // Elements of a long row.
  int64_t Width() const {
    constexpr int64_t kWidth = 256;
    const int64_t fitting = kWidth / channels, joined = fitting < rows ? fitting : rows;
    return joined > 1 ? joined * channels : channels;
  }
  int64_t LongRows() const { return (Size() + Width() - 1) / Width(); }
};

inline Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 2);
  SizeOf(g, 2);
  if (g[0] < 1 || g[1] < 1) Refuse("an empty batch");
  return {g[0], g[1]};
}

// A number that loops are unrolled by.
template <int kNumber>
struct Constant {
  static constexpr int kCount = kNumber;
};

// Arrays do not overlap, or are the same: loops over a row say so (ivdep), as the compiler gives up on so many otherwise.

// Calls `body(number of rows, first of them, length)` for long rows [begin, end): for `kMany` at once, which lie `Width`
// elements apart, then for one; the last row of all is shorter, perhaps.
template <int kMany, typename Body>
inline void EachRows(const Shape& s, int64_t begin, int64_t end, const Body& body) {
  const int64_t width = s.Width(), full = s.Size() / width < end ? s.Size() / width : end;
  int64_t row = begin;
  for (; row + kMany <= full; row += kMany) body(Constant<kMany>{}, row * width, width);
  for (; row < full; row++) body(Constant<1>{}, row * width, width);
  if (row < end) body(Constant<1>{}, row * width, s.Size() - row * width);
}

// `values` of the channels, behind each other until they are a long row.
inline void Repeat(const Shape& s, const float* values, float* to) {
  for (int64_t start = 0; start < s.Width(); start += s.channels) {
    for (int64_t c = 0; c < s.channels; c++) to[start + c] = values[c];
  }
}

// Two sums in double precision for every channel, over parts of the rows. How many parts is fixed by the shape, so that
// results do not depend on the threads.
struct Sums {
  explicit Sums(const Shape& shape)
      : s(shape),
        parts(PartsOf(s)),
        each(2 * (s.channels * sizeof(double) + s.Width() * sizeof(float))),
        memory(parts * each) {}

  // Calls `gather(first long row, end, sums)` for blocks of them, which are in the first-level cache, to add to two sums
  // for each element of a long row, in single precision; then `join(first long row, end, sums, first, second)`, to add
  // those to what is kept of the channels. At last adds up the parts.
  template <typename Gather, typename Join>
  void Take(int64_t cost, const Gather& gather, const Join& join) const {
    ParallelFor(parts, GrainFor(cost * s.Size() / parts), [&](int64_t begin, int64_t end) {
      constexpr int64_t kBlock = 32;
      const int64_t rows = s.LongRows(), width = s.Width();
      for (int64_t part = begin; part < end; part++) {
        double *first = Of(part), *second = first + s.channels;
        float* sums = reinterpret_cast<float*>(second + s.channels);
        const int64_t last = rows * (part + 1) / parts;
        for (int64_t top = rows * part / parts; top < last; top += kBlock) {
          const int64_t bottom = top + kBlock < last ? top + kBlock : last;
          for (int64_t i = 0; i < 2 * width; i++) sums[i] = 0;
          gather(top, bottom, sums);
          join(top, bottom, sums, first, second);
        }
      }
    });
    for (int64_t part = 1; part < parts; part++) {
      for (int64_t i = 0; i < 2 * s.channels; i++) Of(0)[i] += Of(part)[i];
    }
  }

  double* Of(int64_t part) const { return reinterpret_cast<double*>(static_cast<char*>(memory.data) + part * each); }
  double* First() const { return Of(0); }
  double* Second() const { return First() + s.channels; }

  static int64_t PartsOf(const Shape& s) {
    const int64_t parts = s.Size() / kPartElements, rows = s.LongRows(), most = rows < 16 ? rows : 16;
    return parts < 1 ? 1 : (parts < most ? parts : most);
  }

  Shape s;
  int64_t parts, each;
  Memory memory;
};

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
