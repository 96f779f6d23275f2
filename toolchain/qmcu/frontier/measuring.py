"""One variant converted, measured on the host, built and run on the device: a point."""

from pathlib import Path

import numpy as np

from qmcu.backdoor.inputs import integer_inputs
from qmcu.backdoor.rates import Rate, attack_success_rate, classes_of, clean_accuracy, run_oracle
from qmcu.builder import Category, build_firmware
from qmcu.comparison.run import run_and_keep
from qmcu.errors import DoesNotFitError, QmcuError, UnsupportedModelError
from qmcu.files import write_atomic
from qmcu.firmware import Firmware
from qmcu.frontier.freedom import freedom, weight_steps
from qmcu.frontier.hosts import host_name, lite_classes, trigger_inputs
from qmcu.frontier.points import DeviceFigures, Estimate, Point
from qmcu.frontier.variants import Variant, make
from qmcu.frontier.work import Sweep
from qmcu.model.graph import Graph
from qmcu.model.oracle import oracle_version
from qmcu.model.reader import parse_model
from qmcu.model.vectors import Vectors
from qmcu.size.analysis import weigh
from qmcu.size.measures import interpreter
from qmcu.types import Float32Array, Int8Array, Int64Array, Stages

MODELS, FIRMWARE = "models", "firmware"


def measure_point(work: Sweep, variant: Variant, directory: Path, tell: Stages) -> Point:
    """Convert one variant, measure it on the host, build and run it; files go to `directory`."""
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
        classes = classes_of(expected, graph)
    device, problem = None, ""
    if not work.target:
        problem = f"not on this device: no emulator runs {work.board.name}"
    else:
        device, problem = _run_on_device(work, path, directory, graph, rows, expected, tell)
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


def _real_rows(work: Sweep) -> Float32Array:
    """Clean inputs, then triggered ones of other classes."""
    if work.trigger is None:
        return work.inputs
    return np.concatenate(
        [work.inputs, trigger_inputs(work.inputs, work.labels, work.trigger)]
    )  # fmt: skip


def _integer_rows(work: Sweep, graph: Graph) -> Int8Array:
    """The same in int8, the trigger applied exactly as on a device."""
    tensor = graph.input_tensors[0]
    clean = integer_inputs(work.inputs, tensor)
    if work.trigger is None:
        return clean
    others = clean[work.labels != work.trigger.target]
    return np.concatenate([clean, work.trigger.apply_integer(others, tensor)])


def _rates(work: Sweep, classes: Int64Array) -> tuple[Rate, Rate | None]:
    count = len(work.labels)
    clean = clean_accuracy(classes[:count], work.labels)
    if work.trigger is None:
        return clean, None
    others = work.labels[work.labels != work.trigger.target]
    return clean, attack_success_rate(classes[count:], others, work.trigger.target)


def _run_on_device(
    work: Sweep,
    path: Path,
    directory: Path,
    graph: Graph,
    rows: Int8Array | None,
    expected: Int8Array | None,
    tell: Stages,
) -> tuple[DeviceFigures | None, str]:
    """Figures of the built and run firmware, or why there are none."""
    if rows is None or expected is None:
        dtype = graph.input_tensors[0].dtype
        return None, f"not on this device: its input is {dtype}, inputs are triggered in int8"
    folder = directory / FIRMWARE / path.stem
    try:
        report = build_firmware(path, work.board, folder)
    except (UnsupportedModelError, DoesNotFitError) as error:
        return None, f"not on this device: {_reason(error)}"
    vectors = Vectors(
        (rows,), (expected,), graph.sha256, None, np.arange(len(rows)) >= len(work.labels),
        {"expected": oracle_version()},
    )  # fmt: skip
    test, answers = run_and_keep(
        Firmware.load(folder), work.target, vectors, "frontier",
        progress=lambda d, t: tell(f"{path.stem} on {work.target}", d, t),
    )  # fmt: skip
    clean, attack = _rates(work, classes_of(answers[0], graph))
    tensors = report.total(Category.ARENA) + report.total(Category.STATE)
    ram = tensors + report.total(Category.STATIC, "RAM") + test.stack_bytes
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


def _interpreter(path: Path) -> Estimate | None:
    flash, ram = interpreter(weigh(path))
    if flash.bytes is None or ram.bytes is None:
        return None
    return Estimate(flash.bytes, ram.bytes)
