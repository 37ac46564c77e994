// Arguments of a native function: typed arrays and numbers, each checked before it is used. No kernel reads or
// writes an element that was not counted here.

#pragma once

#include <node_api.h>

#include <cstdint>

namespace medrobust {

// Raises a JavaScript error, by way of an exception that does not leave the addon.
[[noreturn]] void Refuse(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The number of elements of a shape. Refuses negative lengths, and products beyond 2^40.
int64_t SizeOf(const int32_t* lengths, int64_t rank);

// An element of a Uint16Array that holds bfloat16: the upper half of a float. See half.h.
struct Half {
  uint16_t bits;
};

template <typename T>
struct Array {
  T* data;
  int64_t size;
};

class Call {
 public:
  Call(napi_env env, napi_callback_info info);

  // Whether the argument is there, and not null or undefined.
  bool Has(int index) const;

  // A typed array of this very type.
  template <typename T>
  Array<T> All(int index) const {
    int64_t size = 0;
    void* data = Typed(index, TypeOf(T{}), &size);
    return {static_cast<T*>(data), size};
  }

  // The same, of exactly `size` elements.
  template <typename T>
  T* Elements(int index, int64_t size) const {
    const Array<T> array = All<T>(index);
    if (array.size != size) RefuseSize(index, size, array.size);
    return array.data;
  }

  // Whether the argument is a Uint16Array, which holds bfloat16.
  bool IsHalf(int index) const;

  // A typed array of any type, of exactly `size` bytes.
  char* Bytes(int index, int64_t size) const;

  // At least `count` integers: shapes and sizes.
  const int32_t* Integers(int index, int64_t count) const;

  double Number(int index) const;
  int32_t Integer(int index) const;
  bool Boolean(int index) const;

  // The elements of a JavaScript array of typed arrays.
  int64_t ListLength(int index) const;
  Array<char> ListBytes(int index, int64_t item) const;
  template <typename T>
  T* ListElements(int index, int64_t item, int64_t size) const {
    return static_cast<T*>(ListItem(index, item, TypeOf(T{}), size));
  }

 private:
  static napi_typedarray_type TypeOf(float) { return napi_float32_array; }
  static napi_typedarray_type TypeOf(Half) { return napi_uint16_array; }
  static napi_typedarray_type TypeOf(int32_t) { return napi_int32_array; }
  static napi_typedarray_type TypeOf(uint8_t) { return napi_uint8_array; }

  napi_value Argument(int index) const;
  void* Typed(int index, napi_typedarray_type type, int64_t* size) const;
  void* ListItem(int index, int64_t item, napi_typedarray_type type, int64_t size) const;
  [[noreturn]] void RefuseSize(int index, int64_t expected, int64_t received) const;

  static constexpr size_t kMostArguments = 16;
  napi_env env_;
  size_t count_ = kMostArguments;
  napi_value arguments_[kMostArguments];
};

// A native function. What it computes goes into the arrays it is given.
using Kernel = void (*)(const Call& call);

}  // namespace medrobust
