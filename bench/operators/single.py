"""Building blocks of random graphs with one operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor


@dataclass
class SingleOperator:
    """Collects the tensors of a graph with one operator, in the order of its operands."""

    kind: str
    tensors: list[Tensor] = field(default_factory=list)
    operands: list[int] = field(default_factory=list)

    def _add(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        quantization: Quantization | None,
        data: bytes | None = None,
    ) -> int:
        index = len(self.tensors)
        self.tensors.append(Tensor(index, name, shape, dtype, quantization, data))
        return index

    def input(
        self,
        shape: tuple[int, ...],
        quantization: Quantization | None = None,
        dtype: str = "int8",
    ) -> None:
        """An operand that is a model input."""
        name = f"input{len(self.operands)}"
        self.operands.append(self._add(name, shape, dtype, quantization))

    def constant(
        self, name: str, values: npt.NDArray[Any], quantization: Quantization | None = None
    ) -> None:
        """A constant operand."""
        data = np.ascontiguousarray(values).tobytes()
        dtype = values.dtype.name
        self.operands.append(self._add(name, values.shape, dtype, quantization, data))

    def variable(
        self,
        name: str,
        shape: tuple[int, ...],
        quantization: Quantization | None = None,
        dtype: str = "int8",
    ) -> None:
        """An operand that keeps its value from one inference to the next."""
        index = self._add(name, shape, dtype, quantization)
        self.tensors[index] = replace(self.tensors[index], is_variable=True)
        self.operands.append(index)

    def absent(self) -> None:
        """An optional operand that is not there."""
        self.operands.append(-1)

    def graph(
        self,
        *outputs: tuple[tuple[int, ...], Quantization | None],
        options: Mapping[str, OptionValue] | None = None,
        version: int = 1,
        dtype: str = "int8",
    ) -> Graph:
        """The graph, with outputs of these shapes and quantizations, all of one type."""
        results = tuple(
            self._add(f"output{i}", shape, dtype, quantization)
            for i, (shape, quantization) in enumerate(outputs)
        )
        inputs = tuple(
            t.index
            for t in self.tensors
            if t.data is None and t.index not in results and not t.is_variable
        )
        operator = Operator(0, self.kind, tuple(self.operands), results, options or {}, version)
        return Graph(self.kind.lower(), tuple(self.tensors), (operator,), inputs, results)


def float32(value: float) -> float:
    """The nearest float32 number, as a scale in a model file is one."""
    return float(np.float32(value))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A float32 number between `low` and `high`, uniform in its logarithm."""
    return float32(np.exp(rng.uniform(np.log(low), np.log(high))))


def zero_point(rng: np.random.Generator, dtype: str = "int8") -> int:
    """A zero point: often an extreme one; that of int16 and int32 is 0, as most kernels need."""
    if dtype in ("int16", "int32"):
        return 0
    drawn = int(rng.choice([-128, 127, 0, -1, int(rng.integers(-128, 128))]))
    return drawn + 128 if dtype == "uint8" else drawn


def quantization(
    rng: np.random.Generator, low: float = 1e-3, high: float = 1.0, dtype: str = "int8"
) -> Quantization:
    """A per-tensor quantization with a scale in [low, high]; int16 scales are 256 times finer."""
    finer = {"int16": 2**8, "int32": 2**16}.get(dtype, 1)
    return Quantization((log_uniform(rng, low / finer, high / finer),), (zero_point(rng, dtype),))


def quantization_of(
    rng: np.random.Generator, dtype: str, low: float = 1e-3, high: float = 1.0
) -> Quantization | None:
    """As `quantization`, and None for types that are not quantized."""
    if dtype in ("bool", "int64", "float32", "uint32", "uint64"):
        return None
    return quantization(rng, low, high, dtype)


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return bool(rng.random() < probability)


def pick(rng: np.random.Generator, *choices: Any) -> Any:
    """One of the choices, unchanged."""
    return choices[int(rng.integers(len(choices)))]


def fused_activation(rng: np.random.Generator) -> str:
    """A fused activation; of some the interpreter computes nothing."""
    ignored = str(rng.permutation(["TANH", "SIGN_BIT"])[0]) if chance(rng, 0.1) else "NONE"
    return str(pick(rng, "NONE", ignored, "RELU", "RELU6", "RELU_N1_TO_1"))
