"""Elements that constants put elsewhere (scatter, gather, fold), and Fourier transforms.

The first are moves: one GATHER from the flat values. Sums over places that meet are as many of
them as meet in one place. A transform is a product with a constant matrix.
"""

from collections.abc import Callable

import numpy as np

from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Node
from qmcu.types import Array, Shape

Form = Callable[[Maker], list[Node] | None]
# More sums than this are no form of an operator any more.
_MOST_SUMS = 32


def _size(m: Maker, name: str) -> int:
    return int(np.prod(m.net.values[name].shape))


def _flat(m: Maker, name: str) -> str:
    return m.add("Reshape", [name], (_size(m, name),))


def _numbered(shape: Shape) -> Array:
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def _indices(m: Maker, position: int = 1) -> Array:
    array = m.net.values[m.operand(position)].array
    assert array is not None
    return array.astype(np.int64)


def _within(m: Maker, indices: Array, lengths: Array | int) -> Array:
    """Indices counted from the front. Raises ModelError for one that lies outside."""
    if ((indices < -np.asarray(lengths)) | (indices >= lengths)).any():
        raise m.net.fail(m.node, "has indices outside of its values", "export it with others")
    return indices % lengths


def _gather_elements(m: Maker) -> list[Node] | None:
    """Each element of the result is one of the source's, by a table of constant indices."""
    axis = m.node.integer("axis") % len(m.source.shape)
    indices = _within(m, _indices(m), m.source.shape[axis])
    rows = tuple(slice(n) for n in indices.shape[:axis])
    kept = tuple(slice(n) for n in indices.shape[axis + 1 :])
    numbers = _numbered(m.source.shape)[(*rows, slice(None), *kept)]
    taken = np.take_along_axis(numbers, indices, axis)
    picked = m.add(
        "Gather", [_flat(m, m.source.name), m.constant("places", taken.reshape(-1))],
        (taken.size,), axis=0,
    )  # fmt: skip
    m.add("Reshape", [picked])
    return m.nodes


def _element_places(m: Maker) -> Array:
    """Where the updates of a ScatterElements go, as numbers of the source's elements."""
    axis = m.node.integer("axis") % len(m.source.shape)
    along = _within(m, _indices(m), m.source.shape[axis])
    places = [along if a == axis else n for a, n in enumerate(np.indices(along.shape))]
    found: Array = _numbered(m.source.shape)[tuple(places)]
    return found


def _slice_places(m: Maker) -> Array:
    """The same of a ScatterND, whose indices [..., depth] name slices."""
    indices = _indices(m)
    lengths = np.array(m.source.shape[: indices.shape[-1]])
    along = np.moveaxis(_within(m, indices, lengths), -1, 0)
    found: Array = _numbered(m.source.shape)[tuple(along)]
    return found


def _scatter(places_of: Callable[[Maker], Array]) -> Form:
    def write(m: Maker) -> list[Node] | None:
        kind = m.node.text("reduction", "none")
        if kind not in ("none", "add"):
            problem = f"reduces by {kind}"
            raise m.net.fail(m.node, problem, "export it as a sum, or without a reduction")
        places, updates = places_of(m).reshape(-1), m.node.inputs[2]
        if _size(m, updates) != places.size:
            raise m.net.fail(m.node, "has updates of another shape", "export it anew")
        if kind == "add":
            return _added(m, m.source.name, updates, places, _size(m, m.source.name))
        numbers = np.arange(_size(m, m.source.name))
        numbers[places] = _size(m, m.source.name) + np.arange(places.size)
        parts = [_flat(m, m.source.name), _flat(m, updates)]
        whole = m.add("Concat", parts, (_size(m, m.source.name) + places.size,), axis=0)
        moved = m.add("Gather", [whole, m.constant("places", numbers)], (numbers.size,), axis=0)
        m.add("Reshape", [moved])
        return m.nodes

    return write


def _added(m: Maker, base: str | None, updates: str, places: Array, size: int) -> list[Node]:
    """Updates added at their places to what is there, or to nothing."""
    order = np.argsort(places, kind="stable")
    firsts = np.searchsorted(places[order], places[order], side="left")
    turn = np.empty_like(places)
    turn[order] = np.arange(places.size) - firsts
    turns = int(turn.max()) + 1 if places.size else 0
    if not 0 < turns <= _MOST_SUMS:
        raise m.net.fail(m.node, f"adds {turns} values in one place", "write it as a product")
    zero = m.constant("zero", np.zeros(1, np.float32))
    whole = m.add("Concat", [_flat(m, updates), zero], (places.size + 1,), axis=0)
    total = None if base is None else _flat(m, base)
    for number in range(turns):
        taken = np.full(size, places.size)
        here = np.flatnonzero(turn == number)
        taken[places[here]] = here
        part = m.add("Gather", [whole, m.constant(f"places{number}", taken)], (size,), axis=0)
        total = part if total is None else m.add("Add", [total, part], (size,))
    assert total is not None
    m.add("Reshape", [total])
    return m.nodes


def _fold(m: Maker) -> list[Node]:
    """Col2Im: patches [1, C * h * w, L] added where they lie in an image [1, C, H, W]."""
    image, block = (tuple(int(n) for n in _indices(m, i).reshape(-1)) for i in (1, 2))
    if len(image) != 2 or len(block) != 2:
        raise m.net.fail(m.node, f"makes {len(image)} spatial axes", "rebuild it with two")
    steps, spread, pads = (
        m.node.integers(name) or default
        for name, default in (("strides", (1, 1)), ("dilations", (1, 1)), ("pads", (0,) * 4))
    )
    counts, lines = [], []
    for axis in range(2):
        reach = (block[axis] - 1) * spread[axis] + 1
        count = (image[axis] + pads[axis] + pads[axis + 2] - reach) // steps[axis] + 1
        taps = np.arange(block[axis])[:, np.newaxis] * spread[axis]
        lines.append(taps + np.arange(count) * steps[axis] - pads[axis])
        counts.append(count)
    channels = m.source.shape[1] // (block[0] * block[1])
    # [C, h, w, rows, columns], as the patches lie.
    y = lines[0][np.newaxis, :, np.newaxis, :, np.newaxis]
    x = lines[1][np.newaxis, np.newaxis, :, np.newaxis, :]
    c = np.arange(channels)[:, np.newaxis, np.newaxis, np.newaxis, np.newaxis]
    inside = (y >= 0) & (y < image[0]) & (x >= 0) & (x < image[1])
    places = np.where(inside, (c * image[0] + y) * image[1] + x, -1).reshape(-1)
    if places.size != _size(m, m.source.name):
        raise m.net.fail(m.node, "has another number of patches", "export it anew")
    name = m.source.name
    if (places < 0).any():
        kept = np.flatnonzero(places >= 0)
        flat = _flat(m, name)
        name = m.add("Gather", [flat, m.constant("inside", kept)], (kept.size,), axis=0)
        places = places[kept]
    return _added(m, None, name, places, channels * image[0] * image[1])


def _fourier(m: Maker) -> list[Node]:
    """DFT along the last axis but that of real and imaginary parts."""
    shape, back = m.source.shape, bool(m.node.integer("inverse"))
    given = m.net.operand(m.node, 2)
    default = 1 if m.net.opset < 20 else -2
    axis = m.node.integer("axis", default)
    if given is not None and given.array is not None:
        axis = int(given.array.reshape(-1)[0])
    length, parts = shape[-2], shape[-1]
    count = m.net.values[m.node.outputs[0]].shape[-2]
    stated = m.net.operand(m.node, 1)
    if parts not in (1, 2):
        raise m.net.fail(m.node, f"transforms numbers of {parts} parts", "give it 1 or 2")
    whole = stated is None or (stated.array is not None and int(stated.array.item()) == length)
    if axis % len(shape) != len(shape) - 2 or not whole or (back and count != length):
        problem = "is no transform of a whole last axis"
        raise m.net.fail(m.node, problem, "transform the last axis, of the length that it has")
    angles = 2 * np.pi * np.outer(np.arange(length), np.arange(count)) / length
    cosines, sines = np.cos(angles), np.sin(angles) * (1 if back else -1)
    # Rows [n, real or imaginary], columns [k, real or imaginary].
    rows = [np.stack([cosines, sines], -1), np.stack([-sines, cosines], -1)][:parts]
    matrix = np.stack(rows, 1).reshape(length * parts, 2 * count) / (length if back else 1)
    joined = m.add("Reshape", [m.source.name], (*shape[:-2], length * parts))
    product = m.add("MatMul", [joined, m.constant("matrix", matrix)], (*shape[:-2], 2 * count))
    m.add("Reshape", [product])
    return m.nodes


def _is_nan(m: Maker) -> list[Node]:
    """What differs from itself."""
    m.add("Not", [m.same("Equal", m.source.name, m.source.name, dtype="bool")])
    return m.nodes


FORMS: dict[str, Form] = {
    "Col2Im": _fold,
    "DFT": _fourier,
    "GatherElements": _gather_elements,
    "IsNaN": _is_nan,
    "ScatterElements": _scatter(_element_places),
    "ScatterND": _scatter(_slice_places),
}
