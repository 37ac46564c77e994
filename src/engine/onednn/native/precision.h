// In which precision convolutions multiply.

#pragma once

namespace medrobust {

// Whether this build and this machine can multiply bfloat16 without taking longer than for float32.
bool HasBf16();

// Whether it has been asked for: of the whole process.
bool IsBf16();

}  // namespace medrobust
