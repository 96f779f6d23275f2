"""What an operator needs, row by row: which rows of its inputs it reads for rows of its output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.window import axes
from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.sums import is_average
from qmcu.model.graph import Graph, Operator, Tensor

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
# Those whose output byte depends on the bytes at the same place alone.
_ELEMENTWISE = frozenset(
    {
        "ABS", "ADD", "DEQUANTIZE", "ELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "MAXIMUM",
        "MINIMUM", "MUL", "PRELU", "QUANTIZE", "RELU", "RELU6", "SUB", "TANH",
    }
)  # fmt: skip


@dataclass(frozen=True)
class RowOperator:
    """An operator over images [1, height, width, channels] whose rows can be computed apart.

    Row y of the output needs `extent` rows of each of `inputs` from row y * stride - padding on.
    `call` is what it was lowered to as a whole. One that `sums` makes one pixel of all rows: its
    row y is row y of the input added to the sums.
    """

    call: KernelCall
    operator: Operator
    inputs: tuple[int, ...]
    output: int
    heights: tuple[int, int]
    extent: int = 1
    stride: int = 1
    padding: int = 0
    sums: bool = False

    def needs(self, first: int, last: int) -> tuple[int, int]:
        """The rows of the inputs that rows [first, last) of the output are made of."""
        height = self.heights[0]
        start = max(first * self.stride - self.padding, 0)
        end = min((last - 1) * self.stride - self.padding + self.extent, height)
        return min(start, end), end

    def padding_of(self, first: int) -> int:
        """How many rows of padding stand above the rows that row `first` needs."""
        return max(self.padding - first * self.stride, 0)


def row_operators(
    graph: Graph, calls: Sequence[KernelCall], streamed: Mapping[int, object]
) -> tuple[RowOperator | None, ...]:
    """For each call its operator by rows, None where that cannot be, or it is streamed already."""
    operators = {operator.index: operator for operator in graph.operators}
    return tuple(
        None
        if any(t in streamed for t in (*call.reads, *call.writes))
        else _row_operator(graph, call, operators.get(call.operator))
        for call in calls
    )


def _row_operator(graph: Graph, call: KernelCall, operator: Operator | None) -> RowOperator | None:
    if operator is None or (call.passes and any(_reads_inputs(call))) or len(call.writes) != 1:
        return None
    context = OperatorContext(graph, operator)
    inputs, output = tuple(dict.fromkeys(call.reads)), call.writes[0]
    if inputs == operator.inputs[:1] and is_average(context):
        height = graph.tensors[inputs[0]].shape[1]
        return RowOperator(call, operator, inputs, output, (height, height), sums=True)
    images = [graph.tensors[i] for i in (*inputs, output)]
    if not inputs or not all(map(_is_image, images)):
        return None
    heights = images[0].shape[1], images[-1].shape[1]
    found = RowOperator(call, operator, inputs, output, heights)
    if operator.kind in _ELEMENTWISE:
        return found if _is_aligned(context, images) else None
    if operator.kind not in (*_CONVOLUTIONS, *_POOLS) or len(inputs) > 1:
        return None
    kernel: tuple[int, ...] = (
        context.integer("filter_height", 1),
        context.integer("filter_width", 1),
    )
    if operator.kind in _CONVOLUTIONS:
        kernel = context.input(1).shape[1:3]
    vertical, _ = axes(context, images[0].shape[1:3], kernel)
    extent = (vertical.kernel - 1) * vertical.dilation + 1
    # With padding as high as the window a row could need no row at all.
    if vertical.padding >= extent or heights[1] != vertical.output:
        return None
    return RowOperator(
        call, operator, inputs, output, heights, extent, vertical.stride, vertical.padding
    )


def _reads_inputs(call: KernelCall) -> Sequence[bool]:
    """Whether passes over the output read inputs: these may lie elsewhere by then."""
    arguments = (a for p in call.passes for a in p.arguments)
    return [getattr(a, "tensor", None) in call.reads for a in arguments]


def _is_image(tensor: Tensor) -> bool:
    return len(tensor.shape) == 4 and tensor.shape[0] == 1 and not tensor.is_variable


def _is_aligned(context: OperatorContext, images: Sequence[Tensor]) -> bool:
    """Whether each output row is made of the same row of each input, and of constants alike."""
    operands = [context.optional_input(i) for i in range(len(context.operator.inputs))]
    constants = [t for t in operands if t is not None and t.is_constant]
    if any(len(t.shape) > 2 and t.shape[-3] != 1 for t in constants):
        return False
    return all(image.shape == images[-1].shape for image in images)


@dataclass(frozen=True)
class Step:
    """Rows [first, last) of an operator's output are computed."""

    of: RowOperator
    first: int
    last: int

    @property
    def needs(self) -> tuple[int, int]:
        """The rows of the inputs that it reads."""
        return self.of.needs(self.first, self.last)


def steps_of(
    operators: Sequence[RowOperator], kept: frozenset[int], rows: int, first: int
) -> tuple[Step, ...]:
    """The steps that compute all rows, `rows` of the last operator's output at a time but `first`.

    Of each other output in `kept`, which is read elsewhere, the same share at a time; of what lies
    between, each row once, when it is needed first. The rows that the first ones need are computed
    as many at a time as later ones: as if the last output had rows before its first.
    """
    height = operators[-1].heights[1]
    done = {o.output: 0 for o in operators}
    steps: list[Step] = []
    for last_end in range(_first_end(operators, kept, rows, first), height + rows, rows):
        ends = _ends(operators, kept, min(last_end, height))
        for o in operators:
            if ends[o.output] > done[o.output]:
                steps.append(Step(o, done[o.output], ends[o.output]))
                done[o.output] = ends[o.output]
    return tuple(steps)


def _first_end(
    operators: Sequence[RowOperator], kept: frozenset[int], rows: int, first: int
) -> int:
    """The end of the last output's rows, below zero where others go before, that come first."""
    end = first
    while any(n > 0 for n in _ends(operators, kept, end - rows).values()):
        end -= rows
    return end


def _ends(operators: Sequence[RowOperator], kept: frozenset[int], last_end: int) -> dict[int, int]:
    """For rows up to `last_end` of the last output, which may lie before its first: those of each.

    Those before its first need others of what it is made of: so many of them are below zero.
    """
    last_height = operators[-1].heights[1]
    ends = {
        o.output: -(-o.heights[1] * last_end // last_height) for o in operators if o.output in kept
    }
    for o in reversed(operators):
        end = ends[o.output] = min(ends[o.output], o.heights[1])
        needed = (end - 1) * o.stride - o.padding + o.extent
        for t in o.inputs:
            ends[t] = max(ends.get(t, needed), needed)
    return ends
