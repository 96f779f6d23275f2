"""From training to bytes on a board: Brevitas on digits, `python -m bench.frontdoor.trained`.

Trained with 8 bit weights and activations, exported as ONNX, converted with its own scales, run on
the emulated board; accuracy of PyTorch and of the board's integers on the held-out digits.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import msgspec
import numpy as np
import torch
from bench.frontdoor.__main__ import RESULTS
from brevitas.export import export_onnx_qcdq
from brevitas.quant import (
    Int8ActPerTensorFloat,
    Int8WeightPerChannelFloat,
    Int32Bias,
    Uint8ActPerTensorFloat,
)
from sklearn.datasets import load_digits
from torch import Tensor, nn

import qmcu
from qmcu.files import write_atomic
from qmcu.model.onnx import read_onnx
from qmcu.model.onnx.proof import prove_onnx, random_inputs
from qmcu.model.oracle import Oracle

_WEIGHTS = {"weight_quant": Int8WeightPerChannelFloat, "bias_quant": Int32Bias,
            "return_quant_tensor": True}  # fmt: skip
_TRAINED = 1297


class Digits(nn.Module):
    """Two convolutions and a layer of ten classes, integers at every place."""

    def __init__(self) -> None:
        super().__init__()
        relu: dict[str, Any] = {"act_quant": Uint8ActPerTensorFloat, "return_quant_tensor": True}
        self.body = nn.Sequential(
            qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, return_quant_tensor=True),
            qnn.QuantConv2d(1, 12, 3, padding=1, **_WEIGHTS), qnn.QuantReLU(**relu),
            qnn.QuantConv2d(12, 24, 3, stride=2, padding=1, **_WEIGHTS), qnn.QuantReLU(**relu),
        )  # fmt: skip
        self.last = qnn.QuantLinear(384, 10, bias=True, **_WEIGHTS)
        self.out = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.last(self.body(x).flatten(1)))


def train(model: nn.Module, x: Tensor, y: Tensor, epochs: int = 8) -> None:
    """Cross entropy by Adam, in batches of 64."""
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
    model.eval()


def main() -> int:
    """Train, convert, run; store the figures."""
    torch.manual_seed(3)
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    x, y = torch.tensor(images), torch.tensor(digits.target)
    model = Digits()
    train(model, x[:_TRAINED], y[:_TRAINED])
    with torch.no_grad():
        theirs = model(x[_TRAINED:]).argmax(1).numpy()
    with tempfile.TemporaryDirectory(prefix="qmcu-trained-") as name:
        folder = Path(name)
        path, output = folder / "digits.onnx", folder / "digits.tflite"
        export_onnx_qcdq(model, args=x[:1], export_path=str(path), opset_version=13, dynamo=False)
        conversion = qmcu.convert(path, None, output)
        read = read_onnx(path)
        proof = prove_onnx(path, read, conversion.model, random_inputs(read, 200))
        (tensor,) = conversion.graph.input_tensors
        grid = tensor.quantization
        assert grid is not None
        rows = np.rint(images[_TRAINED:].transpose(0, 2, 3, 1) / np.float32(grid.scale))
        rows = np.clip(rows + grid.zero_point, -128, 127).astype(np.int8)
        rows = rows.reshape(-1, *tensor.shape[1:])
        (answers,) = Oracle(conversion.model).run_many([rows])
        ours = answers.reshape(len(rows), -1).argmax(1)
        np.savez(folder / "vectors.npz", inputs=rows, labels=digits.target[_TRAINED:])
        firmware = qmcu.build(output, "stm32f407", folder / "firmware")
        result = qmcu.test(firmware, vectors=qmcu.vectors(output, folder / "vectors.npz", limit=20))
    labels = digits.target[_TRAINED:]
    document = {
        "network": "digits, trained with Brevitas", "converter": conversion.converter,
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
    write_atomic(RESULTS / "trained_brevitas.json", text + b"\n")
    print(text.decode())
    return 0 if result.passed and proof.equal_weights == proof.weights else 1


if __name__ == "__main__":
    sys.exit(main())
