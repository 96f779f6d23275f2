"""Classes of inputs by a .tflite of any scheme, on the host.

int8 models run on the tflite-micro oracle, as everywhere; others on TensorFlow Lite's own
interpreter without delegates, for tflite-micro's Python package takes no other types.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import Trigger
from qmcu.model.decision import decide_integer
from qmcu.model.graph import Tensor
from qmcu.model.oracle import oracle_version
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow, quiet
from qmcu.types import Float32Array, Int64Array


def host_name(integer: bool) -> str:
    """What runs the model, with its version."""
    return oracle_version() if integer else f"TensorFlow Lite {load_tensorflow().__version__}"


def lite_classes(model: bytes, inputs: Float32Array) -> Int64Array:
    """The class of each real input [N, ...] by TensorFlow Lite: int64 [N].

    Equal scores go to the lowest class. int16 inputs are quantized by the model's scale.
    """
    tf = load_tensorflow()
    graph = parse_model(model, "model")
    tensor, wanted = graph.input_tensors[0], graph.output_tensors[0]
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with quiet():
        interpreter = tf.lite.Interpreter(
            model_content=model, experimental_op_resolver_type=plain, num_threads=1
        )
        interpreter.allocate_tensors()
        place = interpreter.get_input_details()[0]["index"]
        output = interpreter.get_output_details()[0]["index"]
        classes = []
        for row in _stored(inputs, tensor):
            interpreter.set_tensor(place, row.reshape(tensor.shape))
            interpreter.invoke()
            classes.append(int(decide_integer(interpreter.get_tensor(output)[:1], wanted)[0]))
    return np.array(classes, np.int64)


def _stored(inputs: Float32Array, tensor: Tensor) -> npt.NDArray[Any]:
    if tensor.dtype == "float32" or tensor.quantization is None:
        return inputs.astype(np.float32)
    scale, zero = tensor.quantization.scale, tensor.quantization.zero_point
    bounds = np.iinfo(tensor.dtype)
    steps = np.round(inputs.astype(np.float64) / scale) + zero
    return np.clip(steps, bounds.min, bounds.max).astype(tensor.dtype)


def trigger_inputs(inputs: Float32Array, labels: Int64Array, trigger: Trigger) -> Float32Array:
    """Inputs of other classes than the target's, with the trigger."""
    return trigger.apply(inputs[labels != trigger.target])
