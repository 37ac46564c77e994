// What kernels that move elements share. They compute nothing, and work on any type of elements, by their bytes.

#pragma once

#include <cstring>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

constexpr int kMostAxes = 8;

// `count` lists of `rank` integers, after the rank itself.
inline const int32_t* ListsOf(const Call& call, int index, int count, int* rank) {
  *rank = call.Integers(index, 1)[0];
  if (*rank < 1 || *rank > kMostAxes) Refuse("rank %d, expected 1 to 8", *rank);
  return call.Integers(index, 1 + count * *rank) + 1;
}

inline int64_t ElementBytes(const Call& call, int index) {
  const int32_t bytes = call.Integer(index);
  if (bytes != 1 && bytes != 2 && bytes != 4) Refuse("elements of %d bytes, expected 1, 2 or 4", bytes);
  return bytes;
}

template <typename T>
void Fill(T* to, int64_t count, T value) {
  for (int64_t i = 0; i < count; i++) to[i] = value;
}

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
