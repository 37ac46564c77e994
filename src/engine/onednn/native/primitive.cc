#ifndef MEDROBUST_NO_ONEDNN

#include "primitive.h"

#include <cstdlib>
#include <list>
#include <new>

#include "filter_layout.h"
#include "signals.h"

namespace medrobust {
namespace {

// A net of 200 convolutions needs 600, at one batch size.
constexpr size_t kMostPrimitives = 2048;

constexpr size_t kAlignment = 64;

// Never freed: oneDNN's own globals may be gone when ours would be destroyed.
dnnl::stream& Stream() {
  static auto* stream = new dnnl::stream(Engine());
  return *stream;
}

// Working memory of the primitive that runs.
char* Workspace(size_t bytes) {
  static char* memory = nullptr;
  static size_t size = 0;
  if (bytes > size) {
    std::free(memory);
    size = (bytes + bytes / 4 + kAlignment - 1) / kAlignment * kAlignment;
    memory = static_cast<char*>(std::aligned_alloc(kAlignment, size));
    if (!memory) {
      size = 0;
      throw std::bad_alloc();
    }
  }
  return memory;
}

using Entry = std::pair<std::string, Primitive>;

struct Cache {
  std::list<Entry> entries;  // last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> places;
};

Cache& TheCache() {
  static auto* cache = new Cache();
  return *cache;
}

}  // namespace

dnnl::engine& Engine() {
  static auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

namespace {

std::mutex& Mutex() {
  static auto* mutex = new std::mutex();
  return *mutex;
}

}  // namespace

PrimitiveLock::PrimitiveLock() : guard_(Mutex()) {}

size_t Primitive::Reserve(size_t bytes) {
  const size_t offset = working_bytes_;
  working_bytes_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return offset;
}

void Primitive::Build(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad) {
  primitive_ = primitive;
  scratchpad_ = dnnl::memory(scratchpad, Engine(), nullptr);
  Reserve(scratchpad.get_size());  // always at the start of the workspace
  arguments_.emplace(DNNL_ARG_SCRATCHPAD, scratchpad_);
}

void Primitive::Add(int argument, bool output, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted) {
  Operand operand{};
  operand.argument = argument;
  operand.output = output;
  operand.copied = plain != wanted;
  operand.plain = dnnl::memory(plain, Engine(), nullptr);
  if (operand.copied) {
    operand.inner = dnnl::memory(wanted, Engine(), nullptr);
    operand.reorder =
        output ? dnnl::reorder(operand.inner, operand.plain) : dnnl::reorder(operand.plain, operand.inner);
    operand.offset = Reserve(wanted.get_size());
  }
  arguments_.emplace(argument, operand.copied ? operand.inner : operand.plain);
  operands_.push_back(operand);
}

void Primitive::AddInput(int argument, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted) {
  Add(argument, false, plain, wanted);
}

void Primitive::AddOutput(int argument, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted) {
  Add(argument, true, plain, wanted);
}

void Primitive::AddFilter(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted) {
  if (plain != wanted) {
    filter_ = operands_.size();
    filter_layout_ = wanted;
  }
  Add(DNNL_ARG_WEIGHTS, false, plain, wanted);
  Operand& operand = operands_.back();
  operand.is_ours = operand.copied && LayoutOfFilter(plain, wanted, &operand.layout);
}

const dnnl::memory::desc* Primitive::CopiedFilter() const { return filter_ == kNone ? nullptr : &filter_layout_; }

// Of an input.
void Primitive::Copy(const Operand& operand) {
#ifdef MEDROBUST_WITH_AVX2
  if (operand.is_ours) {
    avx512::CopyFilter(operand.layout, static_cast<const float*>(operand.plain.get_data_handle()),
                       static_cast<Half*>(operand.inner.get_data_handle()));
    return;
  }
#endif
  dnnl::memory plain = operand.plain, inner = operand.inner;
  operand.reorder.execute(Stream(), plain, inner);
}

void Primitive::CopyFilter(const float* filter, void* copy) {
  Operand& operand = operands_[filter_];
  operand.plain.set_data_handle(const_cast<float*>(filter));
  operand.inner.set_data_handle(copy);
  const SignalsWait wait;
  Copy(operand);
  Stream().wait();
}

void Primitive::Run(const void* const* operands, void* filter_copy) {
  const SignalsWait wait;
  char* workspace = Workspace(working_bytes_);
  dnnl::stream& stream = Stream();
  scratchpad_.set_data_handle(workspace);
  for (size_t i = 0; i < operands_.size(); i++) {
    Operand& operand = operands_[i];
    if (filter_copy && i == filter_) {
      operand.inner.set_data_handle(filter_copy);
      continue;
    }
    operand.plain.set_data_handle(const_cast<void*>(operands[i]));
    if (!operand.copied) continue;
    operand.inner.set_data_handle(workspace + operand.offset);
    if (!operand.output) Copy(operand);
  }
  primitive_.execute(stream, arguments_);
  for (Operand& operand : operands_) {
    if (operand.copied && operand.output) operand.reorder.execute(stream, operand.inner, operand.plain);
  }
  stream.wait();
}

Primitive& Cached(const PrimitiveKey& key, const std::function<void(Primitive*)>& make) {
  Cache& cache = TheCache();
  const auto found = cache.places.find(key.bytes());
  if (found != cache.places.end()) {
    cache.entries.splice(cache.entries.begin(), cache.entries, found->second);
    return cache.entries.front().second;
  }
  Primitive made;
  make(&made);
  cache.entries.emplace_front(key.bytes(), std::move(made));
  cache.places[key.bytes()] = cache.entries.begin();
  if (cache.entries.size() > kMostPrimitives) {
    cache.places.erase(cache.entries.back().first);
    cache.entries.pop_back();
  }
  return cache.entries.front().second;
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
