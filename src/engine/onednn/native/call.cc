#include "call.h"

#include <cstdarg>
#include <cstdio>
#include <stdexcept>

namespace medrobust {

void Refuse(const char* format, ...) {
  char text[256];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  throw std::invalid_argument(text);
}

int64_t SizeOf(const int32_t* lengths, int64_t rank) {
  int64_t size = 1;
  for (int64_t i = 0; i < rank; i++) {
    if (lengths[i] < 0) Refuse("a shape has a negative length, %d", lengths[i]);
    size *= lengths[i];
    if (size > (int64_t{1} << 40)) Refuse("a shape of more than 2^40 elements");
  }
  return size;
}

namespace {

struct View {
  napi_typedarray_type type;
  int64_t length;
  void* data;
};

int64_t BytesOf(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
    case napi_int32_array:
    case napi_uint32_array:
      return 4;
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    default:
      return 8;
  }
}

View ViewOf(napi_env env, napi_value value, int index) {
  View view{};
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &view.type, &length, &view.data, nullptr, nullptr) != napi_ok) {
    Refuse("argument %d: expected a typed array", index);
  }
  view.length = static_cast<int64_t>(length);
  return view;
}

const char* NameOf(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return "Float32Array";
    case napi_int32_array:
      return "Int32Array";
    case napi_uint8_array:
      return "Uint8Array";
    case napi_uint16_array:
      return "Uint16Array";
    default:
      return "typed array of another kind";
  }
}

}  // namespace

Call::Call(napi_env env, napi_callback_info info) : env_(env) {
  if (napi_get_cb_info(env, info, &count_, arguments_, nullptr, nullptr) != napi_ok) {
    Refuse("the arguments could not be read");
  }
  if (count_ > kMostArguments) Refuse("too many arguments");
}

napi_value Call::Argument(int index) const {
  if (index >= static_cast<int>(count_)) Refuse("argument %d is missing", index);
  return arguments_[index];
}

bool Call::Has(int index) const {
  if (index >= static_cast<int>(count_)) return false;
  napi_valuetype type;
  return napi_typeof(env_, arguments_[index], &type) == napi_ok && type != napi_undefined && type != napi_null;
}

void* Call::Typed(int index, napi_typedarray_type type, int64_t* size) const {
  const View view = ViewOf(env_, Argument(index), index);
  if (view.type != type) {
    Refuse("argument %d: expected a %s, received a %s", index, NameOf(type), NameOf(view.type));
  }
  *size = view.length;
  return view.data;
}

bool Call::IsHalf(int index) const { return ViewOf(env_, Argument(index), index).type == napi_uint16_array; }

char* Call::Bytes(int index, int64_t size) const {
  const View view = ViewOf(env_, Argument(index), index);
  const int64_t bytes = view.length * BytesOf(view.type);
  if (bytes != size) RefuseSize(index, size, bytes);
  return static_cast<char*>(view.data);
}

const int32_t* Call::Integers(int index, int64_t count) const {
  const Array<int32_t> array = All<int32_t>(index);
  if (array.size < count) RefuseSize(index, count, array.size);
  return array.data;
}

double Call::Number(int index) const {
  double value;
  if (napi_get_value_double(env_, Argument(index), &value) != napi_ok) {
    Refuse("argument %d: expected a number", index);
  }
  return value;
}

int32_t Call::Integer(int index) const {
  const double value = Number(index);
  if (!(value >= -2147483648.0 && value <= 2147483647.0)) Refuse("argument %d: not a 32-bit integer", index);
  return static_cast<int32_t>(value);
}

bool Call::Boolean(int index) const {
  bool value;
  if (napi_get_value_bool(env_, Argument(index), &value) != napi_ok) {
    Refuse("argument %d: expected a boolean", index);
  }
  return value;
}

int64_t Call::ListLength(int index) const {
  uint32_t length;
  if (napi_get_array_length(env_, Argument(index), &length) != napi_ok) {
    Refuse("argument %d: expected an array", index);
  }
  return length;
}

namespace {

View ItemOf(napi_env env, napi_value list, int index, int64_t item) {
  napi_value value;
  if (napi_get_element(env, list, static_cast<uint32_t>(item), &value) != napi_ok) {
    Refuse("argument %d: item %lld is missing", index, static_cast<long long>(item));
  }
  return ViewOf(env, value, index);
}

}  // namespace

Array<char> Call::ListBytes(int index, int64_t item) const {
  const View view = ItemOf(env_, Argument(index), index, item);
  return {static_cast<char*>(view.data), view.length * BytesOf(view.type)};
}

void* Call::ListItem(int index, int64_t item, napi_typedarray_type type, int64_t size) const {
  const View view = ItemOf(env_, Argument(index), index, item);
  if (view.type != type) Refuse("argument %d: expected %ss", index, NameOf(type));
  if (view.length != size) RefuseSize(index, size, view.length);
  return view.data;
}

void Call::RefuseSize(int index, int64_t expected, int64_t received) const {
  Refuse("argument %d: expected %lld elements, received %lld", index, static_cast<long long>(expected),
         static_cast<long long>(received));
}

}  // namespace medrobust
