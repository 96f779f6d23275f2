"""Running a defence end to end: a float network in, int8 bytes out that are proved to be chosen.

The float model is the reference: its backdoor is dormant, so an int8 model that answers as it does,
on every kind of input, has none. `run_auto` tries every method and keeps the best whose audit
passes.
"""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import qmcu
from qmcu.arrays import read_arrays
from qmcu.backdoor.audit import AuditResult, audit
from qmcu.backdoor.defences import (
    Defence,
    DefenceContext,
    DefenceResult,
    find_defence,
    load_defences,
)
from qmcu.backdoor.deployment import Chosen, Proof, choose, deploy, prove
from qmcu.backdoor.detectors import AuditContext
from qmcu.backdoor.evaluation import predict_integer
from qmcu.backdoor.keras_model import converted
from qmcu.backdoor.metrics import Rate
from qmcu.backdoor.network import Network, logits
from qmcu.errors import CheckFailedError, QmcuError, UsageError, VectorError
from qmcu.files import write_atomic
from qmcu.model.convert import Conversion, load_tensorflow
from qmcu.model.oracle import oracle_version
from qmcu.model.reader import parse_model

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
Stages = Callable[[str, int, int], None]

# Inputs that a defence is compared with the float model on, and scored by.
COMPARED = 500


@dataclass(frozen=True, eq=False)
class DefenceRun:
    """A defence that ran.

    `model` is the int8 .tflite, `converted` what the converter alone makes of `network`, the float
    network that was quantized; `original` is the one that was given. `agreement` counts inputs on
    which int8 and the original float model give the same class, `noise_agreement` the same on
    uniform noise, `accuracy` those that get their label (None without labels); all int8 answers
    from the tflite-micro oracle. `seconds` is the defence with its conversions, without these
    measurements.
    """

    defence: Defence
    model: bytes
    converted: bytes
    network: Network
    original: Network
    retrained: bool
    chosen: tuple[Chosen, ...]
    proof: Proof
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
        return self.network if self.retrained else self.original

    @property
    def integers(self) -> tuple[npt.NDArray[np.int8], ...]:
        """The chosen int8 weights, one array for each layer."""
        return tuple(c.integers for c in self.chosen)

    @property
    def score(self) -> tuple[float, float]:
        """What `--auto` ranks by: accuracy, or agreement without labels; then agreement."""
        best = self.agreement if self.accuracy is None else self.accuracy
        return best.value, self.agreement.value + self.noise_agreement.value

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "method": self.defence.name,
            "source": self.defence.source,
            "settings": {"seed": self.seed, **self.settings},
            "audited_against": "the retrained float model" if self.retrained else "the float model",
            "agreement": self.agreement.to_dict(),
            "noise_agreement": self.noise_agreement.to_dict(),
            "accuracy": _optional(self.accuracy),
            "float_accuracy": _optional(self.float_accuracy),
            "seconds": round(self.seconds, 2),
            "loss": [round(v, 5) for v in self.losses[:: max(1, len(self.losses) // 50)]],
            "proof": self.proof.to_dict(),
            "versions": {
                "qmcu": qmcu.__version__,
                "converter": self.converter,
                "int8 arithmetic": oracle_version(),
                "python": platform.python_version(),
            },
        }


def _optional(rate: Rate | None) -> dict[str, Any] | None:
    return None if rate is None else rate.to_dict()


def run_defence(
    method: str,
    network: Network,
    samples: FloatArray,
    labels: IntArray | None = None,
    *,
    seed: int = 0,
    settings: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> DefenceRun:
    """Quantize the float `network` by the defence `method`, and prove what was deployed.

    `samples` are float32 [N, ...] inputs for calibration, `labels` int64 [N] their classes if
    known. The same seed on the same machine gives the same bytes. Raises UsageError for an unknown
    method or setting, VectorError for samples that do not fit, ToolError without TensorFlow,
    CheckFailedError when the file does not hold what was chosen.
    """
    found = find_defence(method)
    merged = found.merged(settings or {})
    _check_samples(network, samples, labels)
    load_tensorflow("a defence").config.experimental.enable_op_determinism()
    started = time.monotonic()
    samples = np.asarray(samples, np.float32)
    context = DefenceContext(network, samples, labels, seed, merged, progress)
    result = found.run(context)
    conversion = _converted(context, result)
    chosen = choose(
        result.network, conversion.graph, result.integers, result.scales, result.biases
    )  # fmt: skip
    model = deploy(conversion.model, chosen)
    proof = prove(model, conversion.model, chosen, result.network)
    seconds = time.monotonic() - started
    measured = _measured(model, network, context)
    return DefenceRun(
        defence=found,
        model=model,
        converted=conversion.model,
        network=result.network,
        original=network,
        retrained=result.retrained,
        chosen=chosen,
        proof=proof,
        seconds=seconds,
        seed=seed,
        settings=merged,
        converter=conversion.converter,
        losses=result.losses,
        **measured,
    )


def _converted(context: DefenceContext, result: DefenceResult) -> Conversion:
    if result.network is context.network:
        return context.conversion
    return converted(result.network, context.samples)


def _check_samples(network: Network, samples: FloatArray, labels: IntArray | None) -> None:
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


def _measured(model: bytes, network: Network, context: DefenceContext) -> dict[str, Any]:
    samples = context.samples[:COMPARED]
    rng = np.random.default_rng([context.seed, 1])
    noise = rng.uniform(context.low, context.high, (100, *network.input_shape)).astype(np.float32)
    wanted = logits(network, np.concatenate([samples, noise])).argmax(axis=1)
    answers = predict_integer(model, np.concatenate([samples, noise]))
    count = len(samples)

    def equal(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Rate:
        return Rate(int(np.count_nonzero(a == b)), len(a))

    labels = None if context.labels is None else context.labels[:COMPARED]
    return {
        "agreement": equal(answers[:count], wanted[:count]),
        "noise_agreement": equal(answers[count:], wanted[count:]),
        "accuracy": None if labels is None else equal(answers[:count], labels),
        "float_accuracy": None if labels is None else equal(wanted[:count], labels),
    }


def audit_defence(run: DefenceRun, samples: FloatArray, *, slow: bool = False) -> AuditResult:
    """The audit of a defended model.

    Against the original float model; against the retrained one where the defence trained it, for
    that is then the model whose quantization is in question.
    """
    low, high = float(samples.min()), float(samples.max())
    graph = parse_model(run.model, "defended")
    context = AuditContext(run.reference, run.model, graph, samples, low, high, run.seed)
    return audit(context, slow=slow)


@dataclass(frozen=True, eq=False)
class Trial:
    """One method that `--auto` tried: its run and audit, or the sentence with which it failed."""

    name: str
    run: DefenceRun | None
    audit: AuditResult | None
    failure: str = ""

    @property
    def passed(self) -> bool:
        """True when the audit finds no backdoor."""
        return self.audit is not None and self.audit.passed

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "method": self.name,
            "failure": self.failure,
            "passed": self.passed,
            "run": None if self.run is None else self.run.to_dict(),
            "audit": None if self.audit is None else self.audit.to_dict(),
        }


@dataclass(frozen=True, eq=False)
class AutoRun:
    """Every method tried, and the one kept: None when no audit passed."""

    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The best score among those whose audit passed; equal ones by name."""
        passed = [t for t in self.trials if t.passed and t.run is not None]
        return max(passed, key=_score, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        best = self.best
        return {
            "kept": None if best is None else best.name,
            "trials": [t.to_dict() for t in self.trials],
        }


def _score(trial: Trial) -> tuple[float, float]:
    assert trial.run is not None
    return trial.run.score


def run_auto(
    network: Network,
    samples: FloatArray,
    labels: IntArray | None = None,
    *,
    seed: int = 0,
    methods: Sequence[str] | None = None,
    stages: Stages | None = None,
) -> AutoRun:
    """Try every defence (or `methods`), audit each. Raises as `run_defence` for the inputs."""
    _check_samples(network, samples, labels)
    tell = stages or (lambda stage, done, total: None)
    trials = []
    for name in methods or load_defences():
        find_defence(name)
        try:
            run = run_defence(
                name, network, samples, labels, seed=seed, progress=_stage(tell, name)
            )  # fmt: skip
            trials.append(Trial(name, run, audit_defence(run, samples)))
        except QmcuError as error:
            trials.append(Trial(name, None, None, str(error)))
        tell(name, 1, 1)
    return AutoRun(tuple(trials))


def _stage(tell: Stages, name: str) -> Progress:
    return lambda done, total: tell(name, done, total)


def load_samples(path: Path) -> tuple[FloatArray, IntArray | None]:
    """Calibration inputs of an .npz: `inputs`, real numbers [N, ...], and `labels` if it has any.

    Raises VectorError when it cannot be read or has no inputs.
    """
    arrays = read_arrays(path)
    if "inputs" not in arrays:
        names = ", ".join(sorted(arrays)) or "none"
        raise VectorError(
            f"{path} has no array inputs, and a defence calibrates with them; it has {names}."
        )
    inputs, labels = arrays["inputs"], arrays.get("labels")
    if inputs.dtype.kind not in "biuf" or inputs.ndim < 1:
        raise VectorError(f"{path}: inputs is {inputs.dtype}; real numbers are needed.")
    if labels is not None and labels.dtype.kind not in "iu":
        raise VectorError(f"{path}: labels is {labels.dtype}; whole numbers are needed.")
    return inputs.astype(np.float32), None if labels is None else labels.astype(np.int64)


def write_defended(run: DefenceRun, path: Path) -> Proof:
    """Write the .tflite whole or not at all, read it back from the disk and prove it again.

    Raises UsageError when it cannot be written, CheckFailedError when other bytes come back.
    """
    write_atomic(path, run.model)
    try:
        found = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path} back: {error.strerror or error}.") from error
    if found != run.model:
        raise CheckFailedError(f"{path} does not hold the bytes that were written to it.")
    return prove(found, run.converted, run.chosen, run.network)
