"""The .tflite of each scheme, and what has to be said about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defend import run_defence
from qmcu.backdoor.deployment import choose, deploy
from qmcu.backdoor.lattice import nearest
from qmcu.backdoor.network import Network, weighted_layers
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
_LARGEST_INT4 = 7


@dataclass(frozen=True)
class Variant:
    """A scheme, with a defence or "" for none."""

    scheme: Scheme
    defence: str = ""

    @property
    def name(self) -> str:
        """Its name in files: `int8-channel`, `int8-channel-mirror`."""
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
    title = Variant(INT8_TENSOR, defence).title
    reason = "defences choose integers on a grid with a scale for each channel"
    return (*plain, Variant(INT8_CHANNEL, defence)), ((title, reason),)


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
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> Made:
    """Convert `keras`, whose network is `network`, calibrated on `samples`.

    Raises ModelError, ToolError, UsageError for an unknown defence.
    """
    if variant.defence:
        run = run_defence(variant.defence, network, samples, seed=seed, progress=progress)
        note = (
            f"{run.proof.not_nearest:,} of {run.proof.weights:,} integers are not the nearest ones"
        )
        return Made(run.model, note)
    if variant.scheme is INT4_CHANNEL:
        return _int4(network, convert_keras(keras, samples))
    return Made(convert_scheme(keras, samples, variant.scheme))


def _int4(network: Network, conversion: Conversion) -> Made:
    """Weights on 15 levels a channel, in the int8 file: the levels of int4, the bytes of int8."""
    integers, scales, saved = [], [], 0
    for layer, weights in zip(
        weighted_layers(conversion.graph), network.weights, strict=True
    ):  # fmt: skip
        axes = tuple(i for i in range(weights.ndim) if i != layer.axis)
        largest = np.abs(weights.astype(np.float64)).max(axis=axes, keepdims=True)
        steps = np.float32(np.where(largest > 0, largest / _LARGEST_INT4, 1.0))
        chosen = nearest(weights.astype(np.float64) / steps)
        integers.append(np.clip(chosen, -_LARGEST_INT4, _LARGEST_INT4).astype(np.int8))
        scales.append(steps.astype(np.float64).reshape(-1))
        saved += weights.size // 2
    picked = choose(network, conversion.graph, integers, scales)
    model = deploy(conversion.model, picked)
    parse_model(model, "int4")
    note = (
        "packed int4 is not on this device: its kernels read int8, so these are int4 levels in "
        f"int8 bytes; packed they would take {saved:,} bytes less flash (estimated)"
    )
    return Made(model, note)
