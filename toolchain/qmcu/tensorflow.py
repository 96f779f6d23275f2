"""TensorFlow, loaded when something needs it: an extra, and slow."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from qmcu.extras import missing_package


def load_tensorflow(purpose: str = "converting") -> Any:
    """TensorFlow, on the CPU and without its log.

    Raises ToolError when it is not installed: `purpose` needs it.
    """
    # Set before the import: the library reads it once, and logs a page otherwise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    try:
        with quiet():
            import tensorflow
        # Advice on tf.function is for who wrote it, not for who runs it.
        tensorflow.get_logger().setLevel("ERROR")
    except ImportError as error:
        raise missing_package("tensorflow", purpose) from error
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def open_interpreter(model: bytes) -> Any:
    """TensorFlow's interpreter of a .tflite, which keeps every tensor.

    Not with the reference kernels: TensorFlow 2.20's add up an int8 SUM wrongly, and lack a
    REVERSE_V2 of int8.
    """
    lite = load_tensorflow().lite
    found = lite.Interpreter(
        model_content=model,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=(
            lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    found.allocate_tensors()
    return found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back what the converter's C++ writes to standard error; replay nothing."""
    saved = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
