"""Running a defence end to end: a float network in, int8 bytes out that are proved to be chosen.

The float model is the reference: its backdoor is dormant, so an int8 model that answers as it does,
on every kind of input, has none.
"""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import qmcu
from qmcu.backdoor.defences.method import Defence, DefenceContext, DefenceResult, find_defence
from qmcu.backdoor.detectors import (
    AuditContext,
    AuditResult,
    audit,
    find_ties,
    judge,
    load_detectors,
)
from qmcu.backdoor.grids import Chosen, Proof, choose, deploy, prove
from qmcu.backdoor.networks import Network, logits
from qmcu.backdoor.rates import Rate, predict_integer
from qmcu.errors import CheckFailedError, VectorError
from qmcu.model.convert import Conversion
from qmcu.model.decision import decide
from qmcu.model.oracle import oracle_version
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Int64Array, Progress

# Inputs that a defence is compared with the float model on, and scored by.
COMPARED = 500
# What answers are measured on: the first inputs that it was calibrated on, or others.
MeasuredOn = Literal["calibration", "kept back"]
# Inputs and, where they are known, their labels.
Judged = tuple[Float32Array, Int64Array | None]
# Of the largest logit: what float32 sums in another order may differ by.
_SAME = 1e-3


@dataclass(frozen=True, eq=False)
class DefenceRun:
    """A defence that ran.

    `model` is the int8 .tflite, `converted` what the converter alone makes of `network`, the float
    network that was quantized; `original` is the one that was given. `agreement` counts inputs on
    which int8 and the original float model give the same class, `noise_agreement` the same on
    uniform noise, `accuracy` those that get their label (None without labels); all int8 answers
    from the tflite-micro oracle; `on` says which inputs. `seconds` is the defence with its
    conversions, without these measurements.
    """

    defence: Defence
    model: bytes
    converted: bytes
    network: Network
    original: Network
    retrained: bool
    rescaled: bool
    chosen: tuple[Chosen, ...]
    proof: Proof
    on: MeasuredOn
    agreement: Rate
    noise_agreement: Rate
    accuracy: Rate | None
    float_accuracy: Rate | None
    seconds: float
    seed: int
    settings: Mapping[str, float]
    converter: str
    losses: tuple[float, ...]

    @property
    def reference(self) -> Network:
        """The float network that the int8 model is to be audited against."""
        return self.network if self.retrained or self.rescaled else self.original

    @property
    def reference_name(self) -> str:
        """What `reference` is, in words."""
        if self.retrained:
            return "the retrained float model"
        return "the float model with rescaled channels" if self.rescaled else "the float model"

    @property
    def integers(self) -> tuple[npt.NDArray[np.int8], ...]:
        """The chosen int8 weights, one array for each layer."""
        return tuple(c.integers for c in self.chosen)

    @property
    def versions(self) -> Mapping[str, str]:
        """What made it, by name."""
        return {
            "qmcu": qmcu.__version__,
            "converter": self.converter,
            "int8 arithmetic": oracle_version(),
            "python": platform.python_version(),
        }


def run_defence(
    method: str,
    network: Network,
    samples: Float32Array,
    labels: Int64Array | None = None,
    *,
    seed: int = 0,
    settings: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    shared: dict[tuple[Any, ...], Any] | None = None,
    judged: Judged | None = None,
) -> DefenceRun:
    """Quantize the float `network` by the defence `method`, and prove what was deployed.

    `samples` are float32 [N, ...] inputs for calibration, `labels` int64 [N] their classes if
    known. The same seed on the same machine gives the same bytes. Runs that have one `shared`
    compute once what they have in common. What the int8 model answers is measured on the inputs
    `judged`, where given, else on the first that it was calibrated on.

    Raises UsageError for an unknown method or setting, VectorError for samples that do not fit,
    ToolError without TensorFlow, CheckFailedError when the file does not hold what was chosen.
    """
    chosen_defence = find_defence(method)
    merged = chosen_defence.merged(settings or {})
    check_samples(network, samples, labels)
    load_tensorflow("a defence").config.experimental.enable_op_determinism()
    started = time.monotonic()
    samples = np.asarray(samples, np.float32)
    context = DefenceContext(network, samples, labels, seed, merged, progress)
    if shared is not None:
        context = replace(context, shared=shared)
    result = chosen_defence.quantize(context)
    if result.rescaled:
        check_same_function(result.network, network, samples[:COMPARED])
    conversion = convert_result(context, result)
    model, chosen, proof = deploy_result(result, conversion.model)
    seconds = time.monotonic() - started
    measured = _measure(model, network, context, judged)
    return DefenceRun(
        defence=chosen_defence,
        model=model,
        converted=conversion.model,
        network=result.network,
        original=network,
        retrained=result.retrained,
        rescaled=result.rescaled,
        chosen=chosen,
        proof=proof,
        seconds=seconds,
        seed=seed,
        settings=merged,
        converter=conversion.converter,
        losses=result.losses,
        **measured,
    )


def deploy_result(
    result: DefenceResult, converted: bytes
) -> tuple[bytes, tuple[Chosen, ...], Proof]:
    """The .tflite `converted`, some quantized form of `result.network`, with what was chosen.

    Raises ModelError when its weights are not on the grid of the choice, CheckFailedError when the
    file does not hold it.
    """
    graph = parse_model(converted, result.network.graph.name)
    chosen = choose(result.network, graph, result.integers, result.scales, result.biases)
    model = deploy(converted, chosen)
    return model, chosen, prove(model, converted, chosen, result.network)


def convert_result(context: DefenceContext, result: DefenceResult) -> Conversion:
    """What the result's numbers are written into: a standard quantizer's file of its network, in
    the context's ranges.
    """
    if result.network is context.network:
        return context.conversion
    limits = result.limits if result.rescaled else context.limits_of(result.network)
    return context.convert(result.network, limits)


def check_same_function(rescaled: Network, given: Network, samples: Float32Array) -> None:
    """Raises CheckFailedError unless both give the same logits, up to float32 rounding."""
    wanted = logits(given, samples)
    off = float(np.abs(logits(rescaled, samples) - wanted).max())
    if not off <= _SAME * max(1.0, float(np.abs(wanted).max())):
        raise CheckFailedError(
            f"{given.graph.name} with rescaled channels answers otherwise: a logit differs by "
            f"{off:g}; this is a bug of the defence, please report it."
        )


def check_samples(network: Network, samples: Float32Array, labels: Int64Array | None) -> None:
    """Raises VectorError unless these are inputs of the network, and a label for each if any."""
    expected = network.input_shape
    if len(samples) == 0 or samples.shape[1:] != expected or samples.dtype.kind not in "biuf":
        raise VectorError(
            f"the calibration inputs are {samples.dtype} {list(samples.shape)}; at least one row "
            f"of {list(expected)} real numbers is needed."
        )
    if not np.isfinite(samples).all():
        raise VectorError("the calibration inputs hold numbers that are not finite.")
    if labels is not None and np.shape(labels) != (len(samples),):
        raise VectorError(
            f"there are {len(samples)} calibration inputs and labels of shape "
            f"{list(np.shape(labels))}; one label for each input is needed."
        )


def _measure(
    model: bytes, network: Network, context: DefenceContext, judged: Judged | None
) -> dict[str, Any]:
    inputs, classes = judged or (context.samples, context.labels)
    samples = np.asarray(inputs[:COMPARED], np.float32)
    rng = np.random.default_rng([context.seed, 1])
    noise = rng.uniform(context.low, context.high, (100, *network.input_shape)).astype(np.float32)
    wanted = decide(logits(network, np.concatenate([samples, noise])))
    answers = predict_integer(model, np.concatenate([samples, noise]))
    count = len(samples)

    def equal(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Rate:
        return Rate(int(np.count_nonzero(a == b)), len(a))

    labels = None if classes is None else classes[:COMPARED]
    return {
        "on": "calibration" if judged is None else "kept back",
        "agreement": equal(answers[:count], wanted[:count]),
        "noise_agreement": equal(answers[count:], wanted[count:]),
        "accuracy": None if labels is None else equal(answers[:count], labels),
        "float_accuracy": None if labels is None else equal(wanted[:count], labels),
    }


def audit_defence(run: DefenceRun, samples: Float32Array, *, slow: bool = False) -> AuditResult:
    """The audit of a defended model against the float model that was given.

    Where the defence trained a float network of its own, what training changed is no rounding
    error: the int8 model is audited against that network, and only its answers, on real, mixed and
    noise inputs, against the given one. A rescaled network has the given one's answers.
    """
    low, high = float(samples.min()), float(samples.max())
    graph = parse_model(run.model, "defended")

    def against(network: Network) -> AuditContext:
        return AuditContext(network, run.model, graph, samples, low, high, run.seed)

    result = audit(against(run.reference), slow=slow)
    if not run.retrained:
        return result
    given = replace(against(run.original), retrained=True)
    answers = load_detectors()["disagreement"].run(given)
    named = replace(answers, detector="disagreement with the given model")
    findings = (*result.findings, named)
    verdict, reasons = judge(findings, find_ties(against(run.reference)))
    return replace(result, verdict=verdict, reasons=reasons, findings=findings)
