"""Times one pass of one benchmark case in PyTorch, in each of its memory formats; prints one JSON line.

    python bench/peers/torch_step.py '<case as JSON>' train|inputGradient|inference <seconds> <threads> f32|bf16

With bf16, in each of its precisions too: float32, and bfloat16 under autocast.
"""

import json
import resource
import statistics
import sys
import time

import torch
from torch.nn import functional as F
from torch_nets import build


def passes(case, layout):
    torch.manual_seed(1)
    model = build(case).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    height, width, channels = case["imageShape"]
    images = torch.rand(case["batch"], channels, height, width).contiguous(memory_format=layout)
    shape = (case["batch"], height, width) if case["task"] == "segmentation" else (case["batch"],)
    labels = torch.randint(0, case["classes"], shape)

    def train():
        optimizer.zero_grad()
        outputs = model(images)
        heads = outputs if isinstance(outputs, list) else [outputs]
        loss = sum(weight * F.cross_entropy(head, labels) for weight, head in zip((1, 0.4), heads))
        loss.backward()
        optimizer.step()
        return loss.item()

    def input_gradient():
        moved = images.detach().requires_grad_()
        loss = F.cross_entropy(model(moved), labels, reduction="sum")
        return torch.autograd.grad(loss, moved)[0].sum().item()

    def inference():
        with torch.inference_mode():
            return model(images).sum().item()

    return model, {"train": train, "inputGradient": input_gradient, "inference": inference}


def time_pass(case, name, seconds, layout, autocast):
    model, all_passes = passes(case, layout)
    model.train(name == "train").requires_grad_(name == "train")

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            all_passes[name]()

    # As long again before it counts.
    warm = time.perf_counter() + seconds
    times, end = [], warm + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        if start > warm:
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    case, name, seconds = json.loads(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    torch.set_num_threads(int(sys.argv[4]))
    layouts = {"contiguous": torch.contiguous_format, "channelsLast": torch.channels_last}
    print(json.dumps({
        "version": torch.__version__,
        "milliseconds": {
            f"{layout} {precision}": time_pass(case, name, seconds, value, precision == "bf16")
            for layout, value in layouts.items()
            for precision in dict.fromkeys(["f32", sys.argv[5]])
        },
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parameters": sum(p.numel() for p in build(case).parameters()),
    }))
