"""Why a file is as large as it is: causes with their bytes, the main one first.

The main cause is the one that explains most of the file's bytes. Each has the reason in one
sentence and the next command to run.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import NamedTuple

from qmcu.size.analysis import SizeReport, TensorReport
from qmcu.size.beside_weights import (
    OVERHEAD,
    duplicates_cause,
    optimizer_cause,
    overhead_cause,
    unused_cause,
)
from qmcu.size.cause import Cause, Diagnosis, compare, convert, quoted
from qmcu.size.contents import FLOATS, FileKind, Role
from qmcu.size.levels import CERTAIN

# A cause of less of the file than this is left out.
_WORTH = 0.05
_DOMINATES = 0.5
_WHOLE = ("int8", "uint8", "int4")
_SMALL_FLOATS = ("float4", "float8", "float8_e4m3", "float8_e5m2")
# Compression that saves a third of the tensors' bytes is what makes the file its size.
_COMPRESSED = 1.5


def judge(report: SizeReport) -> Diagnosis:
    """The causes of a weighed file's size."""
    causes = [f for f in _causes(report) if f.concerns >= _WORTH * report.size]
    causes.sort(key=lambda f: (not f.leads, -f.concerns))
    main = causes[0] if causes else overhead_cause(report)
    return Diagnosis(main, tuple(causes[1:]))


def _causes(report: SizeReport) -> Iterator[Cause]:
    forms = _by_form(report)
    stored = sum(t.tensor.stored for t in report.weights)
    raw = sum(t.tensor.raw for t in report.weights)
    squeezed = report.compressed and stored and raw / stored >= _COMPRESSED
    if squeezed:
        yield _compressed(report, stored, raw)
    fake = [t for t in report.weights if _is_fake(t)]
    if fake and not squeezed:
        yield _fake(report, fake)
    if not squeezed:
        yield from _by_arithmetic(report, forms)
    for role, make in (
        (Role.OPTIMIZER, optimizer_cause), (Role.UNUSED, unused_cause),
        (Role.DUPLICATES, duplicates_cause),
    ):  # fmt: skip
        if report.roles.get(role, 0):
            yield make(report)
    if sum(report.roles.get(r, 0) for r in OVERHEAD) >= _DOMINATES * report.size:
        yield overhead_cause(report)


def _is_fake(one: TensorReport) -> bool:
    return one.levels is not None and one.levels.grid is not None and one.tensor.dtype in FLOATS


class StoredForm(NamedTuple):
    """How weights are stored: `packed` bits (0 when not), or in a `dtype` wider than `narrow`."""

    dtype: str
    packed: int = 0
    narrow: str = ""

    def __str__(self) -> str:
        if self.narrow:
            return f"{self.narrow} in {self.dtype}"
        return f"packed {self.packed}-bit" if self.packed else self.dtype

    @property
    def plain(self) -> str:
        """The dtype where that is all there is to say, else nothing."""
        return "" if self.packed or self.narrow else self.dtype


def _by_form(report: SizeReport) -> dict[StoredForm, list[TensorReport]]:
    """Weights on no grid by form."""
    forms: dict[StoredForm, list[TensorReport]] = {}
    for one in report.weights:
        tensor = one.tensor
        if _is_fake(one):
            continue
        if one.levels is not None and one.levels.narrow:
            form = StoredForm(tensor.dtype, narrow=one.levels.narrow)
        elif tensor.packed_bits:
            # Whatever integers hold them, packed weights of a width are one form.
            form = StoredForm("", packed=tensor.packed_bits)
        else:
            form = StoredForm(tensor.dtype)
        forms.setdefault(form, []).append(one)
    return forms


def _bytes(tensors: list[TensorReport]) -> int:
    return sum(t.tensor.stored for t in tensors)


def _fake(report: SizeReport, fake: list[TensorReport]) -> Cause:
    """Float weights on an integer grid: named by the grid that most bytes are on."""
    concerns, could = _bytes(fake), sum(t.needed for t in fake)
    name, chosen = grid_name(fake)
    proved = min(t.levels.grid.share for t in fake if t.levels and t.levels.grid) >= CERTAIN
    part = "" if proved else ", proved in part of the groups"
    return Cause(
        "fake-quantized",
        f"stored as {chosen.tensor.dtype}, but on {_a(name)}{part}: "
        f"{concerns / max(1, could):.1f}x larger than it need be ({concerns:,} bytes could be "
        f"{could:,})",
        _next_for_fake(report, chosen),
        concerns,
        could,
        leads=_most(report, fake),
    )


def _most(report: SizeReport, some: list[TensorReport]) -> bool:
    """Whether more than half of the weights, counted one by one, are these."""
    return 2 * _elements(some) > _elements(report.weights)


def _elements(tensors: Iterable[TensorReport]) -> int:
    return sum(t.tensor.elements for t in tensors)


def _a(name: str) -> str:
    """A grid's name with its article."""
    return f"an {name}" if name.startswith("8") else f"a {name}"


def grid_name(tensors: list[TensorReport]) -> tuple[str, TensorReport]:
    """The grid that most bytes of the tensors are on, in words, and a tensor that is on it.

    A channel shorter than the group is a group of its own, so it is no other grid.
    """
    sizes: Counter[str] = Counter()
    example: dict[str, TensorReport] = {}
    grids = [(t, t.levels.grid) for t in tensors if t.levels is not None and t.levels.grid]
    for one, grid in grids:
        wider = {
            str(other) for _, other in grids
            if grid.channel and not other.channel and other.kind == grid.kind
            and other.along == grid.along and other.group >= grid.group
        }  # fmt: skip
        name = wider.pop() if len(wider) == 1 else str(grid)
        sizes[name] += one.tensor.stored
        if name not in example or not grid.channel:
            example[name] = one
    (name, most), *rest = sizes.most_common()
    also = (
        f" ({100 * most / sizes.total():.0f} % of it, the rest on {_a(rest[0][0])})" if rest else ""
    )
    return name + also, example[name]


def _by_arithmetic(
    report: SizeReport, forms: dict[StoredForm, list[TensorReport]]
) -> Iterator[Cause]:
    """A cause for each form of weights; one for all when float layers are among integer ones."""
    operators = report.operators
    whole = [f for f in forms if f.plain in _WHOLE]
    if operators is not None and whole and len(forms) > 1 and operators.float_kinds:
        every = [t for tensors in forms.values() for t in tensors]
        kept = [t for f, tensors in forms.items() if f not in whole for t in tensors]
        concerns, elements = _bytes(every), _elements(every)
        cause = _integer(report, whole[0].dtype, concerns, elements)
        left = f"; {_bytes(kept):,} bytes of weights are still {kept[0].tensor.dtype}"
        yield replace(cause, reason=cause.reason + left)
        return
    for form, tensors in forms.items():
        yield _plain(report, form, tensors)


def _plain(report: SizeReport, form: StoredForm, tensors: list[TensorReport]) -> Cause:
    """Weights that are what they seem."""
    concerns, could = _bytes(tensors), sum(t.needed for t in tensors)
    count, total = _elements(tensors), _elements(report.weights)
    operators = report.operators
    reason, command, good = "", "", False
    if form.narrow:
        larger = f"{concerns / max(1, could):.1f}x larger than it need be"
        reason = f"every value is a {form.narrow} stored as {form.dtype}: {larger}"
        command = convert(report) or f"save the tensors as {form.narrow}"
    elif form.plain in FLOATS:
        could, command = count, convert(report)
        if any(not _is_plain_float(t) for t in report.weights):
            share = f"{count:,} of {total:,} weights ({100 * count / max(1, total):.1f} %)"
            reason = f"{share} are left in {form}; int8 would take {count:,} bytes"
        elif form.plain == "float16":
            reason = (
                f"weights are halved to float16, not quantized; {count:,} bytes would do in int8"
            )
        else:
            reason = (
                f"nothing is quantized: {count:,} weights of {form}, int8 would take "
                f"{count:,} bytes"
            )
    elif form.packed:
        good = True
        reason = f"weights are really stored as integers of {form.packed} bits"
        if count < total:
            reason = f"{count:,} of {total:,} {reason}"
    elif operators is not None and form.plain in _WHOLE:
        return _integer(report, form.dtype, concerns, could)
    elif form.plain in (*_WHOLE, *_SMALL_FLOATS, "int16"):
        good = form.plain in _SMALL_FLOATS
        reason = f"weights are really stored as {form}"
    else:
        reason = f"weights are stored as {form}"
    quantized = form.packed > 0 or form.plain in (*_WHOLE, *_SMALL_FLOATS)
    leads = quantized and _most(report, tensors)
    return Cause(str(form), reason, command or compare(report), concerns, could, good, leads)


def _is_plain_float(one: TensorReport) -> bool:
    return one.tensor.dtype in FLOATS and not _is_fake(one)


def _integer(report: SizeReport, form: str, concerns: int, could: int) -> Cause:
    """Integer weights in a graph: what its operators compute in decides."""
    operators = report.operators
    assert operators is not None
    floats = sum(operators.float_kinds.values())
    listed = ", ".join(f"{n} {k}" for k, n in sorted(operators.float_kinds.items())[:5])
    if operators.integer == 0 or (operators.dynamic and floats > operators.integer):
        return Cause(
            "dynamic-range only",
            f"weights are {form}, but activations are float "
            f"({listed or 'every operator'}): a small file that needs float arithmetic and RAM",
            convert(report, "FLOAT.onnx") if report.kind == FileKind.ONNX else convert(report),
            concerns, could,
        )  # fmt: skip
    if floats:
        return Cause(
            "float fallback operators",
            f"{floats} of {floats + operators.integer} operators compute in float ({listed}): "
            "these layers need float kernels and four times the RAM",
            convert(report), concerns, could,
        )  # fmt: skip
    wide = "int16" in operators.activations
    word = "int8 weights, int16 activations" if wide else f"really {form}"
    reason = f"all {operators.integer} operators compute in integers, weights are {form}"
    if wide:
        reason += ", activations int16 (16x8)"
    if operators.float_io:
        reason += "; input or output is float32 and converted at the edge"
    command = f"qmcu build {quoted(report)} --board stm32f746"
    narrow = _bytes([t for t in report.weights if _holds_int4(t)])
    if report.kind == FileKind.TFLITE and not wide and 2 * narrow >= concerns > 0:
        reason += f"; {narrow:,} bytes of them hold values of 4 bits, which pack into half"
        output = shlex.quote(f"{PurePath(report.path).stem}-int4.tflite")
        command = f"qmcu convert {quoted(report)} --weights int4 -o {output}"
    then = compare(report) if wide else command
    return Cause(word, reason, then, concerns, could, good=True)


def _holds_int4(one: TensorReport) -> bool:
    grid = one.levels.grid if one.levels is not None else None
    return one.tensor.dtype == "int8" and grid is not None and grid.uniform and grid.bits <= 4


def _compressed(report: SizeReport, stored: int, raw: int) -> Cause:
    needed = sum(t.needed for t in report.weights)
    on_grid = [t for t in report.weights if t.levels is not None and t.levels.grid is not None]
    on = f", for its values are on {_a(grid_name(on_grid)[0])}" if on_grid else ""
    return Cause(
        "already compressed",
        f"the archive's compression makes {raw:,} bytes of weights {stored:,} "
        f"({report.stored_bits:.1f} bits a weight){on}; loaded they take {raw:,} again",
        compare(report), stored, min(stored, needed),
    )  # fmt: skip


def _next_for_fake(report: SizeReport, one: TensorReport) -> str:
    """How to get the integers stored: by the tool that rounded them."""
    if report.kind in (FileKind.KERAS, FileKind.HDF5, FileKind.SAVED_MODEL, FileKind.TFLITE):
        return convert(report)
    assert one.levels is not None and one.levels.grid is not None
    grid = one.levels.grid
    if (
        grid.along == "rows"
        and not grid.channel
        and grid.bits in (3, 4)
        and report.kind != FileKind.ONNX
    ):
        return (
            f"python -m awq.entry --model_path MODEL --w_bit {grid.bits} "
            f"--q_group_size {grid.group} --load_awq SEARCH.pt --q_backend real "
            "--dump_quant OUT.pt  # llm-awq; its --q_backend fake rounds in place"
        )
    if report.kind == FileKind.ONNX:
        return convert(report)
    return "save with your quantizer's export of packed integers, not the rounded model"
