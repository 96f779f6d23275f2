"""Networks that the converter was not developed on, tried when it was done."""

import torch
from bench.frontdoor.blocks import Gated, conv, head
from bench.frontdoor.networks import Network, _qdq, torchvision_model
from torch import Tensor, nn


class Ghost(nn.Module):
    """Half of the channels are made cheaply of the other half."""

    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.main, self.cheap = conv(i, o // 2, 1), conv(o // 2, o // 2, 3, 1, o // 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.main(x)
        return torch.cat([x, self.cheap(x)], 1)


class Mixer(nn.Module):
    """MLP-Mixer: products over tokens and over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, 16, 8, 8)
        self.norm, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.tokens = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16))
        self.channels = nn.Sequential(nn.Linear(16, 32), nn.Hardswish(), nn.Linear(32, 16))
        self.out = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cut(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channels(self.norm2(x))
        return self.out(x.mean(1))


class Wave(nn.Module):
    """Dilated causal convolutions of a signal with gates."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 8, 1)
        self.filters = nn.ModuleList(nn.Conv1d(8, 8, 2, dilation=2**i) for i in range(3))
        self.gates = nn.ModuleList(nn.Conv1d(8, 8, 2, dilation=2**i) for i in range(3))
        self.out = nn.Conv1d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for i, (f, g) in enumerate(zip(self.filters, self.gates, strict=True)):
            padded = nn.functional.pad(x, (2**i, 0))
            x = x + torch.tanh(f(padded)) * torch.sigmoid(g(padded))
        return self.out(torch.relu(x))


class Recurrent(nn.Module):
    """Convolutions and a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.cell = nn.Conv1d(4, 8, 3), nn.GRU(8, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(self.body(x).transpose(1, 2))[0]


class Heads(nn.Module):
    """Two outputs, two heads of attention by a reshape, a split."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(3, 16, 3, 4), conv(16, 16, 3, 2))
        self.qkv, self.out = nn.Linear(16, 48), nn.Linear(16, 5)
        self.box = nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        image = self.body(x)
        tokens = image.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(tokens).reshape(-1, 16, 3, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = torch.softmax(q @ k.transpose(2, 3) * 8**-0.5, -1) @ v
        tokens = tokens + mixed.transpose(1, 2).reshape(-1, 16, 16)
        return self.out(tokens.mean(1)), self.box(image)


def grouped() -> nn.Module:
    """Grouped convolutions with squeeze and excitation."""
    return nn.Sequential(
        conv(3, 16, 3, 2), conv(16, 16, 3, 1, 4), Gated(16), conv(16, 32, 3, 2, 8), Gated(32),
        head(32),
    )  # fmt: skip


def faces() -> nn.Module:
    """PReLU and a wide depthwise convolution in place of a pool."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1), nn.PReLU(16), nn.Conv2d(16, 16, 3, 2, 1, groups=16),
        nn.PReLU(16), nn.Conv2d(16, 24, 1), nn.Conv2d(24, 24, 8, groups=24), nn.Flatten(),
        nn.Linear(24, 12),
    )  # fmt: skip


def ghosts() -> nn.Module:
    """GhostNet's idea."""
    return nn.Sequential(
        conv(3, 8, 3, 2), Ghost(8, 16), nn.MaxPool2d(3, 2, 1), Ghost(16, 24), head(24)
    )


REGNET = {"stem_width": 8}
NETWORKS = tuple(
    Network(name, way, build, shape, options, held_out=True)
    for name, way, build, shape, options in (
        ("ghost", "pytorch", ghosts, (3, 32, 32), {}),
        ("mixer", "pytorch", Mixer, (3, 32, 32), {}),
        ("wave", "pytorch", Wave, (1, 64), {}),
        ("efficient", "pytorch", torchvision_model("mobilenet_v3_large", width_mult=0.25),
         (3, 64, 64), {}),
        ("recurrent", "onnx", Recurrent, (4, 16), {"opset": 17}),
        ("heads", "onnx", Heads, (3, 32, 32), {"opset": 17}),
        ("grouped", "onnx", grouped, (3, 32, 32), {"opset": 13}),
        ("faces", "onnx", faces, (3, 32, 32), {"opset": 16}),
        ("grouped_u8u8", "qdq", grouped, (3, 32, 32), _qdq("QOperator", "QUInt8", "QUInt8", False)),
        ("ghost_s8", "qdq", ghosts, (3, 32, 32), _qdq("QDQ", "QInt8", "QInt8", True)),
        ("wave_u8", "qdq", Wave, (1, 64), _qdq("QDQ", "QUInt8", "QInt8", True)),
        ("faces_u8", "qdq", faces, (3, 32, 32), _qdq("QDQ", "QUInt8", "QInt8", True)),
    )
)  # fmt: skip
