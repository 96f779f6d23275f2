"""Running vectors on a device and comparing what comes back."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
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
from qmcu.device import InferResult, ProfileResult, Resumed, infer_all, open_session
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
    decision = _decision(vectors, options.decision)
    started = time.monotonic()
    with open_session(target, firmware) as session:
        device, build_id = session.link.name, session.hello.build_id
        image_sha256 = session.hello.image_sha256
        debug, guard = session.hello.debug, session.guard
        profiled = session.anew(lambda: session.profile(inputs[0])) if debug else None
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
    differences = _differences(plan, vectors, results, profiled)
    traced, layer_difference = None, None
    if options.trace:
        traced = differences[0].vector if differences else 0
        before = inputs[traced - traced % vectors.steps : traced]
        layer_difference = _trace(firmware, target, traced, before, inputs[traced])
    accuracy, error = _by_labels(firmware, vectors, results, decision)
    result = TestResult(
        board=firmware.board.name,
        model=plan.name,
        model_sha256=plan.model_sha256,
        build_id=build_id,
        image=str(firmware.elf),
        device=device,
        source=source,
        expected_by=vectors.origin.get("expected", "an unknown interpreter"),
        vectors=len(vectors),
        differences=differences,
        accuracy=accuracy,
        profile=_profile(plan, profiled),
        stack_bytes=max(
            0 if profiled is None else profiled.stack_bytes, *(r.stack_bytes for r in results)
        ),
        stack_reserved=firmware.memory.total(Category.STACK),
        seconds=time.monotonic() - started,
        traced=traced,
        layer_difference=layer_difference,
        steps=vectors.steps,
        image_sha256=image_sha256,
        resumed=resumed.kept,
        repeated=resumed.repeated,
        error=error,
        guard=guard,
    )
    return result, _outputs(plan, results)


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


def _decision(vectors: Vectors, wanted: Decision | None) -> Decision | None:
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
