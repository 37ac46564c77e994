#include "floats.h"

#include "kernels.h"

namespace medrobust {

FloatSource::FloatSource(Source source, int64_t size) : data_(static_cast<const float*>(source.data)) {
  if (!source.is_half) return;
  copy_.reset(new float[size]);
#ifdef MEDROBUST_WITH_AVX2
  const auto widen = HasAvx2() ? avx2::Widen : baseline::Widen;
#else
  const auto widen = baseline::Widen;
#endif
  widen(size, static_cast<const Half*>(source.data), copy_.get());
  data_ = copy_.get();
}

FloatTarget::FloatTarget(Target target, int64_t size)
    : target_(target), size_(size), copy_(target.is_half ? new float[size] : nullptr) {
  data_ = copy_ ? copy_.get() : static_cast<float*>(target.data);
}

void FloatTarget::Finish() const {
  if (!copy_) return;
#ifdef MEDROBUST_WITH_AVX2
  const auto narrow = HasAvx2() ? avx2::Narrow : baseline::Narrow;
#else
  const auto narrow = baseline::Narrow;
#endif
  narrow(size_, data_, static_cast<Half*>(target_.data));
}

}  // namespace medrobust
