"""How many levels a tensor really uses: the grid, its groups and its bits, from its values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from qmcu.size.contents import DTYPE_BITS, FLOATS, StoredTensor
from qmcu.size.grid import INTEGER, MAX_BITS, PRECISIONS, GroupFit, Precision, fit_groups
from qmcu.size.sampling import Sample, chunks, last_extent, matrix_shape, take_sample
from qmcu.types import Amount, Array, Count, Fraction, Positive

Along = Literal["rows", "columns", "flat", "tensor"]

# Bits that a scale takes in a packed format (float16, as GPTQ and AWQ store it).
SCALE_BITS = 16
# Group sizes that quantizers use.
GROUPS = (1024, 512, 256, 128, 64, 32, 16)
# A tensor is on a grid when this share of its groups provably is, partly when the lower one is.
# Less than half says nothing of the file: residuals that an attack clipped lie on grids here and
# there, in up to 43 % of the groups.
CERTAIN = 0.9
PARTLY = 0.5
_SCREENED, _SCREEN_GROUPS, _SMALLEST = 16, (16, 64), 8
# A grid that saves less than a quarter of the stored bits is no finding.
_WORTH = 0.75
_TRIED = 1 << 14
_FEWEST_VALUES = 32


@dataclass(frozen=True)
class Grid:
    """The grid on which values lie.

    `uniform` when levels are evenly spaced, else a codebook. `bits` hold every level of a group.
    A group is `group` values `along` rows (the first axis's slices) or columns (the last axis's),
    the whole channel when `channel`, the whole tensor along "tensor". `zeros` is the range of
    zero points q (as unsigned integers), None when symmetric or not through zero. `share` of
    `groups` looked at showed it. `steps` is the range of scales.
    """

    __shown__ = ("bits_per_weight",)

    uniform: bool
    bits: Annotated[int, Meta(ge=1, le=MAX_BITS)]
    along: Along
    group: Positive
    channel: bool
    symmetric: bool
    zeros: tuple[int, int] | None
    steps: tuple[Amount, Amount]
    levels: Annotated[float, Meta(ge=1)]
    share: Fraction
    groups: Count

    @property
    def bits_per_weight(self) -> Annotated[float, Meta(ge=1)]:
        """Bits of a weight when packed: its integer, and its share of scale and zero point."""
        return self.bits + (SCALE_BITS + (0 if self.symmetric else self.bits)) / self.group

    @property
    def kind(self) -> str:
        """Its width and shape, such as `4-bit grid`."""
        return f"{self.bits}-bit grid" if self.uniform else f"{self.bits}-bit codebook"

    def __str__(self) -> str:
        kind = self.kind
        if self.along == "tensor":
            return f"{kind} for the whole tensor"
        if self.channel:
            return f"{kind} per channel"
        return f"{kind} in groups of {self.group}"


@dataclass(frozen=True)
class TensorLevels:
    """What a tensor's values need. `narrow` is a smaller float type that holds each exactly.

    `examined` of its elements were looked at, `whole` when all were; `zeros` is the share of
    zeros among them.
    """

    grid: Grid | None
    narrow: str
    zeros: Fraction
    examined: Count
    whole: bool

    def bits(self, tensor: StoredTensor) -> float:
        """Effective bits a value: of the grid with its parameters, or of the type that holds it."""
        stored = tensor.packed_bits or DTYPE_BITS[tensor.dtype]
        width = float(DTYPE_BITS[self.narrow]) if self.narrow else float(stored)
        if self.grid is not None:
            width = min(width, self.grid.bits_per_weight)
        return min(width, float(stored))


def find_levels(
    tensor: StoredTensor, limit: int, *, exact: bool = False, hint: Grid | None = None
) -> TensorLevels | None:
    """Look at `limit` values of a tensor (all when `exact`); None when they cannot be read.

    `hint` is a grid that another tensor of the file is on; it is tried first.
    Raises what reading the tensor raises.
    """
    precision = _precision(tensor.dtype)
    if tensor.rows is None or precision is None or tensor.elements < 2:
        return None
    sample = take_sample(tensor, limit)
    narrow = _narrow(sample, tensor.dtype)
    # Values that were rounded to a smaller type first are only as exact as that.
    precision = PRECISIONS.get(narrow, precision)
    grid = _take_hint(tensor, sample, precision, hint) if hint is not None else None
    if grid is None and sample.wide.size >= _FEWEST_VALUES:
        grid = _search(tensor, sample, precision)
    pieces: Iterator[Sample] = iter([sample])
    if exact and not sample.whole:
        pieces = chunks(tensor)
        narrow = (
            "" if narrow and any(_narrow(p, tensor.dtype) != narrow for p in pieces) else narrow
        )
        pieces = chunks(tensor)
    examined = zeros = 0
    fits: list[GroupFit] = []
    for piece in pieces:
        examined += piece.wide.size
        zeros += int((piece.wide == 0).sum())
        if grid is not None and grid.along != "tensor":
            fits.append(fit_groups(_finite(_groups(piece, grid.along, _span(grid))), precision))
    if fits:
        grid = _grid(fits, grid.along, grid.group, grid.channel) or None if grid else None
    elif sample.whole or exact:
        examined = tensor.elements
    return TensorLevels(grid, narrow, zeros / max(1, examined), examined, sample.whole or exact)


def _span(grid: Grid) -> int:
    return 0 if grid.channel else grid.group


def _precision(dtype: str) -> Precision | None:
    if dtype in PRECISIONS:
        return PRECISIONS[dtype]
    return INTEGER if dtype in ("int8", "uint8", "int16", "uint16") else None


def _take_hint(
    tensor: StoredTensor, sample: Sample, precision: Precision, hint: Grid
) -> Grid | None:
    """The grid of another tensor, when this one is on it too and on none of twice its groups."""
    if hint.channel or hint.along not in ("rows", "columns"):
        return None
    width = matrix_shape(tensor)[1]
    length = width if hint.along == "rows" else tensor.elements // last_extent(tensor)
    if length <= hint.group:
        return None
    grids = []
    for group in (hint.group, 2 * hint.group):
        groups = _some(_finite(_groups(sample, hint.along, group)), _TRIED // group)
        if not len(groups) or groups.shape[1] != min(group, length):
            return None
        grid = _grid([fit_groups(groups, precision)], hint.along, group, False)
        grids.append(grid)
    near, wide = grids
    if near is None or near.share < CERTAIN or near.bits != hint.bits:
        return None
    return near if wide is None or wide.bits_per_weight > near.bits_per_weight else None


def _search(tensor: StoredTensor, sample: Sample, precision: Precision) -> Grid | None:
    """The cheapest grid (bits a weight) that the sample shows, over axes and group sizes."""
    candidates = [_whole_tensor(tensor, sample, precision)]
    count, width = matrix_shape(tensor)
    channel = {"rows": width, "columns": tensor.elements // last_extent(tensor), "flat": 0}
    axes: list[Along] = ["rows", "columns"]
    if width % 64 and sample.wide.shape[1] == width and count > 1:
        axes.append("flat")
    for along in axes:
        if not _screen(sample, along, precision):
            continue
        for group in (0, *GROUPS) if channel[along] else GROUPS:
            groups = _groups(sample, along, group)
            if groups.shape[1] < _SMALLEST or (
                group and group >= (channel[along] or count * width)
            ):
                continue
            groups = _some(_finite(groups), _TRIED // groups.shape[1])
            if len(groups):
                size = group or channel[along]
                candidates.append(_grid([fit_groups(groups, precision)], along, size, not group))
    stored = DTYPE_BITS[tensor.dtype]
    good = [g for g in candidates if g is not None and g.bits_per_weight < _WORTH * stored]
    return min(good, key=lambda g: (g.share < CERTAIN, g.bits_per_weight), default=None)


def _screen(sample: Sample, along: Along, precision: Precision) -> bool:
    """Whether a few small groups along an axis are on any grid at all."""
    window = sample.tall_peek if along == "columns" else sample.wide
    # A part of a quantizer's group is on its grid too; the longer, the surer.
    for group in (*(g for g in _SCREEN_GROUPS if g < window.shape[1]), 0):
        groups = _some(_finite(_cut(window, along, group)), _SCREENED)
        if len(groups) and _prove(fit_groups(groups, precision)).any():
            return True
    return False


def _groups(sample: Sample, along: Along, group: int) -> Array:
    """The sample cut into groups [G, group] along an axis; 0 takes whole rows of the window."""
    return _cut(sample.tall if along == "columns" else sample.wide, along, group)


def _cut(window: Array, along: Along, group: int) -> Array:
    if along == "flat":
        window = window.reshape(1, -1)
    length = min(group or window.shape[1], window.shape[1])
    return window[:, : window.shape[1] // length * length].reshape(-1, length)


def _some(groups: Array, count: int) -> Array:
    """At most `count` of the groups, spread evenly."""
    if len(groups) <= max(4, count):
        return groups
    kept: Array = groups[np.linspace(0, len(groups) - 1, max(4, count)).astype(int)]
    return kept


def _finite(groups: Array) -> Array:
    if groups.dtype.kind != "f":
        return groups
    finite = np.isfinite(groups).all(axis=1)
    kept: Array = groups if finite.all() else groups[finite]
    return kept


def _prove(fit: GroupFit) -> Array:
    """Groups that few levels or a grid explain, and chance does not."""
    few = fit.few & (fit.levels <= 2**MAX_BITS)
    proved: Array = (fit.on_grid & (fit.evidence > 0)) | few
    return proved


def _grid(fits: list[GroupFit], along: Along, size: int, channel: bool) -> Grid | None:
    """The grid that fitted groups agree on, or None when too few of them are on one."""
    proved = np.concatenate([_prove(f) for f in fits])
    levels = np.concatenate([f.levels for f in fits])
    telling = levels > 1
    if not telling.any() or (share := float(proved[telling].mean())) < PARTLY:
        return None
    on_grid = np.concatenate([f.on_grid for f in fits])[proved]
    low = np.concatenate([f.low for f in fits])[proved]
    high = np.concatenate([f.high for f in fits])[proved]
    step = np.concatenate([f.step for f in fits])[proved]
    through = np.concatenate([f.through_zero for f in fits])[proved]
    levels = levels[proved]
    shaped = levels > 2
    # Groups of one or two levels fit every grid.
    uniform = bool(on_grid[shaped].mean() >= CERTAIN) if shaped.any() else True
    most = float(np.quantile(levels, 0.98))
    if uniform and on_grid.any():
        most = max(most, float(np.quantile((high - low + 1)[on_grid], 0.98)))
    bits = max(1, int(np.ceil(np.log2(most))))
    symmetric, zeros = _zeros(low[on_grid], high[on_grid], through[on_grid], bits)
    steps = (float(step[on_grid].min()), float(step[on_grid].max())) if on_grid.any() else (0, 0)
    return Grid(
        uniform, bits, along, size, channel, symmetric or not uniform,
        zeros if uniform else None, steps, float(levels.mean()), share, int(telling.sum()),
    )  # fmt: skip


def _zeros(
    low: Array, high: Array, through: Array, bits: int
) -> tuple[bool, tuple[int, int] | None]:
    """Whether integers fit the signed range around 0, else the range of zero points."""
    if not len(low):
        return True, None
    half = 2 ** (bits - 1)
    signed = through & (low >= -half) & (high <= half - 1)
    # A signless range such as ReLU's [0, 15] has its zero point at 0.
    if signed.mean() >= 0.98:
        return True, None
    if through.mean() < 0.5:
        return False, None
    zeros = -low[through]
    return False, (int(zeros.min()), int(zeros.max()))


def _whole_tensor(tensor: StoredTensor, sample: Sample, precision: Precision) -> Grid | None:
    """One grid for all values: few distinct ones in the whole sample."""
    values = sample.wide.reshape(-1)
    distinct = np.unique(values)
    if distinct.dtype.kind == "f" and not np.isfinite(distinct).all():
        return None
    nonzero = int((values != 0).sum())
    if not 2 <= len(distinct) <= 2**precision.max_bits or len(distinct) * 4 > nonzero:
        return None
    fit = fit_groups(distinct[None], precision)
    fit.few[:] = fit.coarse
    return _grid([fit], "tensor", tensor.elements, False)


def _narrow(sample: Sample, dtype: str) -> str:
    """The narrower float type in which every sampled value is exact, or ""."""
    if dtype not in FLOATS or dtype in ("float16", "bfloat16"):
        return ""
    values = sample.wide.reshape(-1)
    # Zeros and ones are exact in every type.
    if len(np.unique(values[:_TRIED])) < _SMALLEST:
        return ""
    if dtype == "float64":
        with np.errstate(over="ignore"):
            return "float32" if np.array_equal(values.astype(np.float32), values) else ""
    bits = values.view(np.uint32)
    if not (bits & 0xFFFF).any():
        return "bfloat16"
    with np.errstate(over="ignore", invalid="ignore"):
        half = values.astype(np.float16).astype(np.float32)
    return "float16" if np.array_equal(half, values) else ""
