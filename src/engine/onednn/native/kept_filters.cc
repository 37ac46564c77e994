#include "kept_filters.h"

#include "kernels.h"

#ifndef MEDROBUST_NO_ONEDNN

#include <cstdlib>
#include <list>
#include <memory>
#include <new>
#include <unordered_map>

#include "primitive.h"

namespace medrobust {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

struct Copy {
  Taps taps;
  dnnl::memory::desc layout;
  std::unique_ptr<void, Free> values;
};

struct Filters {
  std::unordered_map<int32_t, std::list<Copy>> copies;
  int32_t last = 0;
};

// Never freed, as oneDNN's own globals.
Filters& TheFilters() {
  static auto* filters = new Filters();
  return *filters;
}

std::unique_ptr<void, Free> Allocate(size_t bytes) {
  constexpr size_t kAlignment = 64;
  std::unique_ptr<void, Free> memory(std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment));
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* KeptFilter(int32_t number, Taps taps, const dnnl::memory::desc& layout, const std::function<void(void*)>& make) {
  const auto found = TheFilters().copies.find(number);
  if (found == TheFilters().copies.end()) Refuse("filter %d is not kept", number);
  std::list<Copy>& copies = found->second;
  for (const Copy& copy : copies) {
    if (copy.taps == taps && copy.layout == layout) return copy.values.get();
  }
  Copy copy{taps, layout, Allocate(layout.get_size())};
  make(copy.values.get());
  copies.push_back(std::move(copy));
  return copies.back().values.get();
}

// (result): the number of a filter whose copies are kept from now on.
void keepFilter(const Call& call) {
  int32_t* result = call.Elements<int32_t>(0, 1);
  const PrimitiveLock lock;
  Filters& filters = TheFilters();
  // More numbers than a process could use; if it did, the first would be free again.
  filters.last = filters.last == INT32_MAX ? 1 : filters.last + 1;
  if (!filters.copies.try_emplace(filters.last).second) Refuse("too many filters are kept");
  result[0] = filters.last;
}

// (number): its copies are freed.
void releaseFilter(const Call& call) {
  const int32_t number = call.Integer(0);
  const PrimitiveLock lock;
  TheFilters().copies.erase(number);
}

}  // namespace medrobust

#else

namespace medrobust {

// Without oneDNN there is no layout but ours: nothing to keep.
void keepFilter(const Call& call) { call.Elements<int32_t>(0, 1)[0] = 0; }
void releaseFilter(const Call& call) { call.Integer(0); }

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
