"""What the kinds of files share in the converter's process: its files, samples, and TensorFlow."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.conversion.signatures import InputSpec
from qmcu.errors import ModelError
from qmcu.model.forms import settle
from qmcu.text import first_line
from qmcu.types import Array

MODEL, FLOAT = "model.tflite", "float.tflite"


def quantize_file(path: Path, data: bytes, samples: list[Array], order: Mapping[str, Any]) -> bytes:
    """What TensorFlow's converter does with its own float file: calibrate, then quantize.

    Each operator is then in numbers that tflite-micro has it in. Raises ModelError.
    """
    try:
        with contextlib.redirect_stdout(None):
            return settle(_quantized(data, samples, order), path.stem)
    except Exception as error:
        raise ModelError(f"{path} cannot be quantized: {first_line(error)}.") from error


def _quantized(data: bytes, samples: list[Array], order: Mapping[str, Any]) -> bytes:
    from tensorflow.lite.python import convert
    from tensorflow.lite.python.optimize import calibrator
    from tensorflow.python.framework import dtypes

    def rows() -> Any:
        for i in range(len(samples[0])):
            yield [array[i : i + 1] for array in samples]

    wide = bool(order.get("wide"))
    per_tensor = bool(order.get("per_tensor"))
    kind = dtypes.int16 if wide else dtypes.int8
    calibration = calibrator.Calibrator(calibrator.add_intermediate_tensors(data))
    if wide:
        return bytes(
            calibration.calibrate_and_quantize(
                rows, kind, kind, False, kind, None, disable_per_channel=per_tensor
            )
        )
    return bytes(
        convert.mlir_quantize(
            calibration.calibrate(rows),
            disable_per_channel=per_tensor,
            input_data_type=kind,
            output_data_type=kind,
        )
    )


def read_samples(path: Path, inputs: tuple[InputSpec, ...]) -> dict[str, Array]:
    """The samples that the parent checked, in the types that the model takes."""
    with np.load(path, allow_pickle=False) as archive:
        return {
            spec.name: archive[f"input_{i}"].astype(np.dtype(spec.dtype))
            for i, spec in enumerate(inputs)
        }
