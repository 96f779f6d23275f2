"""Keras files of every age, opened for inference in float32: in the converter's process only."""

import importlib
import importlib.util
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.conversion.keras_names import slashed
from qmcu.errors import ModelError, ToolError
from qmcu.extras import install_command
from qmcu.model.file_kinds import describe_other
from qmcu.text import first_line, printable

SUFFIXES = (".keras", ".h5", ".hdf5")
_HALVES = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64")
# Unrolled, a layer's operators are in the file once for each step.
_MAX_STEPS = 256
_HEAD = 512
# Of a configuration; the largest models' have a few megabytes.
_MAX_TEXT = 64 << 20
# Recurrent layers that Keras 3 unrolls and Keras 2 cannot.
_IMAGES_OVER_TIME = ("ConvLSTM1D", "ConvLSTM2D")
_MISSING_CLASS = ("Could not locate class", "Unknown layer", "Could not locate function")


@dataclass(frozen=True, eq=False)
class KerasModel:
    """A Keras model, which Keras it is of, and what was changed for conversion."""

    model: Any
    keras: Any
    notes: tuple[str, ...] = ()


def open_file(
    tensorflow: Any, source: Path, *, trust: bool = False, custom: tuple[str, ...] = ()
) -> KerasModel:
    """The model of a .keras, .h5 or .hdf5 file, in float32 and with finite weights.

    `trust` also runs the Python code of Lambda layers; `custom` are modules or .py files whose
    classes and functions the model uses. Raises ModelError when it does not load or is quantized
    by Keras already, ToolError when it needs Keras 2 and that is not installed.
    """
    refuse_no_archive(source)
    names = _custom_objects(custom)
    refuse_large_texts(source)
    version, config = describe_file(source)
    old = version.startswith(("1.", "2."))
    over_time = any(f'"{kind}"' in config for kind in _IMAGES_OVER_TIME)
    keras = _keras_2() if old and not over_time else None
    if old and not trust and re.search(r'"class_name":\s*"Lambda"', config):
        raise _lambda(source)
    legacy = keras is not None
    if keras is None:
        keras = tensorflow.keras
        if old and over_time:
            names |= {kind: without_time_major(keras, kind) for kind in _IMAGES_OVER_TIME}
    elif "QuantizeWrapper" in config or "QuantizeLayer" in config:
        names |= _quantization_aware(source)
    try:
        with slashed(source) as readable:
            model = _load(keras, readable, names, trust)
    except Exception as error:
        raise explain(source, error, version, lacking=old and not legacy) from error
    _refuse_quantized(source, model)
    model, notes = _in_float32(source, model, names)
    _refuse_not_finite(source, model)
    model, unrolled = _unrolled(model, names, legacy)
    return KerasModel(model, keras, notes + unrolled)


def refuse_no_archive(source: Path) -> None:
    """Raise ModelError for a .keras file that is no archive: Keras would say that it is not there.

    What else it is, is told.
    """
    if source.suffix != ".keras" or zipfile.is_zipfile(source):
        return
    with source.open("rb") as file:
        other = describe_other(file.read(_HEAD), source.stat().st_size)
    if other is None or "zip archive" in other or "Keras model" in other:
        other = "no .zip archive, or one cut off"
    raise ModelError(f"{source} is no loadable Keras model: {other}.")


def refuse_large_texts(source: Path) -> None:
    """Raise ModelError for a .keras file with more to read than weights and a configuration.

    Keras unpacks its texts whole, before it looks at them.
    """
    if source.suffix != ".keras":
        return
    with suppress(OSError, ValueError, RuntimeError, zipfile.BadZipFile):  # Keras says what it is
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
        for entry in entries:
            if entry.filename.endswith(".json") and entry.file_size > _MAX_TEXT:
                raise ModelError(
                    f"{source}: {printable(entry.filename)} would unpack to {entry.file_size:,} "
                    f"bytes, and {_MAX_TEXT:,} are read; it is no model's configuration."
                )


def describe_file(source: Path) -> tuple[str, str]:
    """The version of Keras that wrote a file, and the model's configuration as JSON text.

    Both empty where the file does not say.
    """
    try:
        if source.suffix == ".keras":
            with zipfile.ZipFile(source) as archive:
                version = json.loads(archive.read("metadata.json")).get("keras_version", "")
                return str(version), archive.read("config.json").decode("utf-8", "replace")
        import h5py

        with h5py.File(source, "r") as file:
            found = [file.attrs.get(n, b"") for n in ("keras_version", "model_config")]
            texts = [t.decode() if isinstance(t, bytes) else str(t) for t in found]
            return texts[0], texts[1]
    except Exception:
        # Keras itself says what is wrong with it.
        return "", ""


def _keras_2() -> Any:
    if importlib.util.find_spec("tf_keras") is None:
        return None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = importlib.import_module("tf_keras")
    # Layers that augment would do so in the exported graph: they are told by this alone.
    keras.backend.set_learning_phase(0)
    return keras


def without_time_major(keras: Any, kind: str) -> Any:
    """A recurrent layer of Keras 3 that takes the one setting of Keras 2 that it lacks."""
    layer = getattr(keras.layers, kind)

    def __init__(self: Any, *given: Any, time_major: bool = False, **named: Any) -> None:
        layer.__init__(self, *given, **named)

    return type(kind, (layer,), {"__init__": __init__})


def _quantization_aware(source: Path) -> dict[str, Any]:
    """The classes of models trained for quantization by TensorFlow's optimization toolkit."""
    try:
        module = importlib.import_module("tensorflow_model_optimization")
    except ImportError as error:
        raise ToolError(
            f"{source} was trained for quantization with the package tensorflow-model-optimization,"
            f" which is not installed: `{install_command('tensorflow-model-optimization')}`."
        ) from error
    found: dict[str, Any] = {}
    for names in module.quantization.keras.quantize_scope().custom_objects:
        found |= names
    return found


def _load(keras: Any, source: Path, names: Mapping[str, Any], trust: bool) -> Any:
    arguments: dict[str, Any] = {"compile": False, "custom_objects": dict(names) or None}
    if source.suffix == ".keras":
        arguments["safe_mode"] = not trust
    elif (
        trust
        and hasattr(keras, "config")
        and hasattr(keras.config, "enable_unsafe_deserialization")
    ):
        keras.config.enable_unsafe_deserialization()
    return keras.models.load_model(source, **arguments)


def _custom_objects(modules: tuple[str, ...]) -> dict[str, Any]:
    """The classes and functions of Python files or modules, by their names."""
    found: dict[str, Any] = {}
    for name in modules:
        try:
            if name.endswith(".py"):
                sys.path.insert(0, str(Path(name).resolve().parent))
                module = importlib.import_module(Path(name).stem)
            else:
                module = importlib.import_module(name)
        except Exception as error:  # the module is the user's, and raises what it likes
            raise ModelError(f"--custom {name} cannot be imported: {first_line(error)}.") from error
        found |= {
            key: value
            for key, value in vars(module).items()
            if not key.startswith("_") and (isinstance(value, type) or callable(value))
        }
    return found


def explain(source: Path, error: Exception, version: str, *, lacking: bool) -> Exception:
    """Why a file did not load, with the way out; `lacking` where it wants Keras 2."""
    text = str(error)
    if lacking:
        return ToolError(
            f"{source} was written by Keras {version}, which Keras 3 cannot load "
            f"({first_line(error)}): `{install_command('tf-keras')}` brings Keras 2."
        )
    if "Lambda" in text and ("unsafe" in text or "safe_mode" in text):
        return _lambda(source)
    if any(sign in text for sign in _MISSING_CLASS):
        found = re.search(r"(?:locate (?:class|function)|Unknown layer:?) '?\"?([\w>.]+)", text)
        missing = found[1] if found else "a layer"
        return ModelError(
            f"{source} uses {missing}, whose Python code is not in the file: name the file or "
            "module that defines it with --custom, or export the model where that code is "
            "(`model.export(FOLDER)`) and convert that folder."
        )
    for sign, meaning in _DAMAGES.items():
        if sign in text:
            return ModelError(f"{source} is no loadable Keras model: {meaning}.")
    return ModelError(f"{source} is no loadable Keras model: {first_line(error)}.")


# What libraries say of damaged and half files, and what that means.
_DAMAGES = {
    "CRC-32": "a part of it is damaged (its checksum is wrong); copy or download it again",
    "truncated file": "it is cut off; copy or download it again",
    "No model config found": "it holds weights alone; save the whole model, "
    "`model.save('model.keras')`",
    "named 'config.json'": "the archive holds no config.json, which every .keras file has; save "
    "the model with `model.save('model.keras')`",
    "Expected a model.weights": "the archive holds no weights; save the whole model, "
    "`model.save('model.keras')`",
}


def _lambda(source: Path) -> ModelError:
    return ModelError(
        f"{source} has a Lambda layer, which is Python code inside the file: if you know where it "
        "comes from, --trust runs it; else have it exported (`model.export(FOLDER)`) and convert "
        "that folder."
    )


def _refuse_quantized(source: Path, model: Any) -> None:
    """Weights that Keras rounded itself lost what a calibration would look at."""
    for layer in _layers(model):
        mode = getattr(layer, "quantization_mode", None)
        if mode:
            raise ModelError(
                f"{source} was quantized by Keras already (layer {layer.name} is {mode}): its "
                "weights are integers with float activations around them; convert the model as it "
                f'was before `model.quantize("{mode}")`.'
            )


def _in_float32(source: Path, model: Any, names: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """The model computing in float32, where its layers compute in another type."""
    found = {t for layer in _layers(model) if (t := _policy(layer)) in _HALVES}
    if not found:
        return model, ()
    kinds = ", ".join(sorted(found))
    try:
        config = _replaced(model.get_config())
        changed = type(model).from_config(config, custom_objects=dict(names) or None)
        changed.set_weights([np.asarray(w, np.float32) for w in model.get_weights()])
    except Exception as error:
        raise ModelError(
            f"{source} computes in {kinds} and cannot be rebuilt in float32 "
            f"({first_line(error)}): set the policy float32, load the weights and save it again."
        ) from error
    return changed, (f"the model computes in {kinds}; its weights were cast to float32",)


def _unrolled(model: Any, names: Mapping[str, Any], old: bool) -> tuple[Any, tuple[str, ...]]:
    """The model with its recurrent layers unrolled: the converter has no loop over a list.

    Same weights, same results. Keras 2's LSTM stays, for which there is an operator.
    """
    kinds = ("GRU", "SimpleRNN") if old else ("LSTM", "GRU", "SimpleRNN", "RNN", *_IMAGES_OVER_TIME)
    sizes = [tuple(t.shape)[1:] for t in getattr(model, "inputs", None) or []]
    if not sizes or any(n is None or n > _MAX_STEPS for size in sizes for n in size[:1]):
        return model, ()
    found: list[str] = []
    try:
        config = _with_unroll(model.get_config(), kinds, found)
        if not found:
            return model, ()
        changed = type(model).from_config(config, custom_objects=dict(names) or None)
        changed.set_weights(model.get_weights())
    except Exception:
        # As it is, then: the converter says what it cannot do.
        return model, ()
    return changed, (f"recurrent layers were unrolled: {', '.join(found)}",)


def _with_unroll(config: Any, kinds: tuple[str, ...], found: list[str]) -> Any:
    if isinstance(config, Mapping):
        changed = {key: _with_unroll(value, kinds, found) for key, value in config.items()}
        own = changed.get("config")
        if config.get("class_name") in kinds and isinstance(own, dict) and not own.get("unroll"):
            own["unroll"] = True
            found.append(str(own.get("name", config["class_name"])))
        return changed
    if isinstance(config, list | tuple):
        return type(config)(_with_unroll(value, kinds, found) for value in config)
    return config


def _policy(layer: Any) -> str:
    policy = getattr(layer, "dtype_policy", None)
    return str(getattr(policy, "name", "") or getattr(layer, "_dtype", "") or "")


def _replaced(config: Any) -> Any:
    """A configuration with float32 in the place of every other real type."""
    if isinstance(config, Mapping):
        return {key: _replaced(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(_replaced(value) for value in config)
    return "float32" if isinstance(config, str) and config in _HALVES else config


def _refuse_not_finite(source: Path, model: Any) -> None:
    for variable in model.weights:
        values = np.asarray(variable)
        if values.dtype.kind != "f":
            continue
        bad = int(values.size - np.count_nonzero(np.isfinite(values)))
        if bad:
            name = getattr(variable, "path", "") or variable.name
            what = "NaN" if np.isnan(values).any() else "infinite"
            raise ModelError(
                f"{source}: {bad} of {values.size} values of {name} are {what}: the training "
                "diverged, or the file is damaged; take an earlier checkpoint."
            )


def _layers(model: Any) -> Iterator[Any]:
    flatten = getattr(model, "_flatten_layers", None)
    yield from flatten() if flatten is not None else model.layers
