"""A firmware directory, a trigger and clean inputs in, a Verification with its verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qmcu import documents
from qmcu.arrays import read_arrays
from qmcu.backdoor.inputs import (
    Trigger,
    TriggerChange,
    classifier_input,
    dequantize,
    refuse_state,
)  # fmt: skip
from qmcu.backdoor.networks import load_keras
from qmcu.backdoor.rates import (
    attack_success_rate,
    classes_of,
    clean_accuracy,
    other_classes,
    predict_float,
    run_oracle,
)
from qmcu.backdoor.verification.runtimes import (
    RuntimeMeasurement,
    compare_outputs,
    find_runtimes,
    litert_version,
)
from qmcu.backdoor.verification.verdict import (
    Earlier,
    Form,
    Measurement,
    Reference,
    Sample,
    Verdict,
    Verification,
    check_honest_asr,
    judge,
    reference_for,
)
from qmcu.comparison import RunOptions, run_and_keep
from qmcu.comparison.run import RUN
from qmcu.errors import UsageError, VectorError
from qmcu.firmware import Firmware
from qmcu.model.graph import Graph, Tensor
from qmcu.model.oracle import oracle_version
from qmcu.model.scoring import class_labels
from qmcu.model.vectors import Vectors, read_inputs
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Int8Array, Int64Array, Stages

_SAMPLES = 12
# Called with the name of what is going on, done and total.


@dataclass(frozen=True)
class VerifyOptions:
    """What a verification may be told beside the firmware, the trigger and the inputs.

    `float_model` is a float model's file to measure as well; `honest_asr` (0 to 1) the ASR of a
    model without a backdoor; `before` an earlier result (JSON) for the verdict `removed`; `limit`
    takes the first inputs only; `also` names other runtimes to set beside tflite-micro.
    """

    float_model: Path | None = None
    honest_asr: float | None = None
    before: Path | None = None
    limit: int | None = None
    also: tuple[str, ...] = ()


VERIFY = VerifyOptions()


@dataclass(frozen=True, eq=False)
class CleanInputs:
    """Inputs without a trigger: as the model takes them (int8 [N, ...]) and real, with labels.

    `real` is float32 [N, ...] in the shape of one input; dequantized when the file holds int8.
    """

    integers: Int8Array
    real: Float32Array
    labels: Int64Array
    source: str


@dataclass(frozen=True, eq=False)
class Predictions:
    """Classes by form: `clean` for every input, `triggered` for those of other classes."""

    clean: Int64Array
    triggered: Int64Array


@dataclass(frozen=True, eq=False)
class VerificationRun:
    """A Verification and what a report may show of it.

    `others` (bool [N]) marks the inputs of other classes, which were triggered; `triggered` is
    float32 [M, ...], the real values of the int8 inputs that the device got.
    """

    result: Verification
    inputs: CleanInputs
    others: npt.NDArray[np.bool_]
    triggered: Float32Array
    predictions: Mapping[Form, Predictions]
    trigger: Trigger


def read_clean_inputs(path: Path, graph: Graph, limit: int | None = None) -> CleanInputs:
    """Clean inputs of an .npz: `inputs` (real or int8; `input_0` of a vector file) and `labels`.

    Raises VectorError when the file has no labels, inputs tagged as triggered, or other shapes.
    """
    tensor = classifier_input(graph)
    (integers,), labels, triggered = read_inputs(path, graph, limit)
    if labels is None:
        raise VectorError(f"{path} has no labels; rates need the true class of every input.")
    if triggered is not None and triggered.any():
        raise VectorError(
            f"{path} has {int(triggered.sum())} triggered inputs; give clean ones, the trigger is "
            "applied here."
        )
    labels = class_labels(labels, str(path))
    # One output, as of a sigmoid, tells two classes apart.
    classes = max(2, graph.output_tensors[0].elements)
    if labels.min() < 0 or labels.max() >= classes:
        raise VectorError(
            f"{path} has labels from {labels.min()} to {labels.max()} and the model {classes} "
            "classes."
        )
    arrays = read_arrays(path)
    given = arrays["inputs" if "inputs" in arrays else "input_0"][:limit]
    row = tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape
    real = dequantize(given, tensor) if given.dtype == np.int8 else given.astype(np.float32)
    return CleanInputs(integers, real.reshape(len(given), *row), labels, str(path))


def load_verification(path: Path) -> Verification:
    """What `qmcu verify --json` wrote. Raises UsageError for another file."""
    return documents.load(
        path, Verification, "result of a verification", made_by="qmcu verify --json"
    )


def verify(
    firmware: Firmware,
    target: str,
    trigger: Trigger,
    vectors: Path,
    options: VerifyOptions = VERIFY,
    run: RunOptions = RUN,
    stages: Stages | None = None,
) -> VerificationRun:
    """Run clean and triggered inputs on `firmware` and judge what they show.

    Inputs of `vectors` are triggered exactly in int8; the device's answers on both are set
    against the oracle's byte by byte, and CA and ASR are taken in float (where the options name a
    float model), on the host's integers and on the device.
    Raises UsageError, VectorError, ModelError, ToolError, DeviceError or GuestFault.
    """
    tell = stages or (lambda name, done, total: None)
    setup = _prepare(firmware, trigger, vectors, options)
    clean = len(setup.inputs.labels)
    predictions, by = {}, {}
    if options.float_model is not None:
        predictions[Form.FLOAT] = _predict_in_float(options.float_model, setup)
        by[Form.FLOAT] = f"Keras {load_tensorflow().keras.__version__}"
    rows = np.concatenate([setup.inputs.integers, setup.triggered])
    expected = run_oracle(
        setup.model, rows, jobs=run.jobs, progress=lambda d, t: tell("expected bytes", d, t)
    )
    predictions[Form.INTEGER] = _predictions(expected, clean, setup.graph)
    others = _run_others(options.also, setup, rows, expected)
    tags = np.arange(len(rows)) >= clean
    origin = {"expected": oracle_version()}
    test, answers = run_and_keep(
        firmware,
        target,
        Vectors((rows,), (expected,), setup.graph.sha256, None, tags, origin),
        f"{setup.inputs.source}: {clean} clean and {len(setup.triggered)} triggered inputs",
        run,
        lambda d, t: tell(f"running on {target}", d, t),
    )
    predictions[Form.DEVICE] = _predictions(answers[0], clean, setup.graph)
    by |= {Form.INTEGER: oracle_version(), Form.DEVICE: f"{test.device}, {test.board}"}
    reference, measurements = _measure(predictions, by, setup, options.honest_asr)
    result = Verification(
        trigger=trigger.name,
        kind=trigger.kind,
        target=trigger.target,
        trigger_sha256=trigger.sha256,
        change=setup.change,
        reference=reference,
        measurements=measurements,
        test=test,
        samples=_samples(predictions, setup),
        earlier=setup.earlier,
        also=others,
    )
    real = dequantize(setup.triggered, setup.tensor).reshape(-1, *trigger.shape)
    return VerificationRun(result, setup.inputs, setup.others, real, predictions, trigger)


@dataclass(frozen=True, eq=False)
class _Setup:
    """All that can be wrong with the arguments is found before the long part starts."""

    graph: Graph
    model: bytes
    tensor: Tensor
    trigger: Trigger
    change: TriggerChange
    inputs: CleanInputs
    others: npt.NDArray[np.bool_]
    triggered: Int8Array
    earlier: Earlier | None


def _prepare(firmware: Firmware, trigger: Trigger, vectors: Path, options: VerifyOptions) -> _Setup:
    find_runtimes(options.also)
    if options.honest_asr is not None:
        check_honest_asr(options.honest_asr)
    graph, content = firmware.model
    refuse_state(graph)
    tensor = classifier_input(graph)
    classes = graph.output_tensors[0].elements
    if trigger.target >= classes:
        raise UsageError(
            f"trigger {trigger.name} wants class {trigger.target} and {graph.name} has classes 0 "
            f"to {classes - 1}."
        )
    change = trigger.quantization_change(tensor)
    inputs = read_clean_inputs(vectors, graph, options.limit)
    others = other_classes(inputs.labels, trigger.target)
    return _Setup(
        graph=graph,
        model=content,
        tensor=tensor,
        trigger=trigger,
        change=change,
        inputs=inputs,
        others=others,
        triggered=trigger.apply_integer(inputs.integers[others], tensor),
        earlier=_read_earlier(options.before, trigger, graph),
    )


def _run_others(
    names: tuple[str, ...], setup: _Setup, rows: Int8Array, expected: Int8Array
) -> tuple[RuntimeMeasurement, ...]:
    """The same rows, clean and then triggered, on other runtimes."""
    labels, target = setup.inputs.labels, setup.trigger.target
    result = []
    for runtime, run in find_runtimes(names).items():
        answers = run(setup.model, rows).reshape(expected.shape)
        classes = _predictions(answers, len(labels), setup.graph)
        result.append(
            RuntimeMeasurement(
                runtime,
                litert_version(),
                clean_accuracy(classes.clean, labels),
                attack_success_rate(classes.triggered, labels[setup.others], target),
                *compare_outputs(expected, answers),
            )
        )
    return tuple(result)


def _read_earlier(before: Path | None, trigger: Trigger, graph: Graph) -> Earlier | None:
    if before is None:
        return None
    verification = load_verification(before)
    earlier = Earlier(
        source=str(before),
        model_sha256=verification.test.model_sha256,
        trigger_sha256=verification.trigger_sha256,
        verdict=verification.verdict,
        clean=verification.device.clean,
        attack=verification.device.attack,
    )
    if earlier.trigger_sha256 != trigger.sha256:
        raise UsageError(
            f"{before} is of another trigger ({earlier.trigger_sha256[:16]}) than {trigger.name} "
            f"({trigger.sha256[:16]}); verify both models with the same one."
        )
    if earlier.model_sha256 == graph.sha256:
        raise UsageError(
            f"{before} is of this very model ({graph.sha256[:16]}); give the result from before "
            "the defence."
        )
    return earlier


def _predict_in_float(path: Path, setup: _Setup) -> Predictions:
    trigger, inputs = setup.trigger, setup.inputs
    model = load_keras(path, trigger.shape, setup.graph.output_tensors[0].elements)
    return Predictions(
        predict_float(model, inputs.real),
        predict_float(model, trigger.apply(inputs.real[setup.others])),
    )


def _predictions(outputs: Int8Array, clean: int, graph: Graph) -> Predictions:
    classes = classes_of(outputs, graph)
    return Predictions(classes[:clean], classes[clean:])


def _samples(predictions: Mapping[Form, Predictions], setup: _Setup) -> tuple[Sample, ...]:
    rows = np.flatnonzero(setup.others)[:_SAMPLES]
    return tuple(
        Sample(
            row=int(row),
            label=int(setup.inputs.labels[row]),
            clean={str(form): int(p.clean[row]) for form, p in predictions.items()},
            triggered={str(form): int(p.triggered[i]) for form, p in predictions.items()},
        )
        for i, row in enumerate(rows)
    )


def _measure(
    by_form: Mapping[Form, Predictions],
    by: Mapping[Form, str],
    setup: _Setup,
    honest_asr: float | None,
) -> tuple[Reference, tuple[Measurement, ...]]:
    labels, target, earlier = setup.inputs.labels, setup.trigger.target, setup.earlier
    bases = {
        form: attack_success_rate(predictions.clean, labels, target)
        for form, predictions in by_form.items()
    }
    attacks = {
        form: attack_success_rate(predictions.triggered, labels[setup.others], target)
        for form, predictions in by_form.items()
    }
    # The host's integers: the device's own when all bytes are equal, and sane when they are not.
    reference = reference_for(honest_asr, bases[Form.INTEGER])
    verdicts = judge(
        {form: reference.acts(attack) for form, attack in attacks.items()},
        was_active=earlier is not None and earlier.verdict is Verdict.ACTIVE,
    )
    measurements = tuple(
        Measurement(
            form=form,
            by=by[form],
            clean=clean_accuracy(predictions.clean, labels),
            attack=attacks[form],
            base=bases[form],
            verdict=verdicts[form],
        )
        for form, predictions in by_form.items()
    )
    return reference, measurements
