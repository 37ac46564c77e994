"""Decodes and resizes the images of a folder with PIL and torchvision; prints one JSON line.

    python bench/peers/torch_loader.py <folder> <size> <seconds>
    python bench/peers/torch_loader.py --check              whether it can be run
"""

import json
import sys
import time
from pathlib import Path

import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms

if sys.argv[1] == "--check":
    print("{}")
    sys.exit()
folder, size, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
files = sorted(folder.glob("*.jpg"))
torch.set_num_threads(1)
transform = transforms.Compose([transforms.Resize((size, size)), transforms.ToTensor()])


def decode(file):
    with open(file, "rb") as stream:
        return transform(Image.open(stream).convert("RGB"))


for file in files[:300]:
    decode(file)
started, before = time.perf_counter(), time.process_time()
images = 0
total = 0.0
while time.perf_counter() - started < seconds:
    total += float(decode(files[images % len(files)])[0, 0, 0])
    images += 1
cpu = time.process_time() - before
wall = time.perf_counter() - started
version = f"torchvision {torchvision.__version__}, PIL {PIL.__version__}"
print(json.dumps({"cpuMs": 1000 * cpu / images, "wallMs": 1000 * wall / images, "images": images, "version": version, "sum": total}))
