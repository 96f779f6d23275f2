"""Quantization schemes that TensorFlow's converter knows, beside full int8.

What each computes: TensorFlow Lite 8-bit quantization specification and its post-training guide.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.conversion.signatures import load_signature
from qmcu.model.convert import (
    convert_keras,
    export_keras,
    new_converter,
    representative,
    run_converter,
)
from qmcu.scratch import ScratchFolder
from qmcu.tensorflow import load_tensorflow, quiet


@dataclass(frozen=True)
class Scheme:
    """How weights and activations are stored: `name`, in words, and their types."""

    name: str
    title: str
    weights: str
    activations: str


FLOAT32 = Scheme("float32", "float32", "float32", "float32")
FLOAT16 = Scheme("float16", "float16 weights", "float16", "float32")
DYNAMIC = Scheme("dynamic", "dynamic range", "int8", "int8 at run time, float32 between layers")
INT16X8 = Scheme("int16x8", "16x8", "int8", "int16")
INT8_TENSOR = Scheme("int8-tensor", "int8, per tensor", "int8, one scale a layer", "int8")
INT8_CHANNEL = Scheme("int8-channel", "int8, per channel", "int8, a scale a channel", "int8")
INT4_CHANNEL = Scheme("int4-channel", "int4 weights", "int4, a scale a channel", "int8")


def convert_scheme(model: Any, samples: npt.NDArray[np.float32], scheme: Scheme) -> bytes:
    """A Keras model as a .tflite by the scheme; int8 ones calibrated on `samples` [N, ...].

    Raises ToolError without TensorFlow, ModelError for what the converter refuses, ValueError for
    INT4_CHANNEL, which no converter makes of a float model.
    """
    if scheme in (INT8_CHANNEL, INT8_TENSOR):
        return convert_keras(model, samples, per_tensor=scheme is INT8_TENSOR).model
    if scheme is INT4_CHANNEL:
        raise ValueError("the converter has no int4 post-training quantization")
    tensorflow = load_tensorflow()
    with quiet(), ScratchFolder("convert") as folder:
        loaded = load_signature(tensorflow, Path("model"), export_keras(model, Path(folder)))
        values: dict[str, npt.NDArray[Any]] = {spec.name: samples for spec in loaded.inputs}
        converter = new_converter(tensorflow, loaded, values)
        if scheme is not FLOAT32:
            converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        if scheme is FLOAT16:
            converter.target_spec.supported_types = [tensorflow.float16]
        if scheme is INT16X8:
            kinds = tensorflow.lite.OpsSet
            converter.target_spec.supported_ops = [
                kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            ]
            converter.inference_input_type = tensorflow.int16
            converter.inference_output_type = tensorflow.int16
            converter.representative_dataset = representative(values)
        return run_converter(converter, f"the model has no {scheme.title} form")
