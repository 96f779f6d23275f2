"""From training to bytes on a board: PT2E on digits, `python -m bench.frontdoor.trained_pt2e`.

Trained in float, quantized by torchao's prepare_pt2e and convert_pt2e, saved by torch.export,
converted with its own scales, run on the emulated board; accuracy of both on the held-out digits.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench.frontdoor.digits import TRAINED, load, measure, train
from torch import Tensor, nn
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.testing.pt2e._xnnpack_quantizer import (
    XNNPACKQuantizer,
    get_symmetric_quantization_config,
)

import qmcu
from qmcu.conversion.torch_files import export_program
from qmcu.model.onnx import read_onnx
from qmcu.model.onnx.proof import OnnxProof, prove_onnx, random_inputs


def quantize(model: nn.Module, x: Tensor) -> Any:
    """The model in PT2E's integers, calibrated on x."""
    config = get_symmetric_quantization_config(is_per_channel=True)
    exported = torch.export.export(model, (x[:1],)).module()
    prepared = prepare_pt2e(exported, XNNPACKQuantizer().set_global(config))
    for row in x.split(1):
        prepared(row)
    return convert_pt2e(prepared)


def prove(program: Any, folder: Path, model: bytes) -> OnnxProof:
    """The exported program beside the .tflite, on 200 inputs."""
    proto, _ = export_program(program, "digits")
    path = folder / "digits.onnx"
    path.write_bytes(proto.SerializeToString())
    read = read_onnx(path)
    return prove_onnx(path, read, model, random_inputs(read, 200))


def main() -> int:
    """Train, quantize, convert, run; store the figures."""
    torch.manual_seed(3)
    x, y = load()
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 24, 3, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(384, 10),
    )  # fmt: skip
    train(model, x[:TRAINED], y[:TRAINED])
    quantized = quantize(model, x[:64])
    theirs = np.array([int(quantized(row).argmax()) for row in x[TRAINED:].split(1)])
    with tempfile.TemporaryDirectory(prefix="qmcu-trained-") as name:
        folder = Path(name)
        path, output = folder / "digits.pt2", folder / "digits.tflite"
        program = torch.export.export(quantized, (x[:1],))
        torch.export.save(program, path)
        conversion = qmcu.convert(path, None, output)
        proof = prove(program, folder, conversion.model)
        network = "digits, quantized by PT2E"
        return measure(network, conversion, proof, theirs, output, "trained_pt2e.json")


if __name__ == "__main__":
    sys.exit(main())
