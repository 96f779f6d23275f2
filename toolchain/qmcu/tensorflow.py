"""TensorFlow, loaded when something needs it: an extra, and slow."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from qmcu.extras import missing_package

# What Keras imports for parts that no command uses: a third of the seconds of the import.
_KERAS_EXTRAS = ("sklearn", "matplotlib", "IPython")
_left_out: list[str] = []


def leave_out_keras_extras() -> None:
    """Import TensorFlow faster from now on: for a process that is qmcu's own.

    Keras's wrappers for scikit-learn and its plots are missing then, as where those packages are
    not installed; the packages themselves can be imported.
    """
    _left_out[:] = _KERAS_EXTRAS


def load_tensorflow(purpose: str = "converting") -> Any:
    """TensorFlow, on the CPU and without its log.

    Raises ToolError when it is not installed: `purpose` needs it.
    """
    # Set before the import: the library reads it once, and logs a page otherwise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    try:
        with quiet(), hidden(_left_out):
            import tensorflow
    except ImportError as error:
        raise missing_package("tensorflow", purpose) from error
    # Advice on tf.function is for who wrote it, not for who runs it.
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
def hidden(names: list[str]) -> Iterator[None]:
    """Have the packages look as if they were not installed, but for those that are loaded."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


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
