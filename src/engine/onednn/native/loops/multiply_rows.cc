// The matrix product of machines without oneDNN.

#ifdef MEDROBUST_NO_ONEDNN

#include <cstring>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// Eight floats: one register of AVX2, two of older processors.
typedef float Vector __attribute__((vector_size(32)));

constexpr int64_t kRows = 4, kColumns = 16, kDepth = 256;

inline void Load(const float* from, Vector* vector) { std::memcpy(vector, from, sizeof *vector); }

inline void Store(const Vector* vector, float* to) { std::memcpy(to, vector, sizeof *vector); }

// Adds a block [kRows, kColumns] of the product over `depth` of the inner axis. The sums stay in registers; `panel`
// holds the block's columns of b, row behind row.
void Block(int64_t n, int64_t k, int64_t depth, const float* a, const float* panel, float* c) {
  Vector left[kRows], right[kRows];
#pragma GCC unroll 4
  for (int64_t i = 0; i < kRows; i++) {
    Load(c + i * n, &left[i]);
    Load(c + i * n + 8, &right[i]);
  }
  for (int64_t p = 0; p < depth; p++) {
    Vector first, second;
    Load(panel + p * kColumns, &first);
    Load(panel + p * kColumns + 8, &second);
#pragma GCC unroll 4
    for (int64_t i = 0; i < kRows; i++) {
      left[i] += a[i * k + p] * first;
      right[i] += a[i * k + p] * second;
    }
  }
#pragma GCC unroll 4
  for (int64_t i = 0; i < kRows; i++) {
    Store(&left[i], c + i * n);
    Store(&right[i], c + i * n + 8);
  }
}

void Edge(int64_t rows, int64_t columns, int64_t n, int64_t k, int64_t depth, const float* a, const float* panel,
          float* c) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t p = 0; p < depth; p++) {
      const float factor = a[i * k + p];
      for (int64_t j = 0; j < columns; j++) c[i * n + j] += factor * panel[p * kColumns + j];
    }
  }
}

void Pack(const float* b, int64_t n, int64_t depth, int64_t columns, float* panel) {
  for (int64_t p = 0; p < depth; p++) {
    for (int64_t j = 0; j < kColumns; j++) panel[p * kColumns + j] = j < columns ? b[p * n + j] : 0;
  }
}

}  // namespace

void MultiplyRows(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, bool accumulate) {
  const int64_t bands = (m + kRows - 1) / kRows;
  ParallelFor(bands, GrainFor(n * k / 4), [=](int64_t begin, int64_t end) {
    const int64_t top = begin * kRows, bottom = end * kRows < m ? end * kRows : m;
    float panel[kDepth * kColumns];
    if (!accumulate) {
      for (int64_t i = top * n; i < bottom * n; i++) c[i] = 0;
    }
    for (int64_t start = 0; start < k; start += kDepth) {
      const int64_t depth = k - start < kDepth ? k - start : kDepth;
      for (int64_t column = 0; column < n; column += kColumns) {
        const int64_t columns = n - column < kColumns ? n - column : kColumns;
        Pack(b + start * n + column, n, depth, columns, panel);
        for (int64_t row = top; row < bottom; row += kRows) {
          const int64_t rows = bottom - row < kRows ? bottom - row : kRows;
          const float* left = a + row * k + start;
          float* to = c + row * n + column;
          if (columns == kColumns && rows == kRows) {
            Block(n, k, depth, left, panel, to);
          } else {
            Edge(rows, columns, n, k, depth, left, panel, to);
          }
        }
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA

#endif  // MEDROBUST_NO_ONEDNN
