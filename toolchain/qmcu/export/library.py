"""The model as a library that knows no board: sources, public header, example with a sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy.typing as npt

import qmcu
from qmcu.board import Board
from qmcu.builder.firmware import Compiled
from qmcu.codegen.c_source import ctype_of, literal, wrapped
from qmcu.codegen.places import INTERNAL, Places
from qmcu.codegen.project import library_sources
from qmcu.codegen.templates import render
from qmcu.compile import Plan
from qmcu.compile.plan import C_TYPES
from qmcu.conversion.preprocessing import read_preprocessing
from qmcu.model.graph import Graph
from qmcu.model.oracle import oracle_version
from qmcu.model.vectors import random_vectors

_PUBLIC = "include/qmcu_model.h"
_FAST_FLAG = "-O2"


@dataclass(frozen=True)
class Library:
    """Files by path, and `values`, what the templates of a build system need to know of them."""

    board: Board
    files: Mapping[str, str]
    values: Mapping[str, Any]

    @property
    def example(self) -> Mapping[str, str]:
        """The example's sources by file name."""
        folder = "example/"
        return {n.removeprefix(folder): t for n, t in self.files.items() if n.startswith(folder)}


def make_library(compiled: Compiled, board: Board, places: Places = INTERNAL) -> Library:
    """The library for a compiled model; its sample's expected bytes come from the oracle."""
    plan = compiled.plan
    sources = library_sources(plan, places)
    foreign = dict(compiled.library(sources))
    values = model_values(plan, compiled.graph, compiled.content, board, places)
    files = {
        **sources,
        **foreign,
        "src/qmcu_model.c": render("library/qmcu_model.c.j2", values),
        _PUBLIC: render("library/qmcu_model.h.j2", values),
        "example/main.c": render("library/main.c.j2", values),
        "example/sample.h": render("library/sample.h.j2", values),
    }
    return finish_library(board, files, foreign, values, [_PUBLIC])


def model_values(
    plan: Plan, graph: Graph | None, content: bytes, board: Board, places: Places
) -> dict[str, Any]:
    """What the templates know of a model, or without a `graph` of several as one."""
    return {
        "plan": plan,
        "board": board,
        "version": qmcu.__version__,
        "oracle": oracle_version(),
        "inputs": [plan.tensor(i) for i in plan.inputs],
        "outputs": [plan.tensor(i) for i in plan.outputs],
        "io_types": [_common_type(plan, indices) for indices in (plan.inputs, plan.outputs)],
        "ranges": {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)},
        "samples": _samples(graph, content) if graph is not None else [],
        "needs": _needs(plan),
        "places": places,
        "preprocessing": read_preprocessing(content) if content else None,
        "fast_flag": _FAST_FLAG,
    }


def finish_library(
    board: Board,
    files: Mapping[str, str],
    foreign: Mapping[str, str],
    values: Mapping[str, Any],
    headers: Sequence[str],
) -> Library:
    """The library of these files, of which `foreign` are another's and `headers` are public."""
    own = sorted(n for n in files if n.startswith("src/") and n.endswith(".c"))
    known = {
        "private_directories": _private_directories(files),
        "library_sources": [name for name in foreign if name.endswith(".c")],
        "sources": own,
        "headers": list(headers),
    }
    return Library(board, dict(sorted(files.items())), {**values, **known})


def _needs(plan: Plan) -> str:
    """The extension of the instruction set without which the plan's kernels do not compile."""
    kernels = {kernel for call in plan.calls for kernel in call.kernels}
    if any("_mve" in kernel for kernel in kernels):
        return "MVE"
    return "DSP" if any("_dsp" in kernel for kernel in kernels) else ""


def _private_directories(sources: Mapping[str, str]) -> list[str]:
    """Where the sources look for their own headers; the public one is elsewhere."""
    cmsis_nn = "src/cmsis_nn/Include"
    uses_cmsis_nn = any(str(PurePosixPath(name).parent).startswith(cmsis_nn) for name in sources)
    return ["src", cmsis_nn] if uses_cmsis_nn else ["src"]


def _common_type(plan: Plan, indices: Sequence[int]) -> str:
    """The C type of all these tensors, or void when there are several."""
    found = {ctype_of(plan.tensor(i)) for i in indices}
    return found.pop() if len(found) == 1 else "void"


def _samples(graph: Graph, content: bytes) -> list[tuple[str, str, int, str]]:
    """C name, type, length and values of the tensors of one random vector."""
    vectors = random_vectors(graph, content, 1, seed=0)
    return [
        (f"sample_{role}_{i}", *_sample(array[0]))
        for role, arrays in (("input", vectors.inputs), ("output", vectors.expected))
        for i, array in enumerate(arrays)
    ]


def _sample(values: npt.NDArray[Any]) -> tuple[str, int, str]:
    """C type, length and text of an array."""
    ctype = C_TYPES[values.dtype.name]
    literals = [literal(v, ctype) for v in values.reshape(-1).tolist()]
    return ctype, values.size, wrapped(literals, 4)
