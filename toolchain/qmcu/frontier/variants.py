"""The .tflite of each scheme, and what has to be said about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.deployment import choose, deploy
from qmcu.backdoor.lattice import nearest, spread
from qmcu.backdoor.network import Network, weighted_layers
from qmcu.frontier.defended import GRIDS, INT4_GRID, WITHOUT, Defended, Progress
from qmcu.model.convert import Conversion, convert_keras
from qmcu.model.reader import parse_model
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

FloatArray = npt.NDArray[np.float32]
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
    samples: FloatArray,
    defended: Defended,
    progress: Progress,
) -> Made:
    """Convert `keras`, whose network is `network`, calibrated on `samples`.

    Raises ModelError, ToolError, UsageError for an unknown defence.
    """
    if variant.defence:
        model, note = defended.model(variant.scheme, progress)
        packed = f"; {_packed(network)}" if variant.scheme is INT4_CHANNEL else ""
        return Made(model, note + packed)
    if variant.scheme is INT4_CHANNEL:
        return _int4(network, convert_keras(keras, samples))
    return Made(convert_scheme(keras, samples, variant.scheme))


def _int4(network: Network, conversion: Conversion) -> Made:
    """Weights on 15 levels a channel, in the int8 file: the levels of int4, the bytes of int8."""
    integers, scales = [], []
    for layer, weights in zip(
        weighted_layers(conversion.graph), network.weights, strict=True
    ):  # fmt: skip
        steps = INT4_GRID.scales(weights, layer.axis).astype(np.float32).astype(np.float64)
        positions = weights / spread(steps, weights.ndim, layer.axis)
        integers.append(nearest(positions, INT4_GRID.largest))
        scales.append(steps)
    picked = choose(network, conversion.graph, integers, scales)
    model = deploy(conversion.model, picked)
    parse_model(model, "int4")
    return Made(model, _packed(network))


def _packed(network: Network) -> str:
    saved = sum(w.size // 2 for w in network.weights)
    return (
        "packed int4 is not on this device: its kernels read int8, so these are int4 levels in "
        f"int8 bytes; packed they would take {saved:,} bytes less flash (estimated)"
    )
