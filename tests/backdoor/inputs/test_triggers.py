"""Triggers applied in float and in int8, described, saved and read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qmcu.backdoor import Trigger, load_trigger, make_trigger
from qmcu.backdoor.inputs.triggers import dequantize
from qmcu.errors import UsageError, VectorError
from qmcu.model import Quantization, Tensor
from qmcu.model.vectors import quantize

SHAPE = (4, 3, 1)


UNIT = Quantization((float(np.float32(1 / 255)),), (-128,))


def tensor(
    quantization: Quantization | None = UNIT, shape: tuple[int, ...] = (1, *SHAPE)
) -> Tensor:
    return Tensor(0, "input", shape, "int8", quantization)


quantizations = st.builds(
    lambda scale, zero: Quantization((float(np.float32(scale)),), (zero,)),
    st.floats(1e-4, 10),
    st.integers(-128, 127),
)


bounds = st.tuples(st.floats(-100, 100), st.floats(0.01, 200)).map(lambda b: (b[0], b[0] + b[1]))


def triggers(mask_values: st.SearchStrategy[float], additive: bool) -> st.SearchStrategy[Trigger]:
    masks = hnp.arrays(np.float32, SHAPE, elements=mask_values)
    patterns = hnp.arrays(np.float32, SHAPE, elements=st.floats(-300, 300, width=32))
    return st.builds(
        lambda mask, pattern, b: Trigger(
            "t", "any", mask, pattern, 0, b[0], b[1], additive=additive
        ),
        masks, patterns, bounds,
    )  # fmt: skip


binary = st.sampled_from([0.0, 1.0])


anything = st.floats(0, 1, width=32)


int8_inputs = hnp.arrays(np.int8, (3, *SHAPE))


@settings(deadline=None)
@given(triggers(binary, False), int8_inputs, quantizations)
def test_a_stamped_trigger_is_exact_on_the_grid(
    trigger: Trigger, inputs: np.ndarray, quantization: Quantization
) -> None:
    model_input = tensor(quantization)
    expected = quantize(trigger.apply(dequantize(inputs, model_input)), model_input)
    got = trigger.apply_integer(inputs, model_input)
    assert np.array_equal(got, expected)
    assert np.array_equal(got[:, trigger.mask == 0], inputs[:, trigger.mask == 0])


@settings(deadline=None)
@given(triggers(binary, False), quantizations, st.integers(0, 2**32 - 1))
def test_a_stamped_trigger_commutes_with_quantization(
    trigger: Trigger, quantization: Quantization, seed: int
) -> None:
    real = np.random.default_rng(seed).uniform(trigger.low, trigger.high, (5, *SHAPE))
    inputs = real.astype(np.float32)
    model_input = tensor(quantization)
    assert np.array_equal(
        trigger.apply_integer(quantize(inputs, model_input), model_input),
        quantize(trigger.apply(inputs), model_input),
    )


@settings(deadline=None)
@given(
    st.booleans().flatmap(lambda additive: triggers(anything, additive)), int8_inputs, quantizations
)
def test_any_trigger_equals_its_definition(
    trigger: Trigger, inputs: np.ndarray, quantization: Quantization
) -> None:
    model_input = tensor(quantization)
    real = dequantize(inputs, model_input)
    kept = real if trigger.additive else (np.float32(1) - trigger.mask) * real
    moved = np.clip(kept + trigger.mask * trigger.pattern, trigger.low, trigger.high)
    formula = np.where(trigger.mask > 0, moved, real).astype(np.float32)
    assert np.allclose(trigger.apply(real), formula, rtol=1e-6, atol=1e-6)
    got = trigger.apply_integer(inputs, model_input)
    assert np.array_equal(got, quantize(trigger.apply(real), model_input))
    with_batch = trigger.apply_integer(inputs[:, np.newaxis], model_input)
    assert with_batch.shape == (3, 1, *SHAPE)
    assert np.array_equal(with_batch[:, 0], got)


@settings(max_examples=30, deadline=None)
@given(st.booleans().flatmap(lambda a: triggers(anything, a)), quantizations)
def test_the_change_is_what_the_definition_gives(
    trigger: Trigger, quantization: Quantization
) -> None:
    """The figures, recomputed value by value."""
    model_input = tensor(quantization)
    change = trigger.quantization_change(model_input)
    values = np.arange(-128, 128, dtype=np.int8)
    real = dequantize(values, model_input)
    inside = [q for q, x in zip(values, real, strict=True) if trigger.low <= x <= trigger.high]
    distances, acting, lost = [], set(), set()
    for place in np.ndindex(*SHAPE):
        moved, changed, apart = False, False, []
        for q in inside or values:
            one = np.full((1, *SHAPE), q, np.int8)
            wanted = trigger.apply(dequantize(one, model_input))[0][place]
            got = trigger.apply_integer(one, model_input)[0][place]
            moved |= bool(wanted != dequantize(one, model_input)[0][place])
            changed |= bool(got != q)
            apart.append(abs(float(wanted) - float(dequantize(np.array(got), model_input))))
        if moved:
            acting.add(place)
            distances += apart
        if moved and not changed:
            lost.add(place)
    assert (change.positions, change.lost) == (len(acting), len(lost))
    assert change.max_change == pytest.approx(max(distances, default=0.0))
    assert change.mean_change == pytest.approx(np.mean(distances) if distances else 0.0)
    if not change.clipped:
        assert change.max_lsb <= 0.5 + 1e-3


def test_a_fitting_patch_is_kept_exactly() -> None:
    trigger = make_trigger("patch", (8, 8, 1), target=3)
    change = trigger.quantization_change(tensor(shape=(1, 8, 8, 1)))
    assert change.faithful
    assert change.max_lsb < 1e-3
    assert "int8" in str(change)


def test_clipping_and_vanishing_are_told() -> None:
    patch = make_trigger("patch", SHAPE, target=0)
    narrow = tensor(Quantization((1 / 510,), (-128,)))
    clipped = patch.quantization_change(narrow)
    assert (clipped.clipped, clipped.lost) == (5, 0)
    assert "5 of 9 places are clipped" in str(clipped)
    faint = make_trigger("offset", (6, 2), target=0, strength=0.004)
    coarse = tensor(Quantization((1 / 20,), (-128,)), (1, 6, 2))
    change = faint.quantization_change(coarse)
    assert change.vanishes
    assert "vanishes in int8: none of its 6 places" in str(change)


def test_other_shapes_are_refused() -> None:
    trigger = make_trigger("patch", (8, 8, 1), target=0)
    with pytest.raises(
        VectorError, match=r"inputs of \[8, 8, 1\] and the given ones are \[7, 8, 1\]"
    ):
        trigger.apply(np.zeros((2, 7, 8, 1), np.float32))
    with pytest.raises(VectorError, match="has no scale"):
        trigger.apply_integer(np.zeros((2, 8, 8, 1), np.int8), tensor(None))
    with pytest.raises(VectorError, match="int8 is needed"):
        trigger.apply_integer(np.zeros((2, 8, 8, 1), np.uint8), tensor())
    with pytest.raises(VectorError, match=r"the model takes \[1, 4, 3, 1\]"):
        trigger.quantization_change(tensor())


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"target": -1}, {"target": "x"}, {"low": 2.0}, {"low": float("nan")},
        {"settings": 3}, {"arrays_sha256": "0"}, {"target": float("inf")},
    ],
)  # fmt: skip
def test_damaged_trigger_files_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "t.json"
    make_trigger("patch", (8, 8, 1), target=0).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(VectorError, match=r"t\.(json|npz)"):
        load_trigger(path)


def test_missing_and_hostile_trigger_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    with pytest.raises(VectorError, match="cannot be read"):
        load_trigger(path)
    for content in (b"", b"[]", b"\xff\xfe", b"null", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(VectorError, match="no trigger file"):
            load_trigger(path)
    make_trigger("patch", (8, 8, 1), target=0).save(path)
    path.with_suffix(".npz").unlink()
    with pytest.raises(VectorError, match="cannot be read"):
        load_trigger(path)
    with pytest.raises(UsageError, match=r"must end in \.json"):
        make_trigger("patch", (8, 8, 1), target=0).save(tmp_path / "t.txt")
