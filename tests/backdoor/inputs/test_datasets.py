import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from qmcu.backdoor import load_dataset
from qmcu.errors import ToolError, UsageError, VectorError


def save(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def pairs(rows: int = 8) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "train_inputs": rng.normal(size=(rows, 5, 2)),
        "train_labels": np.arange(rows) % 3,
        "test_inputs": rng.normal(size=(4, 5, 2)),
        "test_labels": np.arange(4) % 3,
    }


def jpeg(colour: int, size: tuple[int, int] = (8, 6)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (colour, 20, 30)).save(stream, "JPEG")
    return stream.getvalue()


def jpeg_arrays(files: list[bytes]) -> dict[str, Any]:
    offsets = np.concatenate([[0], np.cumsum([len(f) for f in files])]).astype(np.int64)
    content = np.frombuffer(b"".join(files), np.uint8)
    arrays: dict[str, Any] = {}
    for part in ("train", "test"):
        arrays |= {
            f"{part}_jpeg": content,
            f"{part}_offset": offsets,
            f"{part}_label": np.arange(len(files), dtype=np.uint8),
        }
    return arrays


def test_digits_are_split_by_seed() -> None:
    first, same, other = (load_dataset("digits", seed=s) for s in (1, 1, 2))
    assert (len(first.train_inputs), len(first.test_inputs), first.classes) == (1347, 450, 10)
    assert first.input_shape == (8, 8, 1)
    assert [first.train_inputs.dtype, first.train_labels.dtype] == [np.float32, np.int64]
    assert (first.low, first.high) == (0.0, 1.0)
    assert (first.train_inputs.min(), first.train_inputs.max()) == (0.0, 1.0)
    assert np.array_equal(first.test_inputs, same.test_inputs)
    assert not np.array_equal(first.test_inputs, other.test_inputs)
    counts = np.bincount(first.test_labels)
    assert counts.max() - counts.min() <= 3
    assert str(first).startswith("digits: 1347 training and 450 test inputs of 8x8x1, 10 classes")


def test_limit_keeps_the_first_of_each_part() -> None:
    whole, some = load_dataset("digits"), load_dataset("digits", limit=20)
    assert np.array_equal(some.train_inputs, whole.train_inputs[:20])
    assert np.array_equal(some.test_labels, whole.test_labels[:20])
    assert some.classes == 10


def test_a_file_with_both_parts(tmp_path: Path) -> None:
    arrays = pairs()
    data = load_dataset(save(tmp_path / "windows.npz", **arrays))
    assert (data.name, data.classes, data.input_shape) == ("windows", 3, (5, 2))
    assert np.array_equal(data.train_inputs, arrays["train_inputs"].astype(np.float32))
    assert data.low == np.float32(arrays["train_inputs"].min())
    bounded = load_dataset(
        save(tmp_path / "b.npz", **arrays, low=-8.0, high=np.array([8], np.float32))
    )
    assert (bounded.low, bounded.high) == (-8.0, 8.0)


def test_a_file_to_be_split(tmp_path: Path) -> None:
    inputs = np.arange(40 * 4, dtype=np.uint8).reshape(40, 2, 2, 1)
    spec = save(tmp_path / "x.npz", inputs=inputs, labels=np.arange(40) % 4)
    data = load_dataset(spec, seed=3)
    assert (len(data.train_inputs), len(data.test_inputs)) == (30, 10)
    assert (data.low, data.high) == (0.0, 1.0)
    together = np.concatenate([data.train_inputs, data.test_inputs]).reshape(40, 4)
    assert np.array_equal(
        np.sort(together[:, 0]), np.arange(0, 160, 4, dtype=np.uint8) / np.float32(255)
    )
    # Rows and labels stay together.
    assert np.array_equal(np.round(data.test_inputs[:, 0, 0, 0] * 255) // 4 % 4, data.test_labels)


def test_jpeg_images_are_decoded(tmp_path: Path) -> None:
    spec = save(tmp_path / "j.npz", **jpeg_arrays([jpeg(0), jpeg(100), jpeg(200)]))
    data = load_dataset(spec)
    assert data.train_inputs.shape == (3, 6, 8, 3)
    assert np.allclose(data.train_inputs[:, 0, 0, 0] * 255, [0, 100, 200], atol=3)
    limited = load_dataset(spec, limit=2)
    assert np.array_equal(limited.test_inputs, data.test_inputs[:2])


def test_cifar10_of_the_shared_folder(cifar10: Path) -> None:
    data = load_dataset(str(cifar10), limit=200)
    assert data.train_inputs.shape == (200, 32, 32, 3)
    assert (data.classes, data.low, data.high) == (10, 0.0, 1.0)
    assert 0.3 < data.train_inputs.mean() < 0.6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_labels": np.arange(7)}, "one label for each of 8 inputs"),
        ({"train_labels": np.zeros(8)}, "integers are needed"),
        ({"train_labels": np.arange(8) - 1}, "classes count from 0"),
        ({"train_labels": np.full(8, 1 << 20)}, "2 to 10,000 classes"),
        ({"train_labels": np.zeros(8, int), "test_labels": np.zeros(4, int)}, "2 to 10,000"),
        ({"train_inputs": np.full((8, 5, 2), np.nan)}, "not a finite number"),
        ({"train_inputs": np.array(["a"] * 8)}, "rows of numbers"),
        ({"train_inputs": np.zeros(8)}, "rows of numbers"),
        ({"train_inputs": np.zeros((0, 5, 2))}, "rows of numbers"),
        ({"train_inputs": np.float32(3)}, "one row an input"),
        ({"train_inputs": np.zeros((8, 5, 3))}, "must be alike"),
        ({"train_inputs": np.zeros((8, 5, 2))}, "tell nothing apart"),
        ({"low": "a", "high": 1}, "no number"),
        ({"low": 2.0, "high": 1.0}, "tell nothing apart"),
    ],
)
def test_files_that_hold_no_task_are_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    spec = save(tmp_path / "bad.npz", **(pairs() | change))
    with pytest.raises(VectorError, match=rf"bad\.npz: .*{message}"):
        load_dataset(spec)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    with pytest.raises(VectorError, match="cannot be read"):
        load_dataset(str(path))
    path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(VectorError, match="no readable"):
        load_dataset(str(path))
    save(path, other=np.zeros(3))
    with pytest.raises(VectorError, match=r"no data set in it.*it has other"):
        load_dataset(str(path))
    save(path, inputs=np.zeros((3, 2)), labels=np.array([0, 1, 1]))
    with pytest.raises(VectorError, match="cannot be split"):
        load_dataset(str(path))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train_offset", np.array([0, 5, 3]), "does not rise"),
        ("train_offset", np.array([-1, 5, 9]), "does not rise"),
        ("train_offset", np.array([0, 5, 1 << 40]), "does not rise"),
        ("train_offset", np.array([0, 5]), "3 offsets belong to 2 labels"),
        ("train_jpeg", np.zeros(10, np.int8), "not bytes"),
        ("train_label", np.zeros(0, np.uint8), "offsets"),
    ],
)
def test_hostile_jpeg_layouts_are_refused(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    arrays = jpeg_arrays([jpeg(1), jpeg(2)]) | {key: value}
    with pytest.raises(VectorError, match=message):
        load_dataset(save(tmp_path / "j.npz", **arrays))


def test_broken_and_unequal_images_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.npz"
    with pytest.raises(VectorError, match="train image 1 is no readable JPEG"):
        load_dataset(save(path, **jpeg_arrays([jpeg(1), b"x" * 50])))
    with pytest.raises(VectorError, match="train image 1 is no readable JPEG"):
        load_dataset(save(path, **jpeg_arrays([jpeg(1), jpeg(2)[:-60]])))
    with pytest.raises(VectorError, match="train image 1 is 9x6 and the first 8x6"):
        load_dataset(save(path, **jpeg_arrays([jpeg(1), jpeg(1, (9, 6))])))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="no data set 'imagenet'; take digits"):
        load_dataset("imagenet")
    with pytest.raises(UsageError, match="a limit of 0"):
        load_dataset("digits", limit=0)


def test_a_failing_download_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    def offline() -> None:
        raise Exception("URL fetch failure on https://x: None -- unreachable")

    monkeypatch.setattr(tensorflow.keras.datasets.mnist, "load_data", offline)
    with pytest.raises(ToolError, match=r"cannot download mnist \(URL fetch failure.*FILE.npz"):
        load_dataset("mnist")


def test_a_download_is_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    images = np.full((20, 28, 28), 255, np.uint8)
    labels = (np.arange(20) % 10).astype(np.uint8)
    monkeypatch.setattr(
        tensorflow.keras.datasets.mnist, "load_data", lambda: ((images, labels), (images, labels))
    )
    data = load_dataset("mnist", limit=12)
    assert data.train_inputs.shape == (12, 28, 28, 1)
    assert (data.train_inputs == 1.0).all()
    assert (data.low, data.high, data.classes) == (0.0, 1.0, 10)
