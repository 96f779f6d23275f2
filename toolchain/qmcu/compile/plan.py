"""The Plan: what the firmware does, step by step, and where every byte lies.

`compile_graph` makes a Plan from a Graph; `codegen` prints it as C. A Plan is complete: nothing
to the right of it looks at the Graph again.
"""

from dataclasses import dataclass, field
from typing import Literal

from qmcu.documents import Variant

# Where a tensor lies: in the arena, shared over time, or in the states' memory, for ever.
ARENA, STATE = "arena", "state"

# Whether a layer's weights are int4 in the model, and if so how they lie in flash.
Int4 = Literal["none", "packed", "unpacked"]
FieldValue = int | float | tuple[int, ...]

# The C type of a tensor's elements; a bool is a byte of 0 or 1.
C_TYPES = {
    "int8": "int8_t", "uint8": "uint8_t", "bool": "uint8_t", "int16": "int16_t",
    "int32": "int32_t", "uint32": "uint32_t", "int64": "int64_t", "uint64": "uint64_t",
    "uint16": "uint16_t", "float32": "float",
}  # fmt: skip


@dataclass(frozen=True)
class Constant:
    """Numbers that go to flash.

    `ctype` is one of those in C_TYPES; `data` the little-endian bytes; `shape` only documents.
    `role` is weights, bias, requantization, table or data: the memory report adds up by role.
    Equal constants are emitted once.
    """

    name: str
    ctype: str
    data: bytes = field(repr=False)
    shape: tuple[int, ...]
    role: str

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.data)


class TensorArgument(Variant, frozen=True, tag="tensor"):
    """A pointer to an activation tensor in the arena (graph tensor index).

    It has the tensor's C type, or is one to int8_t `as_bytes`; const if the call does not write it.
    """

    tensor: int
    as_bytes: bool = False


class TensorListArgument(Variant, frozen=True, tag="tensors"):
    """A pointer to an array of tensor pointers, for a kernel with a variable operand count.

    `writes` is True for outputs (`int8_t *const *`), False for inputs (`const int8_t *const *`).
    The tensors have one type, which the pointers have too, unless they are taken `as_bytes`.
    """

    tensors: tuple[int, ...]
    writes: bool
    as_bytes: bool = False


class ConstantArgument(Variant, frozen=True, tag="constant"):
    """A pointer to a constant in flash; `constant` None is a null pointer."""

    constant: Constant | None


class ParametersArgument(Variant, frozen=True, tag="parameters"):
    """A pointer to a constant parameter struct: its C type and field values in order.

    Integers are int32_t, floats are float: exactly the float32 number nearest to the value.
    """

    ctype: str
    fields: tuple[tuple[str, FieldValue], ...]


class ScratchArgument(Variant, frozen=True, tag="scratch"):
    """A pointer to working memory in the arena, live during this call only."""

    size: int


Argument = (
    TensorArgument | TensorListArgument | ConstantArgument | ParametersArgument | ScratchArgument
)


@dataclass(frozen=True)
class OutputPass:
    """A second kernel of a layer, which goes over the bytes that the layer's own kernel wrote.

    `kernel` and `arguments` are as in a `KernelCall`, without scratch and lists of tensors;
    `reason` says what it is for.
    """

    kernel: str
    arguments: tuple[Argument, ...]
    reason: str


@dataclass(frozen=True)
class KernelCall:
    """One call of a kernel: what an operator was lowered to.

    `kernel` names both the C function (with the prefix qmcu_) and its file <kernel>.c in a
    folder of firmware/kernels. `layer` is unique, readable and a C identifier. `macs` counts the
    multiply-accumulates of one inference. `may_overlay` lists (input, output) tensor pairs
    of which the output may be written over the input, if it is not larger or `overlay_grows`;
    `may_trail` (input, output, bytes) of which it may be, if the input begins at least so many
    bytes behind the output's start. `overread` is how many bytes behind its inputs the kernel may
    load (and ignore). `trade` says what was given for fewer instructions, flash or RAM. `slower`
    says why the kernel is not the fastest of the layer's kind, and what that costs. `passes` run
    after the kernel, in order; what they read besides the output must still be there. `int4` says
    how weights that the model has in 4 bits lie in flash.
    """

    kernel: str
    layer: str
    operator: int
    kind: str
    arguments: tuple[Argument, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    macs: int = 0
    may_overlay: tuple[tuple[int, int], ...] = ()
    overlay_grows: bool = False
    may_trail: tuple[tuple[int, int, int], ...] = ()
    overread: int = 0
    trade: str = ""
    slower: str = ""
    passes: tuple[OutputPass, ...] = ()
    int4: Int4 = "none"

    @property
    def all_arguments(self) -> tuple[Argument, ...]:
        """The kernel's arguments, then those of the passes."""
        return (*self.arguments, *(a for p in self.passes for a in p.arguments))

    @property
    def kernels(self) -> tuple[str, ...]:
        """The kernel, then those of the passes."""
        return (self.kernel, *(p.kernel for p in self.passes))

    @property
    def constant_size(self) -> int:
        """Bytes of constants that the call reads."""
        found = (a.constant for a in self.all_arguments if isinstance(a, ConstantArgument))
        return sum(constant.size for constant in found if constant is not None)

    @property
    def scratch_size(self) -> int:
        """Bytes of working memory that the call needs."""
        return sum(a.size for a in self.arguments if isinstance(a, ScratchArgument))


@dataclass(frozen=True)
class Placement:
    """A tensor's (or scratch buffer's) place in the arena and the steps during which it lives.

    `tensors` are the graph tensors that share these bytes (aliases by RESHAPE and the like);
    it is empty for scratch. Live from step `first` to step `last`, both included; -1 is before
    the first step (model inputs), the step count is after the last (model outputs).
    """

    name: str
    tensors: tuple[int, ...]
    offset: int
    size: int
    first: int
    last: int

    @property
    def end(self) -> int:
        """Offset of the first byte after it."""
        return self.offset + self.size


@dataclass(frozen=True)
class Part:
    """Some rows of a tensor of the graph, by its index, from row `row` on."""

    tensor: int
    row: int


@dataclass(frozen=True)
class PlanTensor:
    """What a device test must know of a tensor: where it lies, its shape, type and quantization.

    `dtype` is one of C_TYPES; `scale` is 1 and `zero_point` 0 where nothing is quantized. `space`
    is ARENA or STATE: `offset` counts from the start of the arena, or of the states' memory. What
    is only some rows of a tensor, because layers are streamed, says in `part` which.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    offset: int
    size: int
    dtype: str = "int8"
    space: str = ARENA
    part: Part | None = None

    @property
    def first_byte(self) -> int:
        """Where the first byte lies in the whole tensor of which this is a part."""
        rows = self.shape[1] if len(self.shape) > 1 else 0
        return 0 if self.part is None or not rows else self.part.row * (self.size // rows)


@dataclass(frozen=True)
class State:
    """A tensor that outlives an inference, in memory of its own; `tensor` is its graph index.

    It begins, and begins anew after a reset, with the bytes `initial`, or with `fill` in each of
    its bytes where `initial` is empty.
    """

    tensor: int
    fill: int = 0
    initial: bytes = field(default=b"", repr=False)


def initial_name(number: int) -> str:
    """The C name of the first bytes of a plan's state, by its place in `states`."""
    return f"state{number}_initial"


@dataclass(frozen=True)
class Control:
    """An IF or WHILE over ranges of the plan's calls; `condition` is a bool tensor.

    An IF runs calls[first:middle] where the condition holds, else calls[middle:last]. A WHILE runs
    calls[first:middle], and while the condition holds then, calls[middle:last] and those again.
    `writes` are the outputs; inner ones stand before those around them.
    """

    layer: str
    operator: int
    kind: str
    condition: int
    first: int
    middle: int
    last: int
    writes: tuple[int, ...]

    @property
    def decided(self) -> int:
        """The call before which the condition is looked at."""
        return self.first if self.kind == "IF" else self.middle


@dataclass(frozen=True)
class Layer:
    """What the firmware runs, counts and traces as one: a call outside all branchings, or an
    outermost branching with the calls [first, last) in it."""

    name: str
    kind: str
    writes: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """Ordered kernel calls with arena offsets and constants: everything that firmware needs."""

    name: str
    model_sha256: str
    kernels: str
    optimize: str
    placements: tuple[Placement, ...]
    tensors: tuple[PlanTensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arena_size: int
    arena_lower_bound: int
    calls: tuple[KernelCall, ...]
    states: tuple[State, ...] = ()
    state_size: int = 0
    controls: tuple[Control, ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order; without branchings one for each call."""
        found: list[Layer] = []
        outermost = [
            c
            for c in self.controls
            if not any(o is not c and _is_around(o, c) for o in self.controls)
        ]
        step = 0
        for control in sorted(outermost, key=lambda control: control.first):
            found += map(_layer_of_call, range(step, control.first), self.calls[step:])
            found.append(
                Layer(control.layer, control.kind, control.writes, control.first, control.last)
            )
            step = control.last
        found += map(_layer_of_call, range(step, len(self.calls)), self.calls[step:])
        return tuple(found)

    def tensor(self, index: int) -> PlanTensor:
        """The activation tensor with this graph index. Raises KeyError if it is not in the plan."""
        for tensor in self.tensors:
            if tensor.index == index:
                return tensor
        raise KeyError(index)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(call.macs for call in self.calls)

    def __str__(self) -> str:
        return (
            f"{self.name}: {len(self.calls)} kernel calls, arena {self.arena_size} bytes "
            f"(lower bound {self.arena_lower_bound}), {self.macs} MACs"
        )


def _is_around(outer: Control, inner: Control) -> bool:
    """Whether `inner`, which stands before it, lies within a branching."""
    return outer.first <= inner.first and inner.last <= outer.last


def _layer_of_call(step: int, call: KernelCall) -> Layer:
    return Layer(call.layer, call.kind, call.writes, step, step + 1)
