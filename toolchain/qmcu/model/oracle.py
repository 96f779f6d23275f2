"""The oracle: what a device must answer, by one of the `engines`.

By default that is tflite-micro's interpreter, which equals TFLM with CMSIS-NN on the device. An
engine runs in a process of its own, with limits of time: a model that kills it is an error in one
sentence, and nothing else.
"""

import time
from collections.abc import Callable, Collection, Sequence
from typing import NoReturn, TypeVar

import numpy as np

from qmcu.errors import InterpreterDiedError, ModelError
from qmcu.model.early_ends import ends_early
from qmcu.model.engines import (
    TFLITE_MICRO,
    Engine,
    engine_name,
    engine_version,
    open_portable,
)
from qmcu.model.inspect import inspect_graph
from qmcu.model.interpreter import Interpreter
from qmcu.model.oracle_messages import DTYPES
from qmcu.model.passes import is_undefined, simplify
from qmcu.model.pieces import Pieces, is_own
from qmcu.model.reader import parse_model
from qmcu.model.unpack import standalone
from qmcu.model.unwritten import blank_unwritten, leaves_bytes
from qmcu.model.writer import write_model
from qmcu.types import Array, Progress

# A slow machine under load still multiplies so often in a second with the reference kernels.
_LIMIT_S, _MACS_PER_S = 30.0, 2e6
# One message carries so much at most, and about so much work: progress is shown after each.
_BATCH_BYTES, _BATCH_S = 4 << 20, 0.2

__all__ = ["Oracle", "oracle_version"]

T = TypeVar("T")


def oracle_version() -> str:
    """What computes expected bytes, in words, for reports."""
    return engine_version()


class Oracle:
    """Expected outputs of a model: arrays of each tensor's dtype in and out.

    State (variable tensors, resource variables) is kept from one inference to the next; `reset`
    makes it what it is before the first. Raises ModelError when the interpreter refuses the
    model, dies on it, or takes over `limit_s` seconds for an inference (by default what a slow
    machine may take), ToolError when no process can be started.
    """

    def __init__(self, model: bytes, *, name: str = "model", limit_s: float | None = None) -> None:
        self._name = name
        self._graph = graph = parse_model(model, name)
        self._limit_s = limit_s or _LIMIT_S + inspect_graph(graph).macs / _MACS_PER_S
        for tensor in (*graph.input_tensors, *graph.output_tensors):
            if tensor.dtype not in DTYPES:
                self._fail(f"no oracle takes or gives {tensor.dtype} ({tensor.name})")
        # Inferences since the last reset, of `run`'s state and of `all_tensors`'.
        self._since = [0, 0]
        # What tflite-micro computes as other operators, since its own bytes would be by chance.
        self._defined = tuple(
            f"{operator} of subgraph {body.name}" if number else str(operator)
            for number, body in enumerate((graph, *graph.subgraphs))
            for operator in body.operators
            if is_undefined(body, operator)
        )
        self._pieces = self._cut()
        if self._pieces is None:
            content = standalone(model, source=name)
            if self._defined:
                self._graph = simplify(graph)
                content = write_model(self._graph)
            self._engine = self._open(content)

    @property
    def origin(self) -> str:
        """What the outputs come from, in words."""
        parts = [] if self._pieces is None else [self._pieces.origin]
        if self._defined:
            parts.append(f"with other operators for {', '.join(self._defined)}")
        return f"{oracle_version()} ({'; '.join(parts)})" if parts else oracle_version()

    def _cut(self) -> Pieces | None:
        """The model in pieces, where tflite-micro lacks one of its operators."""
        if not any(
            is_own(self._graph, op) or is_undefined(self._graph, op) for op in self._graph.operators
        ):
            return None
        simple = simplify(self._graph)
        if not any(is_own(simple, operator) for operator in simple.operators):
            return None
        self._graph = simple
        if ends_early(simple):
            self._fail(
                "a CIRCULAR_BUFFER of it ends inferences early, and it has operators that "
                "tflite-micro lacks: there are no expected bytes for the two together"
            )
        return Pieces(simple, lambda m: Oracle(m, name=self._name, limit_s=self._limit_s))

    def _open(self, content: bytes) -> Engine:
        if engine_name() != TFLITE_MICRO:
            return open_portable(self._graph, content, self._limit_s)
        opened = Interpreter(self._graph, content, self._limit_s)
        self._graph = opened.graph
        return opened

    def _answer(self, ask: Callable[[], T]) -> T:
        """What the interpreter answers; of the simplified model where it cannot run this one."""
        try:
            return ask()
        except InterpreterDiedError:
            raise
        except ModelError:
            if not self._simplified():
                raise
            return ask()

    def _simplified(self) -> bool:
        """Open the model anew without what needs not run, where it has not run yet.

        What the interpreter takes and then cannot run may be computed from constants.
        """
        simple = simplify(self._graph)
        if simple is self._graph or any(self._since):
            return False
        self._graph = simple
        self._engine = self._open(write_model(simple))
        return True

    def run(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """One inference: inputs in the model's shapes to outputs."""
        rows = self._rows([np.asarray(a)[np.newaxis] for a in inputs])
        return tuple(array[0] for array in self._run(rows, ()))

    def run_many(
        self,
        inputs: Sequence[Array],
        *,
        resets: Collection[int] = (),
        progress: Progress | None = None,
    ) -> tuple[Array, ...]:
        """Inferences in a row: each input [N, *shape] to each output [N, *shape].

        State is reset before the rows in `resets`. `progress(done, total)` is called as results
        come.
        """
        arrays = self._rows(inputs)
        total, outputs = len(arrays[0]), self._graph.output_tensors
        results = [tuple(np.zeros((0, *t.shape), t.dtype) for t in outputs)]
        most = max(1, _BATCH_BYTES // max(1, sum(a[:1].nbytes for a in arrays)))
        done, batch = 0, 1
        while done < total:
            started = time.monotonic()
            end = min(done + batch, total)
            here = [row - done for row in resets if done <= row < end]
            results.append(self._run([a[done:end] for a in arrays], here))
            rate = (end - done) / max(time.monotonic() - started, 1e-6)
            batch = max(1, min(2 * batch, int(rate * _BATCH_S), most))
            done = end
            if progress is not None:
                progress(done, total)
        return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))

    def all_tensors(self, inputs: Sequence[Array]) -> dict[int, Array]:
        """Every activation of one inference, by its index in the first subgraph.

        This is another interpreter than `run`'s, with a state of its own: over a sequence, call
        it for each step. `reset` is for both.
        """
        rows = self._rows([np.asarray(a)[np.newaxis] for a in inputs])
        if self._pieces is not None:
            return {i: array[0] for i, array in self._pieces.all_tensors(rows).items()}
        arrays = self._answer(lambda: self._engine.tensors(rows, self._activations()))
        wanted = self._activations()
        arrays = self._blanked(wanted, arrays, self._counted(1, 1, ()))
        return {i: array[0] for i, array in zip(wanted, arrays, strict=True)}

    def reset(self) -> None:
        """Make all state what it is before the first inference."""
        self._since = [0, 0]
        if self._pieces is not None:
            self._pieces.reset()
        else:
            self._engine.reset()

    def _activations(self) -> list[int]:
        """The inputs and what operators give, of types that an oracle reads."""
        graph = self._graph
        indices = {i for op in graph.operators for i in op.outputs} | set(graph.inputs)
        return [i for i in sorted(indices) if graph.tensors[i].dtype in DTYPES]

    def _counted(self, which: int, rows: int, resets: Sequence[int]) -> Array:
        """How many inferences there were since the last reset, before each row."""
        counts = np.zeros(rows, np.int64)
        for row in range(rows):
            counts[row] = 0 if row in resets else self._since[which]
            self._since[which] = int(counts[row]) + 1
        return counts

    def _blanked(
        self, indices: Sequence[int], arrays: Sequence[Array], since: Array
    ) -> list[Array]:
        """The tensors' values, with zeros where no operator wrote them."""
        if not leaves_bytes(self._graph):
            return list(arrays)
        values = blank_unwritten(self._graph, dict(zip(indices, arrays, strict=True)), since)
        return [values[i] for i in indices]

    def _run(self, arrays: Sequence[Array], resets: Sequence[int]) -> tuple[Array, ...]:
        if self._pieces is not None:
            return tuple(self._pieces.run(arrays, resets))
        results = self._answer(lambda: self._engine.run(arrays, resets))
        since = self._counted(0, len(arrays[0]), resets)
        return tuple(self._blanked(self._graph.outputs, results, since))

    def _rows(self, inputs: Sequence[Array]) -> list[Array]:
        """The inputs, each [N, *shape] of its tensor's dtype, or ModelError."""
        tensors = self._graph.input_tensors
        if len(inputs) != len(tensors):
            self._fail(f"it has {len(tensors)} inputs and {len(inputs)} were given")
        result = []
        for tensor, array in zip(tensors, map(np.asarray, inputs), strict=True):
            count = len(array)
            if array.dtype != tensor.dtype or array.size != count * tensor.elements:
                self._fail(
                    f"input {tensor} was given as {count} rows of {array.dtype} "
                    f"{list(array.shape[1:])}"
                )
            result.append(array.reshape(count, *tensor.shape))
        if len({len(array) for array in result}) > 1:
            self._fail("the inputs have different numbers of rows")
        return result

    def _fail(self, problem: str) -> NoReturn:
        raise ModelError(f"{self._name}: {problem}.")
