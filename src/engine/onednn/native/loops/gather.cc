// Kernels that pick elements by their places: along each axis by a table, or by tuples of indices.

#include "elements.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Axis {
  int64_t outputs, stride;
  const int32_t* table;  // null: all, in order
};

template <typename T>
void Pick(const T* x, T* out, const Axis* axes, int rank, int64_t run) {
  const Axis& last = axes[rank - 1];
  int64_t rows = 1;
  for (int i = 0; i < rank - 1; i++) rows *= axes[i].outputs;
  ParallelFor(rows, GrainFor(last.outputs * run), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      int64_t from = 0, rest = row;
      for (int i = rank - 2; i >= 0; i--) {
        const int64_t at = rest % axes[i].outputs;
        rest /= axes[i].outputs;
        from += (axes[i].table ? axes[i].table[at] : at) * axes[i].stride;
      }
      const T* start = x + from;
      T* to = out + row * last.outputs * run;
      if (run == 1) {
        for (int64_t i = 0; i < last.outputs; i++) to[i] = start[last.table[i]];
      } else {
        for (int64_t i = 0; i < last.outputs; i++) {
          std::memcpy(to + i * run, start + last.table[i] * last.stride, run * sizeof(T));
        }
      }
    }
  });
}

}  // namespace

// (x, tables, out, [rank, shape…, shape of out…, start of the table of each axis or -1…], bytes of an element):
// out[i, j, …] = x[table of axis 0 [i], table of axis 1 [j], …]; -1: the axis is taken whole.
void gatherAxes(const Call& call) {
  int rank;
  const int32_t* shape = ListsOf(call, 3, 3, &rank);
  const int32_t *outputs = shape + rank, *starts = outputs + rank;
  const Array<int32_t> tables = call.All<int32_t>(1);
  const int64_t bytes = ElementBytes(call, 4);
  const char* x = call.Bytes(0, SizeOf(shape, rank) * bytes);
  char* out = call.Bytes(2, SizeOf(outputs, rank) * bytes);
  for (int axis = 0; axis < rank; axis++) {
    if (shape[axis] < 1 || outputs[axis] < 1) Refuse("axis %d is empty", axis);
    if (starts[axis] == -1) {
      if (outputs[axis] != shape[axis]) Refuse("axis %d: %d elements are not %d", axis, shape[axis], outputs[axis]);
      continue;
    }
    if (starts[axis] < 0 || starts[axis] > tables.size - outputs[axis]) Refuse("axis %d: no table", axis);
    const int32_t* table = tables.data + starts[axis];
    for (int32_t i = 0; i < outputs[axis]; i++) {
      if (table[i] < 0 || table[i] >= shape[axis]) Refuse("index %d is not in [0, %d)", table[i], shape[axis]);
    }
  }
  // The last axes that are taken whole are one run.
  int last = rank - 1;
  int64_t run = 1;
  while (last >= 0 && starts[last] == -1) run *= shape[last--];
  if (last < 0) {
    std::memcpy(out, x, run * bytes);
    return;
  }
  Axis axes[kMostAxes];
  int64_t stride = run;
  for (int axis = last; axis >= 0; axis--) {
    axes[axis] = {outputs[axis], stride, starts[axis] == -1 ? nullptr : tables.data + starts[axis]};
    stride *= shape[axis];
  }
  if (bytes == 4) {
    Pick(reinterpret_cast<const uint32_t*>(x), reinterpret_cast<uint32_t*>(out), axes, last + 1, run);
  } else if (bytes == 2) {
    Pick(reinterpret_cast<const uint16_t*>(x), reinterpret_cast<uint16_t*>(out), axes, last + 1, run);
  } else {
    Pick(reinterpret_cast<const uint8_t*>(x), reinterpret_cast<uint8_t*>(out), axes, last + 1, run);
  }
}

namespace {

// Slices of an array, by tuples of indices: [length of a slice, number of axes, lengths of the axes…].
struct Slices {
  int64_t run, rank, count, tuples;
  const int32_t *lengths, *indices;

  // Only the place is checked, not each index: tfjs does the same.
  int64_t At(int64_t tuple) const {
    int64_t place = 0;
    for (int64_t axis = 0; axis < rank; axis++) place = place * lengths[axis] + indices[tuple * rank + axis];
    return place;
  }
};

Slices SlicesOf(const Call& call, int indices_at, int geometry_at) {
  const int32_t* g = call.Integers(geometry_at, 2);
  const int64_t rank = g[1];
  if (g[0] < 1 || rank < 1 || rank > kMostAxes) Refuse("slices of %d along %d axes", g[0], g[1]);
  call.Integers(geometry_at, 2 + rank);
  const Array<int32_t> indices = call.All<int32_t>(indices_at);
  const int64_t count = SizeOf(g + 2, rank);
  if (count > (int64_t{1} << 40) / g[0]) Refuse("a shape of more than 2^40 elements");
  if (indices.size % rank != 0) Refuse("%lld indices are no tuples", static_cast<long long>(indices.size));
  const Slices s{g[0], rank, count, indices.size / rank, g + 2, indices.data};
  for (int64_t tuple = 0; tuple < s.tuples; tuple++) {
    const int64_t place = s.At(tuple);
    if (place < 0 || place >= count) Refuse("indices of slice %lld are out of range", static_cast<long long>(tuple));
  }
  return s;
}

}  // namespace

// (x, indices, out, [length of a slice, number of axes, lengths of the axes…], bytes of an element)
void gatherNd(const Call& call) {
  const Slices s = SlicesOf(call, 1, 3);
  const int64_t bytes = ElementBytes(call, 4), run = s.run * bytes;
  const char* x = call.Bytes(0, s.count * run);
  char* out = call.Bytes(2, s.tuples * run);
  ParallelFor(s.tuples, GrainFor(s.run), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) std::memcpy(out + i * run, x + s.At(i) * run, run);
  });
}

// (updates, indices, out, geometry as above): zeros, with every slice of the updates added.
void scatterNd(const Call& call) {
  const Slices s = SlicesOf(call, 1, 3);
  const float* updates = call.Elements<float>(0, s.tuples * s.run);
  float* out = call.Elements<float>(2, s.count * s.run);
  Fill(out, s.count * s.run, 0.0f);
  for (int64_t i = 0; i < s.tuples; i++) {
    float* to = out + s.At(i) * s.run;
    for (int64_t k = 0; k < s.run; k++) to[k] += updates[i * s.run + k];
  }
}

}  // namespace medrobust::MEDROBUST_ISA
