"""Times training steps of one benchmark case in PyTorch; prints one JSON line.

    python bench/peers/torch_step.py '<case as JSON>' <seconds> <threads>
"""

import json
import resource
import statistics
import sys
import time

import torch
from torch.nn import functional as F
from torch_nets import build


def time_steps(case, seconds, layout):
    torch.manual_seed(1)
    model = build(case).to(memory_format=layout).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    height, width, channels = case["imageShape"]
    images = torch.rand(case["batch"], channels, height, width).contiguous(memory_format=layout)
    shape = (case["batch"], height, width) if case["task"] == "segmentation" else (case["batch"],)
    labels = torch.randint(0, case["classes"], shape)

    def step():
        optimizer.zero_grad()
        outputs = model(images)
        heads = outputs if isinstance(outputs, list) else [outputs]
        loss = sum(weight * F.cross_entropy(head, labels) for weight, head in zip((1, 0.4), heads))
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    case, seconds = json.loads(sys.argv[1]), float(sys.argv[2])
    torch.set_num_threads(int(sys.argv[3]))
    layouts = {"contiguous": torch.contiguous_format, "channelsLast": torch.channels_last}
    print(json.dumps({
        "version": torch.__version__,
        "milliseconds": {name: time_steps(case, seconds, layout) for name, layout in layouts.items()},
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parameters": sum(p.numel() for p in build(case).parameters()),
    }))
