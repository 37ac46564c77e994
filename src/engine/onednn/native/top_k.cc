#include <algorithm>
#include <vector>

#include "kernels.h"

namespace medrobust {

// (x, values, places, [rows, length, k]): the k largest of each row, the largest first, of equal ones the first; NaN is
// larger than any number.
void topK(const Call& call) {
  const int32_t* g = call.Integers(3, 3);
  const int64_t rows = g[0], length = g[1], k = g[2];
  if (length < 1 || k < 1 || k > length) Refuse("the largest %d of %d", g[2], g[1]);
  const int32_t shape[] = {g[0], g[1]};
  const float* x = call.Elements<float>(0, SizeOf(shape, 2));
  float* values = call.Elements<float>(1, rows * k);
  int32_t* places = call.Elements<int32_t>(2, rows * k);
  std::vector<int32_t> order(length);
  for (int64_t row = 0; row < rows; row++) {
    const float* from = x + row * length;
    for (int64_t i = 0; i < length; i++) order[i] = static_cast<int32_t>(i);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [from](int32_t a, int32_t b) {
      const bool a_is_nan = from[a] != from[a], b_is_nan = from[b] != from[b];
      if (a_is_nan || b_is_nan) return a_is_nan && (!b_is_nan || a < b);
      return from[a] > from[b] || (from[a] == from[b] && a < b);
    });
    for (int64_t i = 0; i < k; i++) {
      places[row * k + i] = order[i];
      values[row * k + i] = from[order[i]];
    }
  }
}

}  // namespace medrobust
