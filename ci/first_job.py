"""The first job of an installed qmcu, on any system: build, expected bytes, every byte compared.

    python ci/first_job.py [--without-compiler]

Run outside the checkout, with the qmcu that was installed. A small model is written by qmcu itself.
With --without-compiler, on a machine without the cross compiler, only what needs none is done:
the model is read, and the portable kernels compiled by the host's own compiler are run.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.writer import write_model


def model() -> bytes:
    """A layer of 32 neurons on 16 inputs, with RELU."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (32, 16)).astype(np.int8)
    bias = rng.integers(-500, 500, 32).astype("<i4")
    half, fine = Quantization((0.5,), (3,)), Quantization((0.25,), (0,))
    tensors = (
        Tensor(0, "in", (1, 16), "int8", half),
        Tensor(1, "weights", (32, 16), "int8", fine, weights.tobytes()),
        Tensor(2, "bias", (32,), "int32", Quantization((0.125,), (0,)), bias.tobytes()),
        Tensor(3, "out", (1, 32), "int8", Quantization((32.0,), (3,))),
    )
    layer = Operator(0, "FULLY_CONNECTED", (0, 1, 2), (3,), {"fused_activation_function": "RELU"})
    return write_model(Graph("small", tensors, (layer,), (0,), (3,)))


def qmcu(*arguments: str) -> None:
    """Run a command; it must succeed."""
    print("$ qmcu", *arguments, flush=True)
    subprocess.run([sys.executable, "-m", "qmcu", *arguments], check=True)


def main() -> None:
    """Do it in the working directory."""
    Path("small.tflite").write_bytes(model())
    np.savez("inputs.npz", inputs=np.random.default_rng(1).integers(-128, 128, (20, 16), np.int8))
    qmcu("inspect", "small.tflite")
    qmcu("boards", "--fits", "small.tflite")
    make = ("vectors", "make", "small.tflite", "--inputs", "inputs.npz", "--oracle", "portable")
    qmcu(*make, "-o", "vectors.npz")
    if "--without-compiler" in sys.argv:
        return
    qmcu("build", "small.tflite", "--board", "stm32f746", "-o", "firmware")
    qmcu("test", "firmware", "--on", "unicorn", "--vectors", "vectors.npz", "--trace")


if __name__ == "__main__":
    main()
