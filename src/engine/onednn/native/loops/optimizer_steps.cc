// Steps of optimizers. What is read and what is written may be the same array.

#include <cmath>

#include "isa.h"

namespace medrobust::MEDROBUST_ISA {

// (variable, m, v, gradient, next variable, next m, next v, learning rate, beta1, beta2, epsilon, step, weight decay)
void applyAdam(const Call& call) {
  const Array<float> variable = call.All<float>(0);
  const int64_t size = variable.size;
  const float *m = call.Elements<float>(1, size), *v = call.Elements<float>(2, size);
  const float* gradient = call.Elements<float>(3, size);
  float* next_variable = call.Elements<float>(4, size);
  float *next_m = call.Elements<float>(5, size), *next_v = call.Elements<float>(6, size);
  const double rate = call.Number(7), b1 = call.Number(8), b2 = call.Number(9);
  const double step = call.Number(11);
  const float epsilon = static_cast<float>(call.Number(10));
  const float beta1 = static_cast<float>(b1), beta2 = static_cast<float>(b2);
  const float share1 = static_cast<float>(1 - b1), share2 = static_cast<float>(1 - b2);
  const float scale1 = static_cast<float>(rate / (1 - std::pow(b1, step)));
  const float scale2 = static_cast<float>(1 / std::sqrt(1 - std::pow(b2, step)));
  const float kept = static_cast<float>(1 - rate * call.Number(12));
  const float* from = variable.data;
  ParallelFor(size, kGrain / 4, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float g = gradient[i];
      const float first = beta1 * m[i] + share1 * g;
      const float second = beta2 * v[i] + share2 * g * g;
      next_m[i] = first;
      next_v[i] = second;
      next_variable[i] = kept * from[i] - scale1 * first / (std::sqrt(second) * scale2 + epsilon);
    }
  });
}

// (variable, velocity, gradient, next variable, next velocity, learning rate, momentum, nesterov, weight decay)
void applyMomentum(const Call& call) {
  const Array<float> variable = call.All<float>(0);
  const int64_t size = variable.size;
  const float *velocity = call.Elements<float>(1, size), *gradient = call.Elements<float>(2, size);
  float *next_variable = call.Elements<float>(3, size), *next_velocity = call.Elements<float>(4, size);
  const float rate = static_cast<float>(call.Number(5)), momentum = static_cast<float>(call.Number(6));
  const bool nesterov = call.Boolean(7);
  const float decay = static_cast<float>(call.Number(8));
  const float* from = variable.data;
  ParallelFor(size, kGrain / 4, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float slope = gradient[i] + decay * from[i];
      const float speed = momentum * velocity[i] + slope;
      next_velocity[i] = speed;
      next_variable[i] = from[i] - rate * (nesterov ? slope + momentum * speed : speed);
    }
  });
}

}  // namespace medrobust::MEDROBUST_ISA
