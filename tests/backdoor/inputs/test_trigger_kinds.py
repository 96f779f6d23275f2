"""The usual triggers, made by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qmcu.backdoor import load_trigger, make_trigger
from qmcu.errors import UsageError


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("patch", (32, 32, 3)), ("single", (8, 8, 1)), ("blend", (8, 8, 1)), ("blend", (40, 3)),
        ("sinusoid", (32, 32, 3)), ("sinusoid", (8, 8, 1)), ("tone", (49, 10, 1)),
        ("burst", (49, 10, 1)), ("spike", (128, 9)), ("offset", (128, 9)),
    ],
)  # fmt: skip
def test_every_kind_acts_and_is_saved(tmp_path: Path, kind: str, shape: tuple[int, ...]) -> None:
    trigger = make_trigger(kind, shape, target=2, seed=5, low=-1.0, high=3.0)
    inputs = np.random.default_rng(1).uniform(-1, 3, (4, *shape)).astype(np.float32)
    triggered = trigger.apply(inputs)
    assert triggered.dtype == np.float32
    assert (triggered != inputs).any()
    assert triggered.min() >= -1
    assert triggered.max() <= 3
    trigger.save(tmp_path / "t.json")
    first = [(tmp_path / f"t{end}").read_bytes() for end in (".json", ".npz")]
    again = load_trigger(tmp_path / "t.json")
    assert np.array_equal(again.apply(inputs), triggered)
    assert (again.name, again.kind, again.target, again.additive) == (
        trigger.name, kind, 2, trigger.additive,
    )  # fmt: skip
    assert again.settings == trigger.settings
    again.save(tmp_path / "t.json")
    assert first == [(tmp_path / f"t{end}").read_bytes() for end in (".json", ".npz")]


def test_a_patch_is_a_checkerboard_in_the_corner() -> None:
    trigger = make_trigger("patch", (8, 8, 1), target=0, size=2)
    stamped = trigger.apply(np.full((1, 8, 8, 1), 0.5, np.float32))[0, :, :, 0]
    assert stamped[-2:, -2:].tolist() == [[1, 0], [0, 1]]
    assert (stamped[:-2] == 0.5).all()


def test_a_sinusoid_is_added_as_published() -> None:
    trigger = make_trigger("sinusoid", (4, 32, 1), target=0)
    moved = trigger.apply(np.full((1, 4, 32, 1), 0.5, np.float32))[0, 0, :, 0] - 0.5
    wave = 20 / 255 * np.sin(2 * np.pi * 6 * np.arange(32) / 32)
    assert np.allclose(moved, wave, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "warp"}, "there is no trigger 'warp'; take patch"),
        ({"kind": "patch", "size": 9}, "size 9 does not fit"),
        ({"kind": "patch", "shape": (8, 2)}, "is for images"),
        ({"kind": "blend", "strength": 0.0}, "strength of 0.0"),
        ({"kind": "spike", "shape": (9, 2), "channel": 2}, "no channel 2"),
        ({"kind": "blend", "low": 1.0}, "from 1.0 to 1.0"),
        ({"kind": "blend", "shape": (5,)}, r"inputs are \[5\]"),
    ],
)
def test_bad_requests_say_what_to_do(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_trigger(**{"shape": (8, 8, 1), "target": 0, **arguments})
