"""What computes expected bytes: tflite-micro's interpreter, or qmcu's own portable kernels.

tflite-micro is on PyPI for Linux on x86-64 alone and is the choice where it is installed. Anywhere
else, or when asked for, the portable kernels that firmware is made of run on the host
(`qmcu.portable`). The choice is in the environment, so that child processes make the same.
"""

import importlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from typing import Any, Protocol

from qmcu.errors import UsageError
from qmcu.model.graph import Graph
from qmcu.types import Array

TFLITE_MICRO, PORTABLE = "tflite-micro", "portable"
ENGINES = (TFLITE_MICRO, PORTABLE)
VARIABLE = "QMCU_ORACLE"


class Engine(Protocol):
    """One model in what computes it. Arrays are [N, *shape] of each tensor's dtype."""

    def run(self, inputs: Sequence[Array], resets: Sequence[int]) -> list[Array]:
        """Inferences in a row: each input to each output; state is reset before those rows."""

    def tensors(self, inputs: Sequence[Array], wanted: Sequence[int]) -> list[Array]:
        """One inference (N is 1), with a state of its own: the activations of these indices."""

    def reset(self) -> None:
        """Make all state what it is before the first inference."""


def has_tflite_micro() -> bool:
    """Whether the package is installed."""
    return importlib.util.find_spec("tflite_micro") is not None


def engine_name() -> str:
    """The engine in use, one of ENGINES. Raises UsageError when the environment names another."""
    name = os.environ.get(VARIABLE) or (TFLITE_MICRO if has_tflite_micro() else PORTABLE)
    _check(name, f"{VARIABLE}={name}")
    return name


def choose_engine(name: str) -> None:
    """Use this engine from here on, in child processes, too. Raises UsageError."""
    _check(name, f"--oracle {name}")
    os.environ[VARIABLE] = name


def engine_version() -> str:
    """What computes expected bytes, in words, for reports."""
    if engine_name() == TFLITE_MICRO:
        return f"tflite-micro {importlib.metadata.version('tflite-micro')}"
    return str(_portable().portable_version())


def open_portable(graph: Graph, model: bytes, limit_s: float) -> Engine:
    """The portable kernels with a model. Raises ModelError, ToolError or what compiling raises."""
    engine: Engine = _portable().open_engine(graph, model, limit_s)
    return engine


def _portable() -> Any:
    # By name: it compiles and builds, and this room is below those that do.
    return importlib.import_module("qmcu.portable")


def _check(name: str, where: str) -> None:
    if name not in ENGINES:
        raise UsageError(f"{where}: there is no such oracle; take {' or '.join(ENGINES)}.")
    if name == TFLITE_MICRO and not has_tflite_micro():
        raise UsageError(
            f"{where}: the package tflite-micro is not installed (PyPI has it for Linux on x86-64 "
            f"alone); take {PORTABLE}."
        )
