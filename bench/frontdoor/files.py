"""A network as the file that is handed over: .pt2, float .onnx, or quantized by onnxruntime."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench.frontdoor.blocks import settle
from bench.frontdoor.networks import Network

from qmcu.conversion.torch_files import save_module
from qmcu.types import Float32Array

SAMPLES = 24


def samples(network: Network) -> Float32Array:
    """Inputs that a network is calibrated on."""
    rng = np.random.default_rng(7)
    return rng.normal(size=(SAMPLES, *network.shape)).astype(np.float32)


def write_file(network: Network, folder: Path) -> Path:
    """The network's file below `folder`, the same for the same versions."""
    torch.manual_seed(11)
    with _silence():
        model = settle(network.build())
        example = (torch.tensor(samples(network)[:1]),)
        if network.way == "pytorch":
            path = folder / f"{network.name}.pt2"
            save_module(model, example, path)
            return path
        path = folder / f"{network.name}.onnx"
        options = network.options
        torch.onnx.export(
            model, example, str(path), dynamo=bool(options.get("dynamo")), input_names=["input"],
            opset_version=options.get("opset", 17), verbose=False,
            **({"external_data": False} if options.get("dynamo") else {}),
        )  # fmt: skip
        if network.way == "qdq":
            _quantize(network, path)
    return path


def _quantize(network: Network, path: Path) -> None:
    import onnxruntime.quantization as tools

    prepared = path.with_suffix(".prepared.onnx")
    tools.quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
    kinds, options = tools.QuantType, network.options
    tools.quantize_static(
        str(prepared), str(path), _reader(tools, samples(network)),
        quant_format=getattr(tools.QuantFormat, options["form"]),
        activation_type=getattr(kinds, options["activations"]),
        weight_type=getattr(kinds, options["weights"]), per_channel=options["per_channel"],
    )  # fmt: skip
    prepared.unlink()


def _reader(tools: Any, rows: Float32Array) -> Any:
    class Reader(tools.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._rows = iter({"input": row[np.newaxis]} for row in rows)

        def get_next(self) -> Any:
            return next(self._rows, None)

    return Reader()


@contextmanager
def _silence() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
