"""Times the last epoch of an experiment in PyTorch: training, validation, a PGD curve, a checkpoint; prints one JSON line.

    python bench/peers/torch_epoch.py '<experiment as JSON>' <folder with the images> <threads>

The attack is medrobust's: epsilons ascend, an image once fooled is left out, within an attack too.
"""

import io
import json
import resource
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F
from torch_nets import build


def load(folder, name, data):
    height, width, channels = data["imageShape"]
    raw = bytearray((folder / f"{name}.images").read_bytes())
    images = torch.frombuffer(raw, dtype=torch.float32).view(-1, height, width, channels).permute(0, 3, 1, 2)
    labels = torch.frombuffer(bytearray((folder / f"{name}.labels").read_bytes()), dtype=torch.int32).long()
    return images, labels.view(-1, height, width) if data["task"] == "segmentation" else labels


def scores(logits, labels):
    """Of each image: 1 where it is right, or its Dice."""
    predicted = logits.argmax(1)
    if labels.dim() == 1:
        return (predicted == labels).float()
    both = ((predicted == 1) & (labels == 1)).sum((1, 2))
    total = (predicted == 1).sum((1, 2)) + (labels == 1).sum((1, 2))
    return torch.where(total == 0, 1.0, 2 * both / total.clamp(min=1))


def image_losses(logits, labels):
    losses = F.cross_entropy(logits, labels, reduction="none")
    return losses if labels.dim() == 1 else losses.mean((1, 2))


def pgd(model, images, labels, epsilon, steps):
    """Scores of the attacked images; the lowest of all iterates counts."""
    lowest = torch.ones(len(images))
    rows = torch.arange(len(images))
    moved = (images + torch.empty_like(images).uniform_(-epsilon, epsilon)).clamp(0, 1)
    for step in range(steps + 1):
        moved.requires_grad_(step < steps)
        with torch.set_grad_enabled(step < steps):
            logits = model(moved)
            losses = image_losses(logits, labels[rows])
        found = scores(logits.detach(), labels[rows])
        lowest[rows] = torch.minimum(lowest[rows], found)
        if step == steps:
            break
        gradient = torch.autograd.grad(losses.sum(), moved)[0]
        clean = images[rows]
        moved = moved.detach() + 0.25 * epsilon * gradient.sign()
        moved = torch.minimum(torch.maximum(moved, clean - epsilon), clean + epsilon).clamp(0, 1)
        left = found > 0
        if not left.any():
            break
        moved, rows = moved[left], rows[left]
    return lowest


def curve(model, images, labels, experiment):
    options = experiment["robustness"]
    size, values = experiment["data"]["batchSize"], []
    for x, y in zip(images.split(size), labels.split(size)):
        with torch.inference_mode():
            current = scores(model(x), y)
        points = [current]
        for epsilon in options["epsilons"]:
            left = current > 0
            current = current.clone()
            if left.any():
                attacked = pgd(model, x[left], y[left], epsilon, options["attacks"][0]["steps"])
                current[left] = torch.minimum(current[left], attacked)
            points.append(current)
        values.append(torch.stack(points))
    return torch.cat(values, 1).mean(1).tolist()


def epoch(model, optimizer, data, experiment):
    (images, labels), (validation_images, validation_labels) = data
    size = experiment["data"]["batchSize"]
    model.train().requires_grad_(True)
    for rows in torch.randperm(len(images)).split(size):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        loss.item()
    model.eval().requires_grad_(False)
    with torch.inference_mode():
        clean = [
            scores(model(x), y) for x, y in zip(validation_images.split(size), validation_labels.split(size))
        ]
    count = experiment["robustness"]["images"]
    curve(model, validation_images[:count], validation_labels[:count], experiment)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, io.BytesIO())
    return torch.cat(clean).mean().item()


def time_epoch(experiment, folder, layout):
    torch.manual_seed(experiment["seed"])
    data = json.loads((folder / "data.json").read_text())
    model = build({**data, "net": experiment["net"]}).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=experiment["optimizer"]["learningRate"])
    parts = []
    for name in ("train", "validation"):
        images, labels = load(folder, name, data)
        parts.append((images.contiguous(memory_format=layout), labels))
    for _ in range(experiment["epochs"]):
        start = time.perf_counter()
        clean = epoch(model, optimizer, parts, experiment)
    return (time.perf_counter() - start) * 1000, clean


if __name__ == "__main__":
    experiment, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(int(sys.argv[3]))
    layouts = {"contiguous": torch.contiguous_format, "channelsLast": torch.channels_last}
    results = {name: time_epoch(experiment, folder, layout) for name, layout in layouts.items()}
    print(json.dumps({
        "version": torch.__version__,
        "milliseconds": {name: result[0] for name, result in results.items()},
        "clean": {name: result[1] for name, result in results.items()},
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))
