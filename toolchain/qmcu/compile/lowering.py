"""What an operator module needs in order to turn its operator into a kernel call.

An operator module states its support once, as an `OperatorSupport`: constraints in words with
the check beside them, and the function that lowers a checked operator. The compiler, the
refusals and docs/OPERATORS.md all read that one statement.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.compile.plan import Argument, Constant, ConstantArgument, KernelCall, TensorArgument
from qmcu.model.graph import Graph, Operator, Tensor

_CTYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t"}


@dataclass(frozen=True)
class OperatorContext:
    """One operator in its graph, with short ways to what lowering asks for."""

    graph: Graph
    operator: Operator

    @property
    def layer(self) -> str:
        """The layer's name: position and kind, such as `l03_conv_2d`."""
        return f"l{self.operator.index:02d}_{self.operator.kind.lower()}"

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

    def text(self, option: str, default: str = "") -> str:
        """An enum option, by its schema name."""
        value = self.operator.options.get(option, default)
        assert isinstance(value, str)
        return value

    def constant(self, name: str, values: npt.NDArray[Any], role: str) -> ConstantArgument:
        """An argument for numbers in flash; the dtype of `values` gives the C type."""
        ctype = _CTYPES[values.dtype.name]
        data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
        return ConstantArgument(Constant(f"{self.layer}_{name}", ctype, data, values.shape, role))

    def operand(self, tensor: Tensor) -> Argument:
        """An argument for an int8 operand: in the arena, or in flash when it is constant."""
        if tensor.is_constant:
            name = re.sub(r"\W", "_", f"t{tensor.index}")
            return self.constant(name, tensor.array, "data")
        return TensorArgument(tensor.index)

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
    """How one TFLite operator is supported: its constraints, kernel and lowering.

    `lower` returns the kernel calls in order; none when the operator moves no data (RESHAPE: the
    planner then lets the output share the input's bytes, see `aliases`).
    """

    kind: str
    kernel: str
    constraints: tuple[Constraint, ...]
    lower: Callable[[OperatorContext], KernelCall]
    aliases: bool = False


# A faster form of an operator, or None where its kernel does not fit.
Lowering = Callable[[OperatorContext], KernelCall | None]
