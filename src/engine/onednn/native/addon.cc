// The exports of the addon.

#include <node_api.h>

#include <cstdio>
#include <exception>

#include "half/half_kernels.h"
#include "kernels.h"
#include "precision.h"
#include "signals.h"

#ifndef MEDROBUST_NO_ONEDNN
#include <dnnl.h>
#endif

namespace medrobust {
namespace {

// No C++ exception may leave: it becomes a JavaScript error that names the function.
template <Kernel kernel>
napi_value Enter(napi_env env, napi_callback_info info) {
  const char* reason = "unknown error";
  char text[320];
  void* name = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &name);
  try {
    kernel(Call(env, info));
    return nullptr;
  } catch (const std::exception& error) {
    std::snprintf(text, sizeof text, "native %s: %s", static_cast<const char*>(name), error.what());
    reason = text;
  } catch (...) {
  }
  napi_throw_error(env, nullptr, reason);
  return nullptr;
}

// A kernel for bfloat16, and for what it does not take the other.
template <bool (*half)(const Call&), Kernel kernel>
void TakeEither(const Call& call) {
  if (!half(call)) kernel(call);
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, const_cast<char*>(name), &value) != napi_ok ||
      napi_set_named_property(env, exports, name, value) != napi_ok) {
    napi_throw_error(env, nullptr, "an export of the addon could not be made");
  }
}

void SetText(napi_env env, napi_value object, const char* name, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, name, value);
}

// `build`: what the addon was compiled with and what it uses of this machine.
void DescribeBuild(napi_env env, napi_value exports) {
  napi_value build;
  napi_create_object(env, &build);
  char version[32] = "";
#ifndef MEDROBUST_NO_ONEDNN
  const dnnl_version_t* onednn = dnnl_version();
  std::snprintf(version, sizeof version, "%d.%d.%d", onednn->major, onednn->minor, onednn->patch);
#endif
  SetText(env, build, "oneDnn", version);
  SetText(env, build, "instructions", HasAvx2() ? "AVX2" : "baseline");
#ifdef _OPENMP
  SetText(env, build, "parallel", "OpenMP");
#else
  SetText(env, build, "parallel", "");
#endif
  napi_value bf16;
  napi_get_boolean(env, HasBf16(), &bf16);
  napi_set_named_property(env, build, "bf16", bf16);
  napi_set_named_property(env, exports, "build", build);
}

napi_value Initialise(napi_env env, napi_value exports) {
  MakeThreads();
#define MEDROBUST_EXPORT(name) Export(env, exports, #name, Enter<name>);
#define MEDROBUST_EXPORT_BASELINE(name) Export(env, exports, #name, Enter<baseline::name>);
#define MEDROBUST_EXPORT_AVX2(name) Export(env, exports, #name, Enter<avx2::name>);
#define MEDROBUST_EXPORT_HALF(name) Export(env, exports, #name, Enter<TakeEither<avx512::name, avx2::name>>);
  MEDROBUST_SHARED_KERNELS(MEDROBUST_EXPORT)
#ifdef MEDROBUST_WITH_AVX2
  if (HasAvx2()) {
    MEDROBUST_LOOP_KERNELS(MEDROBUST_EXPORT_AVX2)
    if (HasAvx512()) {
      MEDROBUST_HALF_KERNELS(MEDROBUST_EXPORT_HALF)
    }
    DescribeBuild(env, exports);
    return exports;
  }
#endif
  MEDROBUST_LOOP_KERNELS(MEDROBUST_EXPORT_BASELINE)
  DescribeBuild(env, exports);
  return exports;
}

}  // namespace
}  // namespace medrobust

NAPI_MODULE_INIT() { return medrobust::Initialise(env, exports); }
