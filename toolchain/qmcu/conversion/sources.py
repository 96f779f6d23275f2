"""What the converter's process opens: each kind of file, its inputs, and how it is converted."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from qmcu.conversion import keras_files
from qmcu.conversion.function_forms import function_forms, notes_of
from qmcu.conversion.image_forms import image_forms
from qmcu.conversion.onnx_files import SUFFIXES as ONNX_SUFFIXES
from qmcu.conversion.onnx_files import OnnxFile
from qmcu.conversion.quantizing import FLOAT, MODEL, quantize, read_samples
from qmcu.conversion.signatures import InputSpec, Loaded, load_signature
from qmcu.conversion.spectra import real_spectra, spectra_notes
from qmcu.conversion.tflite_files import open_tflite
from qmcu.errors import ModelError
from qmcu.model.convert import convert_loaded, export_keras
from qmcu.model.forms import GELU_NOTE, settle, without_gelu
from qmcu.model.signature import in_order, own_inputs, own_outputs
from qmcu.tensorflow import load_tensorflow
from qmcu.text import first_line
from qmcu.types import Array


class Source(Protocol):
    """An opened model: its inputs in its own order, and what was changed while opening it."""

    inputs: tuple[InputSpec, ...]
    notes: tuple[str, ...]
    # Whether the file has scales of its own, so that no calibration is needed.
    quantized: bool

    def convert(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Write what the order asks for: int8 from `samples`, `float`; answer with the tool."""
        ...


def open_source(path: Path, folder: Path, request: Mapping[str, Any]) -> Source:
    """Open a model's file by what it is. Raises ModelError, ToolError."""
    if path.suffix == ".tflite":
        return open_tflite(path, folder)
    if path.suffix in ONNX_SUFFIXES:
        return OnnxFile(path, folder, request)
    tensorflow = load_tensorflow()
    keras = None
    notes: tuple[str, ...] = ()
    saved = path
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ModelError(f"{path} is a directory without saved_model.pb, no SavedModel.")
    elif path.suffix in keras_files.SUFFIXES:
        # Layers of Keras 2 take their functions when they are made.
        with image_forms(tensorflow), function_forms(tensorflow) as early:
            opened = keras_files.open_file(
                tensorflow, path, trust=bool(request.get("trust")),
                custom=tuple(request.get("custom", ())),
            )  # fmt: skip
        keras, notes = opened.model, opened.notes
        try:
            with (
                image_forms(tensorflow),
                function_forms(tensorflow) as asked,
                real_spectra(tensorflow) as lengths,
            ):
                saved = export_keras(keras, folder)
            notes = (*notes, *notes_of(early | asked), *spectra_notes(lengths))
        except Exception as error:
            raise _not_exported(path, keras, error) from error
    else:
        raise ModelError(
            f"{path} is neither a Keras file ({', '.join(keras_files.SUFFIXES)}) nor a SavedModel "
            "directory nor .onnx, .pt2 or .tflite."
        )
    loaded = load_signature(tensorflow, path, saved, request.get("signature"))
    return SavedSource(tensorflow, path, folder, loaded, keras, notes)


def _not_exported(path: Path, keras: Any, error: Exception) -> ModelError:
    names = [str(t.name) for t in getattr(keras, "inputs", None) or []]
    odd = [name for name in names if not name.isidentifier()]
    if odd and "argument names" in str(error):
        return ModelError(
            f"{path}: input {odd[0]!r} has a name that no function's argument can have; rename it "
            "(letters, digits and _) and save the model again."
        )
    return ModelError(f"{path} cannot be exported for inference: {_cause(error)}.")


def _cause(error: Exception) -> str:
    """What Keras says, behind its first line: that one only names the call."""
    lines = [re.sub(r"\x1b\[\d*m", "", line).strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith("Exception encountered when")]
    return told[0].rstrip(".") if told else first_line(error)


class SavedSource:
    """A SavedModel, perhaps exported from a Keras model a moment ago."""

    quantized = False

    def __init__(
        self, tensorflow: Any, path: Path, folder: Path, loaded: Loaded, keras: Any,
        notes: tuple[str, ...],
    ) -> None:  # fmt: skip
        self._tensorflow, self._path, self._folder = tensorflow, path, folder
        self._loaded = loaded
        self.notes = notes
        _refuse_not_finite(path, loaded)
        specs = {spec.name: spec for spec in loaded.inputs}
        self._names = own_inputs(loaded, keras, tuple(specs))
        self.inputs = tuple(specs[name] for name in self._names)
        self._outputs = own_outputs(loaded, keras)
        for spec in self.inputs:
            if spec.dtype == "string":
                raise ModelError(
                    f"{path}: input {spec.name} takes text; a microcontroller gets numbers: export "
                    "the model from behind its text layer, with the tokens as input."
                )

    def convert(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """See `Source`."""
        samples = self._samples(order)
        wanted = {FLOAT: False, MODEL: True} if order.get("float") else {MODEL: True}
        if order.get("samples") is None:
            wanted = {FLOAT: False}
        notes: tuple[str, ...] = ()
        rows = [samples[name] for name in self._names]

        def prepared(data: bytes) -> bytes:
            nonlocal notes
            data = in_order(data, self._names, tuple(self._outputs.values()))
            real = without_gelu(data, self._path.stem)
            notes = notes if real is data else (GELU_NOTE,)
            return real

        for name, quantized in wanted.items():
            data = convert_loaded(
                self._tensorflow, self._path, self._loaded, samples,
                per_tensor=bool(order.get("per_tensor")), quantized=quantized,
                outputs=self._outputs, wide=bool(order.get("wide")),
                quantize=lambda data: quantize(prepared(data), rows, order),
            )  # fmt: skip
            data = settle(data if quantized else prepared(data), self._path.stem)
            data = in_order(data, self._names, tuple(self._outputs.values()))
            (self._folder / name).write_bytes(data)
        made_by = f"TensorFlow {self._tensorflow.__version__}"
        return {"converter": made_by, "files": list(wanted), "notes": list(notes)}

    def _samples(self, order: Mapping[str, Any]) -> dict[str, Array]:
        if order.get("samples") is not None:
            return read_samples(self._folder / order["samples"], self.inputs)
        return {
            s.name: np.zeros((1, *(n or 1 for n in s.shape[1:])), np.dtype(s.dtype))
            for s in self.inputs
        }


def _refuse_not_finite(path: Path, loaded: Loaded) -> None:
    for variable in getattr(loaded.model, "variables", None) or loaded.function.variables:
        values = np.asarray(variable)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            bad = int(values.size - np.count_nonzero(np.isfinite(values)))
            what = "NaN" if np.isnan(values).any() else "infinite"
            raise ModelError(
                f"{path}: {bad} of {values.size} values of {variable.name} are {what}: the "
                "training diverged, or the file is damaged; take an earlier checkpoint."
            )
