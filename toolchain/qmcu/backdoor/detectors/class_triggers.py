"""Is there one class that triggers lead to? By the int8 file with inputs, which need no labels.

With inputs the searches for triggers tell more than noise does: those found on one half of the
inputs are measured on the other (input_triggers.py), beside the margins that inputs can be driven
to and the last layer's weights. How the kinds add up: class_evidence.py. What the file says by
itself is leading-class's, which runs as well: an audit's verdict is the stronger one's.

Most inputs of an honest network follow an overlay or a patch to several classes, if to any. So how
far the foremost class's best trigger is ahead of the next class's, in log odds of being followed,
is suspicious by itself, and makes a lead certain.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.class_evidence import (
    DRIVEN,
    WEIGHTS,
    Evidence,
    by_kind,
    deviates,
    finding_of,
)
from qmcu.backdoor.detectors.class_limits import count_classes, fit_work, require_sure
from qmcu.backdoor.detectors.class_probes import STEPS, drive_classes
from qmcu.backdoor.detectors.input_triggers import (
    CLIMBED,
    TriggerSearch,
    halves,
    passes_of,
    require_enough,
    require_varied,
)
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.networks import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.types import Float32Array, Int64Array

KINDS = {
    DRIVEN: ("margin", "smooth margin"),
    "overlays that inputs share": ("bounded overlay", "short overlay", "blend"),
    "a patch that they share": ("patch",),
    "their own mirror images": ("mirror",),
    WEIGHTS: ("weights",),
}
# Families whose trigger most inputs of an honest network follow to several classes, if to any.
RIVALLED = ("bounded overlay", "short overlay", "blend", "patch")
# What is allowed of the first class's log odds above the second's; honest networks came to 2.0.
ALLOWED_LEAD = 3.0
LEAD = "lead in log odds"
# One kind alone gives 1.34 at most.
ALLOWED = 1.75
# Multiply-accumulates of all ascents, a minute or so of one core; larger models get fewer inputs
# and starts, and none below the least.
_MOST_WORK = 1e12
_LEAST_CLIMBED = 6


@detector(
    "class-triggers",
    source="qmcu; after Neural Cleanse, S&P 2019, MM-BD, S&P 2024, Moosavi-Dezfooli et al., "
    "CVPR 2017, and Refool, ECCV 2020",
    needs=("int8", "samples", "classes", "ranges", "real inputs"),
    slow=True,
    alone=True,
)
def class_triggers(context: AuditContext) -> Finding:
    """A class that triggers lead inputs to: found on some of them, measured on others."""
    return finding_of("class-triggers", evidence_of_inputs(context))


def evidence_of_inputs(context: AuditContext) -> Evidence:
    """What the file says with inputs. Raises ModelError for a file that cannot be judged, and where
    the inputs are too few or answered nearly all the same.
    """
    graph, integer, samples = context.graph, context.integer, context.samples
    assert graph is not None and integer is not None and samples is not None
    classes = count_classes(graph)
    require_sure(graph)
    require_enough(samples)
    # A start takes twice the steps and there are half as many starts as inputs.
    passes = passes_of(classes, context.input_shape) + STEPS * classes
    climbed = fit_work(graph, _MOST_WORK, passes, CLIMBED, _LEAST_CLIMBED)
    seen, others = halves(samples, climbed, context.seed)
    answers = predict_integer(integer, others, parts=context.parts, jobs=1)
    require_varied(graph.name, answers)
    found = weigh_triggers(context, seen, others, answers, math.ceil(climbed / 2), ALLOWED)
    return replace(found, apart=found.details[LEAD] / ALLOWED_LEAD)


def weigh_triggers(
    context: AuditContext,
    seen: Float32Array,
    others: Float32Array,
    answers: Int64Array,
    starts: int,
    allowed: float,
) -> Evidence:
    """The evidence of triggers found on inputs that are `seen` and measured on `others`, which the
    file's integers give the `answers`, of margins from `starts`, and of the last layer's weights.
    Raises ModelError for a file that is sure of none of the inputs.
    """
    graph, integer = context.graph, context.integer
    assert graph is not None and integer is not None
    classes = count_classes(graph)
    model = QuantizedModel(network_from_graph(graph), graph, bounded=False)
    search = TriggerSearch(context, model, classes, seen, others)
    triggers = search.all()
    heights = {name: found.heights for name, found in triggers.items()}
    heights |= drive_classes(context, model, classes, starts, search.unit)
    each = {name: deviates(values) for name, values in heights.items()}
    found = Evidence(each, by_kind(each, KINDS), len(KINDS), allowed)
    lead = max(triggers[name].lead(found.target) for name in RIVALLED)
    rest = answers != found.target
    shares = {
        name: float(
            np.mean(predict_integer(integer, marked, parts=context.parts, jobs=1) == found.target)
        )
        for name, marked in ((n, one.marked[found.target][rest]) for n, one in triggers.items())
        if rest.any()
    }
    return replace(
        found,
        confirmed="no other class has such a trigger" if lead > ALLOWED_LEAD else "",
        said=_say(shares, int(rest.sum()), lead),
        details={
            **{f"integers sent by {name}": share for name, share in shares.items()},
            LEAD: lead,
        },
    )


def _say(shares: Mapping[str, float], count: int, lead: float) -> str:
    """What the best trigger does on the file's own integers, and whether it has rivals."""
    if not shares:
        return ""
    best = max(shares, key=lambda name: shares[name])
    said = (
        f" On the file's own integers the best trigger found for it on other inputs ({best}) sends "
        f"{shares[best]:.0%} of {count} there."
    )
    if lead > ALLOWED_LEAD:
        said += (
            f" No other class has one that so many follow: it is {lead:.1f} ahead in log odds "
            f"({ALLOWED_LEAD:g} are allowed)."
        )
    return said
