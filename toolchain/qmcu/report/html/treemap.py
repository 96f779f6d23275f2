"""Where the tiles of a treemap lie: squarified, groups first.

Bruls, Huizing, van Wijk, "Squarified Treemaps", VisSym 2000.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qmcu.report.html.blocks import Tile, Treemap


@dataclass(frozen=True)
class Box:
    """A rectangle of the drawing."""

    x: float
    y: float
    width: float
    height: float


def laid_out(block: Treemap, width: float, height: float) -> Iterator[tuple[Tile, Box]]:
    """Every tile with its rectangle; areas are in proportion to bytes and cover the drawing."""
    groups = block.groups
    boxes = squarify([size for _, size, _ in groups], Box(0, 0, width, height))
    for (group, _, _), box in zip(groups, boxes, strict=True):
        tiles = sorted((t for t in block.tiles if t.group == group), key=lambda t: -t.size)
        yield from zip(tiles, squarify([t.size for t in tiles], box), strict=True)


def squarify(sizes: Sequence[int], box: Box) -> list[Box]:
    """A rectangle for each size (above 0, in descending order), filling `box`."""
    result: list[Box] = []
    left = list(sizes)
    while left:
        scale = box.width * box.height / sum(left)
        side = min(box.width, box.height)
        count = 1
        while count < len(left) and _worst(left[: count + 1], scale, side) <= _worst(
            left[:count], scale, side
        ):
            count += 1
        row, left = left[:count], left[count:]
        thick = sum(row) * scale / side if side else 0.0
        at = 0.0
        for size in row:
            long = size * scale / thick if thick else 0.0
            if box.width >= box.height:
                result.append(Box(box.x, box.y + at, thick, long))
            else:
                result.append(Box(box.x + at, box.y, long, thick))
            at += long
        if box.width >= box.height:
            box = Box(box.x + thick, box.y, max(0.0, box.width - thick), box.height)
        else:
            box = Box(box.x, box.y + thick, box.width, max(0.0, box.height - thick))
    return result


def _worst(row: Sequence[int], scale: float, side: float) -> float:
    """The largest ratio of sides in a row of these sizes along `side`."""
    total = sum(row) * scale
    if total <= 0 or side <= 0:
        return float("inf")
    return max(side * side * max(row) * scale / total**2, total**2 / (side**2 * min(row) * scale))
