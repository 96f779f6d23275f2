"""From training to bytes on a board: Brevitas on digits, `python -m bench.frontdoor.trained`.

Trained with 8 bit weights and activations, exported as ONNX, converted with its own scales, run on
the emulated board; accuracy of PyTorch and of the board's integers on the held-out digits.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import torch
from bench.frontdoor.digits import TRAINED, load, measure, train
from brevitas.export import export_onnx_qcdq
from brevitas.quant import (
    Int8ActPerTensorFloat,
    Int8WeightPerChannelFloat,
    Int32Bias,
    Uint8ActPerTensorFloat,
)
from torch import Tensor, nn

import qmcu
from qmcu.model.onnx import read_onnx
from qmcu.model.onnx.proof import prove_onnx, random_inputs

_WEIGHTS = {"weight_quant": Int8WeightPerChannelFloat, "bias_quant": Int32Bias,
            "return_quant_tensor": True}  # fmt: skip


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


def main() -> int:
    """Train, convert, run; store the figures."""
    torch.manual_seed(3)
    x, y = load()
    model = Digits()
    train(model, x[:TRAINED], y[:TRAINED])
    with torch.no_grad():
        theirs = model(x[TRAINED:]).argmax(1).numpy()
    with tempfile.TemporaryDirectory(prefix="qmcu-trained-") as name:
        folder = Path(name)
        path, output = folder / "digits.onnx", folder / "digits.tflite"
        export_onnx_qcdq(model, args=x[:1], export_path=str(path), opset_version=13, dynamo=False)
        conversion = qmcu.convert(path, None, output)
        read = read_onnx(path)
        proof = prove_onnx(path, read, conversion.model, random_inputs(read, 200))
        network = "digits, trained with Brevitas"
        return measure(network, conversion, proof, theirs, output, "trained_brevitas.json")


if __name__ == "__main__":
    sys.exit(main())
