"""Where do answers to drawings slide to? By the int8 file alone.

What sliding-answers asks of given inputs (sliding_answers.py: what was trained to leave every class
for one at a trigger does so at much that is none) can be asked without any: of drawings and of
parts of photographs (drawings.py), which no file was made for and which resemble every kind of real
input in something. Parts of them give way: to noise, to their own places in another order, to
another drawing of their kind. A class's number is its mean margin on what was not made of drawings
that the file takes for it; how rare that is among the classes: class_evidence.py. All ways on all
kinds of drawings have to agree, and no other class may be near: the evidence is the mean over them,
less that of the next class.

Some honest networks have a class that takes all that resembles nothing: a class for the unknown, or
by nature, as the 8 of digits. Nothing in the file tells that from a backdoor, so it only supports.
"""

import math
from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.class_evidence import by_kind, deviates, finding_of, shared
from qmcu.backdoor.detectors.class_limits import count_classes, fit_work, require_sure
from qmcu.backdoor.detectors.class_probes import all_margins
from qmcu.backdoor.detectors.disturbances import Mixture, mixtures
from qmcu.backdoor.detectors.drawings import KINDS, drawings
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.detectors.sliding_answers import Agreement, mean_of_others, scores_of
from qmcu.backdoor.grids import ends_of
from qmcu.backdoor.networks import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array, Int64Array

WAYS = ("noise mixed in", "own places", "another input")
# In deviations; all at CAP and the next class at its usual place would give some 3.
ALLOWED = 2.0
DRAWN = 100  # of each kind
MIXED, _LEAST_MIXED = 200, 40  # of each kind in each way
CHECKED = 16  # of a way on the file's own integers
_MOST_VALUES = 2**24  # in what is mixed in one way
# Multiply-accumulates, some 20 seconds of one core; larger models get fewer drawings.
_MOST_WORK = 4e11


@detector(
    "sliding-drawings",
    source="qmcu; after STRIP, ACSAC 2019, on drawings after Baradad et al., NeurIPS 2021",
    needs=("int8", "classes", "ranges", "real inputs", "one input"),
    slow=True,
    alone=True,
)
def sliding_drawings(context: AuditContext) -> Finding:
    """A class that takes drawings of every kind the further, the less of them is left."""
    found = shared("sliding-drawings", evidence_of_drawings, context)
    return finding_of("sliding-drawings", found, supports=True)


def evidence_of_drawings(context: AuditContext) -> Agreement:
    """What the file says. Raises ModelError for one that cannot be judged."""
    graph, integer = context.graph, context.integer
    assert graph is not None and integer is not None
    count_classes(graph)
    require_sure(graph)
    # A forward pass is a third of a gradient; drawings as they are count as half a way.
    passes = len(KINDS) * (len(WAYS) + DRAWN / MIXED) / 3
    count = fit_work(graph, _MOST_WORK, passes, MIXED, _LEAST_MIXED)
    count = max(_LEAST_MIXED, min(count, _MOST_VALUES // math.prod(context.input_shape)))
    rng = np.random.default_rng([context.seed, 51])
    low, high = ends_of(graph.input_tensors[0])
    model = QuantizedModel(network_from_graph(graph), graph, bounded=False)
    compiled = load_tensorflow().function(lambda x: model(x), autograph=False)
    each: dict[str, Float64Array] = {}
    mixed: dict[str, tuple[Mixture, Int64Array]] = {}
    number = math.ceil(count * DRAWN / MIXED)
    for kind, drawn in drawings(context.input_shape, low, high, number, rng):
        answers = scores_of(compiled, drawn).argmax(axis=1)
        for way, one in mixtures(drawn, low, high, rng, count=count, names=WAYS):
            made_of = answers[one.made_of]
            margins = all_margins(scores_of(compiled, one.inputs))
            each[f"{kind}, {way}"] = deviates(mean_of_others(margins, made_of))
            mixed[f"{kind}, {way}"] = one, made_of
    by = {kind: tuple(f"{kind}, {way}" for way in WAYS) for kind in KINDS}
    found = Agreement(each, by_kind(each, by), len(KINDS), ALLOWED)
    most = max(each, key=lambda name: each[name][found.target])
    return replace(found, said=_on_integers(integer, most, *mixed[most], found.target))


def _on_integers(
    integer: bytes, name: str, mixed: Mixture, made_of: Int64Array, target: int
) -> str:
    """What share of drawings of other classes slides to the class on the file's own integers."""
    rest = mixed.inputs[(made_of != target).all(axis=1)][:CHECKED]
    if not len(rest):
        return " It takes all of them to begin with."
    share = float(np.mean(predict_integer(integer, rest, jobs=1) == target))
    return (
        f" Nothing of it aims at the class, and on the file's own integers {share:.0%} of drawings "
        f"of other classes end there ({name}). A class for all that is unknown does the same."
    )
