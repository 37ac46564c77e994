#ifndef MEDROBUST_NO_ONEDNN

#include <dnnl.h>

#include "call.h"
#include "gemm.h"
#include "signals.h"

namespace medrobust {

void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
          float* c, bool accumulate) {
  const SignalsWait wait;
  const auto status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1, a, transpose_a ? m : k,
                                 b, transpose_b ? k : n, accumulate ? 1 : 0, c, n);
  if (status != dnnl_success) Refuse("oneDNN refused a matrix product (status %d)", static_cast<int>(status));
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
