"""Calibration from arrays, pictures, sounds and generators: values, classes and refusals."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from qmcu.conversion.calibration import pixel_note, read_samples
from qmcu.conversion.samples import SampleOptions
from qmcu.conversion.signatures import InputSpec
from qmcu.errors import UsageError, VectorError

IMAGE = (InputSpec("image", (None, 4, 6, 3), "float32"),)
SOUND = (InputSpec("sound", (None, 10), "float32"),)
ROW = (InputSpec("x", (None, 3), "float32"),)


def _picture(path: Path, color: tuple[int, int, int]) -> None:
    image = pytest.importorskip("PIL.Image")
    path.parent.mkdir(exist_ok=True)
    image.new("RGB", (12, 8), color).save(path)


def _sound(path: Path, samples: list[int], channels: int = 1) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(np.array(samples, "<i2").tobytes())


def test_pictures_are_resized_scaled_and_normalised_as_said(tmp_path: Path) -> None:
    _picture(tmp_path / "cat" / "a.png", (255, 51, 0))
    _picture(tmp_path / "dog" / "b.png", (0, 0, 255))
    options = SampleOptions(scale=1 / 255, mean=(0.5, 0.2, 0.0), std=(0.5, 1.0, 2.0))
    found = read_samples(str(tmp_path), IMAGE, options)
    assert found.inputs["image"].shape == (2, 4, 6, 3)
    assert found.inputs["image"][0, 0, 0] == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    assert found.inputs["image"][1, 3, 5] == pytest.approx([-1.0, -0.2, 0.5], abs=1e-6)
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1]
    assert str(found.preprocessing) == (
        "pixels 0 to 255, resized to 4 x 6 (bilinear), times 0.00392156863, less 0.5, 0.2, 0, "
        "divided by 0.5, 1, 2"
    )


def test_a_scale_of_pictures_has_to_be_said(tmp_path: Path) -> None:
    _picture(tmp_path / "a.png", (1, 2, 3))
    with pytest.raises(UsageError, match="--scale: 1 for 0 to 255, 1/255 for 0 to 1"):
        read_samples(str(tmp_path), IMAGE)
    free = (InputSpec("image", (None, None, None, 3), "float32"),)
    with pytest.raises(UsageError, match="any size; choose one with --resize"):
        read_samples(str(tmp_path), free, SampleOptions(scale=1.0))
    found = read_samples(str(tmp_path), free, SampleOptions(scale=1.0, resize=(2, 2)))
    assert found.inputs["image"].shape == (1, 2, 2, 3)


def test_sounds_are_cut_filled_and_scaled(tmp_path: Path) -> None:
    _sound(tmp_path / "a.wav", [16384, -32768])
    _sound(tmp_path / "b.wav", [100, 300] * 20, channels=2)
    found = read_samples(str(tmp_path), SOUND).inputs["sound"]
    assert found[0].tolist() == [0.5, -1.0] + [0.0] * 8
    assert found[1].tolist() == [200 / 32768] * 10
    with pytest.raises(UsageError, match=r"takes features; .*--front-end"):
        read_samples(str(tmp_path), (InputSpec("mfcc", (None, 49, 10, 1), "float32"),))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_row_that_is_not_finite_is_named(tmp_path: Path, value: float) -> None:
    rows = np.zeros((9, 3), np.float32)
    rows[7, 1] = value
    np.savez(tmp_path / "c.npz", inputs=rows)
    word = "NaN" if np.isnan(value) else "infinite"
    with pytest.raises(VectorError, match=rf"row 7 of x has a value that is {word}"):
        read_samples(str(tmp_path / "c.npz"), ROW)


def test_names_and_positions_and_what_is_missing(tmp_path: Path) -> None:
    two = (InputSpec("zeta", (None, 2), "float32"), InputSpec("alpha", (None, 2), "int32"))
    np.savez(tmp_path / "a.npz", zeta=np.ones((3, 2)), alpha=np.full((3, 2), 4))
    np.savez(tmp_path / "b.npz", input_0=np.ones((3, 2)), input_1=np.full((3, 2), 4))
    for name in "ab":
        found = read_samples(str(tmp_path / f"{name}.npz"), two).inputs
        assert found["zeta"].max() == 1
        assert found["alpha"].dtype == np.int32
    np.savez(tmp_path / "c.npz", images=np.ones((3, 3)))
    with pytest.raises(VectorError, match=r"no array inputs \(or x\); it has images"):
        read_samples(str(tmp_path / "c.npz"), ROW)
    np.savez(tmp_path / "d.npz", zeta=np.ones((3, 2)), alpha=np.full((3, 2), 0.5))
    with pytest.raises(VectorError, match="fractions and the model takes int32"):
        read_samples(str(tmp_path / "d.npz"), two)


def test_generators_and_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "given_rows.py").write_text(
        "import numpy as np\n"
        "def endless():\n    while True:\n        yield np.ones(3), 2\n"
        "class Data:\n"
        "    def __len__(self): return 40\n"
        "    def __getitem__(self, i): return {'x': np.full((1, 3), i)}\n"
        "def data(): return Data()\n"
        "def broken():\n    yield np.ones(3)\n    raise ValueError('gone')\n"
        "def wrong():\n    yield np.ones(4)\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = str(tmp_path / "given_rows.py")
    found = read_samples(f"{source}:endless", ROW, SampleOptions(limit=5))
    assert len(found) == 5
    assert found.labels is not None
    assert found.labels.tolist() == [2] * 5
    with pytest.raises(UsageError, match="go on for ever; say how many rows"):
        read_samples(f"{source}:endless", ROW)
    found = read_samples(f"{source}:data", ROW, SampleOptions(share=0.1))
    assert found.inputs["x"][:, 0].tolist() == [0, 1, 2, 3]
    with pytest.raises(VectorError, match="failed at row 1: gone"):
        read_samples(f"{source}:broken", ROW, SampleOptions(limit=5))
    with pytest.raises(VectorError, match=r"rows of \[3\] real numbers"):
        read_samples(f"{source}:wrong", ROW, SampleOptions(limit=5))
    with pytest.raises(UsageError, match="has no absent"):
        read_samples(f"{source}:absent", ROW)


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        (
            (5, 3, 4, 6),
            r"channels are first and the model's are last; give inputs\.transpose",
        ),
        ((5, 72), r"inputs\.reshape\(-1, 4, 6, 3\) if in this order"),
        ((4, 6, 3), r"this is one row; give inputs\[None\]"),
    ],
)
def test_rows_of_another_shape_are_told_what_makes_them_right(
    shape: tuple[int, ...], hint: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, inputs=np.zeros(shape, np.float32))
    with pytest.raises(VectorError, match=hint):
        read_samples(str(path), IMAGE)


def test_pixels_as_files_have_them_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    pixels = np.arange(4 * 72).reshape(4, 4, 6, 3) % 256
    np.savez(path, inputs=pixels)
    assert "image is whole numbers 0 to 255" in (pixel_note(read_samples(str(path), IMAGE)) or "")
    np.savez(path, inputs=pixels / 255)
    assert pixel_note(read_samples(str(path), IMAGE)) is None
