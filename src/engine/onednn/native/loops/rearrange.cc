// Kernels that put elements in another order, or repeat them: transpose, tile, gather, oneHot.

#include "elements.h"

namespace medrobust::MEDROBUST_ISA {

namespace {

template <typename T>
void Transpose(const T* x, T* out, int rank, const int64_t* length, const int64_t* stride) {
  // `length` and `stride` (in x) are in the order of the output.
  int64_t out_stride[kMostAxes], size = 1;
  for (int i = rank - 1; i >= 0; i--) {
    out_stride[i] = size;
    size *= length[i];
  }
  const int last = rank - 1;
  int dense = last;
  for (int i = 0; i < rank; i++) {
    if (stride[i] == 1) dense = i;
  }
  if (dense == last) {
    const int64_t width = length[last];
    ParallelFor(size / width, GrainFor(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        int64_t from = 0, rest = row;
        for (int i = last - 1; i >= 0; i--) {
          from += rest % length[i] * stride[i];
          rest /= length[i];
        }
        std::memcpy(out + row * width, x + from, width * sizeof(T));
      }
    });
    return;
  }
  // In squares, along the axis that is dense in x and the one that is dense in the output.
  constexpr int64_t kSquare = 16;
  const int64_t across = length[last], down = length[dense];
  const int64_t bands = (down + kSquare - 1) / kSquare, planes = size / (across * down);
  ParallelFor(planes * bands, GrainFor(across * kSquare), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      int64_t rest = task / bands, from = 0, to = 0;
      for (int i = last - 1; i >= 0; i--) {
        if (i == dense) continue;
        const int64_t at = rest % length[i];
        rest /= length[i];
        from += at * stride[i];
        to += at * out_stride[i];
      }
      const int64_t top = task % bands * kSquare, bottom = top + kSquare < down ? top + kSquare : down;
      for (int64_t left = 0; left < across; left += kSquare) {
        const int64_t right = left + kSquare < across ? left + kSquare : across;
        for (int64_t i = top; i < bottom; i++) {
          for (int64_t j = left; j < right; j++) out[to + i * out_stride[dense] + j] = x[from + i + j * stride[last]];
        }
      }
    }
  });
}

}  // namespace

// (x, out, [rank, shape…, permutation…], bytes of an element)
void transpose(const Call& call) {
  int rank;
  const int32_t* shape = ListsOf(call, 2, 2, &rank);
  const int32_t* permutation = shape + rank;
  const int64_t bytes = ElementBytes(call, 3), size = SizeOf(shape, rank);
  const char* x = call.Bytes(0, size * bytes);
  char* out = call.Bytes(1, size * bytes);
  int64_t strides[kMostAxes], above = 1;
  for (int i = rank - 1; i >= 0; i--) {
    strides[i] = above;
    above *= shape[i];
  }
  bool seen[kMostAxes] = {};
  int64_t length[kMostAxes], stride[kMostAxes];
  int joined = 0;
  for (int i = 0; i < rank; i++) {
    const int32_t axis = permutation[i];
    if (axis < 0 || axis >= rank || seen[axis]) Refuse("not a permutation");
    seen[axis] = true;
    if (shape[axis] == 1) continue;
    // Axes that stay side by side are one.
    if (joined > 0 && stride[joined - 1] == strides[axis] * shape[axis]) {
      length[joined - 1] *= shape[axis];
      stride[joined - 1] = strides[axis];
    } else {
      length[joined] = shape[axis];
      stride[joined++] = strides[axis];
    }
  }
  if (size == 0) return;
  if (joined == 0) {
    length[0] = stride[0] = 1;
    joined = 1;
  }
  if (bytes == 4) {
    Transpose(reinterpret_cast<const uint32_t*>(x), reinterpret_cast<uint32_t*>(out), joined, length, stride);
  } else if (bytes == 2) {
    Transpose(reinterpret_cast<const uint16_t*>(x), reinterpret_cast<uint16_t*>(out), joined, length, stride);
  } else {
    Transpose(reinterpret_cast<const uint8_t*>(x), reinterpret_cast<uint8_t*>(out), joined, length, stride);
  }
}

namespace {

template <typename T>
void Tile(const T* x, T* out, int rank, const int32_t* in_length, const int32_t* out_length) {
  // Axes at the end that are not repeated are one run.
  int last = rank - 1;
  int64_t run = 1;
  while (last >= 0 && in_length[last] == out_length[last]) run *= in_length[last--];
  const int64_t repeats = last >= 0 ? out_length[last] / in_length[last] : 1;
  if (last >= 0) run *= in_length[last];
  const int64_t width = run * repeats;
  int64_t rows = 1;
  for (int i = 0; i < last; i++) rows *= out_length[i];
  ParallelFor(rows, GrainFor(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      int64_t from = 0, rest = row, stride = run;
      for (int i = last - 1; i >= 0; i--) {
        from += rest % out_length[i] % in_length[i] * stride;
        rest /= out_length[i];
        stride *= in_length[i];
      }
      T* to = out + row * width;
      if (run == 1) {
        Fill(to, width, x[from]);
        continue;
      }
      for (int64_t repeat = 0; repeat < repeats; repeat++) std::memcpy(to + repeat * run, x + from, run * sizeof(T));
    }
  });
}

}  // namespace

// (x, out, [rank, shape…, shape of out…], bytes of an element): each length of out is a multiple of that of x.
void tile(const Call& call) {
  int rank;
  const int32_t* shape = ListsOf(call, 2, 2, &rank);
  const int32_t* out_shape = shape + rank;
  const int64_t bytes = ElementBytes(call, 3);
  for (int i = 0; i < rank; i++) {
    if (shape[i] < 1 || out_shape[i] < 1 || out_shape[i] % shape[i] != 0) Refuse("axis %d is no multiple", i);
  }
  const char* x = call.Bytes(0, SizeOf(shape, rank) * bytes);
  char* out = call.Bytes(1, SizeOf(out_shape, rank) * bytes);
  if (bytes == 4) {
    Tile(reinterpret_cast<const uint32_t*>(x), reinterpret_cast<uint32_t*>(out), rank, shape, out_shape);
  } else if (bytes == 2) {
    Tile(reinterpret_cast<const uint16_t*>(x), reinterpret_cast<uint16_t*>(out), rank, shape, out_shape);
  } else {
    Tile(reinterpret_cast<const uint8_t*>(x), reinterpret_cast<uint8_t*>(out), rank, shape, out_shape);
  }
}

// (x, indices, out, [rows of x, bytes of a row])
void gather(const Call& call) {
  const int32_t* g = call.Integers(3, 2);
  const Array<int32_t> indices = call.All<int32_t>(1);
  const int64_t rows = g[0], run = g[1];
  if (run < 1) Refuse("rows of %lld bytes", static_cast<long long>(run));
  const char* x = call.Bytes(0, SizeOf(g, 2));
  char* out = call.Bytes(2, indices.size * run);
  for (int64_t i = 0; i < indices.size; i++) {
    if (indices.data[i] < 0 || indices.data[i] >= rows) {
      Refuse("index %d is not in [0, %lld)", indices.data[i], static_cast<long long>(rows));
    }
  }
  ParallelFor(indices.size, GrainFor(run / 4), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) std::memcpy(out + i * run, x + indices.data[i] * run, run);
  });
}

namespace {

template <typename T>
void OneHot(const Call& call, int64_t depth, T on, T off) {
  const Array<int32_t> indices = call.All<int32_t>(0);
  if (depth < 1 || depth > 2147483647 || indices.size > (int64_t{1} << 40) / depth) Refuse("depth out of range");
  T* out = call.Elements<T>(1, indices.size * depth);
  for (int64_t i = 0; i < indices.size; i++) {
    Fill(out + i * depth, depth, off);
    if (indices.data[i] >= 0 && indices.data[i] < depth) out[i * depth + indices.data[i]] = on;
  }
}

}  // namespace

// (indices, out, depth, on, off, type of out: 0 float, 1 int32, 2 bool)
void oneHot(const Call& call) {
  const int64_t depth = call.Integer(2);
  switch (call.Integer(5)) {
    case 0:
      return OneHot(call, depth, static_cast<float>(call.Number(3)), static_cast<float>(call.Number(4)));
    case 1:
      return OneHot(call, depth, call.Integer(3), call.Integer(4));
    case 2:
      return OneHot(call, depth, static_cast<uint8_t>(call.Integer(3)), static_cast<uint8_t>(call.Integer(4)));
    default:
      Refuse("unknown type");
  }
}

}  // namespace medrobust::MEDROBUST_ISA
