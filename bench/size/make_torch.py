"""Checkpoints made by torch, safetensors, onnx and onnxruntime: `python make_torch.py FOLDER`.

Runs with a Python that has those packages and needs nothing of qmcu. Every file is the same at
each run, up to what the tools write of themselves.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization as ort
from safetensors.torch import save_file

WIDTH, HIDDEN, LAYERS, VOCABULARY = 256, 512, 2, 1000


def main() -> None:
    folder = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model = transformer()
    # The encoder copies its first layer; training would have made the copies differ.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    state = {k: v.detach().clone() for k, v in model.state_dict().items()}
    safetensors_files(folder, state)
    torch_files(folder, model, state)
    onnx_files(folder)


def transformer() -> torch.nn.Module:
    layer = torch.nn.TransformerEncoderLayer(WIDTH, 4, HIDDEN, batch_first=True)
    return torch.nn.ModuleDict({
        "embedding": torch.nn.Embedding(VOCABULARY, WIDTH),
        "encoder": torch.nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False),
        "head": torch.nn.Linear(WIDTH, VOCABULARY),
    })  # fmt: skip


def round_in_place(
    w: torch.Tensor, bits: int, group: int, *, symmetric: bool = False
) -> torch.Tensor:
    """What AWQ's simulated quantization does: round to a grid a group, return floats."""
    shape = w.shape
    w = w.reshape(-1, group)
    top = 2**bits - 1
    if symmetric:
        scale = w.abs().amax(1, keepdim=True).clamp(min=1e-5) / (2 ** (bits - 1) - 1)
        q = torch.clamp(torch.round(w / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return (q * scale).reshape(shape)
    high, low = w.amax(1, keepdim=True), w.amin(1, keepdim=True)
    scale = (high - low).clamp(min=1e-5) / top
    zero = torch.clamp(-torch.round(low / scale), 0, top)
    return ((torch.clamp(torch.round(w / scale) + zero, 0, top) - zero) * scale).reshape(shape)


def is_linear(name: str, value: torch.Tensor) -> bool:
    return value.dim() == 2 and "embedding" not in name


def fake(
    state: dict[str, Any], dtype: torch.dtype, bits: int, group: int, **more: bool
) -> dict[str, Any]:
    return {
        k: round_in_place(v.to(dtype), bits, group, **more) if is_linear(k, v) else v.to(dtype)
        for k, v in state.items()
    }


def safetensors_files(folder: Path, state: dict[str, Any]) -> None:
    half = {k: v.half() for k, v in state.items()}
    save_file(state, folder / "transformer-float32.safetensors")
    save_file(half, folder / "transformer-float16.safetensors")
    save_file(
        {k: v.bfloat16() for k, v in state.items()}, folder / "transformer-bfloat16.safetensors"
    )
    save_file(fake(state, torch.float16, 4, 128), folder / "transformer-awq4-fake.safetensors")
    save_file(
        fake(state, torch.bfloat16, 4, 128), folder / "transformer-awq4-fake-bf16.safetensors"
    )
    save_file(fake(state, torch.float32, 8, WIDTH, symmetric=True),
              folder / "transformer-int8-fake.safetensors")  # fmt: skip
    save_file(fake(state, torch.float16, 3, 64), folder / "transformer-awq3-g64-fake.safetensors")
    save_file({k: v.half().float() for k, v in state.items()},
              folder / "transformer-upcast.safetensors")  # fmt: skip
    tied = dict(half)
    tied["head.weight"] = tied["embedding.weight"].clone()
    save_file(tied, folder / "transformer-tied-twice.safetensors")
    save_file(packed(state), folder / "transformer-gptq-packed.safetensors", {"format": "pt"})


def packed(state: dict[str, Any]) -> dict[str, Any]:
    """GPTQ's layout: eight 4-bit integers in an int32, scales and zero points beside them."""
    found = {}
    for name, w in state.items():
        if not is_linear(name, w):
            found[name] = w.half()
            continue
        stem = name.removesuffix(".weight")
        groups = w.reshape(w.shape[0], -1, 128)
        low, high = groups.amin(2), groups.amax(2)
        scale = (high - low).clamp(min=1e-5) / 15
        zero = torch.clamp(-torch.round(low / scale), 0, 15)
        q = torch.clamp(torch.round(groups / scale[..., None]) + zero[..., None], 0, 15)
        q = q.reshape(w.shape).T.to(torch.int64)
        words = sum(q[i::8] << (4 * i) for i in range(8))
        found[f"{stem}.qweight"] = as_int32(words)
        zeros = zero.T.to(torch.int64)
        zeros = torch.nn.functional.pad(zeros, (0, -zeros.shape[1] % 8))
        zeros = sum(zeros[:, i::8] << (4 * i) for i in range(8))
        found[f"{stem}.qzeros"] = as_int32(zeros)
        found[f"{stem}.scales"] = scale.T.contiguous().half()
        found[f"{stem}.g_idx"] = torch.arange(w.shape[1], dtype=torch.int32) // 128
    return found


def as_int32(words: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(words.numpy().astype(np.uint32)).view(np.int32))


def torch_files(folder: Path, model: torch.nn.Module, state: dict[str, Any]) -> None:
    torch.save(state, folder / "transformer-float32.pt")
    torch.save(fake(state, torch.float16, 4, 128), folder / "transformer-awq4-fake.pt")
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3},
               folder / "training-adamw.pt")  # fmt: skip
    torch.save({"embedding.weight": state["embedding.weight"][:100]}, folder / "view-of-storage.pt")
    linear = torch.nn.Sequential(torch.nn.Linear(WIDTH, HIDDEN), torch.nn.ReLU(),
                                 torch.nn.Linear(HIDDEN, WIDTH))  # fmt: skip
    scales, zeros = torch.full((HIDDEN,), 0.001), torch.zeros(HIDDEN, dtype=torch.int64)
    weight = linear[0].weight.detach()
    torch.save(torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8),
               folder / "tensor-qint8.pt")  # fmt: skip
    torch.save(linear, folder / "whole-module.pt")


def onnx_files(folder: Path) -> None:
    """A small CNN as ONNX, and what onnxruntime's quantizers make of it."""
    rng = np.random.default_rng(0)
    plain = folder / "cnn-float32.onnx"
    onnx.save(cnn(rng), plain)
    ort.quantize_dynamic(plain, folder / "cnn-dynamic.onnx")
    reader = Samples(rng)
    ort.quantize_static(plain, folder / "cnn-int8-qdq.onnx", reader,
                        quant_format=ort.QuantFormat.QDQ, per_channel=True)  # fmt: skip
    reader.rewind()
    ort.quantize_static(plain, folder / "cnn-int8-mixed.onnx", reader,
                        op_types_to_quantize=["Conv"],
                        quant_format=ort.QuantFormat.QDQ)  # fmt: skip
    half = cnn(rng, np.float16)
    onnx.save(half, folder / "cnn-float16.onnx")


class Samples(ort.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, rng: np.random.Generator) -> None:
        self.all = [{"x": rng.normal(size=(1, 3, 16, 16)).astype(np.float32)} for _ in range(8)]
        self.rewind()

    def rewind(self) -> None:
        self.rest = iter(self.all)

    def get_next(self) -> dict[str, Any] | None:
        return next(self.rest, None)


def cnn(rng: np.random.Generator, dtype: type = np.float32) -> onnx.ModelProto:
    def constant(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array((rng.normal(size=shape) * 0.1).astype(dtype), name)

    kind = TensorProto.FLOAT if dtype is np.float32 else TensorProto.FLOAT16
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["h"]),
        helper.make_node("Relu", ["h"], ["r3"]),
        helper.make_node("Gemm", ["r3", "w4", "b4"], ["y"]),
    ]
    initializers = [
        constant("w1", 32, 3, 3, 3), constant("b1", 32), constant("w2", 64, 32, 3, 3),
        constant("b2", 64), constant("w3", 64, 128), constant("b3", 128), constant("w4", 128, 10),
        constant("b4", 10),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "cnn", [helper.make_tensor_value_info("x", kind, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", kind, [1, 10])], initializers,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    main()
