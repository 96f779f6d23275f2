"""Where do answers go when what is computed inside is disturbed? By the int8 file alone.

A backdoor is a short way to one class that most of the network knows nothing of: channels that are
a little too high, too low or another input's are enough to take it. So the activations of each
layer are disturbed in ways that aim at nothing, of inputs made from the file (synthetic_inputs.py)
and of drawings (drawings.py):

- crossed: each channel is that of another input;
- noise: uniform between the ends of the tensor's range, which the file has;
- dropped: half of the channels are zero;
- doubled: every value;
- at the end: a tenth of the values are the range's upper end.

A class's number is its mean margin on what was not another input of the class; how rare it is among
the classes: class_evidence.py. An honest network has one class ahead in one layer and another in
the next one.

After ABS (Liu et al., CCS 2019: neurons stimulated one by one, here by chance and at once),
FreeEagle (Fu et al., USENIX Security 2023: inner representations that no input is needed for) and
BAN (Xu et al., NeurIPS 2024: noise on neurons). It only supports: a class for all that is unknown
may be ahead as well.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_evidence import Evidence, by_kind, deviates, finding_of
from qmcu.backdoor.detectors.class_evidence import shared as computed_once
from qmcu.backdoor.detectors.class_limits import count_classes, fit_work, require_sure
from qmcu.backdoor.detectors.class_probes import all_margins
from qmcu.backdoor.detectors.drawings import drawings
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.detectors.sliding_answers import mean_of_others, scores_of
from qmcu.backdoor.detectors.synthetic_triggers import give_inputs
from qmcu.backdoor.grids import ends_of, read_grids
from qmcu.backdoor.networks import network_from_graph
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

WAYS = ("crossed", "noise", "dropped", "doubled", "at the end")
# Of these no answer of an input is left that could be told from another's.
_ROOTLESS = ("crossed", "noise")
POOLS = ("made inputs", "drawings")
# In deviations; all probes at CAP would give 3.
ALLOWED = 1.6
DISTURBED, _LEAST_DISTURBED = 96, 24  # inputs of each way in each layer
DRAWN = 24  # of each kind
DROPPED, ENDED, DOUBLED = 0.5, 0.1, 2.0
# Layers beyond these are left out evenly.
MOST_LAYERS = 16
# Multiply-accumulates, some 20 seconds of one core; larger models get fewer inputs.
_MOST_WORK = 4e11
_MOST_VALUES = 2**24  # of one layer, of all inputs

Random = np.random.Generator


class Mean(Evidence):
    """Evidence of probes that have to agree: the mean over the kinds."""

    @property
    def classes(self) -> Float64Array:
        """The evidence against each class, float64 [classes]."""
        return np.asarray(np.sum(list(self.kinds.values()), axis=0) / self.whole, np.float64)


@detector(
    "disturbed-activations",
    source="qmcu; after ABS, CCS 2019, FreeEagle, USENIX Security 2023, and BAN, NeurIPS 2024",
    needs=("int8", "classes", "ranges", "real inputs", "one input"),
    slow=True,
    alone=True,
)
def disturbed_activations(context: AuditContext) -> Finding:
    """A class that answers go to whatever disturbs the activations of any layer."""
    found = computed_once("disturbed-activations", evidence_inside, context)
    return finding_of("disturbed-activations", found, supports=True)


def evidence_inside(context: AuditContext) -> Evidence:
    """What the file says. Raises ModelError for one that cannot be judged."""
    graph = context.graph
    assert graph is not None
    count_classes(graph)
    require_sure(graph)
    model = QuantizedModel(network_from_graph(graph), graph, bounded=False)
    layers = _Layers(context, model)
    # A forward pass is a third of a gradient.
    passes = len(POOLS) * (1 + len(layers.tensors) * (1 + len(WAYS))) / 3
    count = fit_work(graph, _MOST_WORK, passes, DISTURBED, _LEAST_DISTURBED)
    count = max(_LEAST_DISTURBED, min(count, _MOST_VALUES // layers.largest))
    rng = np.random.default_rng([context.seed, 61])
    made, answers, _ = give_inputs(context)
    compiled = load_tensorflow().function(lambda x: model(x), autograph=False)
    low, high = ends_of(graph.input_tensors[0])
    drawn = np.concatenate([d for _, d in drawings(context.input_shape, low, high, DRAWN, rng)])
    pools = {
        POOLS[0]: (made, answers),
        POOLS[1]: (drawn, scores_of(compiled, drawn).argmax(axis=1)),
    }
    each: dict[str, Float64Array] = {}
    for pool, (inputs, own) in pools.items():
        chosen = rng.integers(len(inputs), size=count)
        for name, heights in layers.disturb(inputs[chosen], own[chosen], rng):
            each[f"{pool}, {name}"] = deviates(heights)
    if not each:
        raise ModelError(f"{graph.name} has no layer whose activations could be disturbed.")
    by = {
        f"{way}, {pool}": tuple(n for n in each if n.startswith(f"{pool}, {way}, "))
        for pool in POOLS for way in WAYS
    }  # fmt: skip
    return Mean(each, by_kind(each, by), len(by), ALLOWED)


class _Layers:
    """The layers of a file but its last one, whose activations are disturbed."""

    def __init__(self, context: AuditContext, model: QuantizedModel) -> None:
        assert context.graph is not None
        self._model, self._grids = model, read_grids(model.network, context.graph)
        operators = model.network.graph.operators
        self.tensors = [operators[y.operator].outputs[0] for y in model.network.layers[:-1]]
        if len(self.tensors) > MOST_LAYERS:
            places = np.linspace(0, len(self.tensors) - 1, MOST_LAYERS).round().astype(int)
            self.tensors = [self.tensors[k] for k in places]
        if not self.tensors:
            raise ModelError(f"{context.graph.name} has no layer before its last one.")
        # How many values the largest of them has, of one input.
        self.largest = max(model.network.graph.tensors[t].elements for t in self.tensors)

    def disturb(
        self, inputs: Float32Array, own: Int64Array, rng: Random
    ) -> Iterator[tuple[str, Float64Array]]:
        """Each way in each layer by its name, and each class's number, float64 [classes]; `own` are
        the inputs' answers.
        """
        kept: dict[int, Float32Array] = {}

        def look(index: int, values: Any) -> Any:
            if index in self.tensors and len(values.shape) > 1 and len(values) == len(inputs):
                kept[index] = values.numpy()
            return values

        self._model(load_tensorflow().constant(inputs), look)
        for number, (tensor, values) in enumerate(kept.items()):
            ends = self._grids[tensor].ends if tensor in self._grids else None
            for way, changed in disturbances(values, ends, rng):
                margins = all_margins(self._scores(inputs, tensor, changed))
                rest = (
                    margins.mean(axis=0)
                    if way in _ROOTLESS
                    else mean_of_others(margins, own[:, None])
                )
                yield f"{way}, layer {number}", np.asarray(rest, np.float64)

    def _scores(self, inputs: Float32Array, tensor: int, changed: Float32Array) -> Float64Array:
        """Scores with the values of a tensor put in its place, [N, classes]."""
        tf = load_tensorflow()
        put = tf.constant(changed)
        found = self._model(tf.constant(inputs), lambda index, v: put if index == tensor else v)
        return np.asarray(found.numpy(), np.float64)


def disturbances(
    values: Float32Array, ends: tuple[float, float] | None, rng: Random
) -> Iterator[tuple[str, Float32Array]]:
    """Activations [N, ..., channels] disturbed in each of WAYS; `ends` are those of their range, of
    the values themselves where it is not known.
    """
    low, high = ends or (float(values.min()), float(values.max()))
    count, channels = len(values), values.shape[-1]
    flat = values.reshape(count, -1, channels)
    others = [flat[rng.integers(count, size=count), :, k] for k in range(channels)]
    ones = (1,) * (values.ndim - 2)
    found: dict[str, Any] = {
        "crossed": np.stack(others, axis=-1).reshape(values.shape),
        "noise": rng.uniform(low, high, values.shape),
        "dropped": np.where(rng.random((count, *ones, channels)) < DROPPED, 0, values),
        "doubled": DOUBLED * values,
        "at the end": np.where(rng.random(values.shape) < ENDED, high, values),
    }
    for way in WAYS:
        yield way, found[way].astype(np.float32)
