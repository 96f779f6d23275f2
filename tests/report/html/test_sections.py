import base64
import io

import numpy as np
import pytest
from PIL import Image

from qmcu.backdoor import Rate, make_trigger
from qmcu.backdoor.grids.weight_grids import LayerGrid
from qmcu.backdoor.rates.evaluation import Evaluation
from qmcu.builder import Category, MemoryEntry, MemoryReport, RegionUse
from qmcu.report.html import Bars, Gallery, Stacks
from qmcu.report.html.pictures import draw_change, draw_input
from qmcu.report.html.sections import (
    memory_section,
    rate_bars,
    residual_histogram,
    samples_section,
    sentence,
    trigger_section,
)


def pixels(source: str) -> np.ndarray:
    head, _, data = source.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_images_are_shown_value_by_value() -> None:
    values = np.array([[[0.0], [0.5]], [[1.0], [2.0]]], np.float32)
    shown = pixels(draw_input(values, 0.0, 1.0, alt="x").source)
    assert shown[..., 0].tolist() == [[0, 128], [255, 255]]
    colour = np.zeros((2, 2, 3), np.float32)
    colour[0, 1] = (1, 0, 0)
    assert pixels(draw_input(colour, 0.0, 1.0, alt="x").source)[0, 1].tolist() == [255, 0, 0]


def test_spectrograms_run_to_the_right_with_high_bins_on_top() -> None:
    values = np.zeros((5, 3, 1), np.float32)
    values[4, 2] = 1  # the last frame's highest bin
    shown = pixels(draw_input(values, 0.0, 1.0, alt="x", kind="tone").source)
    assert shown.shape == (3, 5, 3)
    assert np.argwhere(shown[..., 0] == 255).tolist() == [[0, 4]]


def test_sensor_windows_are_curves() -> None:
    values = np.stack([np.zeros(20), np.ones(20)], axis=1).astype(np.float32)
    picture = draw_input(values, 0.0, 1.0, alt="x")
    assert not picture.pixelated
    shown = pixels(picture.source)
    below, above = np.argwhere(shown[:, 200].sum(axis=-1) < 700).reshape(-1)[[-1, 0]]
    assert above < 10 < 250 < below


def test_a_change_is_dark_where_it_is_largest() -> None:
    change = np.zeros((2, 2, 3), np.float32)
    change[1, 0] = (0, -0.4, 0.1)
    shown = pixels(draw_change(change, alt="x").source)[..., 0]
    assert shown.tolist() == [[255, 255], [0, 255]]
    assert (pixels(draw_change(np.zeros((2, 2, 1), np.float32), alt="x").source) == 255).all()


@pytest.mark.parametrize(
    ("kind", "shape"), [("patch", (8, 8, 1)), ("sinusoid", (8, 8, 3)), ("offset", (30, 4))]
)
def test_every_trigger_has_pictures(kind: str, shape: tuple[int, ...]) -> None:
    trigger = make_trigger(kind, shape, target=1)
    section = trigger_section(trigger, np.full(shape, 0.5, np.float32))
    gallery = section.blocks[0]
    assert isinstance(gallery, Gallery)
    assert [p.title for p in gallery.pictures] == ["clean", "triggered", "change", "mask · pattern"]
    assert gallery.pictures[0].source != gallery.pictures[1].source
    assert ("is x + mask" in section.text) == trigger.additive


def test_samples_say_what_each_form_answers() -> None:
    trigger = make_trigger("patch", (8, 8, 1), target=3)
    inputs = np.zeros((5, 8, 8, 1), np.float32)
    labels = np.array([1, 2, 4, 5, 6])
    section = samples_section(
        trigger,
        trigger.apply(inputs),
        labels,
        {"float": labels, "device": np.array([3, 3, 4, 0, 3])},
        count=4,
    )
    gallery = section.blocks[0]
    assert isinstance(gallery, Gallery)
    assert [p.title for p in gallery.pictures] == ["class 1", "class 2", "class 4", "class 5"]
    assert [[line.status for line in p.lines] for p in gallery.pictures] == [
        ["good", "bad"], ["good", "bad"], ["good", "good"], ["good", "neutral"],
    ]  # fmt: skip
    assert "device says 3" in gallery.pictures[0].alt


def test_rates_become_bars_with_intervals() -> None:
    found = Evaluation(Rate(9, 10), Rate(1, 8))
    clean, attack = rate_bars([("device", found)], 0.25)
    assert isinstance(clean, Bars)
    assert (clean.bars[0].share, clean.mark) == (0.9, None)
    assert (attack.bars[0].low, attack.bars[0].high) == Rate(1, 8).wilson95
    assert attack.mark == 0.25
    assert "device: 12.5 % (2.2 to 47.1)" in attack.description


def test_residuals_leave_out_weights_that_are_integers_by_construction() -> None:
    weights = np.array([[0.25, -0.49, 1.27, 0.0, 0.1]], np.float32) * 1
    integers = np.array([[25, -49, 127, 0, 10]], np.int8)
    grid = LayerGrid("l", "FULLY_CONNECTED", 1, 0, np.array([0.01]), weights, integers)
    moved = LayerGrid(
        "l", "FULLY_CONNECTED", 1, 0, np.array([0.01]), weights + np.float32(0.0041), integers
    )
    figure = residual_histogram("r", [("honest", [grid], "clean"), ("attacked", [moved], "attack")])
    honest, attacked = (np.array(s.counts) for s in figure.series)
    assert (honest.sum(), attacked.sum()) == (3, 4)
    # The zero weight moved as well: it is no longer an integer by construction.
    assert attacked[36] == 4
    assert honest[19:21].sum() == 3
    assert (figure.low, figure.high) == (-0.5, 0.5)
    flipped = LayerGrid(
        "l", "FULLY_CONNECTED", 1, 0, np.array([0.01]), weights + np.float32(0.0082), integers
    )
    wide = residual_histogram("r", [("rounded away", [flipped], "attack")])
    assert (wide.low, wide.high) == (-1.0, 1.0)
    assert wide.series[0].counts[36] == 4


def test_the_memory_map_holds_every_byte() -> None:
    entries = (
        MemoryEntry("flash", Category.CONSTANTS, "l00", "weights", 700),
        MemoryEntry("flash", Category.CONSTANTS, "l01", "weights", 100),
        MemoryEntry("flash", Category.KERNEL, "conv", "", 150),
        MemoryEntry("flash", Category.PADDING, "", "", 50),
    )
    regions = (
        RegionUse("flash", "flash", 0, 4000, 1000),
        RegionUse("unused", "RAM", 0, 4000, 0),
    )
    report = MemoryReport("board", "model", "0", "native", 0, 0, regions, entries, {}, "")
    (stacks,) = memory_section(report).blocks
    assert isinstance(stacks, Stacks)
    (flash,) = stacks.stacks
    assert flash.pieces == (
        ("constants", 800, "one"), ("kernels", 150, "two"), ("padding", 50, "eight"),
    )  # fmt: skip
    assert sum(size for _, size, _ in flash.pieces) == flash.used


def test_sentences_keep_their_capitals() -> None:
    assert sentence("active: ASR 1 %") == "Active: ASR 1 %."
    assert sentence("int8 keeps it.") == "Int8 keeps it."
