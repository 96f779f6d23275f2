"""Data sets for training and measuring: scikit-learn's digits, Keras' downloads, .npz files."""

import contextlib
import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.arrays import read_arrays
from qmcu.errors import ToolError, UsageError, VectorError
from qmcu.extras import load_module
from qmcu.tensorflow import load_tensorflow
from qmcu.text import first_line
from qmcu.types import Array, Float32Array, Int64Array

TEST_SHARE = 0.25
KERAS_SETS = ("cifar10", "mnist", "fashion_mnist")
_MAX_CLASSES = 10_000
_MAX_DECODED_BYTES = 4 << 30
_PAIRS = ("train_inputs", "train_labels", "test_inputs", "test_labels")
_JPEG = tuple(
    f"{part}_{what}" for part in ("train", "test") for what in ("jpeg", "offset", "label")
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs and labels of a classification task, in two parts.

    Inputs are float32 [N, ...] as a float model takes them, labels int64 [N] from 0 to
    `classes` - 1. `low` and `high` bound the values that an input can have.
    """

    name: str
    train_inputs: Float32Array
    train_labels: Int64Array
    test_inputs: Float32Array
    test_labels: Int64Array
    classes: int
    low: float
    high: float

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        return tuple(self.train_inputs.shape[1:])

    def __str__(self) -> str:
        shape = "x".join(map(str, self.input_shape))
        return (
            f"{self.name}: {len(self.train_inputs)} training and {len(self.test_inputs)} test "
            f"inputs of {shape}, {self.classes} classes, values {self.low:g} to {self.high:g}"
        )


def load_dataset(spec: str, *, seed: int = 0, limit: int | None = None) -> Dataset:
    """The data set that `spec` names; `limit` keeps the first inputs of each part.

    - digits: scikit-learn's 1,797 8x8x1 images, values 0 to 1; a quarter is for testing,
      stratified, drawn by `seed`.
    - cifar10, mnist, fashion_mnist: downloaded once by Keras, values 0 to 1.
    - FILE.npz: `train_inputs`, `train_labels`, `test_inputs`, `test_labels`; or `inputs` and
      `labels`, split like digits; or {train,test}_jpeg (uint8, JPEG files end to end),
      {train,test}_offset (N + 1 offsets into it) and {train,test}_label, values 0 to 1. uint8
      inputs are images and scaled to 0 to 1 as well; others are taken as they are, and `low`
      and `high` are the training inputs' extremes unless the file has arrays of those names.

    Raises UsageError for an unknown name, ToolError when a package or a download is missing,
    VectorError when a file is damaged or does not hold a data set.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} leaves no inputs; give 1 or more.")
    if spec == "digits":
        return _digits(seed, limit)
    if spec in KERAS_SETS:
        return _from_keras(spec, limit)
    if not spec.endswith(".npz"):
        known = ", ".join(("digits", *KERAS_SETS))
        raise UsageError(f"there is no data set {spec!r}; take {known} or a FILE.npz.")
    path = Path(spec)
    arrays = read_arrays(path)
    try:
        return _from_arrays(path.stem, arrays, seed, limit)
    except VectorError as error:
        raise VectorError(f"{path}: {error}") from error


def _digits(seed: int, limit: int | None) -> Dataset:
    digits = _scikit("datasets").load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., np.newaxis]
    parts = _split(images, digits.target.astype(np.int64), seed)
    return _dataset("digits", parts, limit, classes=10, bounds=(0.0, 1.0))


def _from_keras(name: str, limit: int | None) -> Dataset:
    tensorflow = load_tensorflow(f"the data set {name}")
    module = getattr(tensorflow.keras.datasets, name)
    try:
        # Keras prints the download's progress to standard output.
        with contextlib.redirect_stdout(io.StringIO()):
            (train_x, train_y), (test_x, test_y) = module.load_data()
    except Exception as error:  # network, disk or a damaged cache: whatever urllib raises
        raise ToolError(
            f"Keras cannot download {name} ({first_line(error)}); connect once so that Keras can "
            "keep it in ~/.keras/datasets, or give digits or a FILE.npz."
        ) from error
    if train_x.ndim == 3:
        train_x, test_x = train_x[..., np.newaxis], test_x[..., np.newaxis]
    parts = (train_x, train_y.reshape(-1), test_x, test_y.reshape(-1))
    return _dataset(name, parts, limit, classes=10)


def _from_arrays(name: str, arrays: Mapping[str, Array], seed: int, limit: int | None) -> Dataset:
    if all(key in arrays for key in _JPEG):
        images, labels = {}, {}
        for part in ("train", "test"):
            images[part] = _decode_part(arrays, part, limit)
            labels[part] = _ints(arrays[f"{part}_label"], f"{part}_label")[: len(images[part])]
        if images["train"].shape[1:] != images["test"].shape[1:]:
            raise VectorError("training and test images have different sizes.")
        parts = (images["train"], labels["train"], images["test"], labels["test"])
    elif all(key in arrays for key in _PAIRS):
        parts = tuple(arrays[key] for key in _PAIRS)  # type: ignore[assignment]
    elif "inputs" in arrays and "labels" in arrays:
        _check_part(arrays["inputs"], arrays["labels"], "")
        labels_ = _ints(arrays["labels"], "labels")
        parts = _split(arrays["inputs"], labels_, seed)
    else:
        raise VectorError(
            f"no data set in it: {', '.join(_PAIRS)}, or inputs and labels, or "
            f"{', '.join(_JPEG)} are needed and it has {', '.join(sorted(arrays)) or 'nothing'}."
        )
    names = arrays.get("class_names")
    classes = len(names) if names is not None and names.ndim == 1 else 0
    return _dataset(name, parts, limit, classes=classes, bounds=_read_bounds(arrays))


def _read_bounds(arrays: Mapping[str, Array]) -> tuple[float, float] | None:
    if "low" not in arrays or "high" not in arrays:
        return None
    for key in ("low", "high"):
        if arrays[key].size != 1 or arrays[key].dtype.kind not in "iuf":
            raise VectorError(f"{key} is {arrays[key].dtype} {list(arrays[key].shape)}, no number.")
    return float(arrays["low"].item()), float(arrays["high"].item())


def _dataset(
    name: str,
    parts: tuple[Array, Array, Array, Array],
    limit: int | None,
    *,
    classes: int,
    bounds: tuple[float, float] | None = None,
) -> Dataset:
    """Check and scale the four arrays. Raises VectorError; see Dataset for what must hold."""
    train_x, train_y, test_x, test_y = (array[:limit] if array.ndim else array for array in parts)
    _check_part(train_x, train_y, "train_")
    _check_part(test_x, test_y, "test_")
    if train_x.shape[1:] != test_x.shape[1:]:
        raise VectorError(
            f"training inputs are {list(train_x.shape[1:])} and test inputs "
            f"{list(test_x.shape[1:])}; they must be alike."
        )
    labels = _ints(train_y, "train_labels"), _ints(test_y, "test_labels")
    # Counted on the whole file, so that a limit does not change the task.
    highest = max(int(_ints(parts[i], "labels").max()) for i in (1, 3))
    if classes == 0:
        classes = highest + 1
    if highest >= classes or classes > _MAX_CLASSES or classes < 2:
        raise VectorError(
            f"labels go up to {highest} and there are {classes} classes; "
            f"2 to {_MAX_CLASSES:,} classes, numbered from 0, are needed."
        )
    image = train_x.dtype == np.uint8 and test_x.dtype == np.uint8
    inputs = [_real(array, image) for array in (train_x, test_x)]
    if bounds is None:
        bounds = (0.0, 1.0) if image else (float(inputs[0].min()), float(inputs[0].max()))
    if not bounds[0] < bounds[1]:
        raise VectorError(f"values from {bounds[0]:g} to {bounds[1]:g} tell nothing apart.")
    return Dataset(name, inputs[0], labels[0], inputs[1], labels[1], classes, *bounds)


def _check_part(inputs: Array, labels: Array, part: str) -> None:
    if inputs.ndim < 2 or inputs.dtype.kind not in "biuf" or inputs.size == 0:
        raise VectorError(
            f"{part}inputs is {inputs.dtype} {list(inputs.shape)}; rows of numbers are needed."
        )
    if labels.shape != (len(inputs),):
        raise VectorError(
            f"{part}labels is {list(labels.shape)}; one label for each of {len(inputs)} inputs is "
            "needed."
        )


def _real(inputs: Array, image: bool) -> Float32Array:
    real: Float32Array = inputs.astype(np.float32)
    if image:
        real /= np.float32(255)
    if not np.isfinite(real).all():
        raise VectorError("an input is not a finite number.")
    return real


def _ints(labels: Array, name: str) -> Int64Array:
    if labels.dtype.kind not in "biu" or labels.ndim != 1 or not labels.size:
        raise VectorError(f"{name} is {labels.dtype} {list(labels.shape)}; integers are needed.")
    if int(labels.min()) < 0 or int(labels.max()) >= 1 << 31:
        raise VectorError(f"{name} has {labels.min()} to {labels.max()}; classes count from 0.")
    result: Int64Array = labels.astype(np.int64)
    return result


def _split(inputs: Array, labels: Int64Array, seed: int) -> tuple[Array, Array, Array, Array]:
    """A stratified quarter for testing, drawn by `seed`."""
    selection = _scikit("model_selection")
    try:
        train_x, test_x, train_y, test_y = selection.train_test_split(
            inputs, labels, test_size=TEST_SHARE, random_state=seed, stratify=labels
        )
    except ValueError as error:
        raise VectorError(f"it cannot be split into two parts: {first_line(error)}.") from error
    return train_x, train_y, test_x, test_y


def _decode_part(arrays: Mapping[str, Array], part: str, limit: int | None) -> Array:
    """The first `limit` images of a part as uint8 [N, H, W, C]."""
    content, offsets = arrays[f"{part}_jpeg"], arrays[f"{part}_offset"]
    labels = arrays[f"{part}_label"]
    if content.dtype != np.uint8 or content.ndim != 1:
        raise VectorError(f"{part}_jpeg is {content.dtype} {list(content.shape)}, not bytes.")
    if offsets.dtype.kind not in "iu" or offsets.shape != (labels.size + 1,) or not labels.size:
        raise VectorError(
            f"{part}_offset is {offsets.dtype} {list(offsets.shape)}; {labels.size + 1} offsets "
            f"belong to {labels.size} labels."
        )
    ends = [int(offset) for offset in offsets[: None if limit is None else limit + 1]]
    if ends[0] < 0 or ends[-1] > len(content) or any(a >= b for a, b in itertools.pairwise(ends)):
        raise VectorError(f"{part}_offset does not rise from 0 to at most {len(content)}.")
    raw = content.tobytes()
    first = _decode(raw[ends[0] : ends[1]], f"{part} image 0", None)
    count = len(ends) - 1
    if count * first.size * 4 > _MAX_DECODED_BYTES:
        raise VectorError(f"{count:,} images of {list(first.shape)} would need over 4 GiB.")
    images = np.empty((count, *first.shape), np.uint8)
    for i in range(count):
        images[i] = _decode(raw[ends[i] : ends[i + 1]], f"{part} image {i}", first.shape)
    return images


def _decode(content: bytes, name: str, shape: tuple[int, ...] | None) -> Array:
    image_module = load_module("PIL.Image", "decoding JPEG images")
    try:
        with image_module.open(io.BytesIO(content), formats=("JPEG",)) as image:
            # Checked before decoding, so that a huge size costs nothing.
            if shape is not None and image.size != (shape[1], shape[0]):
                raise VectorError(
                    f"{name} is {image.size[0]}x{image.size[1]} and the first "
                    f"{shape[1]}x{shape[0]}."
                )
            if image.size[0] * image.size[1] > 1 << 22:
                raise VectorError(f"{name} is {image.size[0]}x{image.size[1]} pixels, too many.")
            pixels = np.asarray(image)
    except VectorError:
        raise
    except Exception as error:  # Pillow raises whatever the first bad byte leads to
        raise VectorError(f"{name} is no readable JPEG file ({first_line(error)}).") from error
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if shape is not None and pixels.shape != shape:
        raise VectorError(f"{name} has {pixels.shape[2]} colours and the first {shape[2]}.")
    return pixels


def _scikit(module: str) -> Any:
    return load_module(f"sklearn.{module}", "splitting data")
