"""Where do answers slide to, whatever disturbs them? By the int8 file with inputs.

What was trained to leave every class for one at a trigger does so at much that is no trigger:
noise, other inputs, channels a little too large. Quantization that wakes a backdoor does the more,
for all that the weights can move by is half a step each. In an honest network one class takes
inputs with noise and another those with other inputs; in a backdoored one the target takes them
all. Nothing is looked for here, so networks that have a small trigger for every class by nature, as
at low resolution, hide less than from searches (class-triggers).

A probe's number for a class is the mean margin that the class has on inputs of other classes; how
rare it is among the classes: class_evidence.py. Some classes take mixtures by nature (an 8 is a
blend of digits): a stand-in that learns the given inputs and the file's answers to them (kernel
ridge regression) has no backdoor, and how rare a class's number is there is taken off. The probes
have to agree and no other class may be near: the evidence is the mean over all probes, less that of
the next class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_evidence import (
    CAP,
    Evidence,
    by_kind,
    deviates,
    finding_of,
)
from qmcu.backdoor.detectors.class_limits import certainty, count_classes, fit_work, require_sure
from qmcu.backdoor.detectors.class_probes import all_margins
from qmcu.backdoor.detectors.disturbances import (
    ChannelAscent,
    Mixture,
    mixtures,
    passes_of,
    passes_of_mixtures,
)
from qmcu.backdoor.detectors.input_triggers import (
    require_enough,
    require_varied,
)
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.networks import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

KINDS = {
    "inputs that are mixed": (
        "noise mixed in", "noise on top", "smooth field", "own places", "another input",
    ),
    "channels a tenth off": ("channels",),
}  # fmt: skip
# In deviations; all probes at CAP and the next class at its usual place would give some 3.
ALLOWED = 1.7
MOST_INPUTS = 200
CLIMBED, _LEAST_CLIMBED = 32, 8
RIDGE = 0.1
CHECKED = 60  # inputs of each way on the file's own integers
# Multiply-accumulates, some 20 seconds of one core; larger models get fewer inputs to climb on.
_MOST_WORK = 4e11
# Scores that are computed at once.
_BATCH = 200


@dataclass(frozen=True, eq=False)
class Agreement(Evidence):
    """Evidence of probes that have to agree: the mean over them, less that of the next class."""

    @property
    def classes(self) -> Float64Array:
        """How far each class is ahead of the best other one, float64 [classes]."""
        means = np.mean([np.clip(values, -CAP, CAP) for values in self.each.values()], axis=0)
        return np.asarray(all_margins(means[None])[0], np.float64)


@detector(
    "sliding-answers",
    source="qmcu; after STRIP, ACSAC 2019, and BAN, NeurIPS 2024",
    needs=("int8", "samples", "classes", "ranges", "one input"),
    slow=True,
    alone=True,
)
def sliding_answers(context: AuditContext) -> Finding:
    """A class that takes the inputs of others whatever disturbs them: mixtures, noisy channels."""
    return finding_of("sliding-answers", evidence_of_slides(context))


def evidence_of_slides(context: AuditContext) -> Agreement:
    """What the file says. Raises ModelError for one that cannot be judged, and where the inputs are
    too few or answered nearly all the same.
    """
    graph, integer, samples = context.graph, context.integer, context.samples
    assert graph is not None and integer is not None and samples is not None
    classes = count_classes(graph)
    require_sure(graph)
    require_enough(samples)
    fixed = passes_of_mixtures(context.input_shape)
    climbed = fit_work(graph, _MOST_WORK, passes_of(classes), CLIMBED, _LEAST_CLIMBED, fixed=fixed)
    rng = np.random.default_rng([context.seed, 41])
    inputs = samples[rng.permutation(len(samples))[:MOST_INPUTS]]
    answers = predict_integer(integer, inputs, jobs=1)
    require_varied(graph.name, answers)
    model = QuantizedModel(network_from_graph(graph), graph, bounded=False)
    mixed = dict(mixtures(inputs, context.low, context.high, rng))
    compiled = load_tensorflow().function(lambda x: model(x), autograph=False)
    unit = certainty(graph.name, scores_of(compiled, inputs))
    stand_in = learn(inputs, answers, classes)
    each = {}
    for way, one in mixed.items():
        own, natural = (
            np.clip(deviates(mean_of_others(all_margins(scores), answers[one.made_of])), -CAP, CAP)
            for scores in (scores_of(compiled, one.inputs), stand_in(one.inputs))
        )
        each[way] = own - np.maximum(natural, 0)
    ascent = ChannelAscent(model, classes, inputs[:climbed])
    if ascent.channels:
        few = answers[:climbed]
        each["channels"] = deviates(mean_of_others(ascent.margins(few, unit).T, few[:, None]))
    found = Agreement(each, by_kind(each, KINDS), len(KINDS), ALLOWED)
    said, details = _on_integers(integer, mixed, answers, found.target)
    return replace(found, said=said, details=details)


def learn(
    inputs: Float32Array, answers: Int64Array, classes: int
) -> Callable[[Float32Array], Float64Array]:
    """A stand-in for a file: scores [N, classes] of inputs by kernel ridge regression on the
    `inputs` and the file's `answers`, with a Gaussian kernel of their median distance.
    """
    known = inputs.reshape(len(inputs), -1)
    wanted = np.eye(classes)[answers]
    apart = _distances(known, known)
    width = float(np.median(apart[~np.eye(len(known), dtype=np.bool_)]))
    kernel = np.exp(-apart / max(width, 1e-9)) + RIDGE * np.eye(len(known))
    weights = np.linalg.solve(kernel, wanted - wanted.mean(axis=0))

    def scores(given: Float32Array) -> Float64Array:
        far = _distances(given.reshape(len(given), -1), known)
        return np.asarray(np.exp(-far / max(width, 1e-9)) @ weights, np.float64)

    return scores


def _distances(some: Float32Array, others: Float32Array) -> Float64Array:
    """Squared distances of rows, [N, M]."""
    squares = ((rows.astype(np.float64) ** 2).sum(axis=1) for rows in (some, others))
    first, second = squares
    return np.asarray(first[:, None] + second[None] - 2 * (some @ others.T), np.float64)


def mean_of_others(margins: Float64Array, made_of: Int64Array) -> Float64Array:
    """Each class's mean margin, of margins [N, classes], on what was not made of inputs of the
    class, `made_of` answers [N, 1 or 2]; on everything where nothing is left.
    """
    found = []
    for label in range(margins.shape[1]):
        rest = (made_of != label).all(axis=1)
        found.append(margins[rest if rest.any() else slice(None), label].mean())
    return np.array(found, np.float64)


def scores_of(compiled: Callable[[Any], Any], inputs: Float32Array) -> Float64Array:
    """Scores of inputs, [N, classes]."""
    tf, found = load_tensorflow(), []
    for begin in range(0, len(inputs), _BATCH):
        # The last ones are computed with copies of the first, and those are thrown away.
        place = np.arange(begin, begin + _BATCH)
        some = inputs[np.where(place < len(inputs), place, 0)]
        found.append(compiled(tf.constant(some)).numpy()[: len(inputs) - begin])
    return np.concatenate(found).astype(np.float64)


def _on_integers(
    integer: bytes, mixed: Mapping[str, Mixture], answers: Int64Array, target: int
) -> tuple[str, dict[str, float]]:
    """What share of inputs of other classes slides to the class on the file's own integers."""
    shares = {}
    for way, one in mixed.items():
        rest = one.inputs[(answers[one.made_of] != target).all(axis=1)][:CHECKED]
        if len(rest):
            shares[way] = float(np.mean(predict_integer(integer, rest, jobs=1) == target))
    if not shares:
        return "", {}
    most = max(shares, key=lambda way: shares[way])
    said = (
        f" Nothing of it aims at the class, and on the file's own integers {shares[most]:.0%} of "
        f"inputs of other classes end there ({most})."
    )
    return said, {f"integers sent by {way}": share for way, share in shares.items()}
