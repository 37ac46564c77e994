// Steps of optimizers, on all weights of a net in one pass.

#include <cmath>
#include <cstdlib>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {
namespace {

// Memory for `count` items, given back in any case.
template <typename T>
class Items {
 public:
  explicit Items(int64_t count) : items_(static_cast<T*>(std::calloc(count > 0 ? count : 1, sizeof(T)))) {
    if (!items_) Refuse("no memory for %lld items", static_cast<long long>(count));
  }
  ~Items() { std::free(items_); }
  Items(const Items&) = delete;
  Items& operator=(const Items&) = delete;
  T& operator[](int64_t i) const { return items_[i]; }

 private:
  T* items_;
};

constexpr int kMostSlots = 2;

struct Move {
  float* weight;
  float* slots[kMostSlots];
  float* average;
  const float* gradient;
  float decay;
  // Of its elements among those of all weights.
  int64_t begin, end;
};

// Elements that are in the cache together.
constexpr int64_t kBlock = 2048;

// A gradient cut to ± limit and scaled. NaN stays NaN.
struct Clip {
  float limit, scale;
  float operator()(float g) const { return scale * (g > limit ? limit : g < -limit ? -limit : g); }
};

float LimitOf(double clip) { return clip > 0 ? static_cast<float>(clip) : INFINITY; }

// The arguments that all steps begin with: (state, gradients, weight decays, clip, scale, kept of the averages,
// learning rate, …). The state is, for each weight, the weight, its slots, and its average unless -1 of it is kept.
class Step {
 public:
  Step(const Call& call, int slots)
      : clip{LimitOf(call.Number(3)), static_cast<float>(call.Number(4))},
        kept_(static_cast<float>(call.Number(5))),
        count_(call.ListLength(1)),
        moves_(count_) {
    const bool averaged = call.Number(5) >= 0;
    const int64_t stride = 1 + slots + (averaged ? 1 : 0);
    const float* decays = call.Elements<float>(2, count_);
    if (call.ListLength(0) != count_ * stride) {
      Refuse("expected %lld arrays of state, received %lld", static_cast<long long>(count_ * stride),
             static_cast<long long>(call.ListLength(0)));
    }
    for (int64_t i = 0; i < count_; i++) {
      const int64_t size = call.ListBytes(1, i).size / static_cast<int64_t>(sizeof(float));
      Move& move = moves_[i];
      move.gradient = call.ListElements<float>(1, i, size);
      move.weight = call.ListElements<float>(0, i * stride, size);
      for (int s = 0; s < slots; s++) move.slots[s] = call.ListElements<float>(0, i * stride + 1 + s, size);
      move.average = averaged ? call.ListElements<float>(0, i * stride + 1 + slots, size) : nullptr;
      move.decay = decays[i];
      move.begin = total_;
      move.end = total_ += size;
    }
  }

  // Calls `update(move, from, to)` for blocks of each weight, and moves the averages after it.
  template <typename Update>
  void Run(const Update& update) const {
    ParallelFor(total_, kGrain / 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < count_; i++) {
        const Move& move = moves_[i];
        const int64_t from = (begin > move.begin ? begin : move.begin) - move.begin;
        const int64_t to = (end < move.end ? end : move.end) - move.begin;
        for (int64_t block = from; block < to; block += kBlock) {
          const int64_t stop = block + kBlock < to ? block + kBlock : to;
          update(move, block, stop);
          if (move.average) Average(move, block, stop);
        }
      }
    });
  }

  const Clip clip;

 private:
  void Average(const Move& move, int64_t from, int64_t to) const {
    const float kept = kept_, share = 1 - kept_;
    const float* __restrict weight = move.weight;
    float* __restrict average = move.average;
    for (int64_t i = from; i < to; i++) average[i] = kept * average[i] + share * weight[i];
  }

  const float kept_;
  const int64_t count_;
  Items<Move> moves_;
  int64_t total_ = 0;
};

}  // namespace

// (…, beta1, beta2, epsilon, step, decoupled); slots m and v.
void applyAdam(const Call& call) {
  const Step step(call, 2);
  const double rate = call.Number(6), b1 = call.Number(7), b2 = call.Number(8), number = call.Number(10);
  const float epsilon = static_cast<float>(call.Number(9));
  const bool decoupled = call.Boolean(11);
  const float beta1 = static_cast<float>(b1), beta2 = static_cast<float>(b2);
  const float share1 = static_cast<float>(1 - b1), share2 = static_cast<float>(1 - b2);
  const float scale1 = static_cast<float>(rate / (1 - std::pow(b1, number)));
  const float scale2 = static_cast<float>(1 / std::sqrt(1 - std::pow(b2, number)));
  const Clip clip = step.clip;
  step.Run([=](const Move& move, int64_t from, int64_t to) {
    const float kept = decoupled ? static_cast<float>(1 - rate * move.decay) : 1;
    const float penalty = decoupled ? 0 : move.decay;
    const float* __restrict gradient = move.gradient;
    float* __restrict weight = move.weight;
    float *__restrict m = move.slots[0], *__restrict v = move.slots[1];
    for (int64_t i = from; i < to; i++) {
      const float g = clip(gradient[i]) + penalty * weight[i];
      const float first = beta1 * m[i] + share1 * g;
      const float second = beta2 * v[i] + share2 * g * g;
      m[i] = first;
      v[i] = second;
      weight[i] = kept * weight[i] - scale1 * first / (std::sqrt(second) * scale2 + epsilon);
    }
  });
}

// (…, momentum, nesterov); slot velocity.
void applyMomentum(const Call& call) {
  const Step step(call, 1);
  const float rate = static_cast<float>(call.Number(6)), momentum = static_cast<float>(call.Number(7));
  const bool nesterov = call.Boolean(8);
  const Clip clip = step.clip;
  step.Run([=](const Move& move, int64_t from, int64_t to) {
    const float decay = move.decay;
    const float* __restrict gradient = move.gradient;
    float *__restrict weight = move.weight, *__restrict velocity = move.slots[0];
    for (int64_t i = from; i < to; i++) {
      const float slope = clip(gradient[i]) + decay * weight[i];
      const float speed = momentum * velocity[i] + slope;
      velocity[i] = speed;
      weight[i] -= rate * (nesterov ? slope + momentum * speed : speed);
    }
  });
}

// (…, decay, momentum, epsilon); slots mean square and velocity.
void applyRmsProp(const Call& call) {
  const Step step(call, 2);
  const double d = call.Number(7);
  const float rate = static_cast<float>(call.Number(6)), momentum = static_cast<float>(call.Number(8));
  const float decay = static_cast<float>(d), share = static_cast<float>(1 - d);
  const float epsilon = static_cast<float>(call.Number(9));
  const Clip clip = step.clip;
  step.Run([=](const Move& move, int64_t from, int64_t to) {
    const float penalty = move.decay;
    const float* __restrict gradient = move.gradient;
    float* __restrict weight = move.weight;
    float *__restrict square = move.slots[0], *__restrict velocity = move.slots[1];
    for (int64_t i = from; i < to; i++) {
      const float g = clip(gradient[i]) + penalty * weight[i];
      const float mean = decay * square[i] + share * g * g;
      const float speed = momentum * velocity[i] + rate * g / std::sqrt(mean + epsilon);
      square[i] = mean;
      velocity[i] = speed;
      weight[i] -= speed;
    }
  });
}

// (gradients, norm, clip): the root of the sum of squares, added up in parts that do not depend on the number of cores.
void gradientNorm(const Call& call) {
  constexpr int64_t kPart = 8192;
  const int64_t count = call.ListLength(0);
  float* norm = call.Elements<float>(1, 1);
  const Clip clip{LimitOf(call.Number(2)), 1};
  const Items<Array<float>> gradients(count);
  int64_t parts = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t size = call.ListBytes(0, i).size / static_cast<int64_t>(sizeof(float));
    gradients[i] = {call.ListElements<float>(0, i, size), size};
    parts += (size + kPart - 1) / kPart;
  }
  struct Part {
    const float* from;
    int64_t size;
    double sum;
  };
  const Items<Part> sums(parts);
  int64_t part = 0;
  for (int64_t i = 0; i < count; i++) {
    for (int64_t from = 0; from < gradients[i].size; from += kPart) {
      const int64_t left = gradients[i].size - from;
      sums[part++] = {gradients[i].data + from, left < kPart ? left : kPart, 0};
    }
  }
  ParallelFor(parts, GrainFor(kPart), [&](int64_t begin, int64_t end) {
    // Sixteen sums side by side, in float32 over 32 squares each and in double beyond.
    constexpr int kLanes = 16, kRun = 32 * kLanes;
    for (int64_t p = begin; p < end; p++) {
      const float* from = sums[p].from;
      double sum = 0;
      for (int64_t run = 0; run < sums[p].size; run += kRun) {
        const int64_t stop = run + kRun < sums[p].size ? run + kRun : sums[p].size;
        float lanes[kLanes] = {};
        int64_t i = run;
        for (; i + kLanes <= stop; i += kLanes) {
          for (int lane = 0; lane < kLanes; lane++) {
            const float g = clip(from[i + lane]);
            lanes[lane] += g * g;
          }
        }
        for (; i < stop; i++) lanes[0] += clip(from[i]) * clip(from[i]);
        for (int lane = 0; lane < kLanes; lane++) sum += lanes[lane];
      }
      sums[p].sum = sum;
    }
  });
  double sum = 0;
  for (int64_t p = 0; p < parts; p++) sum += sums[p].sum;
  *norm = static_cast<float>(std::sqrt(sum));
}

}  // namespace medrobust::MEDROBUST_ISA
