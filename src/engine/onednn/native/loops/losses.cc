// Softmax of [rows, classes], and losses of [images, places, classes]: a value for each image.

#include <cmath>

#include "elementary.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

struct Shape {
  int64_t images, places, classes, ignored;
  int64_t Rows() const { return images * places; }

  // Whether a place with this label counts.
  bool Counts(int64_t label) const { return label >= 0 && label < classes && label != ignored; }

  int64_t CountIn(const int32_t* labels, int64_t image) const {
    int64_t count = 0;
    for (int64_t row = image * places; row < (image + 1) * places; row++) count += Counts(labels[row]);
    return count;
  }
};

// [images, places, classes, ignored label]
Shape ShapeOf(const Call& call, int index) {
  const int32_t* g = call.Integers(index, 4);
  SizeOf(g, 3);
  if (g[2] < 1) Refuse("no classes");
  return {g[0], g[1], g[2], g[3]};
}

constexpr int64_t kExponential = 16;

// log Σ exp(z_j) over the classes other than `label`.
inline float LogSumExpOfOthers(const float* logits, int64_t classes, int64_t label) {
  if (classes == 2) return logits[1 - label];
  float largest = -INFINITY;
  for (int64_t j = 0; j < classes; j++) {
    if (j != label && !(logits[j] <= largest)) largest = logits[j];
  }
  if (largest == -INFINITY) return largest;
  float sum = 0;
  for (int64_t j = 0; j < classes; j++) {
    if (j != label) sum += Exp(logits[j] - largest);
  }
  return largest + std::log(sum);
}

// Places whose functions are computed together, in loops that the compiler can vectorise.
constexpr int64_t kPlaces = 256;

struct Margins {
  // u = log Σ_{j≠label} exp(z_j) − z_label, and that logarithm by itself; 0 where places do not count.
  float u[kPlaces], others[kPlaces];
};

void MarginsOf(const Shape& s, const float* logits, const int32_t* labels, int64_t start, int64_t count, Margins* to) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t label = labels[start + i];
    const float* z = logits + (start + i) * s.classes;
    const bool counts = s.Counts(label);
    to->others[i] = counts ? LogSumExpOfOthers(z, s.classes, label) : 0;
    to->u[i] = counts ? to->others[i] - z[label] : 0;
  }
}

void SoftmaxOf(const float* from, float* to, int64_t classes) {
  float largest = from[0];
  for (int64_t j = 1; j < classes; j++) {
    largest = from[j] > largest || from[j] != from[j] ? from[j] : largest;
  }
  float sum = 0;
  for (int64_t j = 0; j < classes; j++) {
    to[j] = Exp(from[j] - largest);
    sum += to[j];
  }
  for (int64_t j = 0; j < classes; j++) to[j] /= sum;
}

}  // namespace

// (x, y, [rows, classes])
void softmax(const Call& call) {
  const int32_t* g = call.Integers(2, 2);
  const int64_t size = SizeOf(g, 2), rows = g[0], classes = g[1];
  if (classes < 1) Refuse("no classes");
  const float* x = call.Elements<float>(0, size);
  float* y = call.Elements<float>(1, size);
  ParallelFor(rows, GrainFor(classes * kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) SoftmaxOf(x + row * classes, y + row * classes, classes);
  });
}

// (logits, labels, weights of classes, losses of places, losses, shape, label smoothing, gamma)
//
// Of a place: softplus(u) with u = log Σ_{j≠label} exp(z_j) − z_label, times the weight of the label and
// (1 − p(label))^gamma; smoothed, (1 − s) of that and s of the mean over all classes as labels.
void sparseCrossEntropy(const Call& call) {
  const Shape s = ShapeOf(call, 5);
  const float* logits = call.Elements<float>(0, s.Rows() * s.classes);
  const int32_t* labels = call.Elements<int32_t>(1, s.Rows());
  const float* weights = call.Elements<float>(2, s.classes);
  float* of_places = call.Elements<float>(3, s.Rows());
  float* losses = call.Elements<float>(4, s.images);
  const float smoothing = static_cast<float>(call.Number(6)), gamma = static_cast<float>(call.Number(7));
  ParallelFor(s.Rows(), GrainFor(s.classes * kExponential), [=](int64_t begin, int64_t end) {
    Margins margins;
    float surprises[kPlaces];
    for (int64_t start = begin; start < end; start += kPlaces) {
      const int64_t count = end - start < kPlaces ? end - start : kPlaces;
      MarginsOf(s, logits, labels, start, count, &margins);
      for (int64_t i = 0; i < count; i++) surprises[i] = Softplus(margins.u[i]);
      for (int64_t i = 0; i < count; i++) {
        const int64_t row = start + i, label = labels[row];
        of_places[row] = 0;
        if (!s.Counts(label)) continue;
        const float* z = logits + row * s.classes;
        float value = weights[label] * surprises[i];
        if (gamma > 0) value *= Exp(-gamma * Softplus(-margins.u[i]));
        if (smoothing > 0) {
          float uniform = 0;
          for (int64_t j = 0; j < s.classes; j++) uniform += weights[j] * (surprises[i] + z[label] - z[j]);
          value = (1 - smoothing) * value + smoothing / static_cast<float>(s.classes) * uniform;
        }
        of_places[row] = value;
      }
    }
  });
  ParallelFor(s.images, GrainFor(s.places), [=](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      const int64_t count = s.CountIn(labels, image);
      double sum = 0;
      for (int64_t row = image * s.places; row < (image + 1) * s.places; row++) sum += of_places[row];
      losses[image] = count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 0;
    }
  });
}

// (logits, labels, weights of classes, dy, factors of images, dlogits, shape, label smoothing, gamma)
void sparseCrossEntropyGrad(const Call& call) {
  const Shape s = ShapeOf(call, 6);
  const float* logits = call.Elements<float>(0, s.Rows() * s.classes);
  const int32_t* labels = call.Elements<int32_t>(1, s.Rows());
  const float* weights = call.Elements<float>(2, s.classes);
  const float* dy = call.Elements<float>(3, s.images);
  float* factors = call.Elements<float>(4, s.images);
  float* dlogits = call.Elements<float>(5, s.Rows() * s.classes);
  const float smoothing = static_cast<float>(call.Number(7)), gamma = static_cast<float>(call.Number(8));
  float all_weights = 0;
  for (int64_t j = 0; j < s.classes; j++) all_weights += weights[j];
  ParallelFor(s.images, GrainFor(s.places), [=](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; image++) {
      factors[image] = dy[image] / static_cast<float>(s.CountIn(labels, image));
    }
  });
  ParallelFor(s.Rows(), GrainFor(s.classes * kExponential), [=](int64_t begin, int64_t end) {
    Margins margins;
    float rights[kPlaces], wrongs[kPlaces];
    for (int64_t start = begin; start < end; start += kPlaces) {
      const int64_t count = end - start < kPlaces ? end - start : kPlaces;
      MarginsOf(s, logits, labels, start, count, &margins);
      for (int64_t i = 0; i < count; i++) rights[i] = Sigmoid(-margins.u[i]);
      for (int64_t i = 0; i < count; i++) wrongs[i] = Sigmoid(margins.u[i]);
      for (int64_t i = 0; i < count; i++) {
        const int64_t row = start + i, label = labels[row];
        float* to = dlogits + row * s.classes;
        if (!s.Counts(label)) {
          for (int64_t j = 0; j < s.classes; j++) to[j] = 0;
          continue;
        }
        const float factor = factors[row / s.places];
        const float* z = logits + row * s.classes;
        const float right = rights[i], wrong = wrongs[i];
        float steepness = weights[label] * wrong;
        if (gamma > 0) {
          const float focus = Exp(-gamma * Softplus(-margins.u[i]));
          steepness = weights[label] * focus * (gamma * right * Softplus(margins.u[i]) + wrong);
        }
        for (int64_t j = 0; j < s.classes; j++) {
          const float share = j == label ? 0 : (s.classes == 2 ? 1 : Exp(z[j] - margins.others[i]));
          float slope = j == label ? -steepness : steepness * share;
          if (smoothing > 0) {
            const float uniform = (j == label ? right : wrong * share) * all_weights - weights[j];
            slope = (1 - smoothing) * slope + smoothing / static_cast<float>(s.classes) * uniform;
          }
          to[j] = slope * factor;
        }
      }
    }
  });
}

// (logits, labels, scratch, losses, slopes, [images, places, classes, ignored label, first class, places of a chunk],
// smooth)
//
// 1 − mean over the classes from `first` on of (2 Σ p·g + smooth) / (Σ p + Σ g + smooth). The scratch has three rows of
// classes for each chunk of each image: the softmax of a place, Σ p·g, and Σ p + Σ g.
void softDice(const Call& call) {
  const Shape s = ShapeOf(call, 5);
  const int32_t* g = call.Integers(5, 6);
  const int64_t first = g[4], chunk = g[5];
  if (first < 0 || first >= s.classes || chunk < 1) Refuse("no classes, or chunks of no places");
  const int64_t chunks = (s.places + chunk - 1) / chunk;
  const float* logits = call.Elements<float>(0, s.Rows() * s.classes);
  const int32_t* labels = call.Elements<int32_t>(1, s.Rows());
  float* scratch = call.Elements<float>(2, s.images * chunks * s.classes * 3);
  float* losses = call.Elements<float>(3, s.images);
  float* slopes = call.Elements<float>(4, s.images * s.classes * 2);
  const double smooth = call.Number(6);
  ParallelFor(s.images * chunks, GrainFor(chunk * s.classes * kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      float* softmax = scratch + part * s.classes * 3;
      float* overlap = softmax + s.classes;
      float* size = overlap + s.classes;
      for (int64_t j = 0; j < s.classes; j++) overlap[j] = size[j] = 0;
      const int64_t start = part / chunks * s.places;
      const int64_t from = start + part % chunks * chunk;
      const int64_t to = from + chunk < start + s.places ? from + chunk : start + s.places;
      for (int64_t row = from; row < to; row++) {
        const int64_t label = labels[row];
        if (!s.Counts(label)) continue;
        SoftmaxOf(logits + row * s.classes, softmax, s.classes);
        for (int64_t j = 0; j < s.classes; j++) size[j] += softmax[j];
        overlap[label] += softmax[label];
        size[label] += 1;
      }
    }
  });
  const double share = 1 / static_cast<double>(s.classes - first);
  for (int64_t image = 0; image < s.images; image++) {
    double dice = 0;
    for (int64_t j = 0; j < s.classes; j++) {
      double above = smooth, below = smooth;
      for (int64_t part = image * chunks; part < (image + 1) * chunks; part++) {
        above += 2.0 * scratch[(part * 3 + 1) * s.classes + j];
        below += scratch[(part * 3 + 2) * s.classes + j];
      }
      const bool averaged = j >= first;
      if (averaged) dice += share * above / below;
      float* to = slopes + (image * s.classes + j) * 2;
      to[0] = averaged ? static_cast<float>(share * above / (below * below)) : 0;
      to[1] = averaged ? static_cast<float>(-2 * share / below) : 0;
    }
    losses[image] = static_cast<float>(1 - dice);
  }
}

// (logits, labels, slopes, dy, dlogits, shape)
void softDiceGrad(const Call& call) {
  const Shape s = ShapeOf(call, 5);
  const float* logits = call.Elements<float>(0, s.Rows() * s.classes);
  const int32_t* labels = call.Elements<int32_t>(1, s.Rows());
  const float* slopes = call.Elements<float>(2, s.images * s.classes * 2);
  const float* dy = call.Elements<float>(3, s.images);
  float* dlogits = call.Elements<float>(4, s.Rows() * s.classes);
  ParallelFor(s.Rows(), GrainFor(s.classes * kExponential), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t label = labels[row];
      float* to = dlogits + row * s.classes;
      if (!s.Counts(label)) {
        for (int64_t j = 0; j < s.classes; j++) to[j] = 0;
        continue;
      }
      const int64_t image = row / s.places;
      const float* slope = slopes + image * s.classes * 2;
      SoftmaxOf(logits + row * s.classes, to, s.classes);
      float mean = to[label] * slope[label * 2 + 1];
      for (int64_t j = 0; j < s.classes; j++) mean += to[j] * slope[j * 2];
      for (int64_t j = 0; j < s.classes; j++) {
        const float own = slope[j * 2] + (j == label ? slope[j * 2 + 1] : 0);
        to[j] *= (own - mean) * dy[image];
      }
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
