"""What a detector is given, what it answers, and how it is found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from qmcu.backdoor.grids import LARGEST, LayerGrid, ends_of, layer_grids, trained_on
from qmcu.backdoor.inputs import Parts
from qmcu.backdoor.networks import (
    CONSTANT,
    Network,
    apart,
    joined_shape,
    own_inputs,
    prepare_network,
    weighted_layers,
    with_ends,
)
from qmcu.backdoor.registry import Registry, summary_of
from qmcu.errors import ModelError
from qmcu.model.convert import quantize_loaded
from qmcu.model.decision import is_stated
from qmcu.model.graph import Graph
from qmcu.model.int4_file import int4_weights
from qmcu.model.real_form import has_real_activations, with_real_weights
from qmcu.model.writer import write_model
from qmcu.types import Array, Float32Array, Fraction, Int64Array

# decisive: alone enough for the verdict; supporting: honest models may show it as well; integrity:
# the file is damaged, whether or not there is a backdoor.
Weight = Literal["decisive", "supporting", "static", "integrity"]
# The null of detectors that compare with controls (controls.py).
RANDOM_SIGNS = "rounding errors have random signs"
# Weights this many steps apart, as the median of a layer, are no quantization of each other; a
# defence that chooses its own integers stays within two.
UNRELATED = 5.0
# Beyond this many times its threshold a score says no more than at it.
STRONGEST = 10.0


@dataclass(frozen=True, eq=False)
class AuditContext:
    """What is audited: any of the two models, and inputs if there are any.

    `network` is the float model, `integer` the int8 .tflite bytes with its `graph`; `samples` are
    real inputs, float32 [N, ...], in the range `low` to `high`, `labels` their classes if known. A
    file with control flow has no `graph`: then `control` names its operators that run other
    subgraphs. Controls keep what rounding takes from weights below a step where it `holds` them,
    and what a narrow scale cuts off where it `holds_cut`.
    """

    network: Network | None
    integer: bytes | None
    graph: Graph | None
    samples: Float32Array | None
    low: float = 0.0
    high: float = 1.0
    seed: int = 0
    control: tuple[str, ...] = ()
    labels: Int64Array | None = None
    # All inputs that the file was calibrated with, float32 [N, ...], where somebody says so.
    calibration: Float32Array | None = None
    holds: bool = True
    holds_cut: bool = True
    # The float model as its own converter wrote it, where `network` has the file's form.
    source: Network | None = None
    # The model's inputs, where an input here is several of them, or whole numbers, as one.
    parts: Parts | None = None
    # The file may be of weights that were trained on since: only its answers are compared.
    retrained: bool = False
    # `network` is the float model with channels divided as the file's are: the same function.
    rescaled: bool = False
    # What several detectors need and one computes: see `once`.
    _shared: dict[str, Any] = field(default_factory=dict, repr=False)
    # The same of what no seed changes.
    _lasting: dict[str, Any] = field(default_factory=dict, repr=False)

    def lacking(self, needs: tuple[str, ...]) -> list[str]:
        """Those of a detector's needs that are not there."""
        there = {
            "float": self.network,
            "file": self.integer,
            "int8": self.graph,
            "samples": self.samples,
            "classes": self.decides or None,
            "real inputs": None if self.parts and self.parts.whole_numbers else self.graph,
            "one input": None if self.parts else self.graph,
            "ranges": None if self.has_real_activations else self.graph,
        }
        return [need for need in needs if there[need] is None]

    @property
    def has_real_activations(self) -> bool:
        """True of a file that has integers for weights alone (dynamic range)."""
        return self.graph is not None and has_real_activations(self.graph)

    @property
    def unseen(self) -> tuple[str, ...]:
        """What of the file no detector looks at, in sentences for the verdict."""
        found = []
        if self.rescaled:
            found.append(
                "the file's channels were rescaled before it was quantized (equalization): it is "
                "compared with the float model rescaled likewise, which is the same function."
            )
        if self.has_real_activations:
            found.append(
                "the file has integers for weights alone (dynamic range): what a runtime rounds "
                "activations to while it runs was not looked at."
            )
        if self.parts is not None and self.parts.whole_numbers:
            found.append(
                "whole numbers choose rows of tables: one is put in the place of another, and "
                "nothing is blended; the file alone is not asked."
            )
        return tuple(found)

    @property
    def decides(self) -> bool:
        """True when the outputs are scores of classes, False for values: of an autoencoder, a
        regression, a map. Without a softmax or a sigmoid at the end, a vector of two or more that
        is not of the input's shape counts as scores, and one output with a threshold of its own.
        """
        graph = self.graph
        if graph is None and self.network is not None:
            graph = self.network.graph
        if graph is None:
            return True
        output = graph.output_tensors[0]
        if output.elements == 1 and is_stated():
            return True
        if graph.operators and graph.operators[-1].kind in ("SOFTMAX", "LOGISTIC"):
            return output.elements == output.shape[-1]
        alike = any(output.shape == tensor.shape for tensor in own_inputs(graph))
        return output.elements == (output.shape or (1,))[-1] > 1 and not alike

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, computed the first time that a detector of this audit asks for it; a
        ModelError that it raises is raised each time.
        """
        if name not in self._shared:
            try:
                self._shared[name] = make()
            except ModelError as error:
                self._shared[name] = error
        if isinstance(self._shared[name], ModelError):
            raise self._shared[name]
        return self._shared[name]

    def once_for_all(self, name: str, make: Callable[[], Any]) -> Any:
        """The same for looks with other seeds too, of which nothing that `make` gives may depend:
        functions that are traced.
        """
        if name not in self._lasting:
            self._lasting[name] = make()
        return self._lasting[name]

    @cached_property
    def grids(self) -> tuple[LayerGrid, ...]:
        """Float weights beside deployed integers.

        Raises ValueError without both models, ModelError when one is not the other quantized.
        """
        if self.network is None or self.graph is None:
            raise ValueError("the float and the int8 model are needed")
        shapes = self.network.input_shape, joined_shape(self.graph)
        if shapes[0] != shapes[1]:
            raise ModelError(
                f"{self.graph.name} takes inputs of {list(shapes[1])} and "
                f"{self.network.graph.name} of {list(shapes[0])}: they are not the same network; "
                "give the float model that was quantized."
            )
        grids = layer_grids(self.network, self.graph)
        others = [grid for grid in grids if _is_unrelated(grid)]
        own = [grid for grid in grids if grid.kind != CONSTANT and grid.has_own_integers]
        # Where half of the layers are this model's to the last integer the others were damaged.
        if others and (self.samples is None or len(own) < len(others)):
            raise self.refuse_weights(others[0])
        if not self.retrained:
            self._refuse_trained_on(grids)
        return grids

    def refuse_weights(self, grid: LayerGrid) -> ModelError:
        """What is said of a file with a layer of weights that are not the float model's."""
        assert self.network is not None and self.graph is not None
        steps = float(np.median(np.abs(grid.residuals)))
        return ModelError(
            f"{self.graph.name} has the layers of {self.network.graph.name} but other weights: "
            f"those of {grid.name} lie {steps:.0f} steps from the float ones (median; rounding "
            "allows half a step); give the float model that was quantized."
        )

    @property
    def unrelated(self) -> LayerGrid | None:
        """A layer of the file that has other weights than the float model, of few; None if none."""
        return next((grid for grid in self.grids if _is_unrelated(grid)), None)

    def _refuse_trained_on(self, grids: tuple[LayerGrid, ...]) -> None:
        """Raise ModelError where the float weights were trained on since they were quantized."""
        layers = [grid for grid in grids if grid.kind != CONSTANT]
        shares = trained_on(layers)
        if not shares:
            return
        assert self.graph is not None and self.network is not None
        raise ModelError(
            f"{self.graph.name} was not made from the weights of {self.network.graph.name}: in "
            f"{len(shares)} of {len(layers)} layers scales are not those of the float weights, and "
            f"{np.median(shares):.1%} of the weights (median) lie further from their integers than "
            "rounding takes them, as after more training; give the float model that was quantized, "
            "or ask the file alone, without --float."
        )

    @property
    def is_coarse(self) -> bool:
        """True with int4 weights: what any rounding of that size wakes is nothing to controls, so
        that the file alone is asked too.
        """
        if self.network is None or self.graph is None:
            return False
        return any(g.largest < LARGEST for g in self.grids if g.kind != CONSTANT)

    def quantize_anew(self, samples: Float32Array) -> bytes:
        """The float model quantized with the file's settings, calibrated on `samples`: per channel
        or per tensor, int8 or int16 activations, int8 or int4 weights.
        """
        if self.network is None or self.graph is None:
            raise ValueError("the float and the int8 model are needed")
        per_tensor = all(len(g.scales) == 1 for g in self.grids if g.kind != CONSTANT)
        wide = any(tensor.dtype == "int16" for tensor in own_inputs(self.graph))
        network = self.source or self.network
        loaded = self.once_for_all(
            "network as the converter takes it", lambda: prepare_network(network)
        )
        name = network.graph.name
        given = samples if self.parts is None else self.parts.split(samples)
        if self.has_real_activations:
            anew = quantize_loaded(loaded, given, name, in_float=True, weights_only=True)
            return write_model(with_real_weights(anew.graph))
        anew = quantize_loaded(loaded, given, name, per_tensor=per_tensor, wide=wide, in_float=True)
        if all(g.largest == LARGEST for g in self.grids):
            return anew.model
        pairs = zip(weighted_layers(anew.graph), network.weights, strict=True)
        return int4_weights(anew.model, reals={k.weights: w for k, w in pairs}).model

    def noise(self, count: int) -> Float32Array:
        """`count` inputs of uniform noise over the range of the real ones."""
        shape = self.input_shape
        rng = np.random.default_rng([self.seed, 77])
        return rng.uniform(self.low, self.high, (count, *shape)).astype(np.float32)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        if self.network is not None:
            return self.network.input_shape
        assert self.graph is not None
        return joined_shape(self.graph)

    @property
    def given(self) -> tuple[list[Array], Graph]:
        """Real inputs as the file takes them, an array for each of its inputs, and a graph that has
        these; none without samples.
        """
        assert self.graph is not None
        if self.samples is None:
            return [], apart(self.graph)
        arrays = [self.samples] if self.parts is None else self.parts.split(self.samples)
        return arrays, apart(self.graph)

    @property
    def alone(self) -> "AuditContext":
        """The same without inputs, whose range is that of the file's own."""
        assert self.graph is not None
        if self.parts is None:
            low, high = ends_of(self.graph.input_tensors[0])
            return replace(self, samples=None, low=low, high=high, _lasting={})
        ends = [ends_of(tensor) for tensor in own_inputs(self.graph)]
        parts = Parts(
            tuple(
                part if part.rows else replace(part, low=low, high=high)
                for part, (low, high) in zip(self.parts.parts, ends, strict=True)
            )
        )
        network = self.network
        if network is not None:
            network = replace(network, graph=with_ends(network.graph, parts))
        graph = with_ends(self.graph, parts)
        return replace(self, samples=None, network=network, graph=graph, parts=parts, _lasting={})


def _is_unrelated(grid: LayerGrid) -> bool:
    """True where a layer's integers are of other weights, which edited scales do not make them."""
    if grid.kind == CONSTANT or grid.has_own_integers:
        return False
    return float(np.median(np.abs(grid.residuals))) > UNRELATED


@dataclass(frozen=True)
class Finding:
    """One detector's answer.

    `score` grows with suspicion and is compared with `threshold`, which was set on honest models.
    `p_value` is the chance, under the detector's `null` (see Detector), of a score this large,
    corrected for everything that the detector looked at: layers, channels, classes, kinds of
    inputs. It is None where the detector has no null distribution. `details` are per layer, class
    or kind of input; `reason` says it in a sentence.
    """

    __shown__ = ("strength",)

    detector: str
    score: float
    threshold: float
    suspicious: bool
    weight: Weight
    reason: str
    p_value: Fraction | None = None
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def strength(self) -> float:
        """The score in units of what is allowed: above 1 is suspicious. 0 to STRONGEST."""
        if self.threshold <= 0:
            return STRONGEST if self.score > self.threshold else 0.0
        return min(max(self.score / self.threshold, 0.0), STRONGEST)


@dataclass(frozen=True)
class Detector:
    """A detector by its name, its source, and what it `needs`.

    Needs are "float", "int8" (a graph without control flow), "file" (any .tflite), "samples",
    "classes" (outputs that are scores of classes), "ranges" (activations that are integers), "real
    inputs" (no whole numbers that choose rows of tables) and "one input" (of real numbers).

    `null` says in a few words what its p-value supposes to be true of an honest model; it is ""
    for a detector without one. `slow` ones run only when asked for, but those that are for an int8
    file `alone` without a float model as well; `paired` ones then only when asked for.
    """

    name: str
    summary: str
    source: str
    needs: tuple[str, ...]
    run: Callable[[AuditContext], Finding]
    slow: bool = False
    null: str = ""
    alone: bool = False
    paired: bool = False

    def is_due(self, context: AuditContext, slow: bool) -> bool:
        """True when an audit runs it without being asked for slow ones, or with `slow`."""
        quick = not self.slow
        if context.network is None:
            quick = self.alone or (quick and not self.paired)
        elif self.alone:
            quick = context.is_coarse
        return self.applies(context) and (slow or quick)

    def applies(self, context: AuditContext) -> bool:
        """True when the context holds what it needs."""
        return not context.lacking(self.needs)


DETECTORS: Registry[Detector] = Registry("qmcu.backdoor.detectors", "detector")
_Function = Callable[[AuditContext], Finding]


def detector(
    name: str,
    *,
    source: str,
    needs: tuple[str, ...],
    slow: bool = False,
    null: str = "",
    alone: bool = False,
    paired: bool = False,
) -> Callable[[_Function], _Function]:
    """Register a function as the detector `name`; its docstring's first line is the summary."""

    def register(function: _Function) -> _Function:
        summary = summary_of(function, name)
        DETECTORS[name] = Detector(
            name, summary, source, needs, function, slow, null, alone, paired
        )
        return function

    return register


def load_detectors() -> Mapping[str, Detector]:
    """Every detector by its name: imports all modules of this folder."""
    return DETECTORS.load()
