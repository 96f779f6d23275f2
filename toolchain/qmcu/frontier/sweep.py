"""The sweep: every variant converted, measured on the host, built, run on the device, kept.

Each finished point is a file, so that an interrupted sweep goes on where it was.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import qmcu
from qmcu.backdoor.defences import find_defence
from qmcu.backdoor.defend_file import load_samples
from qmcu.backdoor.evaluation import classes_of, integer_inputs
from qmcu.backdoor.keras_model import open_keras
from qmcu.backdoor.metrics import Rate, attack_success_rate, clean_accuracy, other_classes
from qmcu.backdoor.network import Network, network_from_keras
from qmcu.backdoor.oracle_pool import run_oracle
from qmcu.backdoor.triggers import Trigger
from qmcu.board import Board
from qmcu.build import Category, build_firmware
from qmcu.build.toolchain import find_toolchain
from qmcu.comparison.run import run_and_keep
from qmcu.device.targets import require_emulator
from qmcu.documents import plain
from qmcu.errors import DoesNotFitError, QmcuError, UnsupportedModelError, UsageError, VectorError
from qmcu.files import write_atomic
from qmcu.frontier.defended import Defended
from qmcu.frontier.freedom import Sensitivity, freedom, sensitivity, weight_steps
from qmcu.frontier.hosts import host_name, lite_classes, triggered_inputs
from qmcu.frontier.points import DeviceFigures, Frontier, Point
from qmcu.frontier.variants import Variant, make, variants
from qmcu.model.convert import load_tensorflow
from qmcu.model.graph import Graph
from qmcu.model.oracle import oracle_version
from qmcu.model.reader import parse_model
from qmcu.model.vectors import Vectors
from qmcu.size.analysis import weigh
from qmcu.size.measures import interpreter

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Int8Array = npt.NDArray[np.int8]
Stages = Callable[[str, int, int], None]

POINTS, MODELS, FIRMWARE = "points", "models", "firmware"
_CALIBRATION = 200


@dataclass(frozen=True, eq=False)
class Sweep:
    """What is swept: float32 `inputs` [N, ...] with int64 `labels` [N], `samples` to calibrate.

    `files` are SHA-256 digests of what was read, by name.
    """

    name: str
    keras: Any
    network: Network
    samples: FloatArray
    inputs: FloatArray
    labels: IntArray
    trigger: Trigger | None
    board: Board
    target: str
    defence: str
    seed: int
    files: Mapping[str, str]

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """What rounding can do to the answers, whatever the scheme."""
        return sensitivity(self.network, self.inputs)

    @cached_property
    def defended(self) -> Defended:
        """The defence on this network, for every scheme that can have it."""
        return Defended(self.defence, self.network, self.samples, self.seed)

    def fingerprint(self) -> str:
        """Two sweeps with the same one give the same points."""
        trigger = self.trigger.sha256 if self.trigger is not None else ""
        data = [qmcu.__version__, plain(self.board), self.target, self.seed, trigger,
                dict(self.files), len(self.samples), len(self.inputs)]  # fmt: skip
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def load_sweep(
    model: Path,
    data: Path,
    board: Board,
    *,
    calibration: Path | None = None,
    trigger: Trigger | None = None,
    defence: str = "",
    target: str | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Sweep:
    """Read and check everything before anything long begins.

    Without `calibration`, rows of `data` (a quarter, at most 200) calibrate and the rest is
    measured, the first `limit` of it. Raises ModelError, VectorError, UsageError, DeviceError for a
    target that the board lacks, ToolError for a missing program.
    """
    if defence:
        find_defence(defence)
    if target is None:
        target = board.emulators[0] if board.emulators else ""
    if target:
        require_emulator(board, target)
        find_toolchain()
    inputs, labels = load_samples(data)
    if labels is None:
        raise VectorError(f"{data} has no labels; accuracy needs the true class of every input.")
    if labels.shape != inputs.shape[:1] or len(inputs) < 4:
        raise VectorError(
            f"{data} has {len(inputs)} inputs and labels of shape {list(labels.shape)}; at least "
            "four inputs with one label each are needed."
        )
    keras = open_keras(model)
    network = network_from_keras(keras, model.stem)
    if inputs.shape[1:] != network.input_shape:
        raise VectorError(
            f"{data}: the model takes inputs of {list(network.input_shape)} and these are "
            f"{list(inputs.shape[1:])}."
        )
    if calibration is not None:
        samples, _ = load_samples(calibration)
    else:
        count = min(_CALIBRATION, len(inputs) // 4)
        samples, inputs, labels = inputs[:count], inputs[count:], labels[count:]
    if samples.shape[1:] != network.input_shape:
        raise VectorError(
            f"{calibration}: the model takes inputs of {list(network.input_shape)} and these are "
            f"{list(samples.shape[1:])}."
        )
    inputs, labels = inputs[:limit], labels[:limit]
    _check_labels(data, labels, network, trigger)
    paths = {"model": model, "data": data, "calibration": calibration or data}
    files = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}
    return Sweep(model.stem, keras, network, samples, inputs, labels, trigger, board, target,
                 defence, seed, files)  # fmt: skip


def _check_labels(data: Path, labels: IntArray, network: Network, trigger: Trigger | None) -> None:
    classes = network.graph.output_tensors[0].elements
    if labels.min() < 0 or labels.max() >= classes:
        raise VectorError(
            f"{data} has labels from {labels.min()} to {labels.max()} and the model {classes} "
            "classes."
        )
    if trigger is None:
        return
    if tuple(trigger.shape) != network.input_shape:
        raise VectorError(
            f"trigger {trigger.name} is for inputs of {list(trigger.shape)} and the model takes "
            f"{list(network.input_shape)}."
        )
    other_classes(labels, trigger.target)


def sweep(work: Sweep, directory: Path, stages: Stages | None = None) -> Frontier:
    """Measure every variant; points, models and firmware are kept in `directory`.

    A point that an earlier, interrupted sweep of the same files left is taken from there.
    `stages` is told (stage, done, total). Raises UsageError when `directory` holds something else
    or cannot be written, and what converting, building and running raise.
    """
    tell = stages or (lambda stage, done, total: None)
    _check_directory(directory)
    todo, skipped = variants(work.defence)
    points = []
    for number, variant in enumerate(todo):
        tell("schemes", number, len(todo))
        kept = directory / POINTS / f"{variant.name}.json"
        point = _kept(kept, work.fingerprint())
        if point is None:
            point = _measure(work, variant, directory, tell)
            document = {"fingerprint": work.fingerprint(), "point": point.to_dict()}
            write_atomic(kept, json.dumps(document, indent=1) + "\n")
        points.append(point)
    tell("schemes", len(todo), len(todo))
    return Frontier(work.name, work.board.name, tuple(points), skipped, _origin(work))


def _check_directory(directory: Path) -> None:
    if directory.is_dir() and any(directory.iterdir()) and not (directory / POINTS).is_dir():
        raise UsageError(
            f"{directory} is not empty and holds no earlier sweep; choose another folder."
        )
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file; give a folder for the output.")


def _kept(path: Path, fingerprint: str) -> Point | None:
    """An earlier point of the same sweep; a damaged or other one is measured again."""
    try:
        document = json.loads(path.read_text())
        if document["fingerprint"] != fingerprint:
            return None
        return Point.from_dict(document["point"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _measure(work: Sweep, variant: Variant, directory: Path, tell: Stages) -> Point:
    made = make(
        variant, work.keras, work.network, work.samples, work.defended,
        progress=lambda done, total: tell(variant.defence, done, total),
    )  # fmt: skip
    path = directory / MODELS / f"{variant.name}.tflite"
    write_atomic(path, made.model)
    graph = parse_model(made.model, path.stem)
    integer = all(t.dtype == "int8" for t in (*graph.input_tensors, *graph.output_tensors))
    rows = _integer_rows(work, graph) if integer else None
    expected = None
    if rows is None:
        classes = lite_classes(made.model, _real_rows(work))
    else:
        expected = run_oracle(
            made.model, rows, progress=lambda d, t: tell(f"{variant.name} on the host", d, t)
        )
        classes = classes_of(expected)
    device, problem = None, ""
    if not work.target:
        problem = f"not on this device: no emulator runs {work.board.name}"
    else:
        device, problem = _on_device(work, path, directory, graph, rows, expected, tell)
    clean, attack = _rates(work, classes)
    return Point(
        name=variant.name,
        title=variant.title,
        weights=variant.scheme.weights,
        activations=variant.scheme.activations,
        defence=variant.defence,
        file_bytes=len(made.model),
        sha256=graph.sha256,
        host=host_name(integer),
        clean=clean,
        attack=attack,
        freedom=freedom(work.network, weight_steps(work.network, graph), work.sensitivity),
        device=device,
        problem=problem,
        interpreter=_interpreter(path),
        note=made.note,
    )


def _real_rows(work: Sweep) -> FloatArray:
    """Clean inputs, then triggered ones of other classes."""
    if work.trigger is None:
        return work.inputs
    return np.concatenate(
        [work.inputs, triggered_inputs(work.inputs, work.labels, work.trigger)]
    )  # fmt: skip


def _integer_rows(work: Sweep, graph: Graph) -> Int8Array:
    """The same in int8, the trigger applied exactly as on a device."""
    tensor = graph.input_tensors[0]
    clean = integer_inputs(work.inputs, tensor)
    if work.trigger is None:
        return clean
    others = clean[work.labels != work.trigger.target]
    return np.concatenate([clean, work.trigger.apply_integer(others, tensor)])


def _rates(work: Sweep, classes: IntArray) -> tuple[Rate, Rate | None]:
    count = len(work.labels)
    clean = clean_accuracy(classes[:count], work.labels)
    if work.trigger is None:
        return clean, None
    others = work.labels[work.labels != work.trigger.target]
    return clean, attack_success_rate(classes[count:], others, work.trigger.target)


def _on_device(
    work: Sweep,
    path: Path,
    directory: Path,
    graph: Graph,
    rows: Int8Array | None,
    expected: Int8Array | None,
    tell: Stages,
) -> tuple[DeviceFigures | None, str]:
    """Figures of the built and run firmware, or why there are none."""
    folder = directory / FIRMWARE / path.stem
    try:
        report = build_firmware(path, work.board, "native", folder)
    except (UnsupportedModelError, DoesNotFitError) as error:
        return None, f"not on this device: {_reason(error)}"
    assert rows is not None and expected is not None, "only int8 models compile"
    vectors = Vectors(
        (rows,), (expected,), graph.sha256, None, np.arange(len(rows)) >= len(work.labels),
        {"expected": oracle_version()},
    )  # fmt: skip
    test, answers = run_and_keep(
        folder, work.target, vectors, "frontier",
        progress=lambda d, t: tell(f"{path.stem} on {work.target}", d, t),
    )  # fmt: skip
    clean, attack = _rates(work, classes_of(answers[0]))
    ram = report.total(Category.ARENA) + report.total(Category.STATIC, "RAM") + test.stack_bytes
    return DeviceFigures(
        device=test.device,
        flash=report.used("flash"),
        ram=ram,
        count=test.profile.total if test.profile else 0,
        unit=test.profile.unit if test.profile else "",
        how=test.profile.how if test.profile else "not counted",
        vectors=test.vectors,
        equal=test.equal,
        clean=clean,
        attack=attack,
    ), ""


def _reason(error: QmcuError) -> str:
    """Of a list of reasons the first will do."""
    lines = [line.strip() for line in str(error).splitlines()]
    return (lines[1] if len(lines) > 1 else lines[0]).rstrip(".")


def _interpreter(path: Path) -> tuple[int, int] | None:
    flash, ram = interpreter(weigh(path))
    return (flash.bytes, ram.bytes) if flash.bytes is not None and ram.bytes is not None else None


def _origin(work: Sweep) -> tuple[tuple[str, str], ...]:
    trigger = f"{work.trigger} ({work.trigger.sha256})" if work.trigger is not None else "none"
    defence = f"{work.defence}: {find_defence(work.defence).source}" if work.defence else "none"
    return (
        ("inputs", f"{len(work.inputs):,} measured, {len(work.samples):,} for calibration"),
        ("trigger", trigger),
        ("defence", defence),
        ("seed", str(work.seed)),
        *((f"{name} SHA-256", digest) for name, digest in work.files.items()),
        ("converter", f"TensorFlow {load_tensorflow().__version__}"),
        ("int8 arithmetic", oracle_version()),
    )
