"""Kernel calls of streamed layers: each computes some rows, by the kernel of the whole layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qmcu.compile.kernel_sets.dsp.winograd_rows import KERNEL
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.window import ROW_COUNT, ROW_PADDING, WHOLE_ROWS
from qmcu.compile.plan import (
    Argument,
    Constant,
    ConstantArgument,
    KernelCall,
    OutputPass,
    ParametersArgument,
    TensorArgument,
    TensorListArgument,
)
from qmcu.compile.streams.cost import row_instructions
from qmcu.compile.streams.memory import Move, Placed
from qmcu.compile.streams.rows import Step
from qmcu.compile.streams.sums import Addition, addition_calls
from qmcu.model.graph import Graph

# All forms of an operator, the fastest first; none where it cannot be lowered.
Forms = Callable[[OperatorContext], Sequence[KernelCall]]


@dataclass(frozen=True)
class Kernel:
    """A kernel by its name, in its form of the least scratch or of the most."""

    name: str
    small: bool


@dataclass(frozen=True)
class Wishes:
    """Which forms operators are to have, by their numbers: the most scratch, or the kernel."""

    scratch: Mapping[int, int] = field(default_factory=dict)
    kernels: Mapping[int, Kernel] = field(default_factory=dict)


@dataclass
class BandLowering:
    """Lowers operators for some of their rows; what it has lowered once it keeps."""

    graph: Graph
    forms: Forms
    _found: dict[tuple[int, int, int, int], Sequence[KernelCall]] = field(default_factory=dict)

    def call(self, step: Step, wishes: Wishes) -> KernelCall | None:
        """The call for as many rows as the step's, on the operator's own tensors.

        The fastest one, or the one of the fewest instructions of those with at most so much
        scratch as is wished; with a kernel wished, its form of the most or the least scratch. None
        where there is none, or some rows alone cannot be lowered.
        """
        forms, number = self.all_forms(step), step.of.operator.index
        kernel = wishes.kernels.get(number)
        if kernel is not None:
            pick = min if kernel.small else max
            of_kernel = [form for form in forms if form.kernel == kernel.name]
            if of_kernel:
                return pick(of_kernel, key=lambda form: form.scratch_size)
        # Those with transformed weights are for what is settled: no arena is larger for them.
        forms = [form for form in forms if form.kernel != KERNEL]
        most_scratch = wishes.scratch.get(number)
        if most_scratch is None:
            return forms[0] if forms else None
        small = (form for form in forms if form.scratch_size <= most_scratch)
        return min(small, key=row_instructions, default=None)

    def all_forms(self, step: Step) -> Sequence[KernelCall]:
        """All forms for as many rows as the step's, on the operator's own tensors."""
        (start, end), o = step.needs, step.of
        rows = end - start, step.last - step.first
        key = (o.operator.index, *rows, o.padding_of(step.first))
        if key not in self._found:
            self._found[key] = self._lower(step, *rows)
        return self._found[key]

    def _lower(self, step: Step, rows_in: int, rows_out: int) -> Sequence[KernelCall]:
        o, tensors = step.of, list(self.graph.tensors)
        for t, rows in (*((t, rows_in) for t in o.inputs), (o.output, rows_out)):
            shape = tensors[t].shape
            tensors[t] = replace(tensors[t], shape=(1, rows, *shape[2:]))
        options = {
            **o.operator.options,
            ROW_PADDING: o.padding_of(step.first),
            ROW_COUNT: rows_out,
            WHOLE_ROWS: o.heights[1],
        }
        graph = replace(self.graph, tensors=tuple(tensors))
        return self.forms(OperatorContext(graph, replace(o.operator, options=options)))


def band_calls(
    lowering: BandLowering,
    placed: Sequence[Placed],
    temporary: frozenset[int],
    wishes: Wishes,
) -> tuple[KernelCall, ...] | None:
    """The calls of all steps, moves before those that need them; None if one cannot be lowered.

    Tensors in `temporary` have a buffer of their own, over which an output may lie. The first call
    of a layer says what its form trades.
    """
    calls: list[KernelCall] = []
    told: set[int] = set()
    contents: dict[str, Constant] = {}
    for p in placed:
        if p.sums is not None:
            calls += _added(lowering.graph, p, p.sums)
            continue
        call, number = lowering.call(p.step, wishes), p.step.of.operator.index
        if call is None:
            return None
        layer = f"{call.layer}_row{p.step.first}"
        if p.move is not None:
            calls.append(_move_call(call, f"{layer}_keep", p.move))
        indices = {**p.reads, p.step.of.output: p.write}
        own = temporary | {*indices.values()} if p.over else temporary
        moved = _renamed(_on_rows(call, layer, indices, own), contents)
        calls.append(moved if number in told else replace(moved, trade=call.trade))
        told.add(number)
    return tuple(calls)


def _added(graph: Graph, placed: Placed, sums: tuple[int | None, int]) -> tuple[KernelCall, ...]:
    """The calls that add a step's rows to the sums of their operator."""
    step, of = placed.step, placed.step.of
    (image,) = of.inputs
    addition = Addition(
        of.operator, of.call.layer, step.first, step.last, placed.reads[image], *sums
    )
    return addition_calls(graph, addition, image)


def _move_call(call: KernelCall, layer: str, move: Move) -> KernelCall:
    """Rows moved towards the start of their buffer, over themselves where they overlap."""
    return KernelCall(
        kernel="move_rows",
        layer=layer,
        operator=call.operator,
        kind=call.kind,
        arguments=(
            ParametersArgument("qmcu_move_rows_params", (("size", move.size),)),
            TensorArgument(move.source, as_bytes=True),
            TensorArgument(move.target, as_bytes=True),
        ),
        reads=(move.source,),
        writes=(move.target,),
        may_overlay=((move.source, move.target),),
    )


def _on_rows(
    call: KernelCall, layer: str, indices: Mapping[int, int], temporary: frozenset[int]
) -> KernelCall:
    """The call on the tensors of rows that `indices` has for its own."""

    def moved(arguments: Sequence[Argument]) -> tuple[Argument, ...]:
        return tuple(_argument(a, indices) for a in arguments)

    overlay = ((indices[a], indices[b]) for a, b in call.may_overlay)
    return replace(
        call,
        layer=layer,
        arguments=moved(call.arguments),
        passes=tuple(OutputPass(p.kernel, moved(p.arguments), p.reason) for p in call.passes),
        reads=tuple(indices[i] for i in call.reads),
        writes=tuple(indices[i] for i in call.writes),
        may_overlay=tuple(pair for pair in overlay if temporary.issuperset(pair)),
        may_trail=(),
        trade="",
    )


def _argument(argument: Argument, indices: Mapping[int, int]) -> Argument:
    match argument:
        case TensorArgument(tensor, as_bytes):
            return TensorArgument(indices[tensor], as_bytes)
        case TensorListArgument(tensors, writes, as_bytes):
            return TensorListArgument(tuple(indices[t] for t in tensors), writes, as_bytes)
    return argument


def _renamed(call: KernelCall, contents: dict[str, Constant]) -> KernelCall:
    """The call with constants of one name that are not another call's named anew."""

    def named(argument: Argument) -> Argument:
        match argument:
            case ConstantArgument(Constant() as constant):
                if contents.setdefault(constant.name, constant) != constant:
                    name = f"{constant.name}_{call.layer.rpartition('_')[2]}"
                    return ConstantArgument(replace(constant, name=name))
        return argument

    return replace(call, arguments=tuple(map(named, call.arguments)))
