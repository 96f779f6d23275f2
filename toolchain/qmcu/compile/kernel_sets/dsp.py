"""Lowerings for the DSP extension (Cortex-M4, M7, M33): SMLAD on weights packed ahead of time."""

from collections.abc import Callable, Mapping, Sequence

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.plan import KernelCall

LOWERINGS: Mapping[str, Sequence[Callable[[OperatorContext], KernelCall | None]]] = {}
