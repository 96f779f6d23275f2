"""The engine of the portable kernels: one program for the outputs, one for every activation."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Protocol

import msgspec
import numpy as np

import qmcu
from qmcu.errors import UsageError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.writer import write_model
from qmcu.portable.emulated import EmulatedRunner, emulator_version
from qmcu.portable.host import HostRunner, find_host_compiler
from qmcu.resources import operator_counts
from qmcu.types import Array

VARIABLE = "QMCU_PORTABLE"
PLACES = ("host", "unicorn")


class Runner(Protocol):
    """A model's program: bytes of each input to bytes of each output."""

    def infer(self, rows: Sequence[Sequence[Array]], resets: Sequence[int]) -> list[list[bytes]]:
        """Inferences in a row, after a reset of the state before those rows."""

    def reset(self) -> None:
        """Make the state what it is at the start."""


class PortableEngine:
    """A model in the portable kernels; see `model.engines.Engine`."""

    def __init__(self, graph: Graph, model: bytes, limit_s: float) -> None:
        self._graph, self._limit_s = graph, limit_s
        self._runner = _open(graph, model, limit_s)
        self._whole: tuple[Graph, Runner] | None = None

    def run(self, inputs: Sequence[Array], resets: Sequence[int]) -> list[Array]:
        """See Engine."""
        return _run(self._runner, inputs, resets, self._graph.output_tensors)

    def tensors(self, inputs: Sequence[Array], wanted: Sequence[int]) -> list[Array]:
        """See Engine."""
        graph, runner = self._observed(wanted)
        found = dict(zip(self._graph.inputs, inputs, strict=True))
        results = _run(runner, inputs, (), graph.output_tensors)
        found |= dict(zip(graph.outputs, results, strict=True))
        return [found[index] for index in wanted]

    def reset(self) -> None:
        """See Engine."""
        self._runner.reset()
        if self._whole is not None:
            self._whole[1].reset()

    def _observed(self, wanted: Sequence[int]) -> tuple[Graph, Runner]:
        """The same model with every activation that is wanted as an output."""
        if self._whole is None:
            seen = tuple(i for i in wanted if i not in self._graph.inputs)
            graph = replace(self._graph, outputs=seen, output_names=())
            self._whole = graph, _open(graph, write_model(graph), self._limit_s)
        return self._whole


def open_engine(graph: Graph, model: bytes, limit_s: float) -> PortableEngine:
    """Compile a model; an inference may take `limit_s` seconds.

    Raises UnsupportedModelError, ToolError without any compiler, UsageError for a wrong
    QMCU_PORTABLE.
    """
    return PortableEngine(graph, model, limit_s)


def portable_version() -> str:
    """What computes expected bytes, in words: where the kernels run, and what they equal."""
    where = _place()
    compiler = find_host_compiler()
    by = str(compiler) if where == "host" and compiler is not None else emulator_version()
    graphs, version = _measured()
    equal = f", equal to tflite-micro {version} on {graphs:,} random graphs" if graphs else ""
    return f"qmcu {qmcu.__version__}'s portable kernels ({by}){equal}"


def _place() -> str:
    """Where the kernels run: one of PLACES."""
    chosen = os.environ.get(VARIABLE)
    if chosen is None:
        return "host" if find_host_compiler() is not None else "unicorn"
    if chosen not in PLACES:
        raise UsageError(f"{VARIABLE}={chosen}: no such place; take {' or '.join(PLACES)}.")
    if chosen == "host" and find_host_compiler() is None:
        raise UsageError(f"{VARIABLE}=host: there is no C compiler (cc, gcc or clang) on PATH.")
    return chosen


def _open(graph: Graph, model: bytes, limit_s: float) -> Runner:
    if _place() == "host":
        return HostRunner(graph, limit_s)
    return EmulatedRunner(graph.name, model, limit_s)


def _run(
    runner: Runner, inputs: Sequence[Array], resets: Sequence[int], outputs: Sequence[Tensor]
) -> list[Array]:
    rows = [[array[i] for array in inputs] for i in range(len(inputs[0]))]
    answers = runner.infer(rows, resets)
    results: list[Array] = []
    for position, tensor in enumerate(outputs):
        content = b"".join(answer[position] for answer in answers)
        results.append(np.frombuffer(content, tensor.dtype).reshape(len(rows), *tensor.shape))
    return results


@cache
def _measured() -> tuple[int, str]:
    """On how many random graphs the portable kernels equal which tflite-micro; 0 when unknown."""
    try:
        counts = msgspec.json.decode(operator_counts().read_bytes())
    except OSError:
        return 0, ""
    assert counts["kernels"] == "portable"
    equal = sum(operator["equal"] for operator in counts["operators"].values())
    return equal, counts["versions"]["tflite-micro"]
