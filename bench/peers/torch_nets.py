"""The nets of the benchmark in PyTorch, layer for layer as ours, so that both sides do the same work."""

import torch
from torch import nn
from torch.nn import functional as F


def conv_bn_relu(inputs, outputs, kernel, stride=1, padding=0, eps=1e-3):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(outputs, eps=eps),
        nn.ReLU(inplace=True),
    )


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = conv_bn_relu(inputs, outputs, 3, stride, 1, 1e-5)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.second(self.first(x)) + self.shortcut(x), inplace=True)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, filters, stride):
        super().__init__()
        outputs = 4 * filters
        self.first = conv_bn_relu(inputs, filters, 1, eps=1e-5)
        self.second = conv_bn_relu(filters, filters, 3, stride, 1, 1e-5)
        self.third = nn.Sequential(nn.Conv2d(filters, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.third(self.second(self.first(x))) + self.shortcut(x), inplace=True)


def resnet(channels, classes, depth=18, stem="imagenet", **_):
    repeats = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}[depth]
    kind = Bottleneck if depth >= 50 else BasicBlock
    layers = [conv_bn_relu(channels, 64, 3, 1, 1, 1e-5)]
    if stem == "imagenet":
        layers = [conv_bn_relu(channels, 64, 7, 2, 3, 1e-5), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, count in enumerate(repeats):
        for block in range(count):
            filters = 64 << stage
            layers.append(kind(inputs, filters, 2 if stage > 0 and block == 0 else 1))
            inputs = filters * kind.expansion
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


class UNet(nn.Module):
    def __init__(self, channels, classes, depth=4, filters=64, **_):
        super().__init__()
        widths = [filters << level for level in range(depth + 1)]

        def double(inputs, outputs):
            return nn.Sequential(conv_bn_relu(inputs, outputs, 3, 1, 1), conv_bn_relu(outputs, outputs, 3, 1, 1))

        self.encoder = nn.ModuleList(double(i, o) for i, o in zip([channels, *widths[:-1]], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in reversed(widths[:-1]))
        self.decoder = nn.ModuleList(double(2 * w, w) for w in reversed(widths[:-1]))
        self.head = nn.Conv2d(filters, classes, 1)

    def forward(self, x):
        skips = []
        for level, stage in enumerate(self.encoder):
            x = stage(x if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        for up, stage in zip(self.up, self.decoder):
            x = stage(torch.cat([skips.pop(), up(x)], 1))
        return self.head(x)


class Branches(nn.Module):
    """Runs its branches on one input and concatenates them."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def average(inputs, outputs):
    return nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), conv_bn_relu(inputs, outputs, 1))


def mixed_a(inputs, pool):
    c = conv_bn_relu
    return Branches(
        c(inputs, 64, 1),
        nn.Sequential(c(inputs, 48, 1), c(48, 64, 5, 1, 2)),
        nn.Sequential(c(inputs, 64, 1), c(64, 96, 3, 1, 1), c(96, 96, 3, 1, 1)),
        average(inputs, pool),
    )


def mixed_b(width):
    c = conv_bn_relu
    row, column = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
    return Branches(
        c(768, 192, 1),
        nn.Sequential(c(768, width, 1), c(width, width, *row), c(width, 192, *column)),
        nn.Sequential(
            c(768, width, 1), c(width, width, *column), c(width, width, *row), c(width, width, *column), c(width, 192, *row)
        ),
        average(768, 192),
    )


def mixed_c(inputs):
    c = conv_bn_relu

    def split():
        return Branches(c(384, 384, (1, 3), 1, (0, 1)), c(384, 384, (3, 1), 1, (1, 0)))

    return Branches(
        c(inputs, 320, 1),
        nn.Sequential(c(inputs, 384, 1), split()),
        nn.Sequential(c(inputs, 448, 1), c(448, 384, 3, 1, 1), split()),
        average(inputs, 192),
    )


class InceptionV3(nn.Module):
    def __init__(self, channels, classes, size, auxiliaryHead=False, **_):
        super().__init__()
        c = conv_bn_relu
        self.to_17 = nn.Sequential(
            c(channels, 32, 3, 2), c(32, 32, 3), c(32, 64, 3, 1, 1), nn.MaxPool2d(3, 2), c(64, 80, 1), c(80, 192, 3), nn.MaxPool2d(3, 2),
            mixed_a(192, 32), mixed_a(256, 64), mixed_a(288, 64),
            Branches(c(288, 384, 3, 2), nn.Sequential(c(288, 64, 1), c(64, 96, 3, 1, 1), c(96, 96, 3, 2)), nn.MaxPool2d(3, 2)),
            mixed_b(128), mixed_b(160), mixed_b(160), mixed_b(192),
        )
        row, column = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
        self.to_8 = nn.Sequential(
            Branches(
                nn.Sequential(c(768, 192, 1), c(192, 320, 3, 2)),
                nn.Sequential(c(768, 192, 1), c(192, 192, *row), c(192, 192, *column), c(192, 192, 3, 2)),
                nn.MaxPool2d(3, 2),
            ),
            mixed_c(1280), mixed_c(2048),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(2048, classes),
        )
        self.auxiliary = None
        if auxiliaryHead:
            with torch.no_grad():
                side = self.to_17(torch.zeros(2, channels, *size)).shape[-1]
            pooled = (side - 5) // 3 + 1 if side >= 5 else 1
            self.auxiliary = nn.Sequential(
                nn.AvgPool2d(min(5, side), 3), c(768, 128, 1), c(128, 768, min(5, pooled)),
                nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(768, classes),
            )

    def forward(self, x):
        x = self.to_17(x)
        return [self.to_8(x), self.auxiliary(x)] if self.auxiliary and self.training else self.to_8(x)


def build(case):
    options = dict(case["net"])
    name = options.pop("name")
    height, width, channels = case["imageShape"]
    if name == "resnet":
        return resnet(channels, case["classes"], **options)
    if name == "unet":
        return UNet(channels, case["classes"], **options)
    return InceptionV3(channels, case["classes"], (height, width), **options)
