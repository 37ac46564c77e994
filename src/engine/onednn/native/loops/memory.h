// Working memory of kernels; the standard containers would emit shared code (see isa.h).

#pragma once

#include <cstdlib>
#include <new>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

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

// `size` floats for each thread of a parallel loop; none where `needed` is false.
struct FloatsOfThreads {
  FloatsOfThreads(bool needed, int64_t size)
      : threads(ThreadCount()),
        each(size),
        memory(needed ? threads * size * static_cast<int64_t>(sizeof(float)) : 1) {}

  // Those of the thread that asks.
  float* Own() const { return static_cast<float*>(memory.data) + ThreadIndex(threads) * each; }

  int threads;
  int64_t each;
  Memory memory;
};

// A gradient of bfloat16 is summed up in floats beside it, one of floats in place.
inline float* InPlace(float* dx) { return dx; }
inline float* InPlace(Half*) { return nullptr; }

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
