"""What a defence is given, what it gives back, and how it is found by its name."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids import (
    CHANNEL_GRID,
    LARGEST,
    ActivationGrid,
    Ends,
    LayerGrid,
    WeightGrid,
    coarsen,
    find_kept_overshoot,
    find_limits,
    keep_within,
    layer_grids,
    pair_tensors,
    read_grids,
    round_to_nearest,
    spread,
    write_ranges,
)
from qmcu.backdoor.inputs import vary
from qmcu.backdoor.networks import Network, convert_network
from qmcu.backdoor.registry import Registry, merged_settings, summary_of
from qmcu.errors import UsageError
from qmcu.model.convert import Conversion, conversion_of
from qmcu.types import Float32Array, Int8Array, Int64Array, Progress

# Settings of every method. wide: the share of varied inputs that each activation's range holds, 0
# for ranges of the given inputs alone; overshoot: whether it holds what ascent finds as well;
# narrow: whether those become narrow again whose width costs accuracy and saves nothing;
# activations: their bits, 8, or 16 beside weights of 8, where width costs instructions instead.
COMMON = {"wide": 1.0, "overshoot": 1.0, "narrow": 1.0, "activations": 8.0}
WIDE_INPUTS = 300


@dataclass(frozen=True, eq=False)
class DefenceContext:
    """A float `network` of unknown origin and what its user has: never trigger or attacker's data.

    `samples` are real inputs, float32 [N, ...], which calibrate the activations; `labels` int64
    [N] their classes where they are known. `settings` are the method's own, with their defaults.
    `grid` is what integers are chosen on; activations are int8 on any.
    """

    network: Network
    samples: Float32Array
    labels: Int64Array | None = None
    seed: int = 0
    settings: Mapping[str, float] = field(default_factory=dict)
    progress: Progress | None = None
    grid: WeightGrid = CHANNEL_GRID
    # What several methods need, and one computes: see `_once`.
    shared: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def setting(self, name: str) -> float:
        """One of the method's settings: what was asked for, or its default."""
        return float(self.settings[name])

    def generator(self) -> np.random.Generator:
        """Random numbers from the seed, the weights and the calibration inputs.

        Not from the seed alone: an attacker who guesses it could choose weights that chance rounds
        his way (docs/DEFENCES.md has a case). The same inputs give the same numbers.
        """
        return np.random.default_rng([self.seed, *np.frombuffer(self._digest, np.uint32)])

    @cached_property
    def _digest(self) -> bytes:
        """Of the calibration inputs and the weights."""
        digest = hashlib.sha256(np.ascontiguousarray(self.samples).tobytes())
        for weights in self.network.weights:
            digest.update(weights.tobytes())
        return digest.digest()

    def tell(self, done: int, total: int) -> None:
        """Say how far the method is."""
        if self.progress is not None:
            self.progress(done, total)

    @property
    def low(self) -> float:
        """The least value of an input."""
        return float(self.samples.min())

    @property
    def high(self) -> float:
        """The largest value of an input."""
        return float(self.samples.max())

    def _once(self, name: str, make: Callable[[], Any], *settings: str) -> Any:
        """What `make` gives, computed the first time that a method with the same inputs, weights
        and seed, and the same ones of these settings of every method, asks for it.
        """
        origin = self.seed, self._digest, self.grid
        key = (name, *origin, *(self._common(k) for k in settings))
        if key not in self.shared:
            self.shared[key] = make()
        return self.shared[key]

    def _common(self, name: str) -> float:
        return float(self.settings.get(name, COMMON[name]))

    @property
    def calibration(self) -> Float32Array:
        """What the activation ranges are taken from: the samples, varied inputs, and overshoot.

        Ranges of real inputs alone clip what a trigger makes large, and attacks learn to wake up
        by that clipping, whatever the weights are rounded to (docs/CLIPPING.md). Varied inputs
        alone do not reach what a trigger reaches: ascent does. Where it would move float's answers
        no trigger goes that leaves them alone.
        """
        share = self._common("wide")
        if not share:
            return self.samples

        def make() -> Float32Array:
            inputs = vary(self.samples, self.generator(), WIDE_INPUTS)
            kept = keep_within(self.network, inputs, share)
            return np.concatenate([self.samples, kept, self.overshooting])

        return self._once("calibration", make, "wide", "overshoot")  # type: ignore[no-any-return]

    @property
    def overshooting(self) -> Float32Array:
        """What ascent finds, float32 [N, ...]; nothing where ranges are not to hold it."""
        if not self._common("wide") or not self._common("overshoot"):
            return self.samples[:0]

        def make() -> Float32Array:
            given = self.network, self.samples, self.low, self.high
            return find_kept_overshoot(*given, self._chance(1))

        return self._once("overshooting", make)  # type: ignore[no-any-return]

    @property
    def limits(self) -> Ends:
        """Ends of the activation tensors that are to be narrower than `calibration` makes them, by
        tensor index of the float graph.
        """
        return self._once("limits", lambda: self.limits_of(self.network), *COMMON)  # type: ignore[no-any-return]

    def limits_of(self, network: Network) -> Ends:
        """The same of the network with other weights."""
        if not self._common("narrow") or self.has_16_bits or not len(self.overshooting):
            return {}
        found = self.overshooting
        return find_limits(network, self.samples, self.calibration, found, self._chance(2))

    @property
    def has_16_bits(self) -> bool:
        """Whether activations have 16 bits. Raises UsageError for a number that is not 8 or 16."""
        bits = self._common("activations")
        if bits not in (8, 16):
            raise UsageError(f"activations have 8 or 16 bits, not {bits:g}.")
        return bits == 16

    def _chance(self, purpose: int) -> np.random.Generator:
        """Random numbers apart from those that the method draws."""
        return np.random.default_rng([int(self.generator().integers(2**32)), purpose])

    def convert(self, network: Network, limits: Ends) -> Conversion:
        """The network, this one with the same or other weights, as a standard quantizer rounds it
        on the `calibration` inputs, some ranges being narrower than that.
        """
        made = convert_network(
            network, self.calibration, per_tensor=self.grid.per_tensor, wide=self.has_16_bits
        )
        if not limits:
            return made
        places = pair_tensors(network, made.graph)
        model = write_ranges(made.model, {places[i]: ends for i, ends in limits.items()})
        return conversion_of(
            Path(network.graph.name), model, len(self.calibration), converter=made.converter
        )

    @property
    def conversion(self) -> Conversion:
        """The network as a standard quantizer rounds it, in these ranges."""
        found = self._once("conversion", lambda: self.convert(self.network, self.limits), *COMMON)
        return found  # type: ignore[no-any-return]

    @cached_property
    def grids(self) -> tuple[LayerGrid, ...]:
        """Each layer's float weights beside what a standard quantizer makes of them."""
        layers = layer_grids(self.network, self.conversion.graph)
        if self.grid.largest == LARGEST:
            return layers
        return tuple(coarsen(layer, self.grid) for layer in layers)

    @cached_property
    def activations(self) -> dict[int, ActivationGrid]:
        """The int8 grids of the activations, by tensor index of the float graph."""
        return read_grids(self.network, self.conversion.graph)


@dataclass(frozen=True, eq=False)
class DefenceResult:
    """What to deploy.

    `network` is calibrated and converted; then `integers` (default: the nearest ones), `scales`,
    as many for each layer as the context's grid has (default: the converter's), and real `biases`
    (default: the network's) are written over what the converter chose, one array for each layer.
    `retrained` says that `network` is a model of its own, trained and to be audited in place of the
    one given; `rescaled` that it is the same function in other weights, which is checked, and to be
    audited in place of it as well. Otherwise the int8 model is audited against the original.
    `limits` are those of the context, in the terms of a rescaled `network`.
    """

    network: Network
    integers: tuple[Int8Array, ...] | None = None
    scales: tuple[npt.NDArray[np.float64], ...] | None = None
    biases: tuple[Float32Array, ...] | None = None
    retrained: bool = False
    rescaled: bool = False
    limits: Ends = field(default_factory=dict)
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Defence:
    """A method by its name: `source` is the paper, `settings` all that it takes, with defaults.

    `authors` is True for the recipe of a paper's own code, which stands beside our variant of it:
    `--auto` does not try it.
    """

    name: str
    summary: str
    source: str
    run: Callable[[DefenceContext], DefenceResult]
    settings: Mapping[str, float]
    authors: bool = False

    def quantize(self, context: DefenceContext) -> DefenceResult:
        """Run the method. On a grid that no converter offers, nothing is left to its defaults."""
        result = self.run(context)
        grid = context.grid
        if grid.largest == LARGEST:
            return result
        layers = [
            (w, layer.axis)
            for w, layer in zip(result.network.weights, result.network.layers, strict=True)
        ]
        scales = result.scales or tuple(
            grid.scales(w, axis).astype(np.float32).astype(np.float64) for w, axis in layers
        )
        integers = result.integers or tuple(
            round_to_nearest(w / spread(s, w.ndim, axis), grid.largest)
            for (w, axis), s in zip(layers, scales, strict=True)
        )
        return replace(result, integers=integers, scales=scales)

    def merged(self, given: Mapping[str, float]) -> dict[str, float]:
        """The defaults with the given ones over them. Raises UsageError for an unknown name."""
        return merged_settings(f"defence {self.name}", self.settings, given)


DEFENCES: Registry[Defence] = Registry("qmcu.backdoor.defences", "defence")
_Function = Callable[[DefenceContext], DefenceResult]


def defence(
    name: str,
    *,
    source: str,
    settings: Mapping[str, float] | None = None,
    authors: bool = False,
) -> Callable[[_Function], _Function]:
    """Register a function as the defence `name`; its docstring's first line is the summary."""

    def register(function: _Function) -> _Function:
        summary = summary_of(function, name)
        merged = {**COMMON, **(settings or {})}
        DEFENCES[name] = Defence(name, summary, source, function, merged, authors)
        return function

    return register


def load_defences() -> Mapping[str, Defence]:
    """Every defence by its name: imports all modules of this folder."""
    return DEFENCES.load()


def find_defence(name: str) -> Defence:
    """The defence of this name. Raises UsageError, naming those that exist."""
    return DEFENCES.find(name)
