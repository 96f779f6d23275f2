"""Is the int8 file still the float model? Its own integers, against an honest quantization.

A file can be far from its float model without any backdoor: an edited bias, a scale that is wrong,
ranges from other inputs. Then nothing else that an audit says about it means much. So the file's
own integers answer the given inputs on the oracle, and where more than a few answers differ from
the float model's, the same network is quantized anew with the file's settings (scales per channel
or per tensor), twice, each time calibrated on one half of the inputs and asked about the other. A
network that quantizes badly does so again; a damaged file stands alone. Ranges that are wider than
an honest quantization's, as those of a defence, have coarser steps, and that is a choice and no
damage: where the honest one would tell a file damaged, it is asked again in ranges as wide as the
file's, as far as inputs can fill them; only an accuracy that labels show to be lost is not excused
so. Outputs that are values and
no scores of classes (autoencoders, regressions) count as another answer where they are off by more
than a quarter of what they vary by from input to input.

Damage is what users would meet. Where only mixtures with noise are answered otherwise, and nothing
in the file is beyond what a quantizer chooses, it supports and does not decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from qmcu.backdoor.detectors.calibration_ranges import allowed_widths, file_network
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.rounding_choice import count_edited
from qmcu.backdoor.detectors.significance import bonferroni
from qmcu.backdoor.grids import ends_of, pair_tensors, write_ranges
from qmcu.backdoor.networks import logits
from qmcu.backdoor.rates import predict_integer, run_integer
from qmcu.errors import ModelError
from qmcu.model.decision import decide
from qmcu.model.reader import parse_model
from qmcu.types import Float32Array

BoolArray = npt.NDArray[np.bool_]

INPUTS = 400
# Fewer make no calibration set of their half.
_LEAST = 16
# All three have to be exceeded: the exact test's level, corrected for all tests; answers changed
# beyond twice those of an honest quantization, and this share of the inputs more.
ALPHA = 1e-3
MARGINS = {"samples": 0.03, "mixed": 0.10}
_FACTOR = 2.0
# Values further off are another answer: this share of how far they vary between inputs.
OFF = 0.25


@dataclass(frozen=True, eq=False)
class Answers:
    """What the float model and the file's own integers answer to the same inputs: classes, int64
    [N], or values, float64 [N, elements].
    """

    inputs: Float32Array
    plain: npt.NDArray[Any]
    own: npt.NDArray[Any]

    @property
    def changed(self) -> BoolArray:
        """Whether int8 answers otherwise than float: bool [N]."""
        return self.differs(self.own)

    def differs(self, others: npt.NDArray[Any]) -> BoolArray:
        """Which of other answers to the same inputs are not float's: bool [N]."""
        if others.ndim == 1:
            return np.asarray(others != self.plain)
        spread = np.sqrt(np.mean((self.plain - self.plain.mean(axis=0)) ** 2))
        errors = np.sqrt(np.mean((others - self.plain) ** 2, axis=1))
        return np.asarray(errors > OFF * max(float(spread), 1e-12))


@dataclass(frozen=True)
class Test:
    """Answers changed by the file and by the honest quantization, shares, and what chance says.

    `p_value` is exact: among inputs that one of the two changes and the other does not, each is
    as likely as the other for a file that is an honest quantization too (McNemar's test, one
    side). `score` is above 1 when the file is beyond what is allowed.
    """

    __test__ = False  # not a test class of pytest

    own: float
    honest: float
    p_value: float
    score: float
    # What the honest quantization changes in ranges as wide as the file's, where that was asked.
    widened: float | None = None


def integer_answers(context: AuditContext) -> Mapping[str, Answers]:
    """Float and the file's integers on the samples and on their mixtures with noise, made once."""

    def make() -> Mapping[str, Answers]:
        assert context.samples is not None
        samples = context.samples[:INPUTS]
        mixed = np.float32(0.5) * (samples + context.noise(len(samples)))
        return {"samples": _ask(context, samples), "mixed": _ask(context, mixed)}

    return context.once("integer answers", make)  # type: ignore[no-any-return]


def honest_answers(context: AuditContext, *, wide: bool = False) -> Mapping[str, npt.NDArray[Any]]:
    """The answers to the same inputs by honest quantizations that were not calibrated on them; by
    `wide` ones in ranges as wide as the file's.
    """

    def make() -> Mapping[str, npt.NDArray[Any]]:
        given = integer_answers(context)
        found = {kind: answers.own.copy() for kind, answers in given.items()}
        for asked, control in _honest_files(context):
            model = widen(context, control) if wide else control
            for kind, answers in given.items():
                found[kind][asked] = _answer(context, model, answers.inputs[asked])
        return found

    return context.once(f"honest answers, wide: {wide}", make)  # type: ignore[no-any-return]


def _honest_files(context: AuditContext) -> list[tuple[BoolArray, bytes]]:
    """Two honest quantizations, each with those of the inputs that it was not calibrated on."""

    def make() -> list[tuple[BoolArray, bytes]]:
        assert context.network is not None and context.samples is not None
        samples = context.samples[:INPUTS]
        halves = np.random.default_rng([context.seed, 5]).permutation(len(samples)) % 2
        return [(halves == half, context.quantize_anew(samples[halves != half])) for half in (0, 1)]

    return context.once("honest files", make)  # type: ignore[no-any-return]


def widen(context: AuditContext, control: bytes) -> bytes:
    """An honest quantization with each range that the file has wider made as wide: as far as
    calibration-ranges allows, for what no input can fill is no honest choice. It is as it was where
    the file has none, or another form.
    """
    assert context.network is not None and context.graph is not None
    if context.has_real_activations:
        return control
    graph = parse_model(control, "honest")
    try:
        own, other = (pair_tensors(context.network, g) for g in (context.graph, graph))
    except ModelError:
        return control
    places = {own[index]: other[index] for index in own}
    tensors = pair_tensors(file_network(context), context.graph)
    ends = {}
    for index, allowed in allowed_widths(context).items():
        tensor = tensors.get(index, -1)
        if tensor not in places:
            continue
        low, high = ends_of(context.graph.tensors[tensor])
        least, most = ends_of(graph.tensors[places[tensor]])
        share = min(1.0, allowed / max(high - low, 1e-12))
        wide = min(low * share, least), max(high * share, most)
        if wide != (least, most):
            ends[places[tensor]] = wide
    return write_ranges(control, ends) if ends else control


def compare_with_honest(context: AuditContext, kind: str, margin: float) -> Test:
    """The file's changed answers beside those of an honest quantization, which is made only where
    it could matter; in ranges as wide as the file's where they alone excuse it.
    """
    answers = integer_answers(context)[kind]
    own = float(answers.changed.mean())
    if own <= margin or len(answers.own) < _LEAST:
        return Test(own, own, 1.0, 0.0)
    found = _compare(answers, honest_answers(context)[kind], margin)
    if not _is_beyond(found):
        return found
    wide = _compare(answers, honest_answers(context, wide=True)[kind], margin)
    if _is_beyond(wide) or loses_accuracy(context):
        return found
    return replace(found, p_value=wide.p_value, score=wide.score, widened=wide.honest)


def _compare(answers: Answers, others: npt.NDArray[Any], margin: float) -> Test:
    own, honest = float(answers.changed.mean()), answers.differs(others)
    share = float(honest.mean())
    only_own = int(np.count_nonzero(answers.changed & ~honest))
    discordant = int(np.count_nonzero(answers.changed ^ honest))
    p_value = float(stats.binom.sf(only_own - 1, discordant, 0.5)) if discordant else 1.0
    return Test(own, share, p_value, (own - _FACTOR * share) / margin)


def _is_beyond(test: Test) -> bool:
    return test.score > 1 and test.p_value * len(MARGINS) < ALPHA


def loses_accuracy(context: AuditContext) -> bool:
    """Whether labels show that the file answers fewer inputs rightly than float does: by more than
    the margin, and more than chance explains (McNemar's test, one side).
    """
    if context.labels is None or not context.decides:
        return False
    answers = integer_answers(context)["samples"]
    labels = context.labels[: len(answers.own)]
    before, after = answers.plain == labels, answers.own == labels
    lost, won = int(np.sum(before & ~after)), int(np.sum(after & ~before))
    p_value = float(stats.binom.sf(lost - 1, lost + won, 0.5)) if lost + won else 1.0
    return lost - won > MARGINS["samples"] * len(labels) and p_value < ALPHA


def spares_inputs(context: AuditContext) -> bool:
    """Whether the file answers the given inputs as float does and no parameter is beyond what a
    quantizer chooses: mixtures with noise that it answers otherwise are then no damage. Scales or
    ranges by percentiles, made for inputs and not for noise, do that.
    """
    changed = float(integer_answers(context)["samples"].changed.mean())
    return changed <= MARGINS["samples"] and not count_edited(context)


@detector("damage", source="qmcu; McNemar, Psychometrika 12, 1947",
          needs=("float", "int8", "samples"),
          null="the file and an honest quantization are exchangeable")  # fmt: skip
def damage(context: AuditContext) -> Finding:
    """The file's integers against the float model: further off than an honest quantization is."""
    tests = {k: compare_with_honest(context, k, m) for k, m in MARGINS.items()}
    count = len(tests)
    scores = {k: t.score if t.p_value * count < ALPHA else min(t.score, 1.0)
              for k, t in tests.items()}  # fmt: skip
    kind = max(scores, key=lambda k: scores[k])
    score = max(0.0, scores[kind])
    found, answers = tests["samples"], integer_answers(context)["samples"]
    if found.own <= MARGINS["samples"] < tests[kind].own and score > 1:
        found = tests[kind]
    name = "given" if found is tests["samples"] else kind
    top, share = _concentration(answers)
    spared = score > 1 and spares_inputs(context)
    accuracy = _accuracy(context)
    return Finding(
        detector="damage",
        score=score,
        threshold=1.0,
        suspicious=score > 1,
        weight="supporting" if spared else "integrity",
        reason=_say(
            found,
            name,
            len(answers.own),
            score > 1,
            (top, share),
            accuracy,
            context.decides,
            spared,
        ),
        p_value=bonferroni([t.p_value for t in tests.values()]),
        details={
            **{f"{k} changed": t.own for k, t in tests.items()},
            **{f"{k} changed by an honest quantization": t.honest for k, t in tests.items()},
            **{
                f"{k} changed by one in ranges as wide": t.widened
                for k, t in tests.items()
                if t.widened is not None
            },
            **({f"class {top} more often": share} if context.decides else {}),
            **({"float accuracy": accuracy[0], "int8 accuracy": accuracy[1]} if accuracy else {}),
        },
    )


def _ask(context: AuditContext, inputs: Float32Array) -> Answers:
    assert context.network is not None and context.integer is not None
    plain = logits(context.network, inputs).reshape(len(inputs), -1)
    given = decide(plain) if context.decides else plain.astype(np.float64)
    return Answers(inputs, given, _answer(context, context.integer, inputs))


def _answer(context: AuditContext, model: bytes, inputs: Float32Array) -> npt.NDArray[Any]:
    if context.decides:
        return predict_integer(model, inputs, parts=context.parts, jobs=1)
    return run_integer(model, inputs, parts=context.parts, jobs=1)


def _concentration(answers: Answers) -> tuple[int, float]:
    """The class that int8 answers most beyond float, and by what share of the inputs."""
    if answers.own.ndim > 1:
        return 0, 0.0
    classes = int(max(answers.own.max(), answers.plain.max())) + 1
    counts = [np.bincount(a, minlength=classes) for a in (answers.own, answers.plain)]
    more = (counts[0] - counts[1]) / len(answers.own)
    return int(more.argmax()), float(more.max())


def _accuracy(context: AuditContext) -> tuple[float, float] | None:
    if context.labels is None or not context.decides:
        return None
    answers = integer_answers(context)["samples"]
    labels = context.labels[: len(answers.own)]
    return float(np.mean(answers.plain == labels)), float(np.mean(answers.own == labels))


def _say(
    found: Test,
    kind: str,
    count: int,
    fired: bool,
    concentration: tuple[int, float],
    accuracy: tuple[float, float] | None,
    classes: bool,
    spared: bool,
) -> str:
    text = f"the file's integers answer {found.own:.1%} of {count} {kind} inputs otherwise than "
    text += "the float model" if classes else "the float model (values off by more than a "
    text += "" if classes else "quarter of what they vary by)"
    if found.p_value < 1 or found.honest != found.own:
        text += f", an honest quantization with the same settings {found.honest:.1%}"
        if found.widened is not None:
            text += f", {found.widened:.1%} in ranges as wide as the file's"
        text += f" (exact p = {max(found.p_value, 1e-300):.2g})"
    if accuracy is not None:
        fell = accuracy[0] - accuracy[1]
        text += f"; accuracy {'falls' if fell > 0 else 'goes'} from {accuracy[0]:.1%} to "
        text += f"{accuracy[1]:.1%}"
    elif found.own > MARGINS["samples"] and classes:
        text += f": accuracy may fall by up to {100 * found.own:.1f} points (give `labels` beside "
        text += "the inputs to have it measured)"
    if spared:
        return text + "; the given inputs keep their answers: its scales or ranges are for these."
    if fired and concentration[1] > MARGINS["mixed"]:
        text += f"; class {concentration[0]} gets {concentration[1]:.0%} of them more than in float"
    if fired:
        return text + ": this file is not a sound quantization of that model."
    return text + "."
