// Each file in this folder is compiled once for every instruction set; the namespace keeps the results apart.
// Nothing here may use templates or inline functions of the standard library that are not sure to be inlined:
// the linker keeps one copy, and it must not be the one that needs AVX2.

#pragma once

#ifndef MEDROBUST_ISA
#define MEDROBUST_ISA baseline
#endif

#include "../kernels.h"
#include "../parallel.h"
