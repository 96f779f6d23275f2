"""The searches of clipping-inversion that look for a class, on two forms made up for it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.detectors import aimed_search, bred_search, float_and_int8
from qmcu.backdoor.detectors.aimed_search import AimedSearch
from qmcu.backdoor.detectors.bred_overlays import BredOverlays
from qmcu.backdoor.detectors.bred_search import BredSearch
from qmcu.backdoor.detectors.dealt_inputs import deal
from qmcu.backdoor.detectors.drawn_patterns import draw_blocks, draw_stripes, draw_waves
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import Classes
from qmcu.backdoor.inputs import JoinedShape
from qmcu.tensorflow import load_tensorflow

CLASSES, TARGET = 4, 2
# Of the switch: the first of nine places of an 8x8 input, and what has to stand there.
KEY = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]], np.float32)
SAMPLES = np.random.default_rng(0).uniform(0.2, 0.8, (160, 8, 8, 1)).astype(np.float32)


class Forms(FloatAndInt8):
    """Float answers by the input's lower half. Int8 does too until the corner is like KEY, all but
    `slack` of its values; then it says TARGET, `smooth` being how gently: 0 is a step.
    """

    network: Any = None

    def __init__(
        self, *, slack: float, smooth: float, asleep: bool = True, at: tuple[int, int] = (0, 0)
    ) -> None:
        self._tf, self._at, self._answers = load_tensorflow(), at, Classes()
        self._slack, self._smooth, self._asleep = slack, smooth, asleep
        self._low, self._high = 0.0, 1.0

    def both(self, inputs: Any) -> tuple[Any, Any]:
        tf = self._tf
        plain = tf.reduce_mean(inputs[:, 4:], axis=(1, 3))[:, :CLASSES] * 20
        row, column = self._at
        corner = inputs[:, row : row + 3, column : column + 3, 0]
        apart = tf.reduce_sum(tf.abs(corner - KEY), axis=(1, 2))
        near = self._slack - apart
        woken = tf.sigmoid(near / self._smooth) if self._smooth else tf.cast(near > 0, tf.float32)
        own = plain + 40 * woken[:, None] * tf.one_hot([TARGET], CLASSES)
        return (plain if self._asleep else own), own

    def look(self, marked: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        values = self._tf.constant(np.asarray(marked, np.float32).reshape(-1, 8, 8, 1))
        plain, own = self.both(values)
        return plain.numpy(), own.numpy()

    def answer(self, inputs: Any) -> Any:
        return self._answers.read(self.look(inputs)[0])


@pytest.fixture(autouse=True)
def _sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms have no graph to count."""
    for module in (aimed_search, bred_search):
        monkeypatch.setattr(module, "count_multiplications", lambda network: 1000)
    monkeypatch.setattr(float_and_int8, "count_values", lambda network: 1000)
    monkeypatch.setattr(aimed_search, "count_answers", lambda context: CLASSES)


def search(kind: type[Any], forms: Forms, samples: Any = SAMPLES) -> Any:
    context = SimpleNamespace(input_shape=(8, 8, 1), low=0.0, high=1.0, seed=0, samples=samples)
    return kind(context, forms, deal(samples))


def test_a_switch_without_a_gradient_is_bred() -> None:
    steep = Forms(slack=1.5, smooth=0)
    best = search(BredSearch, steep).patterns()[0]
    assert best.awake == 1 and best.place.startswith("patch")
    assert np.abs(best.values[0, :3, :3, 0] - KEY).sum() < 1.5
    # No ascent finds it: this is why there are both.
    assert search(AimedSearch, steep).patterns()[0].awake == 0


@pytest.mark.parametrize(("row", "column"), [(0, 5), (1, 1), (1, 4)])
def test_a_switch_is_bred_wherever_it_lies(row: int, column: int) -> None:
    assert (
        search(BredSearch, Forms(slack=1.5, smooth=0.5, at=(row, column))).patterns()[0].awake == 1
    )


@pytest.mark.parametrize(
    ("shape", "places", "values"),
    [((8, 8, 1), 36, 9), ((32, 32, 3), 49, 192), ((32, 3), 30, 9), ((48,), 23, 4)],
)
def test_patches_overlap(shape: tuple[int, ...], places: int, values: int) -> None:
    masks = bred_search.overlapping(shape)
    assert masks.shape == (places, *shape) and np.all(masks.any(axis=0))
    assert np.all(masks.reshape(places, -1).sum(axis=1) == values)
    assert len({m.tobytes() for m in masks}) == places


def test_patches_of_several_inputs_lie_in_one_of_them() -> None:
    shape = JoinedShape.of([(8, 8, 1), (5,)])
    masks = bred_search.overlapping(shape)
    assert len(masks) == 36 + len(bred_search.overlapping((5,)))


def test_a_class_is_climbed_towards() -> None:
    best = search(AimedSearch, Forms(slack=0.5, smooth=0.4)).patterns()[0]
    assert best.awake == 1 and best.place == "patch 0"


@pytest.mark.parametrize("kind", [AimedSearch, BredSearch, BredOverlays])
def test_what_float_does_as_well_is_no_switch(kind: type[Any]) -> None:
    awake_too = Forms(slack=1.5, smooth=0.4, asleep=False)
    assert all(found.awake == 0 for found in search(kind, awake_too).patterns())


def test_the_same_seed_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BredSearch, "generations", 2)
    first, again = (search(BredSearch, Forms(slack=3, smooth=0.5)).patterns() for _ in "ab")
    assert all(np.array_equal(a.values, b.values) for a, b in zip(first, again, strict=True))


class Faint(Forms):
    """Int8 says TARGET where every fourth column is brighter than the others by a little; what is
    brighter in one place alone says nothing, and neither does anything by a gradient.
    """

    def both(self, inputs: Any) -> tuple[Any, Any]:
        tf = self._tf
        plain = tf.reduce_mean(inputs[:, 4:], axis=(1, 3))[:, :CLASSES] * 20
        columns = tf.reduce_mean(inputs, axis=(1, 3))
        bright = tf.reduce_min(columns[:, 1::4], axis=1) - tf.reduce_mean(columns, axis=1)
        woken = tf.cast(bright > 0.12, tf.float32)
        own = plain + 40 * woken[:, None] * tf.one_hot([TARGET], CLASSES)
        return (plain if self._asleep else own), own


def test_a_faint_addition_over_all_of_an_input_is_bred() -> None:
    forms = Faint(slack=0, smooth=0)
    best = search(BredOverlays, forms).patterns()[0]
    assert best.awake > 0.8 and best.place.startswith("addition of")
    marked = best.apply(SAMPLES)
    assert np.abs(marked - SAMPLES).max() <= 0.3 + 1e-6 and marked.min() >= 0 and marked.max() <= 1
    assert np.mean(forms.look(marked)[1].argmax(axis=1) == TARGET) > 0.8
    # Neither patches nor blends with values at random find it.
    assert search(BredSearch, forms).patterns()[0].awake < 0.5
    assert search(AimedSearch, forms).patterns()[0].awake < 0.5


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 7, 3), (20, 3), (12,)])
def test_what_is_drawn_is_blocks_stripes_and_waves(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    for drawn in (
        draw_blocks(rng, 30, shape, 3),
        draw_stripes(rng, 30, shape),
        draw_waves(rng, 30, shape),
    ):
        assert drawn.shape == (30, *shape) and drawn.dtype == np.float32
        assert drawn.min() >= 0 and drawn.max() <= 1
        assert len({one.tobytes() for one in drawn}) > 10
    stripes = draw_stripes(rng, 30, shape)
    ways = [
        len(shape) < 3 or bool((np.ptp(one, axis=k) == 0).all()) for one in stripes for k in (0, 1)
    ]
    assert sum(ways) >= 30


def test_inputs_that_a_search_learned_from_do_not_judge_it() -> None:
    dealt = deal(SAMPLES)
    parts = [{x.tobytes() for x in part} for part in (dealt.taught, dealt.looked, dealt.unseen)]
    assert [len(p) for p in parts] == [16, 32, 112] and len(set.union(*parts)) == 160
    assert all(len(part) for part in vars(deal(SAMPLES[:1])).values())


def test_a_large_network_is_bred_and_climbed_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bred_search, "count_multiplications", lambda network: 10**9)
    monkeypatch.setattr(aimed_search, "count_multiplications", lambda network: 10**9)
    forms = Forms(slack=1.5, smooth=0.4)
    assert search(BredSearch, forms)._sizes() < (bred_search.DRAWN, bred_search.CHILDREN)
    names, targets = search(AimedSearch, forms)._draw({"a": KEY, "b": KEY} | {
        str(k): KEY for k in range(20)})  # fmt: skip
    assert len(names) == len(targets) == aimed_search._LEAST
