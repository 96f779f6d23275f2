"""Scikit-learn's digits for networks that come quantized, and what becomes of one on a board."""

from pathlib import Path

import msgspec
import numpy as np
import torch
from bench.frontdoor.__main__ import RESULTS
from sklearn.datasets import load_digits
from torch import Tensor, nn

import qmcu
from qmcu.files import write_atomic
from qmcu.model.convert import Conversion
from qmcu.model.onnx.proof import OnnxProof
from qmcu.model.oracle import Oracle
from qmcu.types import Array

# The digits that are trained on; the others are held out.
TRAINED = 1297


def load() -> tuple[Tensor, Tensor]:
    """Images [N, 1, 8, 8], 0 to 1, and their labels."""
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    return torch.tensor(images), torch.tensor(digits.target)


def train(model: nn.Module, x: Tensor, y: Tensor, epochs: int = 8) -> None:
    """Cross entropy by Adam, in batches of 64."""
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
    model.eval()


def measure(
    network: str, conversion: Conversion, proof: OnnxProof, theirs: Array, output: Path, store: str
) -> int:
    """Run the .tflite at `output` on the held-out digits and on the emulated board.

    `theirs` are PyTorch's answers to them. The figures go into the file `store` of the results and
    are printed; 0 when all is equal.
    """
    x, y = load()
    images, labels = x[TRAINED:].permute(0, 2, 3, 1).numpy(), y[TRAINED:].numpy()
    (tensor,) = conversion.graph.input_tensors
    grid = tensor.quantization
    assert grid is not None
    rows = np.rint(images / np.float32(grid.scale)) + grid.zero_point
    rows = np.clip(rows, -128, 127).astype(np.int8).reshape(-1, *tensor.shape[1:])
    (answers,) = Oracle(conversion.model).run_many([rows])
    ours = answers.reshape(len(rows), -1).argmax(1)
    vectors = output.parent / "vectors.npz"
    np.savez(vectors, inputs=rows, labels=labels)
    firmware = qmcu.build(output, "stm32f407", output.parent / "firmware")
    result = qmcu.test(firmware, vectors=qmcu.vectors(output, vectors, limit=20))
    document = {
        "network": network, "converter": conversion.converter,
        "weights": proof.weights, "equal_weights": proof.equal_weights,
        "output_steps": proof.largest, "inputs": proof.inputs,
        "accuracy_pytorch": round(float((theirs == labels).mean()), 4),
        "accuracy_int8": round(float((ours == labels).mean()), 4),
        "answers_equal": int((ours == theirs).sum()), "images": len(labels),
        "board": "stm32f407", "vectors": result.vectors,
        "equal": result.vectors - len(result.differences),
        "flash": firmware.memory.used("flash"), "ram": firmware.memory.used("RAM"),
    }  # fmt: skip
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    write_atomic(RESULTS / store, text + b"\n")
    print(text.decode())
    return 0 if result.passed and proof.equal_weights == proof.weights else 1
