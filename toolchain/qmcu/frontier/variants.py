"""The .tflite of each scheme, and what has to be said about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.grids import choose, deploy, round_to_nearest, spread
from qmcu.backdoor.networks import Network, weighted_layers
from qmcu.frontier.defended import GRIDS, INT4_GRID, WITHOUT, Defended
from qmcu.model.convert import Conversion, convert_keras
from qmcu.model.int4_file import int4_weights
from qmcu.model.schemes import (
    DYNAMIC,
    FLOAT16,
    FLOAT32,
    INT4_CHANNEL,
    INT8_CHANNEL,
    INT8_TENSOR,
    INT16X8,
    Scheme,
    convert_scheme,
)
from qmcu.types import Float32Array, Progress

SCHEMES = (FLOAT32, FLOAT16, DYNAMIC, INT16X8, INT8_TENSOR, INT8_CHANNEL, INT4_CHANNEL)


@dataclass(frozen=True)
class Variant:
    """A scheme, with a defence or "" for none."""

    scheme: Scheme
    defence: str = ""

    @property
    def name(self) -> str:
        """Its name in files: `int8-channel`, `int8-channel-recoil`."""
        return f"{self.scheme.name}-{self.defence}" if self.defence else self.scheme.name

    @property
    def title(self) -> str:
        """Its name in tables."""
        return f"{self.scheme.title}, {self.defence}" if self.defence else self.scheme.title


def variants(defence: str) -> tuple[tuple[Variant, ...], tuple[tuple[str, str], ...]]:
    """What a sweep measures, and what it leaves out with the reason."""
    plain = tuple(Variant(scheme) for scheme in SCHEMES)
    if not defence:
        return plain, ()
    with_defence = tuple(Variant(scheme, defence) for scheme in SCHEMES if scheme in GRIDS)
    skipped = tuple((Variant(scheme, defence).title, why) for scheme, why in WITHOUT.items())
    return (*plain, *with_defence), skipped


@dataclass(frozen=True, eq=False)
class Made:
    """A variant's file, and a note on it."""

    model: bytes
    note: str = ""


def make(
    variant: Variant,
    keras: Any,
    network: Network,
    samples: Float32Array,
    defended: Defended,
    progress: Progress,
) -> Made:
    """Convert `keras`, whose network is `network`, calibrated on `samples`.

    Raises ModelError, ToolError, UsageError for an unknown defence.
    """
    if variant.defence:
        model, note = defended.model(variant.scheme, progress)
        return _pack(model, f"{note}; ") if variant.scheme is INT4_CHANNEL else Made(model, note)
    if variant.scheme is INT4_CHANNEL:
        return _int4(network, convert_keras(keras, samples))
    return Made(convert_scheme(keras, samples, variant.scheme))


def _int4(network: Network, conversion: Conversion) -> Made:
    """Weights on 15 levels a channel, packed where the interpreter takes a scale a channel."""
    integers, scales = [], []
    for layer, weights in zip(
        weighted_layers(conversion.graph), network.weights, strict=True
    ):  # fmt: skip
        steps = INT4_GRID.scales(weights, layer.axis).astype(np.float32).astype(np.float64)
        positions = weights / spread(steps, weights.ndim, layer.axis)
        integers.append(round_to_nearest(positions, INT4_GRID.largest))
        scales.append(steps)
    picked = choose(network, conversion.graph, integers, scales)
    return _pack(deploy(conversion.model, picked))


def _pack(model: bytes, note: str = "") -> Made:
    """The same integers, two a byte; what stays int8 holds 15 levels in whole bytes."""
    packed = int4_weights(model, "int4", rounding=False)
    kept = [f"{one.name} stays int8 ({one.reason})" for one in packed.layers if not one.packed]
    return Made(packed.model, "; ".join([f"{note}{packed}", *kept]))
