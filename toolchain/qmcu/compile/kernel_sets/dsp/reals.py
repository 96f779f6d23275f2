"""Layers of float32 for cores with an FPU: four filters beside each other, sums in their order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.plan import Argument, ConstantArgument, FieldValue, KernelCall

_BESIDE = 4


def beside(filters: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Filters [count, values]: fours as [values, 4], those left as they are; one dimension."""
    fours = len(filters) // _BESIDE * _BESIDE
    together = filters[:fours].reshape(-1, _BESIDE, filters.shape[1]).transpose(0, 2, 1)
    return np.concatenate([together.reshape(-1), filters[fours:].reshape(-1)])


def _with_weights(
    call: KernelCall,
    fields: dict[str, FieldValue],
    pack: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]],
) -> KernelCall:
    """The core's call of the same, with each constant of weights packed."""

    def own(argument: Argument) -> Argument:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is None or constant.role != "weights":
            return argument
        values = np.frombuffer(constant.data, "<f4").reshape(constant.shape)
        return ConstantArgument(replace(constant, data=pack(values).tobytes()))

    call = renamed(call, f"{call.kernel}_dsp", fields)
    return replace(call, arguments=tuple(map(own, call.arguments)))


def filters(context: OperatorContext) -> KernelCall | None:
    """CONV_2D of one group and FULLY_CONNECTED, with weights that are constant."""
    call, fields = portable(context)
    if not context.input(1).is_constant or context.input(0).is_constant:
        return None
    if fields.get("groups", 1) != 1:
        return None
    return _with_weights(call, fields, lambda w: beside(w.reshape(len(w), -1)))


def lstm(context: OperatorContext) -> KernelCall | None:
    """UNIDIRECTIONAL_SEQUENCE_LSTM: weights [4][units][values] with the gates beside each other."""
    call, fields = portable(context)
    if context.input(0).is_constant:
        return None
    return _with_weights(call, fields, lambda w: np.moveaxis(w, 0, -1))


LOWERINGS: dict[str, tuple[Lowering, ...]] = {
    "CONV_2D float32": (filters,),
    "FULLY_CONNECTED float32": (filters,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM float32": (lstm,),
}
