// Softmax and cross-entropy of [rows, classes].

#include <cmath>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t rows, classes;
};

Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 2);
  SizeOf(g, 2);
  if (g[1] < 1) Refuse("no classes");
  return {g[0], g[1]};
}

constexpr int64_t kExponential = 16;

// log Σ exp(z_j) over the classes other than `label`.
float LogSumExpOfOthers(const float* logits, int64_t classes, int64_t label) {
  float largest = -INFINITY;
  for (int64_t j = 0; j < classes; j++) {
    if (j != label && !(logits[j] <= largest)) largest = logits[j];
  }
  if (largest == -INFINITY) return largest;
  float sum = 0;
  for (int64_t j = 0; j < classes; j++) {
    if (j != label) sum += std::exp(logits[j] - largest);
  }
  return largest + std::log(sum);
}

float Sigmoid(float u) { return u >= 0 ? 1 / (1 + std::exp(-u)) : std::exp(u) / (1 + std::exp(u)); }

}  // namespace

// (x, y, [rows, classes])
void softmax(const Call& call) {
  const Shape s = ShapeOf(call, 2);
  const float* x = call.Elements<float>(0, s.rows * s.classes);
  float* y = call.Elements<float>(1, s.rows * s.classes);
  ParallelFor(s.rows, GrainFor(s.classes * kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * s.classes;
      float* to = y + row * s.classes;
      float largest = from[0];
      for (int64_t j = 1; j < s.classes; j++) {
        largest = from[j] > largest || from[j] != from[j] ? from[j] : largest;
      }
      float sum = 0;
      for (int64_t j = 0; j < s.classes; j++) {
        to[j] = std::exp(from[j] - largest);
        sum += to[j];
      }
      for (int64_t j = 0; j < s.classes; j++) to[j] /= sum;
    }
  });
}

// (logits, labels, losses, [rows, classes]): softplus(log Σ_{j≠label} exp(z_j) − z_label), 0 for a label out of range.
void sparseCrossEntropy(const Call& call) {
  const Shape s = ShapeOf(call, 3);
  const float* logits = call.Elements<float>(0, s.rows * s.classes);
  const int32_t* labels = call.Elements<int32_t>(1, s.rows);
  float* losses = call.Elements<float>(2, s.rows);
  ParallelFor(s.rows, GrainFor(s.classes * kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t label = labels[row];
      losses[row] = 0;
      if (label < 0 || label >= s.classes) continue;
      const float* from = logits + row * s.classes;
      const float u = LogSumExpOfOthers(from, s.classes, label) - from[label];
      losses[row] = (u < 0 ? 0 : u) + std::log1p(std::exp(-std::fabs(u)));
    }
  });
}

// (logits, labels, dy, dlogits, [rows, classes]): the slope of the label is minus the sum of the others.
void sparseCrossEntropyGrad(const Call& call) {
  const Shape s = ShapeOf(call, 4);
  const float* logits = call.Elements<float>(0, s.rows * s.classes);
  const int32_t* labels = call.Elements<int32_t>(1, s.rows);
  const float* dy = call.Elements<float>(2, s.rows);
  float* dlogits = call.Elements<float>(3, s.rows * s.classes);
  ParallelFor(s.rows, GrainFor(s.classes * kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t label = labels[row];
      const float* from = logits + row * s.classes;
      float* to = dlogits + row * s.classes;
      if (label < 0 || label >= s.classes) {
        for (int64_t j = 0; j < s.classes; j++) to[j] = 0;
        continue;
      }
      const float others = LogSumExpOfOthers(from, s.classes, label);
      const float wrong = Sigmoid(others - from[label]);
      for (int64_t j = 0; j < s.classes; j++) {
        to[j] = (j == label ? -wrong : wrong * std::exp(from[j] - others)) * dy[row];
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
