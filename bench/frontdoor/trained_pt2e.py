"""From training to bytes on a board: PT2E on digits, `python -m bench.frontdoor.trained_pt2e`.

Trained in float, quantized by torchao's prepare_pt2e and convert_pt2e, saved by torch.export,
converted with its own scales, run on the emulated board; accuracy of both on the held-out digits.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from bench.frontdoor.__main__ import RESULTS
from bench.frontdoor.trained import _TRAINED, train
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.testing.pt2e._xnnpack_quantizer import (
    XNNPACKQuantizer,
    get_symmetric_quantization_config,
)

import qmcu
from qmcu.conversion.torch_files import export_program
from qmcu.files import write_atomic
from qmcu.model.onnx import read_onnx
from qmcu.model.onnx.proof import OnnxProof, prove_onnx, random_inputs
from qmcu.model.oracle import Oracle


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
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    x, y = torch.tensor(images), torch.tensor(digits.target)
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 24, 3, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(384, 10),
    )  # fmt: skip
    train(model, x[:_TRAINED], y[:_TRAINED])
    quantized = quantize(model, x[:64])
    theirs = np.array([int(quantized(row).argmax()) for row in x[_TRAINED:].split(1)])
    labels = digits.target[_TRAINED:]
    with tempfile.TemporaryDirectory(prefix="qmcu-trained-") as name:
        folder = Path(name)
        path, output = folder / "digits.pt2", folder / "digits.tflite"
        program = torch.export.export(quantized, (x[:1],))
        torch.export.save(program, path)
        conversion = qmcu.convert(path, None, output)
        proof = prove(program, folder, conversion.model)
        (tensor,) = conversion.graph.input_tensors
        grid = tensor.quantization
        assert grid is not None
        rows = np.rint(images[_TRAINED:] / np.float32(grid.scale)) + grid.zero_point
        rows = np.clip(rows, -128, 127).astype(np.int8).reshape(-1, *tensor.shape[1:])
        (answers,) = Oracle(conversion.model).run_many([rows])
        ours = answers.reshape(len(rows), -1).argmax(1)
        np.savez(folder / "vectors.npz", inputs=rows, labels=labels)
        firmware = qmcu.build(output, "stm32f407", folder / "firmware")
        result = qmcu.test(firmware, vectors=qmcu.vectors(output, folder / "vectors.npz", limit=20))
    document = {
        "network": "digits, quantized by PT2E", "converter": conversion.converter,
        "weights": proof.weights, "equal_weights": proof.equal_weights,
        "output_steps": proof.largest, "inputs": proof.inputs,
        "accuracy_pytorch": round(float((theirs == labels).mean()), 4),
        "accuracy_int8": round(float((ours == labels).mean()), 4),
        "answers_equal": int((ours == theirs).sum()), "images": len(labels),
        "board": "stm32f407", "vectors": result.vectors,
        "equal": result.vectors - len(result.differences),
    }  # fmt: skip
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    write_atomic(RESULTS / "trained_pt2e.json", text + b"\n")
    print(text.decode())
    return 0 if result.passed and proof.equal_weights == proof.weights else 1


if __name__ == "__main__":
    sys.exit(main())
