"""A graph whose tensors all have the batch as their first axis.

Recurrent layers whose steps are written out work with the steps first: TRANSPOSE [1, T, F] to
[T, 1, F], UNPACK along axis 0, and PACK and TRANSPOSE back where all steps go on; some converters
write a RESHAPE for such a TRANSPOSE, and others one that leaves the batch out before a sum. A file
has one input at a time, so nothing shows there; where many are computed at once the batch is
another axis than 0, or none. Here such tensors get it in front, and operators the axes that this
gives.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.types import Shape

# Operators that treat every element, or every row of the last axis, alike.
_ALIKE = {
    "ABS", "ADD", "DEQUANTIZE", "DIV", "FULLY_CONNECTED", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC",
    "MAXIMUM", "MINIMUM", "MUL", "QUANTIZE", "RELU", "RELU6", "SUB", "TANH",
}  # fmt: skip


# Those that may take a tensor without a batch.
_BY_ROW = {*_ALIKE, "RESHAPE"}


class _CannotFollowError(Exception):
    """An operator works on a tensor whose batch lies elsewhere, and it is not known how."""


def batch_first(graph: Graph, operators: tuple[Operator, ...]) -> Graph:
    """The graph with these operators, the batch in front of every tensor; with them as they are
    where it is first already, or where it cannot be followed.
    """
    plain = replace(graph, operators=operators)
    walk = _Walk(plain)
    try:
        for op in operators:
            walk.write(op)
    except _CannotFollowError:
        return plain
    return walk.graph() if walk.changed else plain


class _Walk:
    """Operators written anew, one by one. `_places` has the batch's axis of tensors where it is
    not 0; `_same` the tensor that stands for one which is equal to it with the batch in front;
    `_without` the shapes, batch in front, of tensors that leave it out.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._tensors = list(graph.tensors)
        self._places: dict[int, int] = {}
        self._same: dict[int, int] = {}
        self._without: dict[int, Shape] = {}
        self._written: list[Operator] = []
        self.changed = False

    def graph(self) -> Graph:
        return replace(
            self._graph,
            tensors=tuple(self._tensors),
            operators=tuple(self._written),
            outputs=tuple(self._same.get(i, i) for i in self._graph.outputs),
        )

    def write(self, op: Operator) -> None:
        """One operator more. Raises _CannotFollowError."""
        inputs = tuple(self._same.get(i, i) for i in op.inputs)
        form = _FORMS.get(op.kind)
        if op.kind not in _BY_ROW and any(i in self._without for i in op.inputs):
            # Its axes are counted without the batch.
            raise _CannotFollowError
        moved = self._places.keys() | self._without.keys()
        if form is None and moved.isdisjoint(op.inputs):
            self._written.append(replace(op, inputs=inputs))
        elif form is not None:
            form(self, op, inputs)
        elif op.kind in _ALIKE:
            self._alike(op, inputs)
        else:
            raise _CannotFollowError

    def _shape(self, index: int) -> Shape:
        return self._without.get(index, self._graph.tensors[index].shape)

    def _place(self, index: int) -> int:
        return self._places.get(index, 0)

    def _lay(self, index: int, place: int) -> None:
        """The batch of the tensor `index` is at `place`; it is written with it in front."""
        shape = self._shape(index)
        if place >= len(shape) or shape[place] != 1 or (place and index in self._graph.outputs):
            raise _CannotFollowError
        if place:
            self.changed = True
            self._places[index] = place
            moved = (shape[place], *shape[:place], *shape[place + 1 :])
            self._tensors[index] = replace(self._tensors[index], shape=moved)

    def _leave_out(self, index: int) -> None:
        """The tensor `index` has no axis for the batch; it is written with one in front."""
        if index in self._graph.outputs:
            raise _CannotFollowError
        self.changed = True
        self._without[index] = (1, *self._graph.tensors[index].shape)
        self._tensors[index] = replace(self._tensors[index], shape=self._without[index])

    def _constant(self, values: list[int]) -> int:
        array = np.array(values, np.int32)
        index = len(self._tensors)
        name = f"order_{index}"
        self._tensors.append(Tensor(index, name, array.shape, "int32", None, array.tobytes()))
        return index

    def _alike(self, op: Operator, inputs: tuple[int, ...]) -> None:
        """What is no constant has the batch in one place; constants must not reach that far."""
        given = [i for i in op.inputs if i >= 0 and not self._graph.tensors[i].is_constant]
        places, ranks = {self._place(i) for i in given}, {len(self._shape(i)) for i in given}
        made = op.outputs[0]
        if self._without.keys() >= set(given):
            self._leave_out(made)
        if len(places) != 1 or len(ranks) != 1 or ranks != {len(self._shape(made))}:
            raise _CannotFollowError
        place = places.pop()
        reach = ranks.pop() - 1 - place
        if op.kind == "FULLY_CONNECTED" and reach < 1:
            raise _CannotFollowError
        for i in set(op.inputs) - set(given) if op.kind != "FULLY_CONNECTED" else ():
            if i >= 0 and len(self._shape(i)) > max(reach, 1):
                raise _CannotFollowError
        self._lay(made, place)
        self._written.append(replace(op, inputs=inputs))

    def transpose(self, op: Operator, inputs: tuple[int, ...]) -> None:
        """One that only moves the batch is left out."""
        order = self._graph.tensors[op.inputs[1]]
        if not order.is_constant:
            raise _CannotFollowError
        axes = [int(a) for a in order.array.reshape(-1)]
        before = self._place(op.inputs[0])
        if before == 0 and axes[0] == 0:
            self._written.append(replace(op, inputs=inputs))
            return
        if self._shape(op.inputs[0])[before] != 1:
            # Rows of several inputs in one tensor, as of images that were cut into blocks.
            raise _CannotFollowError
        place = axes.index(before)
        self._lay(op.outputs[0], place)
        own = [before, *(a for a in range(len(axes)) if a != before)]
        rest = [a for k, a in enumerate(axes) if k != place]
        self._move(op, inputs[0], [0, *(own.index(a) for a in rest)])

    def _move(self, op: Operator, source: int, order: list[int]) -> None:
        self.changed = True
        if order == sorted(order):
            self._same[op.outputs[0]] = source
        else:
            self._written.append(replace(op, inputs=(source, self._constant(order))))

    def reshape(self, op: Operator, inputs: tuple[int, ...]) -> None:
        """Of one input a RESHAPE keeps the order, so the batch may be any axis of length 1."""
        given, made = self._shape(op.inputs[0]), self._shape(op.outputs[0])
        before = self._place(op.inputs[0])
        rest = given[:before] + given[before + 1 :]
        ones = [k for k, n in enumerate(made) if n == 1]
        if made == rest and not ones and given[before] == 1 and not self._ends(op):
            self._leave_out(op.outputs[0])
            self._same[op.outputs[0]] = inputs[0]
            return
        if before == 0 and (not ones or made[0] == 1 or given[0] != 1):
            self._written.append(replace(op, inputs=inputs))
            return
        if not ones:
            raise _CannotFollowError
        same = [k for k in ones if made[:k] + made[k + 1 :] == rest]
        self.changed = True
        if same:
            self._lay(op.outputs[0], same[0])
            self._same[op.outputs[0]] = inputs[0]
            return
        self._lay(op.outputs[0], 0 if made[0] == 1 else ones[0])
        self._written.append(replace(op, inputs=inputs[:1]))

    def _ends(self, op: Operator) -> bool:
        return op.outputs[0] in self._graph.outputs

    def unpack(self, op: Operator, inputs: tuple[int, ...]) -> None:
        """Along an axis that is not the batch's."""
        place, rank = self._place(op.inputs[0]), len(self._shape(op.inputs[0]))
        axis = int(op.options["axis"]) % rank  # type: ignore[arg-type]
        if place == 0:
            self._written.append(replace(op, inputs=inputs))
            return
        if axis == place:
            raise _CannotFollowError
        for made in op.outputs:
            self._lay(made, place - (axis < place))
        moved = axis + (axis < place)
        self._written.append(replace(op, inputs=inputs, options={**op.options, "axis": moved}))

    def pack(self, op: Operator, inputs: tuple[int, ...]) -> None:
        """Of equal places of the batch, into one more axis."""
        places = {self._place(i) for i in op.inputs}
        rank = len(self._shape(op.outputs[0]))
        axis = int(op.options["axis"]) % rank  # type: ignore[arg-type]
        if len(places) != 1:
            raise _CannotFollowError
        before = places.pop()
        place = before + (axis <= before)
        self._lay(op.outputs[0], place)
        moved = axis + (axis < place)
        self._written.append(replace(op, inputs=inputs, options={**op.options, "axis": moved}))

    def reverse(self, op: Operator, inputs: tuple[int, ...]) -> None:
        """Along axes that are not the batch's."""
        order, place = self._graph.tensors[op.inputs[1]], self._place(op.inputs[0])
        if place == 0:
            self._written.append(replace(op, inputs=inputs))
            return
        rank = len(self._shape(op.inputs[0]))
        axes = [int(a) % rank for a in order.array.reshape(-1)] if order.is_constant else [place]
        if place in axes:
            raise _CannotFollowError
        self._lay(op.outputs[0], place)
        moved = self._constant([a + (a < place) for a in axes])
        self._written.append(replace(op, inputs=(inputs[0], moved)))


_FORMS: dict[str, Callable[[_Walk, Operator, tuple[int, ...]], None]] = {
    "PACK": _Walk.pack, "RESHAPE": _Walk.reshape, "REVERSE_V2": _Walk.reverse,
    "TRANSPOSE": _Walk.transpose, "UNPACK": _Walk.unpack,
}  # fmt: skip
