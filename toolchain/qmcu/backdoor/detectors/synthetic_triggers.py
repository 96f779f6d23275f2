"""Is there one class that triggers lead to? By the int8 file alone, on inputs that it gives itself.

The file gives inputs like those that it was made for (synthetic_inputs.py), of which those count
that its integers take for what was wanted. On these the searches of class-triggers run: triggers
that some of the inputs share and others follow, the margins that inputs can be driven to, the last
layer's weights. How the kinds add up: class_evidence.py. A trigger without rivals is no evidence
here, for on inputs made from a file an honest network's classes have rivals less often than on real
ones. It only supports: what is allowed was set on models in view, and none was kept apart from it.

Given inputs are not used, nor their range, so that they cannot make the verdict weaker: what they
tell is class-triggers' (class_triggers.py). What shows without triggers is leading-class's.
"""

import math

from qmcu.backdoor.detectors.class_evidence import Evidence, finding_of, shared
from qmcu.backdoor.detectors.class_limits import count_classes, fit_work, require_sure
from qmcu.backdoor.detectors.class_probes import STEPS
from qmcu.backdoor.detectors.class_triggers import weigh_triggers
from qmcu.backdoor.detectors.input_triggers import (
    CHECKED,
    CLIMBED,
    are_varied,
    passes_of,
)
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.synthetic_inputs import STEPS as MADE_STEPS
from qmcu.backdoor.detectors.synthetic_inputs import InputAscent
from qmcu.backdoor.networks import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.errors import ModelError
from qmcu.types import Float32Array, Int64Array

# One kind alone gives 1.34 at most.
ALLOWED = 2.0
# Share of the inputs that have to become what was wanted: a network that always answers the same
# has one class that leads, and hides nothing.
REACHED = 0.5
# Multiply-accumulates of all ascents, about 40 seconds of one core, so that three looks take two
# minutes; larger models get fewer inputs and starts, and none below the least.
_MOST_WORK = 4e11
_LEAST_CLIMBED = 4


@detector(
    "synthetic-triggers",
    source="qmcu; after DeepInversion, CVPR 2020, Neural Cleanse, S&P 2019, MM-BD, S&P 2024, "
    "Moosavi-Dezfooli et al., CVPR 2017, Refool, ECCV 2020, and Trojan Signatures, ICCVW 2021",
    needs=("int8", "classes", "ranges", "real inputs"),
    slow=True,
    alone=True,
)
def synthetic_triggers(context: AuditContext) -> Finding:
    """A class that triggers lead inputs to, on inputs that are made from the file itself."""
    found = shared("synthetic-triggers", evidence_made, context)
    return finding_of("synthetic-triggers", found, supports=True)


def evidence_made(context: AuditContext) -> Evidence:
    """What the file says with its own inputs. Raises ModelError for one that cannot be judged."""
    kept, classified, climbed = give_inputs(context)
    seen = min(climbed, len(kept) // 2)
    starts = math.ceil(climbed / 2)
    return weigh_triggers(context, kept[:seen], kept[seen:], classified[seen:], starts, ALLOWED)


def give_inputs(context: AuditContext) -> tuple[Float32Array, Int64Array, int]:
    """Inputs made from the file, float32 [N, ...], that its integers take for what was wanted,
    these answers, int64 [N], and how many there is work for to climb on: made once an audit.
    Raises ModelError for a file that cannot be judged.
    """
    made: tuple[Float32Array, Int64Array, int] = context.once(
        "inputs made from the file", lambda: _give(context)
    )
    return made


def _give(context: AuditContext) -> tuple[Float32Array, Int64Array, int]:
    graph, integer = context.graph, context.integer
    assert graph is not None and integer is not None
    classes = count_classes(graph)
    require_sure(graph)
    each = 1 + CHECKED / CLIMBED  # inputs made for one that is climbed on
    passes = passes_of(classes, context.input_shape) + STEPS * classes + MADE_STEPS * each
    climbed = fit_work(graph, _MOST_WORK, passes, CLIMBED, _LEAST_CLIMBED)
    ascent = InputAscent(context, network_from_graph(graph), classes)
    inputs, wanted = ascent.make(math.ceil(each * climbed))
    answers = predict_integer(integer, inputs, parts=context.parts, jobs=1)
    right = answers == wanted
    share = right.mean()
    if share < REACHED or not are_varied(answers):
        raise ModelError(
            f"{graph.name}: of inputs that were made for its classes it takes "
            f"{share:.0%} for theirs ({REACHED:.0%} are needed, of several), so no class can lead "
            "among equals; is it trained?"
        )
    return inputs[right], answers[right], climbed
