"""Is the int8 file still the float model? Its own integers, against an honest quantization.

A file can be far from its float model without any backdoor: an edited bias, a scale that is wrong,
ranges from other inputs. Then nothing else that an audit says about it means much. So the file's
own integers answer the given inputs on the oracle, and where more than a few answers differ from
the float model's, the same network is quantized anew with the file's settings (scales per channel
or per tensor), twice, each time calibrated on one half of the inputs and asked about the other. A
network that quantizes badly does so again; a damaged file stands alone. Outputs that are values and
no scores of classes (autoencoders, regressions) count as another answer where they are off by more
than a quarter of what they vary by from input to input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import bonferroni
from qmcu.backdoor.networks import logits
from qmcu.backdoor.rates import predict_integer, run_integer
from qmcu.model.decision import decide
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


def integer_answers(context: AuditContext) -> Mapping[str, Answers]:
    """Float and the file's integers on the samples and on their mixtures with noise, made once."""

    def make() -> Mapping[str, Answers]:
        assert context.samples is not None
        samples = context.samples[:INPUTS]
        mixed = np.float32(0.5) * (samples + context.noise(len(samples)))
        return {"samples": _ask(context, samples), "mixed": _ask(context, mixed)}

    return context.once("integer answers", make)  # type: ignore[no-any-return]


def honest_answers(context: AuditContext) -> Mapping[str, npt.NDArray[Any]]:
    """The answers to the same inputs by honest quantizations that were not calibrated on them."""

    def make() -> Mapping[str, npt.NDArray[Any]]:
        assert context.network is not None and context.samples is not None
        samples = context.samples[:INPUTS]
        halves = np.random.default_rng([context.seed, 5]).permutation(len(samples)) % 2
        given = integer_answers(context)
        found = {kind: answers.own.copy() for kind, answers in given.items()}
        for half in (0, 1):
            asked = halves == half
            control = context.quantize_anew(samples[~asked])
            for kind, answers in given.items():
                found[kind][asked] = _answer(context, control, answers.inputs[asked])
        return found

    return context.once("honest answers", make)  # type: ignore[no-any-return]


def compare_with_honest(context: AuditContext, kind: str, margin: float) -> Test:
    """The file's changed answers beside those of an honest quantization, which is made only where
    it could matter.
    """
    answers = integer_answers(context)[kind]
    own = float(answers.changed.mean())
    if own <= margin or len(answers.own) < _LEAST:
        return Test(own, own, 1.0, 0.0)
    honest = answers.differs(honest_answers(context)[kind])
    share = float(honest.mean())
    only_own = int(np.count_nonzero(answers.changed & ~honest))
    discordant = int(np.count_nonzero(answers.changed ^ honest))
    p_value = float(stats.binom.sf(only_own - 1, discordant, 0.5)) if discordant else 1.0
    return Test(own, share, p_value, (own - _FACTOR * share) / margin)


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
    accuracy = _accuracy(context)
    return Finding(
        detector="damage",
        score=score,
        threshold=1.0,
        suspicious=score > 1,
        weight="integrity",
        reason=_say(
            found, name, len(answers.own), score > 1, (top, share), accuracy, context.decides
        ),
        p_value=bonferroni([t.p_value for t in tests.values()]),
        details={
            **{f"{k} changed": t.own for k, t in tests.items()},
            **{f"{k} changed by an honest quantization": t.honest for k, t in tests.items()},
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
) -> str:
    text = f"the file's integers answer {found.own:.1%} of {count} {kind} inputs otherwise than "
    text += "the float model" if classes else "the float model (values off by more than a "
    text += "" if classes else "quarter of what they vary by)"
    if found.p_value < 1 or found.honest != found.own:
        text += f", an honest quantization with the same settings {found.honest:.1%}"
        text += f" (exact p = {max(found.p_value, 1e-300):.2g})"
    if accuracy is not None:
        fell = accuracy[0] - accuracy[1]
        text += f"; accuracy {'falls' if fell > 0 else 'goes'} from {accuracy[0]:.1%} to "
        text += f"{accuracy[1]:.1%}"
    elif found.own > MARGINS["samples"] and classes:
        text += f": accuracy may fall by up to {100 * found.own:.1f} points (give `labels` beside "
        text += "the inputs to have it measured)"
    if fired and concentration[1] > MARGINS["mixed"]:
        text += f"; class {concentration[0]} gets {concentration[1]:.0%} of them more than in float"
    if fired:
        return text + ": this file is not a sound quantization of that model."
    return text + "."
