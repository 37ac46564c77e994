// Kernels that copy blocks: concat, slice, pad.

#include "elements.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// A few channels of one pixel are not worth a call.
inline void CopyRun(char* to, const char* from, int64_t bytes) {
  constexpr int64_t kPiece = 16, kShort = 128;
  if (bytes > kShort || bytes % kPiece != 0) {
    std::memcpy(to, from, bytes);
    return;
  }
  for (int64_t i = 0; i < bytes; i += kPiece) std::memcpy(to + i, from + i, kPiece);
}

}  // namespace

// (arrays, out, [outer, bytes of a block of each array…]): joins the blocks in turn.
void concat(const Call& call) {
  const int64_t count = call.ListLength(0);
  if (count < 1 || count > 65536) Refuse("%lld arrays", static_cast<long long>(count));
  const int32_t* g = call.Integers(2, 1 + count);
  const int64_t outer = g[0];
  int64_t width = 0;
  for (int64_t i = 0; i < count; i++) {
    const int32_t shape[] = {g[0], g[1 + i]};
    if (call.ListBytes(0, i).size != SizeOf(shape, 2)) Refuse("array %lld has another size", static_cast<long long>(i));
    width += g[1 + i];
  }
  char* out = call.Bytes(1, outer * width);
  // Several at a time, so that what lies side by side is written at once.
  constexpr int64_t kTogether = 8;
  const char* from[kTogether];
  int64_t left = 0;
  for (int64_t first = 0; first < count; first += kTogether) {
    const int64_t together = count - first < kTogether ? count - first : kTogether;
    const int32_t* blocks = g + 1 + first;
    int64_t joined = 0;
    for (int64_t i = 0; i < together; i++) {
      from[i] = call.ListBytes(0, first + i).data;
      joined += blocks[i];
    }
    ParallelFor(outer, GrainFor(joined / 4), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        char* to = out + left + row * width;
        for (int64_t i = 0; i < together; i++) {
          CopyRun(to, from[i] + row * blocks[i], blocks[i]);
          to += blocks[i];
        }
      }
    });
    left += joined;
  }
}

// (x, out, [rank, shape…, begin…, size…], bytes of an element)
void slice(const Call& call) {
  int rank;
  const int32_t* shape = ListsOf(call, 2, 3, &rank);
  const int32_t *begin = shape + rank, *size = begin + rank;
  const int64_t bytes = ElementBytes(call, 3);
  const char* x = call.Bytes(0, SizeOf(shape, rank) * bytes);
  char* out = call.Bytes(1, SizeOf(size, rank) * bytes);
  for (int axis = 0; axis < rank; axis++) {
    if (begin[axis] < 0 || size[axis] < 1 || int64_t{begin[axis]} + size[axis] > shape[axis]) {
      Refuse("axis %d: a slice of %d from %d does not fit into %d", axis, size[axis], begin[axis], shape[axis]);
    }
  }
  // The last axes that are taken whole, and the one before them, are one run of bytes.
  int axis = rank - 1;
  int64_t run = size[axis] * bytes, stride = bytes;
  while (axis > 0 && size[axis] == shape[axis]) {
    stride *= shape[axis];
    axis--;
    run = size[axis] * stride;
  }
  // An axis that is taken whole is one with the axis before it.
  int64_t lengths[kMostAxes], strides[kMostAxes], rows = 1, start = begin[axis] * stride;
  int64_t above = stride * shape[axis];
  int joined = 0;
  bool whole = false;
  for (int i = axis - 1; i >= 0; i--) {
    if (whole) {
      lengths[joined - 1] *= size[i];
    } else {
      lengths[joined] = size[i];
      strides[joined++] = above;
    }
    whole = size[i] == shape[i];
    start += begin[i] * above;
    above *= shape[i];
    rows *= size[i];
  }
  ParallelFor(rows, GrainFor(run / 4), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      int64_t from = start, rest = row;
      for (int i = 0; i < joined - 1; i++) {
        from += rest % lengths[i] * strides[i];
        rest /= lengths[i];
      }
      if (joined > 0) from += rest * strides[joined - 1];
      CopyRun(out + row * run, x + from, run);
    }
  });
}

namespace {

template <typename T>
void Pad(const Call& call, const int32_t* lists, int rank, T value) {
  int64_t shape[kMostAxes], before[kMostAxes], after[kMostAxes];
  int32_t padded[kMostAxes];
  for (int i = 0; i < rank; i++) {
    shape[i] = lists[i];
    before[i] = lists[rank + i];
    after[i] = lists[2 * rank + i];
    const int64_t length = shape[i] + before[i] + after[i];
    if (before[i] < 0 || after[i] < 0 || length > 2147483647) Refuse("axis %d: padding out of range", i);
    padded[i] = static_cast<int32_t>(length);
  }
  const int64_t bytes = sizeof(T);
  const T* x = reinterpret_cast<const T*>(call.Bytes(0, SizeOf(lists, rank) * bytes));
  T* out = reinterpret_cast<T*>(call.Bytes(1, SizeOf(padded, rank) * bytes));
  // Axes at the end without padding widen the one before them.
  int last = rank - 1;
  while (last > 0 && before[last] == 0 && after[last] == 0) {
    shape[last - 1] *= shape[last];
    before[last - 1] *= shape[last];
    after[last - 1] *= shape[last];
    last--;
  }
  int64_t rows = 1;
  for (int i = 0; i < last; i++) rows *= shape[i] + before[i] + after[i];
  const int64_t width = shape[last] + before[last] + after[last];
  ParallelFor(rows, GrainFor(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      T* to = out + row * width;
      int64_t rest = row, from = 0, stride = 1;
      bool inside = true;
      for (int i = last - 1; i >= 0; i--) {
        const int64_t length = shape[i] + before[i] + after[i];
        const int64_t at = rest % length - before[i];
        rest /= length;
        inside = inside && at >= 0 && at < shape[i];
        from += at * stride;
        stride *= shape[i];
      }
      if (!inside) {
        Fill(to, width, value);
        continue;
      }
      Fill(to, before[last], value);
      std::memcpy(to + before[last], x + from * shape[last], shape[last] * bytes);
      Fill(to + before[last] + shape[last], after[last], value);
    }
  });
}

}  // namespace

// (x, out, [rank, shape…, before…, after…], bytes of an element, value as bits)
void pad(const Call& call) {
  int rank;
  const int32_t* lists = ListsOf(call, 2, 3, &rank);
  const int64_t bytes = ElementBytes(call, 3);
  if (bytes == 4) {
    Pad<uint32_t>(call, lists, rank, static_cast<uint32_t>(call.Integer(4)));
  } else if (bytes == 2) {
    Pad<uint16_t>(call, lists, rank, static_cast<uint16_t>(call.Integer(4)));
  } else {
    Pad<uint8_t>(call, lists, rank, static_cast<uint8_t>(call.Integer(4)));
  }
}

}  // namespace medrobust::MEDROBUST_ISA
