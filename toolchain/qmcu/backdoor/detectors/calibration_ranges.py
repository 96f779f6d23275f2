"""Do the activations' ranges fit the data? A hostile calibration is a way in as well.

Too narrow: a converter covers what its calibration inputs reached. If they and the samples here are
exchangeable, a sample leaves the range of m calibration inputs on one side with chance 1/(m+1),
and the number of n that do follows the beta-binomial distribution (n, 1, m); m is supposed to be
50, fewer than any recommendation. Corrected for tensors and sides (Bonferroni). A converter that
averages what batches of its inputs reach (ai-edge-quantizer, observers with a moving average) puts
every end where many inputs leave it. Extremes of inputs that are log-concave leave their mean with
a chance of 1/e to 1 - 1/e (Gruenbaum, Pacific J. Math. 1960), those of batches of b with at most
1 - exp(-1/b); b is that of the median over the file's ends, so that an end is told of that is left
far more often than the file's others. Too wide: a range
far beyond the data wastes resolution, and makes activations as coarse as an attacker needs them;
that has no null distribution. Our own defences widen ranges so that nothing is clipped: what
ascent on the activations reaches within the inputs' range (grids/reach.py) is not too wide. Honest
converters that clip outliers on purpose will be told of too: supporting. The states of a fused
LSTM are variables, which TensorFlow's calibration hands on from one input to the next: so they are
here, for states of zero reach what it never saw.
Ranges as a way in: Pan et al., ACSAC 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.residuals import significant
from qmcu.backdoor.detectors.significance import bonferroni
from qmcu.backdoor.grids import (
    FIXED_GRID,
    Reach,
    clean_ends,
    extremes,
    grid_ends,
    read_grids,
)
from qmcu.backdoor.networks import (
    Network,
    carry_states,
    is_joined,
    network_from_graph,
    own_inputs,
)

CALIBRATED = 50
WIDE = 3.0  # times the range that the samples reach
WIDER = 1.5  # times what ascent reaches, which another run of it may reach
_STEPS = 0.5  # a value this far outside is only rounded


@dataclass(frozen=True)
class Range:
    """A tensor's range in the file, and how wide the one is that inputs reach."""

    index: int
    low: float
    high: float
    reached: float

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low


@detector("calibration-ranges", source="qmcu; after Pan et al., ACSAC 2021",
          needs=("int8", "samples", "ranges"),
          null="samples and calibration inputs are exchangeable")  # fmt: skip
def calibration_ranges(context: AuditContext) -> Finding:
    """Activation ranges that real inputs leave, or that reach far beyond them."""
    assert context.graph is not None and context.samples is not None
    details: dict[str, float] = {}
    left: list[float] = []  # the share of the inputs that leave an end, for each end not at zero
    found = shares_left(context)
    for name, (shares, end) in found.items():
        left += [s for s, e in zip(shares, (end.low, end.high), strict=True) if e or s]
        details[f"{name} left by"] = max(shares)
        details[f"{name} width"] = end.width / max(end.reached, end.width / 255)
    widest = max(v for k, v in details.items() if k.endswith("width"))
    most = max((k for k in details if k.endswith("left by")), key=lambda k: details[k])
    wide = widest / WIDE
    if wide > 1:
        allowed = allowed_widths(context)
        wide = max(end.width / allowed[end.index] for _, end in found.values())
    p_value = bonferroni(_leaving(left, len(context.samples)))
    score = max(wide, significant(np.inf, p_value))
    return Finding(
        detector="calibration-ranges",
        score=score,
        threshold=1.0,
        suspicious=score > 1,
        weight="supporting",
        reason=f"{details[most]:.1%} of the inputs leave the range of "
        f"{most.removesuffix(' left by')}, {np.median(left):.1%} that of a usual activation "
        f"(p = {p_value:.2g}, corrected), and the widest range is {widest:.1f} times what they "
        f"reach ({WIDE:g} are allowed, or {WIDER:g} times what ascent reaches; it is "
        f"{wide:.2f} times what is).",
        p_value=p_value,
        details=details,
    )


def allowed_widths(context: AuditContext) -> dict[int, float]:
    """How wide an honest range may be, for each activation tensor of the `file_network` that has
    one: WIDE times what inputs reach, or WIDER times what ascent does.
    """

    def make() -> dict[int, float]:
        reach = _ascend(context)
        ends = [end for _, end in shares_left(context).values()]
        return {e.index: max(WIDE * e.reached, WIDER * reach[e.index], 1e-12) for e in ends}

    return context.once("allowed widths", make)  # type: ignore[no-any-return]


def shares_left(context: AuditContext) -> dict[str, tuple[tuple[float, float], Range]]:
    """For each activation that has a range, by its name: the shares of the given inputs that leave
    its low and its high end, and the range.
    """
    return context.once_for_all("shares left", lambda: _shares_left(context))  # type: ignore[no-any-return]


def _shares_left(context: AuditContext) -> dict[str, tuple[tuple[float, float], Range]]:
    assert context.graph is not None and context.samples is not None
    network = file_network(context)
    ranges = grid_ends(read_grids(network, context.graph))
    names = {network.graph.inputs[0]: "input"}
    if is_joined(network.graph):
        names = {t.index: f"input {t.name}" for t in own_inputs(network.graph)}
    for op in network.graph.operators:
        if op.kind not in FIXED_GRID and not set(op.outputs) & set(names):
            names[op.outputs[0]] = str(op)
    found = {}
    carried = replace(network, graph=carry_states(network.graph))
    for index, (lows, highs) in extremes(carried, context.samples).items():
        if index not in names or index not in ranges:
            continue
        low, high = ranges[index]
        slack = _STEPS * (high - low) / 255
        shares = float(np.mean(lows < low - slack)), float(np.mean(highs > high + slack))
        reached = max(0.0, float(highs.max())) - min(0.0, float(lows.min()))
        found[names[index]] = shares, Range(index, low, high, reached)
    return found


def _leaving(shares: Sequence[float], count: int) -> list[float]:
    """For each end of a range the p-value of being left by this share of `count` inputs: by ends
    that calibration inputs reached, or by ends that are the mean of what batches of them did.
    """
    usual = float(np.clip(np.median(shares), 1e-9, 0.5))
    batch = np.log(0.5) / np.log1p(-usual)
    averaged = -np.expm1(-1 / batch)
    return [
        max(
            float(stats.betabinom.sf(round(share * count) - 1, count, 1, CALIBRATED)),
            float(stats.binom.sf(round(share * count) - 1, count, averaged)),
        )
        for share in shares
    ]


def _ascend(context: AuditContext) -> dict[int, float]:
    """How wide a range inputs can fill that ascent finds, for each activation tensor."""
    assert context.graph is not None and context.samples is not None
    network, samples = file_network(context), context.samples
    reach = context.once_for_all(
        "reach", lambda: Reach(network, samples, context.low, context.high)
    )
    made = reach.find(np.random.default_rng([context.seed, 13]))
    ends = clean_ends(network, np.concatenate([samples, made]))
    return {index: high - low for index, (low, high) in ends.items()}


def file_network(context: AuditContext) -> Network:
    """The file's own graph, its integers as the real numbers that they mean."""
    graph = context.graph
    assert graph is not None
    name = "network of the file"
    return context.once_for_all(name, lambda: network_from_graph(graph))  # type: ignore[no-any-return]
