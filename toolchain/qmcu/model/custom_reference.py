"""A custom operator's Python reference, run in a process of its own with the oracle's limits."""

from collections.abc import Collection, Sequence

from qmcu.errors import ModelError
from qmcu.model.custom import CustomOperator
from qmcu.model.graph import Graph, Operator
from qmcu.model.oracle_messages import join, split
from qmcu.model.oracle_process import Worker, WorkerGone
from qmcu.types import Array

_LIMIT_S = 60.0


class Reference:
    """The reference of one operator of a model; its state is kept from one row to the next."""

    def __init__(self, described: CustomOperator, graph: Graph, operator: Operator) -> None:
        self._described, self._graph, self._operator = described, graph, operator
        self._worker: Worker | None = None

    @property
    def origin(self) -> str:
        """What computes the operator, in words."""
        digest = self._described.reference_sha256
        known = f" (SHA-256 {digest[:16]})" if digest else ""
        return f"{self._described.name} by {self._described.reference}{known}"

    def run(self, operands: Sequence[Array], resets: Collection[int]) -> list[Array]:
        """Each operand [N, *shape] to each output. Raises ModelError when the reference fails."""
        described, tensors = self._described, self._graph.tensors
        outputs = [tensors[i] for i in self._operator.outputs]
        rows = len(operands[0])
        header = {
            "do": "reference",
            "folder": str(described.folder.resolve()),
            "reference": described.reference,
            "parameters": described.values(self._graph, self._operator),
            "state": described.amount(described.state, self._graph, self._operator),
            "rows": rows,
            "resets": list(resets),
            "inputs": [(a.dtype.name, a.shape[1:]) for a in operands],
            "outputs": [(t.dtype, t.shape) for t in outputs],
        }
        self._worker = self._worker or Worker()
        what = f"{self._graph.name}: the reference {described.reference} of {self._operator}"
        try:
            answer, content = self._worker.ask(header, join(operands), _LIMIT_S * (1 + rows))
        except WorkerGone as error:
            self._worker = None
            raise ModelError(f"{what} {error}.") from None
        if "memory" in answer:
            raise ModelError(f"{what} needs over {answer['memory'] >> 20} MiB.")
        if "error" in answer:
            raise ModelError(f"{what} failed: {' '.join(str(answer['error']).split())}.")
        return split(content, [(t.dtype, t.shape) for t in outputs], rows)

    def reset(self) -> None:
        """Make its state zeros again."""
        self._worker = None
