"""Pieces of networks in PyTorch; torchvision, even one compiled for another torch."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def load_torchvision() -> Any:
    """torchvision; one whose compiled operators do not load serves for its models all the same."""
    try:
        import torchvision
    except RuntimeError:
        for name in [n for n in sys.modules if n.startswith("torchvision")]:
            del sys.modules[name]
        spec = importlib.util.find_spec("torch")
        assert spec is not None and spec.origin is not None
        folder = Path(spec.origin).parent.parent / "torchvision"
        text = (folder / "_meta_registrations.py").read_text()
        names = re.findall(r'register_fake\("torchvision::(\w+)"\)|register_meta\("(\w+)"\)', text)
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in {"".join(n) for n in names}:
            library.define(f"{name}(Tensor x) -> Tensor")
        load_torchvision.library = library  # type: ignore[attr-defined]
        import torchvision
    return torchvision


def settle(model: nn.Module) -> nn.Module:
    """Evaluation mode, with statistics of batch normalization that are not 0 and 1."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def conv(
    i: int, o: int, k: int = 3, s: int = 1, g: int = 1, act: type[nn.Module] | None = nn.ReLU
) -> nn.Sequential:
    """Convolution, batch normalization, activation."""
    layers: list[nn.Module] = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False)]
    layers.append(nn.BatchNorm2d(o))
    if act is not None:
        layers.append(act())
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """Two convolutions and what was before them."""

    def __init__(self, i: int, o: int, s: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(i, o, 3, s), conv(o, o, act=None))
        self.skip = conv(i, o, 1, s, act=None) if s > 1 or i != o else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.skip(x))


def head(channels: int, classes: int = 10) -> nn.Sequential:
    """Mean over the image, and classes."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


class Split(nn.Module):
    """Branches side by side, joined."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([b(x) for b in self.branches], 1)


class Gated(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, c: int, gate: type[nn.Module] = nn.Sigmoid) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, c // 4, 1), nn.ReLU(), nn.Conv2d(c // 4, c, 1),
            gate(),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class Attention(nn.Module):
    """One head of attention over tokens [N, L, C]."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(c, c) for _ in range(4))
        self.scale = c**-0.5

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.softmax(self.q(x) @ self.k(x).transpose(1, 2) * self.scale, -1)
        return x + self.o(scores @ self.v(x))


class UNet(nn.Module):
    """Down, up, and the way across."""

    def __init__(self, up: nn.Module) -> None:
        super().__init__()
        self.a, self.b, self.up = conv(3, 8), conv(8, 16), up
        self.c, self.out = conv(24, 8), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        b = self.b(nn.functional.max_pool2d(a, 2))
        return torch.softmax(self.out(self.c(torch.cat([self.up(b), a], 1))), 1)
