"""What an operator module needs in order to turn its operator into a kernel call.

An operator module states its support once, as an `OperatorSupport`: constraints in words with
the check beside them, and the function that lowers a checked operator. The compiler, the
refusals and docs/OPERATORS.md all read that one statement.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.compile.plan import (
    C_TYPES,
    Argument,
    Constant,
    ConstantArgument,
    KernelCall,
    TensorArgument,
    TensorListArgument,
)
from qmcu.model.graph import Graph, Operator, Tensor

# Of tensors, in the order of the documentation's columns.
TYPES = ("int8", "int16", "int32", "int64", "uint8", "bool", "float32")
# Of a model's inputs and outputs: those, and what the operators of audio front ends give.
IO_TYPES = (*TYPES, "uint32", "uint64")

# Of operators that the interpreter lacks (`model.pieces`).
OWN_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference in "
    "numpy, which only moves bytes or computes with integers."
)
COMPARED_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference in "
    "numpy, which only compares elements, as LiteRT's reference kernel does."
)
PRODUCT_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference in "
    "numpy, which multiplies in the order and the steps of LiteRT's reference kernel "
    "(`model/products.py`)."
)
ANGLE_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference in "
    "numpy, in double and rounded once (`model/passes/angles.py`), as glibc from 2.41 on gives "
    "them; before that glibc differs in the last bit of some."
)
GELU_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference in "
    "numpy, in double and rounded once (`model/gelu.py`): the nearest float of every number tried."
)
TABLE_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference, "
    "256 results by float32 as LiteRT's reference kernel computes them "
    "(`model/byte_functions.py`)."
)


def own_types(taken: Sequence[str]) -> tuple[str, ...]:
    """The types of TYPES that the interpreter does not take, of an operator that moves bytes."""
    return tuple(t for t in TYPES if t not in taken)


@dataclass(frozen=True)
class OperatorContext:
    """One operator in its graph, with short ways to what lowering asks for."""

    graph: Graph
    operator: Operator

    @property
    def layer(self) -> str:
        """The layer's name: position and kind, such as `l03_conv_2d`."""
        kind = re.sub(r"\W", "_", self.operator.kind.removeprefix("CUSTOM:")).lower()
        return f"l{self.operator.index:02d}_{kind}"

    def input(self, position: int) -> Tensor:
        """The input tensor at `position`. Raises IndexError when it is absent."""
        tensor = self.graph.operand(self.operator, position)
        if tensor is None:
            raise IndexError(f"{self.operator} has no input {position}")
        return tensor

    def optional_input(self, position: int) -> Tensor | None:
        """The input tensor at `position`, or None."""
        return self.graph.operand(self.operator, position)

    def output(self, position: int = 0) -> Tensor:
        """The output tensor at `position`."""
        return self.graph.tensors[self.operator.outputs[position]]

    def integer(self, option: str, default: int = 0) -> int:
        """An integer option."""
        value = self.operator.options.get(option, default)
        assert isinstance(value, int)
        return value

    def real(self, option: str, default: float = 0.0) -> float:
        """An option that is a real number."""
        value = self.operator.options.get(option, default)
        assert isinstance(value, int | float)
        return float(value)

    def text(self, option: str, default: str = "") -> str:
        """An enum option, by its schema name."""
        value = self.operator.options.get(option, default)
        assert isinstance(value, str)
        return value

    def constant(self, name: str, values: npt.NDArray[Any], role: str) -> ConstantArgument:
        """An argument for numbers in flash; the dtype of `values` gives the C type."""
        ctype = C_TYPES[values.dtype.name]
        data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
        return ConstantArgument(Constant(f"{self.layer}_{name}", ctype, data, values.shape, role))

    def operand(self, tensor: Tensor, *, as_bytes: bool = False) -> Argument:
        """An argument for an operand of any type: in the arena, or in flash when it is constant.

        `as_bytes` makes it a pointer to int8_t, for a kernel that only moves bytes.
        """
        if tensor.is_constant:
            name = re.sub(r"\W", "_", f"t{tensor.index}")
            values = np.frombuffer(tensor.data or b"", np.int8) if as_bytes else tensor.array
            return self.constant(name, values, "data")
        return TensorArgument(tensor.index, as_bytes=as_bytes)

    def operands(
        self, tensors: Sequence[Tensor], *, writes: bool, as_bytes: bool = False
    ) -> TensorListArgument:
        """An argument for several activation tensors of one type."""
        return TensorListArgument(tuple(t.index for t in tensors), writes, as_bytes)

    @property
    def types(self) -> str:
        """The types of what is computed: one if all are the same, else such as `int8>float32`."""
        inputs = (self.optional_input(i) for i in range(len(self.operator.inputs)))
        read = list(dict.fromkeys(t.dtype for t in inputs if t and not t.is_constant))
        written = list(dict.fromkeys(self.graph.tensors[i].dtype for i in self.operator.outputs))
        if len({*read, *written}) == 1:
            return written[0]
        return f"{'+'.join(read)}>{'+'.join(written)}"

    def call(
        self,
        kernel: str,
        arguments: tuple[Argument, ...],
        *,
        macs: int = 0,
        may_overlay: tuple[tuple[int, int], ...] = (),
    ) -> KernelCall:
        """The kernel call for this operator; reads and writes follow from the operator."""
        reads = tuple(
            i for i in self.operator.inputs if i >= 0 and not self.graph.tensors[i].is_constant
        )
        weights = self.optional_input(1)
        return KernelCall(
            kernel=kernel,
            layer=self.layer,
            operator=self.operator.index,
            kind=self.operator.kind,
            arguments=arguments,
            reads=reads,
            writes=self.operator.outputs,
            macs=macs,
            may_overlay=may_overlay,
            int4="packed" if weights is not None and weights.dtype == "int4" else "none",
        )


@dataclass(frozen=True)
class Constraint:
    """One condition for an operator to be supported.

    `text` completes "supported if": short, for docs/OPERATORS.md. `check` returns None when it
    holds and otherwise what is wrong, with the offending value and tensor ("input t3 is
    float32, int8 is needed").
    """

    text: str
    check: Callable[[OperatorContext], str | None]


@dataclass(frozen=True)
class OperatorSupport:
    """One typed form of a TFLite operator: its constraints, kernel and lowering.

    `types` are those of the operator's main input in this form (docs/OPERATORS.md has a column for
    each); the constraints say what the other tensors must be. With `aliases` the operator moves no
    data (RESHAPE): the planner then lets the output share the input's bytes. No faster kernel
    computes an operator in a form that `stands_alone`. `note` says in a
    sentence or two for docs/OPERATORS.md where the interpreter's bytes depend on its machine.
    """

    kind: str
    kernel: str
    constraints: tuple[Constraint, ...]
    lower: Callable[[OperatorContext], KernelCall]
    aliases: bool = False
    stands_alone: bool = False
    types: tuple[str, ...] = ("int8",)
    note: str = ""

    def violation(self, context: OperatorContext) -> tuple[int, str] | None:
        """The first constraint that does not hold: its place and what is wrong; None if all do."""
        for place, constraint in enumerate(self.constraints):
            problem = constraint.check(context)
            if problem is not None:
                # Later checks may rely on earlier ones.
                return place, problem
        return None


# All typed forms of one operator, in the order in which they are tried.
Forms = tuple[OperatorSupport, ...]


def fitting_form(forms: Forms, context: OperatorContext) -> OperatorSupport | str:
    """The first form whose constraints all hold, else what the closest one misses.

    The closest is the one of which most constraints hold before one does not.
    """
    misses: list[tuple[int, str]] = []
    for form in forms:
        missed = form.violation(context)
        if missed is None:
            return form
        misses.append(missed)
    furthest = max(place for place, _ in misses)
    found = list(dict.fromkeys(problem for place, problem in misses if place == furthest))
    if len(found) == 1 or len(forms) == 1:
        return found[0]
    types = [t for t in TYPES if any(t in form.types for form in forms)]
    return f"{found[0]} ({context.operator.kind} is supported for {', '.join(types)})"


# A faster form of an operator, or None where its kernel does not fit.
Lowering = Callable[[OperatorContext], KernelCall | None]
