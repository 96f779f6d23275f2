"""Layer by layer: the first layer whose output on the device is not the expected one."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from qmcu.comparison.result import LayerDifference, compare
from qmcu.compile.plan import STATE, Plan, PlanTensor
from qmcu.device import Session
from qmcu.model.oracle import Oracle
from qmcu.types import Array


def trace_vector(
    session: Session,
    plan: Plan,
    oracle: Oracle,
    vector: int,
    inputs: Sequence[Array],
    before: Sequence[Sequence[Array]] = (),
) -> LayerDifference | None:
    """Compare every layer's output tensors on one vector; None when all are equal.

    The device runs the inference anew up to each layer, for later layers reuse its bytes; so it
    does the inferences `before` it in its sequence, from a reset state on.
    """
    for earlier in before:
        oracle.all_tensors(earlier)
    expected = oracle.all_tensors(inputs)

    def read(layers: int, tensor: PlanTensor) -> bytes:
        for earlier in before:
            session.infer(earlier)
        return session.trace(layers, tensor.offset, tensor.size, inputs)

    for step, layer in enumerate(plan.layers):
        for index in layer.writes:
            tensor = plan.tensor(index)
            whole = index if tensor.part is None else tensor.part.tensor
            if tensor.space == STATE or whole not in expected:
                continue  # a state is seen where it is read, a copied constant at the end
            got = session.anew(partial(read, step + 1, tensor))
            wanted = np.asarray(expected[whole], np.dtype(tensor.dtype)).tobytes()
            wanted = wanted[tensor.first_byte :][: tensor.size]
            difference = compare(tensor.name, tensor.shape, wanted, got, tensor.dtype)
            if difference is not None:
                return LayerDifference(vector, step, layer.name, layer.kind, difference)
    return None
