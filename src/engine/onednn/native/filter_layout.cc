#ifndef MEDROBUST_NO_ONEDNN

#include "filter_layout.h"

#include <vector>

#include "half/half_kernels.h"

namespace medrobust {
namespace {

using Strides = avx512::FilterLayout::Strides;

// A layout in blocks, as both versions of oneDNN describe it.
struct Blocks {
  bool is_known = false;
  std::vector<int64_t> dims, strides, sizes, axes;
};

Blocks BlocksOf(const dnnl::memory::desc& desc) {
  Blocks blocks;
#if DNNL_VERSION_MAJOR >= 3
  if (desc.get_format_kind() != dnnl::memory::format_kind::blocked) return blocks;
  blocks.dims = desc.get_dims();
  blocks.is_known = desc.get_padded_dims() == blocks.dims && desc.get_submemory_offset() == 0;
  blocks.strides = desc.get_strides();
  blocks.sizes = desc.get_inner_blks();
  blocks.axes = desc.get_inner_idxs();
#else
  const dnnl_memory_desc_t& d = desc.data;
  if (d.format_kind != dnnl_blocked) return blocks;
  blocks.is_known = d.offset0 == 0 && d.extra.flags == 0;
  for (int i = 0; i < d.ndims; i++) {
    if (d.padded_dims[i] != d.dims[i]) blocks.is_known = false;
    blocks.dims.push_back(d.dims[i]);
    blocks.strides.push_back(d.format_desc.blocking.strides[i]);
  }
  for (int i = 0; i < d.format_desc.blocking.inner_nblks; i++) {
    blocks.sizes.push_back(d.format_desc.blocking.inner_blks[i]);
    blocks.axes.push_back(d.format_desc.blocking.inner_idxs[i]);
  }
#endif
  return blocks;
}

using Sizes = std::vector<int64_t>;

Strides StridesOf(const Blocks& blocks) {
  return {blocks.strides[0], blocks.strides[1], blocks.strides[2], blocks.strides[3]};
}

// The type of the elements.
dnnl::memory::data_type TypeOf(const dnnl::memory::desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  return desc.get_data_type();
#else
  return desc.data_type();
#endif
}

}  // namespace

bool LayoutOfFilter(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted, avx512::FilterLayout* layout) {
  if (!HasAvx512() || TypeOf(plain) != dnnl::memory::data_type::f32 || TypeOf(wanted) != dnnl::memory::data_type::bf16) {
    return false;
  }
  const Blocks ours = BlocksOf(plain), theirs = BlocksOf(wanted);
  if (!ours.is_known || !theirs.is_known || ours.dims.size() != 4 || !ours.sizes.empty() || ours.strides[0] != 1) {
    return false;
  }
  const bool is_paired = theirs.axes == Sizes{0, 1} && theirs.sizes[1] == 2 && theirs.sizes[0] % 16 == 0;
  const bool is_square = theirs.sizes == Sizes{8, 16, 2};
  const bool is_of_gradient = is_square && theirs.axes == Sizes{0, 1, 0};
  if (!is_paired && !is_of_gradient && !(is_square && theirs.axes == Sizes{1, 0, 1})) return false;
  *layout = {ours.dims[0],    ours.dims[1],      ours.dims[2],
             ours.dims[3],    StridesOf(ours),   StridesOf(theirs),
             is_paired ? theirs.sizes[0] : 16, is_paired ? 2 : 16, is_of_gradient};
  return true;
}

}  // namespace medrobust

#endif  // MEDROBUST_NO_ONEDNN
