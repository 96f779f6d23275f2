"""Running vectors on a device and comparing what comes back."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qmcu.builder import Category
from qmcu.cluster import Cluster
from qmcu.comparison.result import (
    Accuracy,
    Difference,
    LayerDifference,
    MeanError,
    Profile,
    TestResult,
    VectorDifference,
    compare,
)
from qmcu.comparison.trace import trace_vector
from qmcu.compile.plan import Plan
from qmcu.device import InferResult, ProfileResult, Resumed, Session, infer_all, open_session
from qmcu.errors import UsageError
from qmcu.firmware import Firmware
from qmcu.model.decision import real_outputs
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.scoring import Decision, decision_by, score
from qmcu.model.vectors import Vectors
from qmcu.types import Array, Progress

Outputs = Sequence[bytes]


@dataclass(frozen=True)
class RunOptions:
    """How to run vectors: `jobs` processes (None: one a core), or the workers of a `cluster`.

    An interrupted run goes on from the file `journal`. With `trace`, the first differing vector
    (else the first) is run layer by layer. Labels say what the outputs mean; `decision` otherwise.
    """

    jobs: int | None = None
    journal: Path | None = None
    trace: bool = False
    cluster: Cluster | None = None
    decision: Decision | None = None


RUN = RunOptions()


def run_vectors(
    firmware: Firmware,
    target: str,
    vectors: Vectors,
    source: str,
    options: RunOptions = RUN,
    progress: Progress | None = None,
) -> TestResult:
    """Run all vectors on `firmware` on `target`; compare every output byte.

    `source` says in words where the vectors come from. The first vector is run once more with
    counting on.
    Raises UsageError, DeviceError or GuestFault, VectorError where labels do not fit the outputs.
    """
    return run_and_keep(firmware, target, vectors, source, options, progress)[0]


def run_and_keep(
    firmware: Firmware,
    target: str,
    vectors: Vectors,
    source: str,
    options: RunOptions = RUN,
    progress: Progress | None = None,
) -> tuple[TestResult, tuple[Array, ...]]:
    """As `run_vectors`, and what the device answered: [N, ...] for each output."""
    plan = firmware.plan
    inputs = [tuple(a[i] for a in vectors.inputs) for i in range(len(vectors))]
    decision = rule_of(vectors, options.decision)
    started = time.monotonic()
    with open_session(target, firmware) as session:
        profiled = profile_first(session, vectors)
        if options.trace and profiled is None:
            raise UsageError(
                f"{firmware.directory} was built without TRACE; build it with --debug-protocol, or "
                "leave out --trace."
            )
        resumed = Resumed()
        results = infer_all(
            target,
            firmware,
            inputs,
            steps=vectors.steps,
            workers=options.jobs,
            progress=progress,
            journal=options.journal,
            cluster=options.cluster,
            session=session,
            resumed=resumed,
        )
    result = result_of(firmware, session, vectors, source, results, profiled, decision)
    if options.trace:
        differences = result.differences
        traced = differences[0].vector if differences else 0
        before = inputs[traced - traced % vectors.steps : traced]
        found = _trace(firmware, target, traced, before, inputs[traced])
        result = replace(result, traced=traced, layer_difference=found)
    result = replace(
        result,
        seconds=time.monotonic() - started,
        resumed=resumed.kept,
        repeated=resumed.repeated,
    )
    return result, _outputs(plan, results)


def profile_first(session: Session, vectors: Vectors) -> ProfileResult | None:
    """The first vector with counting on; None where the firmware was built without PROFILE."""
    first = tuple(a[0] for a in vectors.inputs)
    return session.anew(lambda: session.profile(first)) if session.hello.debug else None


def result_of(
    firmware: Firmware,
    session: Session,
    vectors: Vectors,
    source: str,
    results: Sequence[InferResult],
    profiled: ProfileResult | None,
    decision: Decision | None = None,
) -> TestResult:
    """What the device answered in `session`, set against `vectors`; the time is left open."""
    plan, hello = firmware.plan, session.hello
    accuracy, error = _by_labels(firmware, vectors, results, decision)
    return TestResult(
        board=firmware.board.name,
        model=plan.name,
        model_sha256=plan.model_sha256,
        build_id=hello.build_id,
        image=str(firmware.elf),
        device=session.link.name,
        source=source,
        expected_by=vectors.origin.get("expected", "an unknown interpreter"),
        vectors=len(vectors),
        differences=_differences(plan, vectors, results, profiled),
        accuracy=accuracy,
        profile=_profile(plan, profiled),
        stack_bytes=max(
            0 if profiled is None else profiled.stack_bytes, *(r.stack_bytes for r in results)
        ),
        stack_reserved=firmware.memory.total(Category.STACK),
        seconds=0.0,
        steps=vectors.steps,
        image_sha256=hello.image_sha256,
        error=error,
        guard=session.guard,
    )


def _outputs(plan: Plan, results: Sequence[InferResult]) -> tuple[Array, ...]:
    return tuple(
        np.stack(
            [
                np.frombuffer(r.outputs[i], np.dtype(plan.tensor(t).dtype)).reshape(
                    plan.tensor(t).shape
                )
                for r in results
            ]
        )
        for i, t in enumerate(plan.outputs)
    )


def _differences(
    plan: Plan,
    vectors: Vectors,
    results: Sequence[InferResult],
    profiled: ProfileResult | None,
) -> tuple[VectorDifference, ...]:
    found = []
    for vector, result in enumerate(results):
        expected = [a[vector].tobytes() for a in vectors.expected]
        difference = _difference(plan, expected, result.outputs)
        if difference is None and vector == 0 and profiled is not None:
            # The counted run of vector 0 must give the same bytes as the plain one.
            difference = _difference(plan, expected, profiled.outputs)
        if difference is not None:
            found.append(VectorDifference(vector, difference, vectors.steps))
    return tuple(found)


def _difference(plan: Plan, expected: Outputs, got: Outputs) -> Difference | None:
    for index, wanted, found in zip(plan.outputs, expected, got, strict=True):
        tensor = plan.tensor(index)
        difference = compare(tensor.name, tensor.shape, wanted, found, tensor.dtype)
        if difference is not None:
            return difference
    return None


def _trace(
    firmware: Firmware,
    target: str,
    vector: int,
    before: Sequence[Sequence[Array]],
    inputs: Sequence[Array],
) -> LayerDifference | None:
    plan = firmware.plan
    oracle = Oracle(firmware.model.content, name=plan.name)
    with open_session(target, firmware) as session:
        return trace_vector(session, plan, oracle, vector, inputs, before)


def rule_of(vectors: Vectors, wanted: Decision | None) -> Decision | None:
    """How answers are told from outputs, where there are labels. Raises VectorError, UsageError."""
    if vectors.labels is None:
        return None
    return decision_by(vectors.labels, vectors.expected[0][0].size, wanted)


def _by_labels(
    firmware: Firmware, vectors: Vectors, results: Sequence[InferResult], rule: Decision | None
) -> tuple[Accuracy | None, MeanError | None]:
    """What the first output is worth by the labels: right answers, or a regression's error."""
    if vectors.labels is None or rule is None:
        return None, None
    expected = vectors.expected[0].reshape(len(vectors), -1)
    got = np.stack([np.frombuffer(r.outputs[0], expected.dtype) for r in results])
    tensor = parse_model(firmware.model.content, firmware.plan.name).output_tensors[0]
    device, host = (score(rule, vectors.labels, real_outputs(a, tensor)) for a in (got, expected))
    if device.error is not None and host.error is not None:
        return None, MeanError(device.error, host.error)
    return Accuracy(device.right, host.right, device.total, str(rule)), None


def _profile(plan: Plan, profiled: ProfileResult | None) -> Profile | None:
    if profiled is None or not profiled.unit:
        return None
    layers = tuple(zip((layer.name for layer in plan.layers), profiled.layers, strict=True))
    return Profile(0, profiled.total, profiled.unit, profiled.how, layers)
