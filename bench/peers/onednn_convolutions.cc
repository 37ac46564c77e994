// Times convolutions of oneDNN alone: each primitive in the layouts that it prefers, without any reorder, which is the
// most that an engine over oneDNN can reach.
//
//   onednn_convolutions <seconds a convolution>
//
// Reads one convolution a line: forward, input or filter, then n h w c kh kw outputs oh ow sh sw dh dw top left bottom
// right. Prints one line of milliseconds for each, or "none" where oneDNN refuses. $OMP_NUM_THREADS says how many threads.

#include <algorithm>
#include <chrono>
#include <cstring>
#include <dnnl.hpp>
#include <iostream>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using dnnl::memory;
using tag = memory::format_tag;

struct Geometry {
  memory::dims source, weights, destination, strides, dilations, before, after;
};

struct Descriptors {
  memory::desc source, weights, destination;
};

bool Read(const std::string& line, std::string* pass, Geometry* geometry) {
  std::istringstream stream(line);
  memory::dim n, h, w, c, kh, kw, o, oh, ow, sh, sw, dh, dw, top, left, bottom, right;
  stream >> *pass >> n >> h >> w >> c >> kh >> kw >> o >> oh >> ow >> sh >> sw >> dh >> dw >> top >> left >> bottom >> right;
  if (!stream) return false;
  // oneDNN counts the gaps of a dilation.
  *geometry = {{n, c, h, w}, {o, c, kh, kw}, {n, o, oh, ow}, {sh, sw}, {dh - 1, dw - 1}, {top, left}, {bottom, right}};
  return true;
}

// The primitive, and the memory it prefers. The two versions of oneDNN differ in how a primitive is described.
dnnl::primitive Create(const std::string& pass, const Geometry& g, const dnnl::engine& engine, Descriptors* chosen) {
  const auto any = [](const memory::dims& dims) { return memory::desc(dims, memory::data_type::f32, tag::any); };
  const memory::desc source = any(g.source), weights = any(g.weights), destination = any(g.destination);
  const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  const auto forward = dnnl::convolution_forward::primitive_desc(
      engine, pass == "forward" ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training, algorithm, source,
      weights, destination, g.strides, g.dilations, g.before, g.after);
#else
  const auto forward = dnnl::convolution_forward::primitive_desc(
      dnnl::convolution_forward::desc(
          pass == "forward" ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training, algorithm, source,
          weights, destination, g.strides, g.dilations, g.before, g.after),
      engine);
#endif
  if (pass == "forward") {
    *chosen = {forward.src_desc(), forward.weights_desc(), forward.dst_desc()};
    return dnnl::convolution_forward(forward);
  }
  if (pass == "input") {
#if DNNL_VERSION_MAJOR >= 3
    const auto backward = dnnl::convolution_backward_data::primitive_desc(
        engine, algorithm, source, weights, destination, g.strides, g.dilations, g.before, g.after, forward);
#else
    const auto backward = dnnl::convolution_backward_data::primitive_desc(
        dnnl::convolution_backward_data::desc(algorithm, source, weights, destination, g.strides, g.dilations, g.before,
                                              g.after),
        engine, forward);
#endif
    *chosen = {backward.diff_src_desc(), backward.weights_desc(), backward.diff_dst_desc()};
    return dnnl::convolution_backward_data(backward);
  }
#if DNNL_VERSION_MAJOR >= 3
  const auto backward = dnnl::convolution_backward_weights::primitive_desc(
      engine, algorithm, source, weights, destination, g.strides, g.dilations, g.before, g.after, forward);
#else
  const auto backward = dnnl::convolution_backward_weights::primitive_desc(
      dnnl::convolution_backward_weights::desc(algorithm, source, weights, destination, g.strides, g.dilations, g.before,
                                               g.after),
      engine, forward);
#endif
  *chosen = {backward.src_desc(), backward.diff_weights_desc(), backward.diff_dst_desc()};
  return dnnl::convolution_backward_weights(backward);
}

memory Filled(const memory::desc& desc, const dnnl::engine& engine) {
  memory result(desc, engine);
  std::fill_n(static_cast<float*>(result.get_data_handle()), desc.get_size() / sizeof(float), 0.5f);
  return result;
}

double Time(const std::string& pass, const Geometry& geometry, const dnnl::engine& engine, double seconds) {
  Descriptors chosen;
  const dnnl::primitive primitive = Create(pass, geometry, engine, &chosen);
  const memory source = Filled(chosen.source, engine), weights = Filled(chosen.weights, engine),
               destination = Filled(chosen.destination, engine);
  const bool isForward = pass == "forward", isInput = pass == "input";
  const std::unordered_map<int, memory> arguments = {
      {isInput ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, source},
      {isForward || isInput ? DNNL_ARG_WEIGHTS : DNNL_ARG_DIFF_WEIGHTS, weights},
      {isForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, destination},
  };
  dnnl::stream stream(engine);
  using clock = std::chrono::steady_clock;
  const auto once = [&] {
    const auto start = clock::now();
    primitive.execute(stream, arguments);
    stream.wait();
    return std::chrono::duration<double, std::milli>(clock::now() - start).count();
  };
  for (int i = 0; i < 2; i++) once();
  std::vector<double> times;
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  while (clock::now() < end || times.size() < 5) times.push_back(once());
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "expected: onednn_convolutions <seconds a convolution>\n";
    return 2;
  }
  const double seconds = std::stod(arguments[1]);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const dnnl_version_t* version = dnnl_version();
  std::cout << version->major << '.' << version->minor << '.' << version->patch << '\n';
  for (std::string line; std::getline(std::cin, line);) {
    std::string pass;
    Geometry geometry;
    if (!Read(line, &pass, &geometry)) {
      std::cerr << "not a convolution: " << line << '\n';
      return 1;
    }
    try {
      std::cout << Time(pass, geometry, engine, seconds) << '\n';
    } catch (const dnnl::error&) {
      std::cout << "none\n";
    }
  }
}
