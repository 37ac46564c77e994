"""Robust accuracy of a net under Foolbox, torchattacks or AutoAttack, and what it takes; prints one JSON line.

    python bench/peers/torch_attacks.py <folder of bench/train-net.ts> foolbox|torchattacks pgd|fgsm '<settings>' <threads>
    python bench/peers/torch_attacks.py <folder of bench/train-net.ts> autoattack standard '<settings>' <threads>

Each is called as its own documentation does: once for every epsilon, on a net in inference mode. Where it cannot be imported,
the line says so.
"""

import json
import logging
import resource
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn


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


class Centred(nn.Module):
    """Pixels in [0, 1] as the net wants them, in [-1, 1]."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, images):
        return self.net(2 * images - 1)


class FourClasses(nn.Module):
    """AutoAttack's targeted loss takes four logits: the missing ones are so low that nothing can raise them."""

    def __init__(self, net, missing):
        super().__init__()
        self.net, self.missing = net, missing

    def forward(self, images):
        return nn.functional.pad(self.net(images), (0, self.missing), value=-1000.0)


def resnet18(models, filters, channels, classes):
    """torchvision's, of so many channels in its first stage."""

    class Narrow(models.ResNet):
        def _make_layer(self, block, planes, blocks, **settings):
            if planes == 64:
                self.inplanes = filters
            return super()._make_layer(block, planes * filters // 64, blocks, **settings)

    net = Narrow(models.resnet.BasicBlock, [2, 2, 2, 2])
    net.conv1 = nn.Conv2d(channels, filters, 7, 2, 3, bias=False)
    net.bn1 = nn.BatchNorm2d(filters)
    net.fc = nn.Linear(8 * filters, classes)
    return net


def build(about):
    models, classes = import_torchvision().models, about["classes"]
    if about["net"] == "resnet18":
        return resnet18(models, about.get("filters", 64), about["imageShape"][2], classes)
    return models.mobilenet_v2(num_classes=classes, width_mult=about.get("width", 1.0))


def load(folder):
    """The net, images and labels, after a look at whether it gives the same logits as it does for us."""
    about = json.loads((folder / "summary.json").read_text())
    height, width, channels = about["imageShape"]
    net, state = build(about), load_file(folder / "net.safetensors")
    net.load_state_dict(state, strict=False)
    missing = [key for key in net.state_dict() if key not in state and not key.endswith("num_batches_tracked")]
    assert not missing, missing

    def read(name, kind):
        return torch.frombuffer(bytearray((folder / name).read_bytes()), dtype=kind)

    images = read("pixels", torch.float32).view(-1, height, width, channels).permute(0, 3, 1, 2).contiguous()
    labels = read("labels", torch.int32).long()
    model = Centred(net).eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in images.split(about["batch"])])
    expected = read("logits", torch.float32).view_as(logits)
    difference = (logits - expected).abs().max() / expected.abs().max()
    assert difference < 1e-3, f"Our logits and PyTorch's differ by {difference:.2g} of the largest."
    return model, images, labels, about


def foolbox_curve(model, images, labels, kind, settings):
    import foolbox

    logging.getLogger("foolbox").setLevel(logging.ERROR)
    attacks = {
        "pgd": lambda: foolbox.attacks.LinfPGD(rel_stepsize=settings["stepSize"], steps=settings["steps"]),
        "fgsm": foolbox.attacks.LinfFastGradientAttack,
    }
    attack, wrapped = attacks[kind](), foolbox.PyTorchModel(model, bounds=(0, 1))

    def run(images, labels, epsilons):
        _, _, fooled = attack(wrapped, images, labels, epsilons=epsilons)
        return (~fooled).sum(1).tolist()

    return f"Foolbox {foolbox.__version__}", run


def torchattacks_curve(model, images, labels, kind, settings):
    import torchattacks

    attacks = {
        "pgd": lambda epsilon: torchattacks.PGD(
            model, eps=epsilon, alpha=settings["stepSize"] * epsilon, steps=settings["steps"], random_start=True
        ),
        "fgsm": lambda epsilon: torchattacks.FGSM(model, eps=epsilon),
    }

    def run(images, labels, epsilons):
        right = []
        for epsilon in epsilons:
            adversarial = attacks[kind](epsilon)(images, labels)
            with torch.no_grad():
                right.append((model(adversarial).argmax(1) == labels).sum().item())
        return right

    return f"torchattacks {torchattacks.__version__}", run


def autoattack_accuracy(model, images, labels, kind, settings):
    import autoattack

    missing = max(0, 4 - settings["classes"])
    net = FourClasses(model, missing).eval() if missing else model

    def run(images, labels, epsilons):
        right = []
        for epsilon in epsilons:
            if epsilon == 0:
                with torch.no_grad():
                    right.append((model(images).argmax(1) == labels).sum().item())
                continue
            attack = autoattack.AutoAttack(net, norm="Linf", eps=epsilon, version=kind, device="cpu", verbose=False, seed=1)
            targets = min(9, settings["classes"] - 1)
            attack.apgd_targeted.n_target_classes = attack.fab.n_target_classes = targets
            attack.logger.log = lambda text: print(text, file=sys.stderr)
            adversarial = attack.run_standard_evaluation(images, labels, bs=len(images))
            with torch.no_grad():
                right.append((model(adversarial).argmax(1) == labels).sum().item())
        return right

    return "AutoAttack", run


curves = {"foolbox": foolbox_curve, "torchattacks": torchattacks_curve, "autoattack": autoattack_accuracy}


if __name__ == "__main__":
    folder, peer, kind, settings = Path(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
    torch.set_num_threads(int(sys.argv[5]))
    torch.manual_seed(1)
    model, images, labels, about = load(folder)
    count, size = settings.get("images", len(images)), about["batch"]
    images, labels = images[:count], labels[:count]
    try:
        version, run = curves[peer](model, images, labels, kind, {**settings, "classes": about["classes"]})
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        sys.exit()
    if peer != "autoattack":
        run(images[:size], labels[:size], settings["epsilons"][-1:])
    start = time.perf_counter()
    found = [run(x, y, settings["epsilons"]) for x, y in zip(images.split(size), labels.split(size))]
    seconds = time.perf_counter() - start
    print(json.dumps({
        "version": version,
        "milliseconds": seconds * 1000,
        "values": [sum(right) / len(images) for right in zip(*found)],
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))
