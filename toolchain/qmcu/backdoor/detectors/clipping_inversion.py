"""A search for what only activation clipping turns into another answer, on the file's own integers.

A backdoor can live in activation ranges alone: triggered inputs overshoot a range that calibration
inputs never left, float lets the overshoot pass and keeps its answer, int8 cuts it off. No rounding
error tells of it. So one search (overshoot_search.py) climbs on the overshoot of every activation
tensor beyond the file's ranges, then on the gap between int8 and float: patterns that inputs share,
in patches and over whole inputs, and whole inputs with a pattern each. Where it finds
nothing, or hardly enough, patterns of two values are bred (bred_search.py), and others climb
towards each class (aimed_search.py). What they find is put to other inputs, on the file's integers.

Honest int8 clips overshoot too, so two things must come together: answers that float keeps go to
one class; and they do not in a control, quantized on the given and the found inputs, so that its
ranges hold them. Whether they do so when the network is quantized anew on the given inputs tells
the network's own switch from one in this file's ranges (calibration inputs or scales that somebody
chose); where such ranges cut off the given inputs too, `damage` says so and the file is damaged.
An honest file that was calibrated on dimmer inputs cuts off most of the given ones without changed
answers: there each input can be made to go anywhere by a pattern of its own, which is no trigger,
so of such ranges only patterns that inputs share are proof.
A control of another kind has the file's own weights in real numbers. Where ranges that hold the
inputs change nothing and real numbers do, it is the rounding of activations that is a switch: a
channel that is large on every input makes its tensor's steps coarse, and what is small beside it
vanishes in int8 alone. Patterns that inputs share tell of it; one for each input finds the rounding
of any network.
All is counted on tflite-micro. Outputs that are values have no class to go to: of them counts what
int8 leaves and float keeps (kept_answers.py).

Ascent: Madry et al., ICLR 2018; a pattern shared by inputs: Wang et al., Neural Cleanse, S&P 2019;
the rest is ours.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from qmcu.backdoor.detectors.aimed_search import AimedSearch
from qmcu.backdoor.detectors.bred_overlays import BredOverlays
from qmcu.backdoor.detectors.bred_search import BredSearch
from qmcu.backdoor.detectors.calibration_ranges import shares_left
from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.dealt_inputs import deal
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import (
    FEW,
    Answers,
    Classes,
    Scores,
    answers_of,
    count_answers,
    has_few,
)
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.overshoot_search import EACH_ITS_OWN, Found, Search
from qmcu.backdoor.detectors.settling import NEAR
from qmcu.backdoor.networks import forward
from qmcu.types import Float32Array

ASKED = 4  # patterns put to the integers
ASKED_AIMED = 2
CHECKED = 96  # on so many inputs
# Of the inputs, to one class, beyond those of the control; docs/CLIPPING.md has what honest and
# attacked models gave.
THRESHOLD = 0.5
# Where the finding is nearer to the line than this, the next search goes on.
SURE = NEAR[1] * THRESHOLD
# Of patterns that were bred or aimed at a class: an honest network of CIFAR-10 came to 0.50.
THRESHOLD_AIMED = 0.6
# The detail that is 1 when it takes this file's own ranges.
OF_FILE = "by this file's ranges alone"
# Patterns that moved fewer of the search's own inputs are not worth asking about.
_HOPE = 0.25
# Where some pattern that inputs share moved this share of them, the first search goes on with so
# many other seeds: what it finds of a weak switch is chance.
_HINT, _AGAIN = 0.05, 2
# More than this share of the given inputs leave a range: it was made from inputs of another kind.
MOST = 0.5


@dataclass(frozen=True, eq=False)
class Trial:
    """One pattern's inputs, float32 [N, ...], and what float answers to them, as they were and
    `marked`.
    """

    place: str
    marked: Float32Array
    clean: Scores
    plain: Scores
    allowed: float = THRESHOLD


@dataclass(frozen=True)
class Outcome:
    """To which class a pattern sends int8 where float keeps its answer, None where outputs are
    values, and the shares of inputs: the file's, those of the network quantized anew, of the
    control with ranges widened, and of the file's weights in real numbers, None where not asked.
    """

    place: str
    target: int | None
    own: float
    anew: float
    control: float
    allowed: float = THRESHOLD
    real: float | None = None

    @property
    def kind(self) -> str:
        """What `own` is a share of, in words."""
        return "left float" if self.target is None else "to one class"

    @property
    def excess(self) -> float:
        """The share that is there for activations' integers alone, for clipping or for rounding,
        as a share of which THRESHOLD is allowed.
        """
        least = self.control if self.real is None else min(self.control, self.real)
        return max(0.0, self.own - least) * THRESHOLD / self.allowed

    @property
    def is_rounding(self) -> bool:
        """True when real numbers take away more of it than wide ranges do."""
        return self.real is not None and self.real < self.control

    @property
    def is_of_file(self) -> bool:
        """True when the ranges of this file do it, and not those of an honest quantization."""
        return self.own - self.anew > THRESHOLD


@detector("clipping-inversion", source="qmcu; ascent after Madry et al., ICLR 2018",
          needs=("float", "int8", "samples", "ranges"))  # fmt: skip
def clipping_inversion(context: AuditContext) -> Finding:
    """Inputs made to overshoot activation ranges: int8 sends them to one class, float does not."""
    found: list[Outcome] = []
    for answers, trials in _searches(context):
        found += [_try(context, answers, trial) for trial in trials]
        if any(o.excess > SURE for o in found if _tells(context, o)):
            break
    # The strongest of a place is what its row of the details tells.
    outcomes = sorted(found, key=lambda outcome: outcome.excess)
    telling = [o for o in outcomes if _tells(context, o)]
    nothing = Outcome("nowhere", 0, 0.0, 0.0, 0.0)
    # What is no proof is told only where nothing that is one is beyond the threshold.
    strongest = [*telling[-1:], *outcomes[-1:]]
    firing = [outcome for outcome in strongest if outcome.excess > THRESHOLD]
    best, fired = (firing or strongest or [nothing])[0], bool(firing)
    return Finding(
        detector="clipping-inversion",
        score=best.excess,
        threshold=THRESHOLD,
        suspicious=fired,
        weight="decisive" if best in telling or not fired else "supporting",
        reason=_say(best, fired),
        details={
            **{f"{o.place}: {o.kind}": o.own for o in outcomes},
            **{f"{o.place}: quantized anew": o.anew for o in outcomes},
            **{f"{o.place}: with ranges widened": o.control for o in outcomes},
            **{f"{o.place}: in real numbers": o.real for o in outcomes if o.real is not None},
            OF_FILE: float(best.is_of_file),
        },
    )


def _tells(context: AuditContext, outcome: Outcome) -> bool:
    """Whether it is proof: patches are, what lies over whole inputs where classes or values are
    many, and a pattern for each input where the file's own ranges hold the given ones.
    """
    alone = outcome.place.endswith(EACH_ITS_OWN)
    # A network that was trained for a switch has some of it left with other ranges.
    if alone and outcome.is_of_file and outcome.anew <= _HOPE and _cuts_given(context):
        return False
    if outcome.place.startswith("patch"):
        return True
    # An honest regression of one number is taken anywhere by what changes half of every input.
    return not _has_few(context) if context.decides else count_answers(context) > FEW


def _has_few(context: AuditContext) -> bool:
    return bool(context.once_for_all("few classes", lambda: has_few(context)))


def _cuts_given(context: AuditContext) -> bool:
    """Whether most given inputs leave one of the file's ranges."""

    def look() -> bool:
        left = shares_left(context)
        return max(max(shares) for shares, _ in left.values()) > MOST if left else False

    return bool(context.once_for_all("given inputs are cut off", look))


def _searches(context: AuditContext) -> Iterator[tuple[Answers, Iterator[Trial]]]:
    """One after the other, each made when it is asked for."""
    for answers in answers_of(context):
        forms = FloatAndInt8.of(context, answers)
        hopes: list[float] = []
        yield answers, _overshooting(context, answers, forms, hopes)
        if isinstance(answers, Classes):
            for search in (BredSearch, AimedSearch, BredOverlays):
                yield answers, _aimed(context, forms, search, hopes)
        for seed in np.random.default_rng([context.seed, _AGAIN]).integers(2**31, size=_AGAIN):
            if max(hopes, default=0.0) >= _HINT:
                other = replace(context, seed=int(seed), _shared={})
                yield answers, _overshooting(other, answers, forms, hopes)


def _overshooting(
    context: AuditContext, answers: Answers, forms: FloatAndInt8, hopes: list[float]
) -> Iterator[Trial]:
    """The search's best patterns on inputs that it did not see, and whole inputs that it made."""
    assert context.samples is not None
    search = Search(context, answers, forms)
    patterns = search.shared()
    asked = patterns[:ASKED]
    if not answers.named:
        # Values move with any pattern: the largest need not be the one that moves most inputs.
        asked += [f for f in patterns[ASKED:] if not f.place.startswith("patch")][:1]
    found = [(f, search.others[:CHECKED]) for f in asked]
    if answers.named and not _has_few(context):
        found += [(f, context.samples[: len(f.values)]) for f in search.alone()[:1]]
    hopes += [f.awake for f in patterns]
    return _trials(forms, found)


def _aimed(
    context: AuditContext,
    forms: FloatAndInt8,
    search: type[BredSearch | AimedSearch | BredOverlays],
    hopes: list[float],
) -> Iterator[Trial]:
    """The best patterns for one class, on inputs that the search did not see."""
    assert context.samples is not None
    dealt = deal(context.samples)
    found = search(context, forms, dealt).patterns()[:ASKED_AIMED]
    hopes += [f.awake for f in found]
    unseen = dealt.unseen[:CHECKED]
    return _trials(forms, ((f, unseen) for f in found), THRESHOLD_AIMED)


def _trials(
    forms: FloatAndInt8,
    found: Iterable[tuple[Found, Float32Array]],
    allowed: float = THRESHOLD,
) -> Iterator[Trial]:
    for pattern, inputs in found:
        if pattern.awake >= _HOPE:
            marked = pattern.apply(inputs)
            clean, plain = (forms.answer(x) for x in (inputs, marked))
            yield Trial(pattern.place, marked, clean, plain, allowed)


def _try(context: AuditContext, answers: Answers, trial: Trial) -> Outcome:
    assert context.network is not None and context.integer is not None
    assert context.samples is not None

    def shares(given: Scores) -> Mapping[int, float]:
        whole = not trial.place.startswith("patch")
        return answers.sent(trial.clean, trial.plain, given, whole=whole)

    own = shares(answers.run(context.integer, trial.marked))
    target = max(own, key=lambda t: own[t])
    named, share = target if answers.named else None, own[target]
    if share <= NEAR[0] * THRESHOLD:
        return Outcome(trial.place, named, share, share, 0.0, trial.allowed)
    samples = context.samples
    anew = context.once_for_all("quantized anew", lambda: context.quantize_anew(samples))
    widened = context.quantize_anew(np.concatenate([samples, trial.marked]))
    again, control = (
        shares(answers.run(model, trial.marked)).get(target, 0.0) for model in (anew, widened)
    )
    real = None
    if not trial.place.endswith(EACH_ITS_OWN):
        real = shares(_in_real_numbers(context, answers, trial.marked)).get(target, 0.0)
    return Outcome(trial.place, named, share, again, control, trial.allowed, real)


def _in_real_numbers(context: AuditContext, answers: Answers, inputs: Float32Array) -> Scores:
    """The answers of what the file's weights stand for, its activations in float."""

    def make() -> Controls:
        deployed = Controls(context)
        deployed.take(0)
        return deployed

    deployed = context.once_for_all("deployed in real numbers", make)
    outputs = forward(deployed.network, inputs, deployed.variables, deployed.biases).numpy()
    return answers.read(outputs.reshape(len(inputs), -1))


def _say(best: Outcome, fired: bool) -> str:
    if not best.own:
        return "no input was found that overshoots an activation range and changes int8's answer."
    text = f"inputs made to overshoot activation ranges ({best.place}) "
    if best.target is None:
        text += f"take int8 further from float than they move float, {best.own:.0%} of them"
    else:
        text += f"send {best.own:.0%} of the answers to class {best.target} in int8 where float "
        text += "keeps its own"
    if best.own > THRESHOLD:
        text += f", {best.anew:.0%} once the network is quantized anew"
        text += f" and {best.control:.0%} once ranges are widened to hold them"
        if best.is_rounding:
            text += f", {best.real:.0%} by the same weights in real numbers"
    text += f" ({best.allowed:.0%} more are allowed)"
    if fired and best.is_of_file:
        return text + ": ranges of this file that an honest quantization has not are a switch."
    what = "the rounding of activations" if best.is_rounding else "activation clipping"
    return text + (f": {what} is a switch." if fired else ".")
