"""The mean of a whole image, added up row by row: what streamed layers end in."""

from dataclasses import dataclass

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators import mean, pooling
from qmcu.compile.plan import (
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    TensorArgument,
)
from qmcu.model.graph import Graph, Operator

# Of so many bytes the sum fits 32 bits, whatever they are.
_MOST_PIXELS = 1 << 23


@dataclass(frozen=True)
class Addition:
    """Rows `first` to `last` of an image, tensor `rows`, that an operator's sums gain.

    The sums `before` (None: zero) become those `after`; both are tensors of int32 [channels].
    """

    operator: Operator
    layer: str
    first: int
    last: int
    rows: int
    before: int | None
    after: int


def is_average(context: OperatorContext) -> bool:
    """Whether an operator gives each channel's mean, or sum, over one whole image of int8."""
    if context.operator.kind not in ("AVERAGE_POOL_2D", "MEAN", "SUM"):
        return False
    image = context.input(0)
    if image.dtype != "int8" or len(image.shape) != 4 or image.shape[0] != 1:
        return False
    if image.is_constant or image.is_variable or image.shape[1] * image.shape[2] > _MOST_PIXELS:
        return False
    if context.operator.kind == "AVERAGE_POOL_2D":
        return pooling.is_whole_image(context)
    return mean.axes_of(context) == {1, 2}


def addition_calls(graph: Graph, addition: Addition, image: int) -> tuple[KernelCall, ...]:
    """The call that adds rows of the tensor `image`; after its last one, that of the mean."""
    a, shape = addition, graph.tensors[image].shape
    context = OperatorContext(graph, a.operator)
    fields = (("pixels", (a.last - a.first) * shape[2]), ("depth", shape[3]))
    before = ConstantArgument(None) if a.before is None else TensorArgument(a.before)
    sums = () if a.before is None else (a.before,)
    added = KernelCall(
        kernel="sum_rows",
        layer=f"{a.layer}_row{a.first}",
        operator=a.operator.index,
        kind=a.operator.kind,
        arguments=(
            ParametersArgument("qmcu_sum_rows_params", fields),
            TensorArgument(a.rows),
            before,
            TensorArgument(a.after),
        ),
        reads=(a.rows, *sums),
        writes=(a.after,),
        may_overlay=tuple((t, a.after) for t in sums),
    )
    return (added, _mean_call(context, a)) if a.last == shape[1] else (added,)


def _mean_call(context: OperatorContext, addition: Addition) -> KernelCall:
    depth: tuple[str, FieldValue] = ("depth", context.input(0).shape[3])
    if addition.operator.kind == "AVERAGE_POOL_2D":
        kernel, fields = "average_of_sums", pooling.fields_of_sums(context)
    else:
        kernel, fields = "mean_of_sums", mean.fields_of_sums(context)
    return KernelCall(
        kernel=kernel,
        layer=addition.layer,
        operator=addition.operator.index,
        kind=addition.operator.kind,
        arguments=(
            ParametersArgument(f"qmcu_{kernel}_params", (depth, *fields)),
            TensorArgument(addition.after),
            TensorArgument(addition.operator.outputs[0]),
        ),
        reads=(addition.after,),
        writes=addition.operator.outputs,
    )
