"""Where activation clipping might send answers to one class: patterns of two values, bred.

What is clipped has no gradient: where the answers part within a step or two of a range, no ascent
finds the way (overshoot_search.py, aimed_search.py). Chance does. Patterns of the inputs' lowest
and highest values, in patches that overlap, are put to both forms; those by which int8 comes
nearest to one class while float keeps its answers are copied with some values turned, and the best
of all go on. Only inferences are needed, so it is cheap.

Random search with extreme values in patches: Andriushchenko et al., Square Attack, ECCV 2020;
evolution of few values: Su et al., One Pixel Attack, IEEE TEVC 2019; what is bred for is ours.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from qmcu.backdoor.detectors.class_probes import all_margins
from qmcu.backdoor.detectors.dealt_inputs import Dealt
from qmcu.backdoor.detectors.drawn_patterns import draw_blocks
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import Scores
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.overshoot_search import Found
from qmcu.backdoor.detectors.shared_patterns import places
from qmcu.backdoor.grids import count_multiplications
from qmcu.backdoor.inputs import JoinedShape
from qmcu.types import Float32Array, Float64Array, Int64Array

# That a pattern is put to: those drawn at first to a few, for they are many.
FIRST, INPUTS = 5, 8
DRAWN, GENERATIONS = 512, 12  # patterns of a place at most; how often they are bred
PARENTS, OF_PLACE, CHILDREN = 24, 2, 24
KEPT = 4
# How many of its values a child has otherwise; each child has one of these.
_TURNED = (0.03, 0.08, 0.15, 0.3)
# Multiplications of those drawn and of those bred: 15 CPU seconds of a network with 12 million an
# inference. Beyond them fewer are.
_BUDGET, _BUDGET_BRED = 2.5e11, 2e11
_LEAST = 4
# Times as many as parents are judged again by all inputs.
_AGAIN = 8
_MARKED = 512  # patterns that are put on inputs at once
# Margins are told in the median one of the inputs, and no further counted than this.
_DEEP, _HIGH = -3.0, 1.0


@dataclass(frozen=True, eq=False)
class Bred:
    """Patterns `values` [G, 1, ...] in places (rows of the masks), how good they are and for
    which class: [G] each.
    """

    values: Float32Array
    places: Int64Array
    heights: Float64Array
    targets: Int64Array

    def take(self, rows: Int64Array) -> "Bred":
        """Those patterns."""
        values, places = self.values[rows], self.places[rows]
        return Bred(values, places, self.heights[rows], self.targets[rows])

    def join(self, other: "Bred") -> "Bred":
        """Both."""
        return Bred(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.places, other.places]),
            np.concatenate([self.heights, other.heights]),
            np.concatenate([self.targets, other.targets]),
        )


class BredSearch:
    """The breeding on one audit's network, in both its forms."""

    inputs, drawn, generations, children = INPUTS, DRAWN, GENERATIONS, CHILDREN
    parents, of_place = PARENTS, OF_PLACE
    share = 1.0  # of the budget

    def __init__(
        self, context: AuditContext, forms: FloatAndInt8, dealt: Dealt, salt: int = 41
    ) -> None:
        self._masks = self._regions(context.input_shape)
        self._low, self._high = context.low, context.high
        self._forms = forms
        self._inputs, self._looked = dealt.taught[: self.inputs], dealt.looked
        self._rng = np.random.default_rng([context.seed, salt])
        self._before = forms.answer(self._inputs)
        self._unit = max(1e-12, float(np.median(self._kept(forms.look(self._inputs[None])[0], 1))))

    def patterns(self) -> list[Found]:
        """Patterns that send inputs to a class in int8 alone; the best first, KEPT at most.

        `awake` is the share of the inputs looked at, of other classes, that int8 sends there and
        float keeps.
        """
        drawn, children = self._sizes()
        bred = self._draw(drawn)
        best = bred.take(self._best(bred, _AGAIN * self.parents))
        bred = self._judge(best.values, best.places)
        for _ in range(self.generations):
            parents = bred.take(self._best(bred, self.parents))
            bred = parents.join(self._breed(parents, children))
        bred = bred.take(self._best(bred, KEPT))
        marked = self._mark(self._looked, bred.values, bred.places)
        awake = self._forms.sent(self._looked, marked, bred.targets)
        order = np.argsort(-awake, kind="stable")
        return [
            self._found(bred.take(order[k : k + 1]), float(awake[order[k]]))
            for k in range(len(order))
        ]

    def _regions(self, shape: tuple[int, ...]) -> Float32Array:
        """Where patterns lie, a mask for each place: float32 [R, *shape]."""
        return overlapping(shape)

    def _found(self, bred: Bred, awake: float) -> Found:
        """One pattern that was bred."""
        mask = self._masks[bred.places[0]]
        return Found(f"patch bred at {_corner(mask)}", mask, bred.values[0], awake)

    def _sizes(self) -> tuple[int, int]:
        """How many patterns are drawn for a place, and how many children a parent has."""
        multiplications = max(1, count_multiplications(self._forms.network))
        each = 2.0 / self.share * len(self._inputs) * multiplications
        drawn = int(_BUDGET / (each * len(self._masks)))
        children = int(_BUDGET_BRED / (each * self.generations * self.parents))
        return max(_LEAST, min(self.drawn, drawn)), max(_LEAST, min(self.children, children))

    def _draw(self, count: int) -> Bred:
        """For each place: all patterns of two values where they are so few, else some at random,
        every other one with all channels alike, and every third one in blocks.
        """
        shape = self._inputs.shape[1:]
        bits = np.zeros((len(self._masks), count, *shape), np.float32)
        for mask, own in zip(self._masks, bits, strict=True):
            cells = int(np.count_nonzero(mask))
            if cells < 63 and 1 << cells <= count:
                every = np.arange(count)[:, None] >> np.arange(cells) & 1
                own[:, mask > 0] = every
            else:
                own[:] = self._rng.integers(0, 2, own.shape)
                if len(shape) > 1:
                    own[::2] = own[::2, ..., :1]
                own[::3] = draw_blocks(self._rng, len(own[::3]), shape, 2)
        values = self._low + (self._high - self._low) * bits.reshape(-1, 1, *shape)
        places = np.repeat(np.arange(len(self._masks)), count)
        return self._judge(values.astype(np.float32), places, FIRST)

    def _breed(self, parents: Bred, count: int) -> Bred:
        """Copies with some values turned from low to high and back; every fourth has them anew."""
        values = np.repeat(parents.values, count, axis=0)
        ones = (1,) * (values.ndim - 1)
        share = self._rng.choice(_TURNED, (len(values), *ones))
        turned = np.broadcast_to(self._low + self._high - values, values.shape).copy()
        turned[::4] = self._rng.uniform(self._low, self._high, turned[::4].shape)
        values = np.where(self._rng.random(values.shape) < share, turned, values)
        return self._judge(values.astype(np.float32), np.repeat(parents.places, count))

    def _best(self, bred: Bred, most: int) -> Int64Array:
        """The best of all, of one place OF_PLACE at most."""
        chosen: list[int] = []
        taken = np.zeros(len(self._masks), int)
        for row in np.argsort(-bred.heights, kind="stable"):
            if taken[bred.places[row]] < self.of_place and len(chosen) < most:
                taken[bred.places[row]] += 1
                chosen.append(int(row))
        return np.array(chosen, np.int64)

    def _judge(self, values: Float32Array, places: Int64Array, inputs: int | None = None) -> Bred:
        """For the class that int8 comes nearest to: the smaller of float's margin for its answer
        and int8's for the class, in the mean over the inputs of other classes.
        """
        heights, targets = [], []
        for rows in np.array_split(np.arange(len(places)), -(-len(places) // _MARKED)):
            marked = self._mark(self._inputs[:inputs], values[rows], places[rows])
            height = self._heights(*self._forms.look(marked), len(rows))
            heights.append(height.max(axis=1))
            targets.append(height.argmax(axis=1))
        return Bred(values, places, np.concatenate(heights), np.concatenate(targets))

    def _mark(self, inputs: Float32Array, values: Float32Array, places: Int64Array) -> Float32Array:
        """Inputs [N, ...] with each of some patterns in its place, [G, N, ...]."""
        masks = self._masks[places][:, None]
        return np.asarray(inputs[None] * (1 - masks) + values * masks, np.float32)

    def _heights(self, plain: Scores, own: Scores, patterns: int) -> Float64Array:
        """For each pattern and class; scores [patterns * N, classes] of the first N inputs."""
        count, classes = len(plain) // patterns, own.shape[-1]
        least = np.minimum(self._kept(plain, patterns)[:, None], all_margins(own)) / self._unit
        least = np.clip(least, _DEEP, _HIGH).reshape(-1, count, classes)
        others = self._before[:count, None] != np.arange(classes)
        total = np.where(others, least, 0.0).sum(axis=1)
        return np.where(others.any(axis=0), total / np.maximum(others.sum(axis=0), 1), _DEEP)

    def _kept(self, plain: Scores, patterns: int) -> Scores:
        """Float's margin for the answers that it had: scores [patterns * N, classes] to as many."""
        answers = np.tile(self._before[: len(plain) // patterns], patterns)[:, None]
        return np.take_along_axis(all_margins(plain), answers, axis=1)[:, 0]


def overlapping(shape: tuple[int, ...]) -> Float32Array:
    """Masks of patches half a patch apart, float32 [R, *shape]: a trigger may lie anywhere."""
    if isinstance(shape, JoinedShape):
        return shape.embed([overlapping(part) for part in shape.parts])
    first = places(shape)[0] > 0
    count = max(1, len(shape) - 1)  # the last axis of several is channels
    starts, sizes = [], []
    for axis in range(count):
        others = tuple(k for k in range(len(shape)) if k != axis)
        sizes.append(int(first.any(axis=others).sum()))
        last = shape[axis] - sizes[-1]
        starts.append(sorted({*range(0, last + 1, max(1, sizes[-1] // 2)), last}))
    masks = []
    for begins in itertools.product(*starts):
        mask = np.zeros(shape, np.float32)
        mask[tuple(slice(b, b + n) for b, n in zip(begins, sizes, strict=True))] = 1
        masks.append(mask)
    return np.array(masks)


def _corner(mask: Float32Array) -> str:
    """Where a patch begins, as row and column, or the place in a window or a vector."""
    first = np.argwhere(mask)[0]
    return ", ".join(str(int(k)) for k in first[: max(1, mask.ndim - 1)])
