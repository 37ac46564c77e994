"""Writes nets of torchvision and timm with random weights, and what they make of random images.

Reads a JSON list of {file, library, name, arguments, shape} from standard input; writes <file>, the state dict, and
<file>.io.safetensors with images [n, height, width, channels] in [0, 1] and the logits of those images in [-1, 1], or
normalised as ImageNet's where the case says "pixels": "imagenet".
"""

import json
import sys
import warnings

try:
    import torch
    from safetensors.torch import save_file
except ImportError:
    sys.exit(3)


def import_torchvision():
    """torchvision's operators may be built for another PyTorch than is installed; its classifiers need none of them."""
    register = torch.library.register_fake

    def lenient(name, *arguments, **settings):
        def decorate(function):
            try:
                return register(name, *arguments, **settings)(function)
            except RuntimeError:
                return function

        return decorate

    torch.library.register_fake = lenient
    import torchvision

    torch.library.register_fake = register
    return torchvision


try:
    torchvision = import_torchvision()
    import timm
except ImportError:
    sys.exit(3)


def create(library, name, arguments):
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if library == "torchvision":
            return getattr(torchvision.models, name)(**arguments)
        return timm.create_model(name, **arguments)


def fill(model):
    """Weights that keep the size of activations, and statistics unlike those of a new net."""
    model.to_empty(device="cpu")
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if key.endswith("num_batches_tracked"):
                value.zero_()
            elif key.endswith("running_var") or (key.endswith("weight") and value.dim() == 1):
                value.uniform_(0.5, 1.5)
            elif value.dim() == 1:
                value.uniform_(-0.5, 0.5)
            else:
                limit = (6 / value[0].numel()) ** 0.5
                value.uniform_(-limit, limit)
    return model.eval()


def normalised(images, pixels):
    if pixels == "imagenet":
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        return (images - mean) / deviation
    return images * 2 - 1


def run(case):
    torch.manual_seed(case.get("seed", 1))
    model = fill(create(case["library"], case["name"], case["arguments"]))
    images = torch.rand(case["shape"])
    with torch.no_grad():
        x = normalised(images, case.get("pixels", "centred"))
        logits = model(x.permute(0, 3, 1, 2).contiguous())
    save_file(model.state_dict(), case["file"])
    save_file({"images": images, "logits": logits}, case["file"] + ".io.safetensors")


for case in json.load(sys.stdin):
    run(case)
