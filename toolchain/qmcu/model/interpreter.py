"""The engine that is tflite-micro's interpreter, in a process of its own with limits."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from qmcu.errors import InterpreterDiedError, ModelError
from qmcu.model.early_ends import ends_early
from qmcu.model.graph import Graph, Tensor
from qmcu.model.oracle_messages import Form, Message, join, split
from qmcu.model.oracle_process import Worker, WorkerGone
from qmcu.model.passes import simplify
from qmcu.model.writer import write_model
from qmcu.types import Array

OPEN_LIMIT_S = 60.0
_LOG_CHARACTERS = 300


class Interpreter:
    """A model in tflite-micro; what it refuses as it is, it gets without what needs not run."""

    def __init__(self, graph: Graph, model: bytes, limit_s: float) -> None:
        """Open it. Raises ModelError when it is refused, ToolError when no process starts."""
        self.graph, self._limit_s = graph, limit_s
        kinds = {op.kind for body in (graph, *graph.subgraphs) for op in body.operators}
        # CALL_ONCE has run for good in an interpreter, even when its variables were reset.
        fresh = any(kind == "CALL_ONCE" or kind.startswith("CUSTOM") for kind in kinds)
        self.worker = self._open(model, fresh)

    def _open(self, content: bytes, fresh: bool) -> Worker:
        # What ends early leaves its outputs as they were, where no other tensor lies over them.
        header = {"do": "open", "fresh": fresh, "keep": ends_early(self.graph)}
        self.worker = Worker()
        try:
            self._ask(header, content, OPEN_LIMIT_S, "refuses the model")
        except InterpreterDiedError:
            raise
        except ModelError:
            # The converter leaves operators that tflite-micro lacks and that only compute shapes.
            simple = simplify(self.graph)
            if simple is self.graph:
                raise
            self.graph, self.worker = simple, Worker()
            self._ask(header, write_model(simple), OPEN_LIMIT_S, "refuses the model")
        return self.worker

    def run(self, inputs: Sequence[Array], resets: Sequence[int]) -> list[Array]:
        """See Engine."""
        rows, outputs = len(inputs[0]), self.graph.output_tensors
        header = {
            "do": "run", "rows": rows, "resets": list(resets), "inputs": self._inputs,
            "outputs": len(outputs),
        }  # fmt: skip
        answer = self._ask(header, join(inputs), OPEN_LIMIT_S + self._limit_s * rows)
        return self._arrays(answer, outputs, rows)

    def tensors(self, inputs: Sequence[Array], wanted: Sequence[int]) -> list[Array]:
        """See Engine; the interpreter is another one than `run`'s."""
        header = {"do": "tensors", "wanted": list(wanted), "inputs": self._inputs}
        answer = self._ask(header, join(inputs), OPEN_LIMIT_S + self._limit_s)
        return self._arrays(answer, [self.graph.tensors[i] for i in wanted], 1)

    def reset(self) -> None:
        """See Engine."""
        self._ask({"do": "reset"}, b"", OPEN_LIMIT_S)

    @property
    def _inputs(self) -> list[Form]:
        return _forms(self.graph.input_tensors)

    def _arrays(self, answer: Message, tensors: Sequence[Tensor], rows: int) -> list[Array]:
        header, payload = answer
        for tensor, got in zip(tensors, header["dtypes"], strict=True):
            if got != tensor.dtype:
                self._fail(f"tflite-micro makes {tensor} {got}")
        try:
            return split(payload, _forms(tensors), rows)
        except ValueError as error:
            self._fail(f"tflite-micro gives tensors other shapes than the file says ({error})")

    def _ask(
        self,
        header: Mapping[str, object],
        payload: bytes,
        limit_s: float,
        verb: str = "could not run it",
    ) -> Message:
        try:
            answer, content = self.worker.ask(header, payload, limit_s)
        except WorkerGone as error:
            raise InterpreterDiedError(
                f"{self.graph.name}: the tflite-micro interpreter {error} on it, so there are no "
                "expected bytes: the model is damaged, or asks for what that interpreter does not "
                "check."
            ) from None
        if "memory" in answer:
            self._fail(
                f"the tflite-micro interpreter needs over {answer['memory'] >> 20} MiB for it"
            )
        if "error" in answer:
            self._fail(f"the tflite-micro interpreter {verb}: {_reason(answer)}{self._way_out()}")
        return answer, content

    def _way_out(self) -> str:
        """How to give what the interpreter may lack."""
        custom = [o for o in self.graph.operators if o.kind.startswith("CUSTOM:")]
        return f"; if it lacks {custom[0]}, describe it with --operator FILE.toml" if custom else ""

    def _fail(self, problem: str) -> NoReturn:
        raise ModelError(f"{self.graph.name}: {problem}.")


def _forms(tensors: Sequence[Tensor]) -> list[Form]:
    return [(t.dtype, t.shape) for t in tensors]


def _reason(answer: Mapping[str, Any]) -> str:
    """The interpreter's error, with what it printed about it, in one line."""
    said = "; ".join(
        line.strip() for line in str(answer.get("said", "")).splitlines() if line.strip()
    )
    text = str(answer["error"]).rstrip(".")
    whole = f"{text} ({said[:_LOG_CHARACTERS]})" if said else text
    return "".join(c if c.isprintable() else "?" for c in whole)
