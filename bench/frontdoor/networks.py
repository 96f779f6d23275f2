"""The networks: what each is, the shape of its input, and which way it comes in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from bench.frontdoor.blocks import (
    Attention,
    Residual,
    Split,
    UNet,
    conv,
    head,
    load_torchvision,
)
from torch import Tensor, nn

IMAGE = (3, 32, 32)


@dataclass(frozen=True)
class Network:
    """A network and its way: `pytorch` (nn.Module), `onnx` (float) or `qdq` (with `options`).

    `options` of qdq: form, activations, weights, per_channel; of onnx: opset, dynamo.
    """

    name: str
    way: str
    build: Callable[[], nn.Module]
    shape: tuple[int, ...] = IMAGE
    options: dict[str, Any] = field(default_factory=dict)
    held_out: bool = False


class Tokens(nn.Module):
    """An image cut into tokens, attention, their mean."""

    def __init__(self, blocks: int = 1) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, 16, 8, 8)
        self.body = nn.Sequential(*(
            layer for _ in range(blocks) for layer in (nn.LayerNorm(16), Attention(16))
        ))  # fmt: skip
        self.out = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cut(x).flatten(2).transpose(1, 2)
        return self.out(self.body(x).mean(1))


class Dense(nn.Module):
    """Layers that read all before them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = conv(3, 8)
        self.layers = nn.ModuleList(conv(8 + 4 * i, 4) for i in range(3))
        self.head = head(20)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return self.head(x)


class LastChannels(nn.Module):
    """Channels last at both ends, as files from TensorFlow are."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(3, 8), conv(8, 8, 3, 2), nn.Conv2d(8, 4, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class Clipped(nn.Module):
    """Arithmetic with constants, clipped."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = conv(3, 8), head(8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body((x - 0.1) * 2.0)
        return self.head(torch.clamp(1.0 - x, -0.5, 4.0) / 3.0)


def signal(channels: int = 2) -> nn.Module:
    """A one-dimensional convolution network."""
    return nn.Sequential(
        nn.Conv1d(channels, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(8, 16, 3, stride=2, padding=1), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(),
        nn.Linear(16 * 8, 6), nn.Softmax(1),
    )  # fmt: skip


def keywords() -> nn.Module:
    """MLPerf Tiny's keyword network, narrower."""
    blocks = [layer for _ in range(3) for layer in (conv(32, 32, 3, 1, 32), conv(32, 32, 1))]
    return nn.Sequential(
        nn.Conv2d(1, 32, (10, 4), 2, (5, 1)), nn.BatchNorm2d(32), nn.ReLU(), *blocks, nn.Dropout(),
        head(32, 12), nn.Softmax(1),
    )  # fmt: skip


def resnet() -> nn.Module:
    """A small ResNet."""
    return nn.Sequential(
        conv(3, 16, 3, 2), nn.MaxPool2d(3, 2, 1), Residual(16, 16), Residual(16, 32, 2),
        Residual(32, 48, 2), head(48),
    )  # fmt: skip


def mobile(act: type[nn.Module] = nn.ReLU6) -> nn.Module:
    """Depthwise and pointwise convolutions."""
    return nn.Sequential(
        conv(3, 8, 3, 2, act=act), conv(8, 8, 3, 1, 8, act=act), conv(8, 16, 1, act=act),
        conv(16, 16, 3, 2, 16, act=act), conv(16, 32, 1, act=act), head(32),
    )  # fmt: skip


def autoencoder() -> nn.Module:
    """Down and up again by transposed convolutions."""
    return nn.Sequential(
        conv(3, 8, 3, 2), conv(8, 16, 3, 2), nn.ConvTranspose2d(16, 8, 3, 2, 1, 1), nn.ReLU(),
        nn.ConvTranspose2d(8, 3, 2, 2), nn.Sigmoid(),
    )  # fmt: skip


def vgg() -> nn.Module:
    """Convolutions, pools, a flattened image and two products."""
    return nn.Sequential(
        conv(3, 8), nn.MaxPool2d(2), conv(8, 16), nn.MaxPool2d(2), conv(16, 16), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip


def inception() -> nn.Module:
    """Branches of several windows and a pool."""
    branches = [conv(8, 4, 1), conv(8, 8, 3), conv(8, 4, 5),
                nn.Sequential(nn.AvgPool2d(3, 1, 1), conv(8, 4, 1))]  # fmt: skip
    return nn.Sequential(conv(3, 8, 3, 2), Split(*branches), conv(20, 16, 1), head(16))


def leaky() -> nn.Module:
    """The body of a small detector: leaky activations, boxes as an image."""
    from functools import partial

    act = partial(nn.LeakyReLU, 0.1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 1, 1), act(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, 1, 1), act(),
        nn.MaxPool2d(2), nn.Conv2d(16, 18, 1), nn.Sigmoid(),
    )  # fmt: skip


def super_resolution() -> nn.Module:
    """Twice the size by PixelShuffle."""
    return nn.Sequential(conv(3, 16, act=nn.Tanh), nn.Conv2d(16, 12, 3, 1, 1), nn.PixelShuffle(2))


def up(mode: str) -> nn.Module:
    """Twice the size by resizing."""
    return nn.Upsample(scale_factor=2, mode=mode)


def torchvision_model(name: str, **options: Any) -> Callable[[], nn.Module]:
    """A model of torchvision with random weights and ten classes."""

    def build() -> nn.Module:
        model = getattr(load_torchvision().models, name)
        if isinstance(model, type):
            return model(num_classes=10, **options)  # type: ignore[no-any-return]
        return model(weights=None, num_classes=10, **options)  # type: ignore[no-any-return]

    return build


def _qdq(form: str, activations: str, weights: str, per_channel: bool) -> dict[str, Any]:
    return {"form": form, "activations": activations, "weights": weights,
            "per_channel": per_channel}  # fmt: skip


SHUFFLE = {"stages_repeats": [1, 1, 1], "stages_out_channels": [16, 32, 64, 96, 128]}
DENSE = {"growth_rate": 8, "block_config": (2, 2, 2), "num_init_features": 16}

NETWORKS = (
    Network("mobilenet_v2", "pytorch", torchvision_model("mobilenet_v2", width_mult=0.25),
            (3, 64, 64)),
    Network("mobilenet_v3", "pytorch", torchvision_model("mobilenet_v3_small", width_mult=0.25),
            (3, 64, 64)),
    Network("shufflenet_v2", "pytorch", torchvision_model("ShuffleNetV2", **SHUFFLE), (3, 64, 64)),
    Network("squeezenet", "pytorch", torchvision_model("squeezenet1_1"), (3, 48, 48)),
    Network("densenet", "pytorch", torchvision_model("DenseNet", **DENSE), (3, 64, 64)),
    Network("mnasnet", "pytorch", torchvision_model("MNASNet", alpha=0.2), (3, 64, 64)),
    Network("resnet", "pytorch", resnet, (3, 64, 64)),
    Network("keywords", "pytorch", keywords, (1, 49, 10)),
    Network("signal", "pytorch", signal, (2, 64)),
    Network("autoencoder", "pytorch", autoencoder),
    Network("unet_nearest", "onnx", lambda: UNet(up("nearest")), options={"opset": 13}),
    Network("unet_linear", "onnx", lambda: UNet(up("bilinear")), options={"opset": 17}),
    Network("vgg", "onnx", vgg, options={"opset": 11}),
    Network("inception", "onnx", inception, options={"opset": 12}),
    Network("detector", "onnx", leaky, options={"opset": 17}),
    Network("super_resolution", "onnx", super_resolution, (3, 24, 24), {"opset": 15}),
    Network("attention", "onnx", Tokens, options={"opset": 17}),
    Network("dense", "onnx", Dense, options={"opset": 18, "dynamo": True}),
    Network("channels_last", "onnx", LastChannels, (32, 32, 3), {"opset": 13}),
    Network("clipped", "onnx", Clipped, options={"opset": 18, "dynamo": True}),
    Network("resnet_u8s8", "qdq", resnet, (3, 64, 64), _qdq("QDQ", "QUInt8", "QInt8", True)),
    Network("resnet_s8s8", "qdq", resnet, (3, 64, 64), _qdq("QDQ", "QInt8", "QInt8", False)),
    Network("mobile_u8u8", "qdq", mobile, options=_qdq("QDQ", "QUInt8", "QUInt8", False)),
    Network("mobile_qop", "qdq", mobile, options=_qdq("QOperator", "QUInt8", "QInt8", True)),
    Network("hardswish_s8", "qdq", lambda: mobile(nn.Hardswish),
            options=_qdq("QDQ", "QInt8", "QInt8", True)),
    Network("signal_s8", "qdq", signal, (2, 64), _qdq("QDQ", "QInt8", "QInt8", True)),
    Network("autoencoder_u8", "qdq", autoencoder, options=_qdq("QDQ", "QUInt8", "QInt8", True)),
    Network("inception_qop", "qdq", inception,
            options=_qdq("QOperator", "QUInt8", "QUInt8", False)),
    Network("vgg_s8", "qdq", vgg, options=_qdq("QOperator", "QInt8", "QInt8", True)),
    Network("keywords_u8", "qdq", keywords, (1, 49, 10), _qdq("QDQ", "QUInt8", "QInt8", True)),
)  # fmt: skip
