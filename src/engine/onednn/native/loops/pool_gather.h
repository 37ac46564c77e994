// How gradients of pooling with windows that overlap are computed: each cell of dx gathers from the outputs under whose
// windows it lies, so that nothing is written twice, and nothing needs to be cleared.

#pragma once

#include "pool.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// For every place along an axis, the outputs [from, to) whose windows reach over it. With a dilation, some of them have
// no cell there.
struct Cover {
  explicit Cover(const Axis& along) : axis(along), memory(axis.length * static_cast<int64_t>(sizeof(Range))) {
    for (int64_t i = 0; i < axis.length; i++) {
      const int64_t start = i + axis.padding - axis.Reach(), last = (i + axis.padding) / axis.stride;
      const int64_t from = start > 0 ? (start + axis.stride - 1) / axis.stride : 0;
      static_cast<Range*>(memory.data)[i] = {from, last < axis.outputs ? last + 1 : axis.outputs};
    }
  }

  struct Range {
    int64_t from, to;
  };
  const Range& operator[](int64_t i) const { return static_cast<const Range*>(memory.data)[i]; }
  // How many outputs there are over a place at most.
  int64_t Most() const {
    const int64_t most = axis.Reach() / axis.stride + 1;
    return most < axis.outputs ? most : axis.outputs;
  }
  bool HasCell(int64_t output, int64_t place) const {
    return axis.dilation == 1 || (place + axis.padding - output * axis.stride) % axis.dilation == 0;
  }

  const Axis& axis;
  Memory memory;
};

struct Covers {
  explicit Covers(const Geometry& g) : depth(g.depth), height(g.height), width(g.width) {}
  int64_t Most() const { return depth.Most() * height.Most() * width.Most(); }

  Cover depth, height, width;
};

// A part of a volume: some planes, or of an image rows, for `count` channels from `first` on.
struct Part {
  int64_t volume, first, count;
  Span planes, rows;
};

// Volumes in parts that fit into the second-level cache, and are enough for all threads. Neighbours overlap in the
// outputs that they look at, so they are several windows long.
struct Parts {
  explicit Parts(const Geometry& geometry)
      : g(geometry), is_flat(g.depth.length == 1 && g.depth.outputs == 1), blocks((g.channels + kBlock - 1) / kBlock) {
    constexpr int64_t kCells = 1 << 16;
    const Axis& axis = is_flat ? g.height : g.depth;
    const int64_t most = axis.length / (4 * (axis.Reach() + 1));
    const int64_t of_size = (g.Cells() * kBlock + kCells - 1) / kCells;
    const int64_t of_threads = (ThreadCount() + g.batch * blocks - 1) / (g.batch * blocks);
    const int64_t wanted = of_size > of_threads ? of_size : of_threads;
    bands = wanted < most ? wanted : (most > 1 ? most : 1);
    const int64_t along = (axis.length / bands + 1 + axis.Reach()) / axis.stride + 1;
    outputs = (along < axis.outputs ? along : axis.outputs) * (g.Outputs() / axis.outputs);
  }

  // Calls `run(part)` for all of them.
  template <typename Run>
  void Each(const Run& run) const {
    const int64_t length = is_flat ? g.height.length : g.depth.length;
    const int64_t parts = blocks * bands, cost = g.Outputs() * g.Window() * g.channels / parts;
    ParallelFor(g.batch * parts, GrainFor(cost), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t first = i / bands % blocks * kBlock, band = i % bands;
        const int64_t count = g.channels - first < kBlock ? g.channels - first : kBlock;
        const Span all{0, g.height.length, 1}, some{length * band / bands, length * (band + 1) / bands, 1};
        run(Part{i / parts, first, count, is_flat ? Span{0, 1, 1} : some, is_flat ? some : all});
      }
    });
  }

  static constexpr int64_t kBlock = 64;  // channels
  const Geometry& g;
  bool is_flat;
  int64_t blocks, bands;
  int64_t outputs;  // at most, over a part
};

// Lists of the outputs over a cell, one for each thread.
struct Lists {
  explicit Lists(const Covers& covers) : scratch(true, 2 * covers.Most()) {
    static_assert(sizeof(int64_t) == 2 * sizeof(float));
  }
  int64_t* Own() const { return reinterpret_cast<int64_t*>(scratch.Own()); }

  FloatsOfThreads scratch;
};

// Calls `visit(cell, list, length of the list)` for all cells of a part, with the outputs under whose windows they lie;
// `list` has room for them.
template <typename Visit>
inline void EachCell(const Geometry& g, const Covers& covers, const Part& part, int64_t* list, const Visit& visit) {
  for (int64_t plane = part.planes.from; plane < part.planes.to; plane++) {
    for (int64_t row = part.rows.from; row < part.rows.to; row++) {
      for (int64_t column = 0; column < g.width.length; column++) {
        int64_t count = 0;
        for (int64_t p = covers.depth[plane].from; p < covers.depth[plane].to; p++) {
          if (!covers.depth.HasCell(p, plane)) continue;
          for (int64_t r = covers.height[row].from; r < covers.height[row].to; r++) {
            if (!covers.height.HasCell(r, row)) continue;
            const int64_t start = (p * g.height.outputs + r) * g.width.outputs;
            for (int64_t c = covers.width[column].from; c < covers.width[column].to; c++) {
              if (covers.width.HasCell(c, column)) list[count++] = start + c;
            }
          }
        }
        visit((plane * g.height.length + row) * g.width.length + column, list, count);
      }
    }
  }
}

}  // namespace
}  // namespace medrobust::MEDROBUST_ISA
