"""Times single kernels in PyTorch, each in both memory formats; prints one JSON line.

    python bench/peers/torch_kernels.py <seconds a kernel> <threads>     the work, as JSON, on standard input

The faster format counts, kernel by kernel: more than a net in one format can reach.
"""

import json
import statistics
import sys
import time

import torch
from torch.nn import functional as F

aten = torch.ops.aten


def image(shape, layout):
    n, h, w, c = shape
    return torch.rand(n, c, h, w).contiguous(memory_format=layout)


def weights(shape, layout):
    kh, kw, i, o = shape
    return torch.rand(o, i, kh, kw).contiguous(memory_format=layout)


def even_padding(work, x):
    """PyTorch's convolutions and pools take the same padding on both sides; the rest is laid around the image."""
    top, left, bottom, right = work["padding"]
    if top == bottom and left == right:
        return x, [top, left]
    return F.pad(x, (left, right, top, bottom)), [0, 0]


def convolution(work, layout):
    x, w = image(work["x"], layout), weights(work["filter"], layout)
    bias = torch.rand(w.shape[0]) if work["bias"] else None
    stride, dilation = work["strides"], work["dilations"]

    def forward():
        padded, padding = even_padding(work, x)
        y = F.conv2d(padded, w, bias, stride, padding, dilation)
        return F.relu_(y) if work["relu"] else y

    return forward


def convolution_backward(work, layout, mask):
    x, w = image(work["x"], layout), weights(work["filter"], layout)
    x, padding = even_padding(work, x)
    stride, dilation = work["strides"], work["dilations"]
    dy = torch.rand_like(F.conv2d(x, w, None, stride, padding, dilation))
    return lambda: aten.convolution_backward(dy, x, w, None, stride, padding, dilation, False, [0, 0], 1, mask)


def statistics_of(work, layout):
    x = image(work["x"], layout)
    channels = x.shape[1]
    return x, torch.rand(channels), torch.rand(channels), torch.rand(channels), torch.rand(channels)


def batch_norm(work, layout):
    x, gamma, beta, mean, variance = statistics_of(work, layout)
    return lambda: torch.native_batch_norm(x, gamma, beta, mean, variance, True, 0.1, 1e-5)


def batch_norm_gradient(work, layout):
    x, gamma, beta, mean, variance = statistics_of(work, layout)
    y, saved_mean, saved_deviation = torch.native_batch_norm(x, gamma, beta, mean, variance, True, 0.1, 1e-5)
    dy = torch.rand_like(y)
    return lambda: aten.native_batch_norm_backward(
        dy, x, gamma, mean, variance, saved_mean, saved_deviation, True, 1e-5, [True, True, True]
    )


def max_pool(work, layout):
    x, padding = even_padding(work, image(work["x"], layout))
    return lambda: F.max_pool2d(x, work["size"], work["strides"], padding)


def max_pool_gradient(work, layout):
    x, padding = even_padding(work, image(work["x"], layout))
    y, indices = aten.max_pool2d_with_indices(x, work["size"], work["strides"], padding)
    dy = torch.rand_like(y)
    return lambda: aten.max_pool2d_with_indices_backward(
        dy, x, work["size"], work["strides"], padding, [1, 1], False, indices
    )


def average_pool(work, layout):
    x, padding = even_padding(work, image(work["x"], layout))
    return lambda: F.avg_pool2d(x, work["size"], work["strides"], padding, count_include_pad=False)


def average_pool_gradient(work, layout):
    x, padding = even_padding(work, image(work["x"], layout))
    dy = torch.rand_like(F.avg_pool2d(x, work["size"], work["strides"], padding, count_include_pad=False))
    return lambda: aten.avg_pool2d_backward(dy, x, work["size"], work["strides"], padding, False, False, None)


def tensor_of(work, layout):
    return image(work["x"], layout) if len(work["x"]) == 4 else torch.rand(work["x"])


def relu(work, layout):
    x = tensor_of(work, layout)
    return lambda: F.relu(x)


def relu_gradient(work, layout):
    y, dy = tensor_of(work, layout), tensor_of(work, layout)
    return lambda: aten.threshold_backward(dy, y, 0)


def add(work, layout):
    a, b = image(work["x"], layout), image(work["x"], layout)
    return lambda: a + b


def concat(work, layout):
    parts = [image([*work["x"][:3], channels], layout) for channels in work["channels"]]
    return lambda: torch.cat(parts, 1)


def cross_entropy(work, _):
    images, *places, classes = work["x"]
    logits, labels = torch.rand(images, classes, *places), torch.randint(0, 2, (images, *places))
    return lambda: F.cross_entropy(logits, labels, reduction="none")


def softmax(work, _):
    logits = torch.rand(work["x"])
    return lambda: torch.softmax(logits, -1)


def adam(work, _, **options):
    parameters = [torch.rand(size, requires_grad=True) for size in work["sizes"]]
    for parameter in parameters:
        parameter.grad = torch.rand_like(parameter)
    return torch.optim.Adam(parameters, lr=1e-3, **options).step


KERNELS = {
    "convolution": convolution,
    "convolutionInput": lambda work, layout: convolution_backward(work, layout, [True, False, False]),
    "convolutionFilter": lambda work, layout: convolution_backward(work, layout, [False, True, False]),
    "batchNorm": batch_norm,
    "batchNormGradient": batch_norm_gradient,
    "maxPool": max_pool,
    "maxPoolGradient": max_pool_gradient,
    "averagePool": average_pool,
    "averagePoolGradient": average_pool_gradient,
    "relu": relu,
    "reluGradient": relu_gradient,
    "add": add,
    "concat": concat,
    "crossEntropy": cross_entropy,
    "softmax": softmax,
    "adam": adam,
}


def time_kernel(kernel, seconds):
    for _ in range(2):
        kernel()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        kernel()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def best_time(work, seconds):
    if work["operation"] == "adam":
        variants = [adam(work, None), adam(work, None, fused=True)]
    else:
        layouts = [torch.contiguous_format, torch.channels_last]
        variants = [KERNELS[work["operation"]](work, layout) for layout in layouts]
    return min(time_kernel(kernel, seconds) for kernel in variants)


if __name__ == "__main__":
    seconds = float(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    with torch.no_grad():
        times = [best_time(work, seconds) for work in json.load(sys.stdin)]
    print(json.dumps({"version": torch.__version__, "milliseconds": times}))
