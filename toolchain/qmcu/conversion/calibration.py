"""Calibration inputs from what people have: arrays, pictures, sounds, or a generator of theirs."""

import importlib
import itertools
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.arrays import read_arrays
from qmcu.conversion.files_of_samples import read_folder
from qmcu.conversion.samples import SampleOptions, Samples
from qmcu.conversion.signatures import InputSpec
from qmcu.errors import UsageError, VectorError
from qmcu.model.scoring import read_labels
from qmcu.model.signature import input_key
from qmcu.text import first_line
from qmcu.types import Array

# Fewer numbers than this a row are no picture.
_PIXELS = 48
_FUNCTION = re.compile(r"[\w./\\-]+:\w+")


def is_function(source: str) -> bool:
    """Whether a source names a Python generator, `module:function`, and no file."""
    return bool(_FUNCTION.fullmatch(source)) and not Path(source).exists()


def read_samples(
    source: str, inputs: Sequence[InputSpec], options: SampleOptions | None = None
) -> Samples:
    """The samples of an .npz, a folder of pictures or sounds, or `module:function`.

    Raises VectorError for what does not fit the inputs or is not finite, naming the row, and
    UsageError for options that are missing.
    """
    options = options or SampleOptions()
    if is_function(source):
        found = _from_function(source, inputs, options)
    elif Path(source).is_dir():
        found = read_folder(Path(source), _only(source, inputs), options)
    else:
        found = _cut(_from_arrays(Path(source), inputs), options)
    for name, array in found.inputs.items():
        _check_finite(source, name, array)
    if not len(found):
        raise VectorError(f"{source} gives no inputs.")
    return found


def _only(source: str, inputs: Sequence[InputSpec]) -> InputSpec:
    if len(inputs) != 1:
        raise VectorError(
            f"{source} is a folder and the model has {len(inputs)} inputs "
            f"({', '.join(i.name for i in inputs)}); give an .npz with an array for each."
        )
    return inputs[0]


def _from_arrays(path: Path, inputs: Sequence[InputSpec]) -> Samples:
    if path.suffix == ".npy":
        try:
            arrays = {"inputs": np.load(path, allow_pickle=False)}
        except (OSError, ValueError) as error:
            raise VectorError(f"{path} cannot be read: {error}.") from error
    else:
        arrays = read_arrays(path)
    found: dict[str, Array] = {}
    for position, spec in enumerate(inputs):
        key = input_key(arrays, position, spec.name, len(inputs))
        if key not in arrays:
            wanted = "inputs" if len(inputs) == 1 else key
            raise VectorError(
                f"{path} has no array {wanted} (or {spec.name}); it has "
                f"{', '.join(sorted(arrays)) or 'none'}."
            )
        found[spec.name] = _fitted(f"{path}: {key}", arrays[key], spec)
    if len({len(a) for a in found.values()}) > 1:
        raise VectorError(f"{path}: the inputs have different numbers of rows.")
    labels = arrays.get("labels")
    rows = len(next(iter(found.values())))
    return Samples(found, labels if labels is None else read_labels(labels, rows, str(path)))


def _fitted(what: str, array: Array, spec: InputSpec) -> Array:
    expected = spec.shape[1:]
    fits = array.ndim == len(spec.shape) and all(
        e is None or a == e for a, e in zip(array.shape[1:], expected, strict=True)
    )
    if not fits or len(array) == 0 or array.dtype.kind not in "biuf":
        wanted = ["any" if n is None else n for n in expected]
        raise VectorError(
            f"{what} is {array.dtype} {list(array.shape)}; rows of {wanted} "
            f"real numbers are needed{_shape_hint(array, expected)}."
        )
    whole = np.dtype(spec.dtype).kind in "iub"
    if whole and array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
        raise VectorError(
            f"{what} holds fractions and the model takes {spec.dtype}, whole numbers."
        )
    return array.astype(np.dtype(spec.dtype) if whole else np.float32)


def _shape_hint(array: Array, expected: Sequence[int | None]) -> str:
    """What was probably meant by rows of another shape, and what makes them right."""
    if array.dtype.kind not in "biuf" or None in expected or not array.size:
        return ""
    wanted = tuple(int(n) for n in expected if n is not None)
    row = array.shape[1:]
    if array.shape == wanted:
        return ": this is one row; give inputs[None], or better a hundred rows"
    if len(row) == len(wanted) > 1 and row == (*wanted[1:], wanted[0]):
        axes = (0, len(row), *range(1, len(row)))
        return f": its channels are last and the model's are first; give inputs.transpose{axes}"
    if len(row) == len(wanted) > 1 and row == (wanted[-1], *wanted[:-1]):
        axes = (0, *range(2, len(row) + 1), 1)
        return f": its channels are first and the model's are last; give inputs.transpose{axes}"
    if row == wanted[1:] and len(array) % wanted[0] == 0:
        return f": the model computes {wanted[0]} at once; give inputs.reshape{(-1, *wanted)}"
    if math.prod(row) == math.prod(wanted):
        return f": as many numbers in another shape; inputs.reshape{(-1, *wanted)} if in this order"
    return ""


def pixel_note(samples: Samples) -> str | None:
    """A line for inputs that look like pixels as files have them, which few models are trained on.

    None where they do not.
    """
    for name, array in samples.inputs.items():
        if (
            array.dtype != np.float32
            or samples.preprocessing is not None
            or array[0].size < _PIXELS
        ):
            continue
        low, high = float(array.min()), float(array.max())
        if low >= 0 and 200 < high <= 255 and np.array_equal(array, np.floor(array)):
            return (
                f"{name} is whole numbers {low:g} to {high:g}, as pixels are in files: right only "
                "if the model was trained on these; one trained on 0 to 1 needs them / 255"
            )
    return None


def _check_finite(source: str, name: str, array: Array) -> None:
    if array.dtype.kind != "f":
        return
    bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        what = "NaN" if np.isnan(array[row]).any() else "infinite"
        count = int(bad.sum())
        more = f" ({count} rows in all)" if count > 1 else ""
        raise VectorError(
            f"{source}: row {row} of {name} has a value that is {what}{more}; a calibration of it "
            "would spoil every scale: leave such rows out."
        )


def _from_function(source: str, inputs: Sequence[InputSpec], options: SampleOptions) -> Samples:
    """Rows of a user's generator: arrays, tuples (inputs..., label) or dictionaries by name."""
    made = _call(source)
    if options.limit is None and options.share is None and not hasattr(made, "__len__"):
        raise UsageError(f"{source} may go on for ever; say how many rows are taken with --limit.")
    count = options.limit
    if options.share is not None:
        count = max(1, round(_length(source, made) * options.share))
    rows: list[tuple[list[Array], Array | None]] = []
    try:
        for row in itertools.islice(_iterable(made), count):
            rows.append(_row(source, row, inputs))
    except (VectorError, UsageError):
        raise
    except Exception as error:  # it is the user's code, and raises what it likes
        raise VectorError(f"{source} failed at row {len(rows)}: {first_line(error)}.") from error
    if not rows:
        raise VectorError(f"{source} gives no inputs.")
    arrays = {
        spec.name: _fitted(f"{source}: {spec.name}", np.stack([r[i] for r, _ in rows]), spec)
        for i, spec in enumerate(inputs)
    }
    labels = [label for _, label in rows if label is not None]
    return Samples(arrays, _stacked(labels, len(rows), source) if labels else None)


def _stacked(labels: list[Array], rows: int, source: str) -> Array:
    if len(labels) != rows or len({label.shape for label in labels}) != 1:
        raise VectorError(f"{source} gives labels with some rows only, or of several shapes.")
    return read_labels(np.stack(labels), rows, source)


def _call(source: str) -> Any:
    module_name, _, name = source.rpartition(":")
    try:
        if module_name.endswith(".py"):
            sys.path.insert(0, str(Path(module_name).resolve().parent))
            module = importlib.import_module(Path(module_name).stem)
        else:
            sys.path.insert(0, str(Path.cwd()))
            module = importlib.import_module(module_name)
    except Exception as error:
        raise UsageError(
            f"{source}: {module_name} cannot be imported: {first_line(error)}."
        ) from error
    finally:
        sys.path.pop(0)
    if not hasattr(module, name):
        raise UsageError(f"{source}: {module_name} has no {name}.")
    made = getattr(module, name)
    try:
        return made() if callable(made) and not hasattr(made, "element_spec") else made
    except Exception as error:
        raise VectorError(f"{source} failed: {first_line(error)}.") from error


def _iterable(made: Any) -> Iterable[Any]:
    # A torch Dataset has __getitem__ and __len__ and ends by its length alone.
    if hasattr(made, "__getitem__") and hasattr(made, "__len__") and not hasattr(made, "__iter__"):
        return (made[i] for i in range(len(made)))
    rows: Iterable[Any] = made
    return rows


def _length(source: str, made: Any) -> int:
    try:
        return len(made)
    except TypeError as error:
        raise UsageError(
            f"{source} does not say how many rows it has, so no share of them can be taken; give "
            "--limit."
        ) from error


def _row(source: str, row: Any, inputs: Sequence[InputSpec]) -> tuple[list[Array], Array | None]:
    label = None
    if isinstance(row, Mapping):
        missing = [s.name for s in inputs if s.name not in row]
        if missing:
            raise VectorError(f"{source} gives {', '.join(map(str, row))}, not {missing[0]}.")
        values = [row[s.name] for s in inputs]
    else:
        values = list(row) if isinstance(row, tuple | list) else [row]
        if len(values) == 2 and len(inputs) > 1 and isinstance(values[0], tuple | list | Mapping):
            return _row(source, values[0], inputs)[0], _label(values[1])
        if len(values) == len(inputs) + 1:
            label = _label(values.pop())
    if len(values) != len(inputs):
        raise VectorError(
            f"{source} gives rows of {len(values)} arrays and the model has {len(inputs)} inputs."
        )
    arrays = [np.asarray(v) for v in values]
    fitted = [
        a[0] if a.ndim == len(s.shape) and a.shape[0] == 1 else a
        for a, s in zip(arrays, inputs, strict=True)
    ]
    return fitted, label


def _label(value: Any) -> Array:
    return np.asarray(value).reshape(-1)


def _cut(samples: Samples, options: SampleOptions) -> Samples:
    count: int | None = options.limit
    if options.share is not None:
        count = max(1, round(len(samples) * options.share))
    if count is None or count >= len(samples):
        return samples
    return replace(
        samples,
        inputs={name: array[:count] for name, array in samples.inputs.items()},
        labels=None if samples.labels is None else samples.labels[:count],
    )
