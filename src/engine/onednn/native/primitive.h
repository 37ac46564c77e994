// oneDNN primitives, compiled once per problem and kept, with the copies between our layouts and theirs.

#pragma once

#ifndef MEDROBUST_NO_ONEDNN

#include <cstdint>
#include <dnnl.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "half/filters.h"

namespace medrobust {

dnnl::engine& Engine();

// Held while primitives are looked up and run: they share working memory, and worker threads share this addon.
class PrimitiveLock {
 public:
  PrimitiveLock();

 private:
  std::lock_guard<std::mutex> guard_;
};

// A compiled operation. Its operands are numbered in the order in which they are added.
class Primitive {
 public:
  void Build(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad);

  // `plain` is the layout of our array, `wanted` that of the primitive; where they differ, the operand is copied
  // before (an input) or after (an output) the primitive runs.
  void AddInput(int argument, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);
  void AddOutput(int argument, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);
  // An input of which a copy may be kept from run to run.
  void AddFilter(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);

  // The layout of the filter in the primitive; null where ours will do.
  const dnnl::memory::desc* CopiedFilter() const;
  void CopyFilter(const float* filter, void* copy);

  // Waits until it is done. With a copy of the filter, the operand in its place is not read.
  void Run(const void* const* operands, void* filter_copy = nullptr);

 private:
  struct Operand {
    int argument;
    bool output;
    bool copied;
    dnnl::memory plain;
    dnnl::memory inner;
    dnnl::reorder reorder;
    size_t offset;
    // How we copy it ourselves, if we do: a filter.
    bool is_ours;
    avx512::FilterLayout layout;
  };

  static void Copy(const Operand& operand);

  void Add(int argument, bool output, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);
  size_t Reserve(size_t bytes);

  static constexpr size_t kNone = SIZE_MAX;
  size_t filter_ = kNone;  // which operand
  dnnl::memory::desc filter_layout_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
  std::vector<Operand> operands_;
  dnnl::memory scratchpad_;
  size_t working_bytes_ = 0;
};

// The bytes that tell one problem from another.
class PrimitiveKey {
 public:
  PrimitiveKey(const void* bytes, size_t count) { Append(bytes, count); }
  void Append(const void* bytes, size_t count) { bytes_.append(static_cast<const char*>(bytes), count); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// The primitive of this problem, made by `make` if it is not among the last kMostPrimitives used.
Primitive& Cached(const PrimitiveKey& key, const std::function<void(Primitive*)>& make);

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
