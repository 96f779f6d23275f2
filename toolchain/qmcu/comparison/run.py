"""Running cases on a device and comparing what comes back."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from qmcu.build import Category, load_build
from qmcu.comparison.cases import Cases
from qmcu.comparison.result import (
    Difference,
    Profile,
    TestResult,
    VectorDifference,
    compare,
    count_right,
)
from qmcu.comparison.trace import trace_vector
from qmcu.compile.plan import Plan
from qmcu.device import ProfileResult, infer_all, open_session
from qmcu.model.oracle import Oracle

Progress = Callable[[int, int], None]


def run_cases(
    directory: Path,
    target: str,
    cases: Cases,
    *,
    jobs: int | None = None,
    trace: bool = False,
    progress: Progress | None = None,
) -> TestResult:
    """Run every case of the firmware in `directory` on `target` and compare every output byte.

    One vector is run a second time with counting on. With `trace`, the first differing vector
    (else the first) is run layer by layer. Raises UsageError, DeviceError or GuestFault.
    """
    plan, board, report = load_build(directory)
    started = time.monotonic()
    with open_session(target, directory) as session:
        device, build_id = session.link.name, session.hello.build_id
        profiled = session.profile(cases.inputs[0])
    results = infer_all(target, directory, cases.inputs, workers=jobs, progress=progress)
    outputs = [result.outputs for result in results]
    differences = _differences(plan, cases, outputs, profiled)
    traced, layer_difference = None, None
    if trace:
        traced = differences[0].vector if differences else 0
        oracle = Oracle((directory / "model.tflite").read_bytes(), name=plan.name)
        with open_session(target, directory) as session:
            layer_difference = trace_vector(session, plan, oracle, traced, cases.inputs[traced])
    accuracy = None
    if cases.labels is not None:
        wanted = [expected[0].tobytes() for expected in cases.expected]
        accuracy = count_right(cases.labels, wanted, [output[0] for output in outputs])
    return TestResult(
        board=board.name,
        model=plan.name,
        model_sha256=plan.model_sha256,
        build_id=build_id,
        image=str(directory / "firmware.elf"),
        device=device,
        source=cases.source,
        expected_by=cases.expected_by,
        vectors=len(cases.inputs),
        differences=differences,
        accuracy=accuracy,
        profile=_profile(plan, profiled),
        stack_bytes=max(profiled.stack_bytes, *(r.stack_bytes for r in results)),
        stack_reserved=report.total(Category.STACK),
        seconds=time.monotonic() - started,
        traced=traced,
        layer_difference=layer_difference,
    )


def _differences(
    plan: Plan, cases: Cases, outputs: Sequence[tuple[bytes, ...]], profiled: ProfileResult
) -> tuple[VectorDifference, ...]:
    found = []
    for vector, (expected, got) in enumerate(zip(cases.expected, outputs, strict=True)):
        difference = _difference(plan, expected, got)
        if difference is None and vector == 0:
            # The counted run of vector 0 must give the same bytes as the plain one.
            difference = _difference(plan, expected, profiled.outputs)
        if difference is not None:
            found.append(VectorDifference(vector, difference))
    return tuple(found)


def _difference(
    plan: Plan, expected: Sequence[np.ndarray], got: Sequence[bytes]
) -> Difference | None:
    for index, wanted, found in zip(plan.outputs, expected, got, strict=True):
        tensor = plan.tensor(index)
        difference = compare(tensor.name, tensor.shape, wanted.tobytes(), found)
        if difference is not None:
            return difference
    return None


def _profile(plan: Plan, profiled: ProfileResult) -> Profile | None:
    if not profiled.unit:
        return None
    layers = tuple(zip((c.layer for c in plan.calls), profiled.layers, strict=True))
    return Profile(0, profiled.total, profiled.unit, profiled.how, layers)
