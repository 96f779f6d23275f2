"""The way from an ONNX file to a Graph, in its steps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmcu.model.onnx.constants import fold_constants, infer_shapes
from qmcu.model.onnx.gaps import fill_gaps, open_gaps
from qmcu.model.onnx.load import load_net, net_of_model
from qmcu.model.onnx.net import Net
from qmcu.model.onnx.qonnx import expand_quants
from qmcu.model.onnx.qoperators import expand_qoperators
from qmcu.model.onnx.quantized import absorb_quantization
from qmcu.model.onnx.simplify import simplify
from qmcu.model.onnx.write import Written, write_graph


@dataclass(frozen=True)
class OnnxModel:
    """An ONNX file read: its Net, and the Graph that was written of it.

    `quantized` tells whether the file has scales of its own; `gaps` are the activations that it
    leaves without, which are computed in real numbers.
    """

    net: Net
    written: Written
    quantized: bool
    gaps: tuple[str, ...]


def open_onnx(net: Net) -> bool:
    """Bring a Net as loaded into its simplest form; answers whether the file is quantized."""
    expand_qoperators(net)
    fold_constants(net)
    expand_quants(net)
    quantized = absorb_quantization(net)
    infer_shapes(net)
    simplify(net)
    if quantized:
        fill_gaps(net)
    return quantized


def read_onnx(path: Path, *, keep_layout: bool = False) -> OnnxModel:
    """Read an ONNX file. Raises ToolError without the onnx package, ModelError for the file."""
    return _read(load_net(path), path.stem, keep_layout)


def read_onnx_model(model: Any, name: str, *, keep_layout: bool = False) -> OnnxModel:
    """The same of an ONNX model in memory."""
    return _read(net_of_model(model, name), Path(name).stem, keep_layout)


def rewrite(model: OnnxModel) -> OnnxModel:
    """The Graph again, of a net that was given scales for its gaps."""
    keep = not model.written.inputs and not model.written.outputs
    written = write_graph(model.net, model.written.graph.name, keep_layout=keep)
    return OnnxModel(model.net, written, model.quantized, tuple(open_gaps(model.net)))


def _read(net: Net, name: str, keep_layout: bool) -> OnnxModel:
    quantized = open_onnx(net)
    written = write_graph(net, name, keep_layout=keep_layout)
    gaps = tuple(open_gaps(net)) if quantized else ()
    return OnnxModel(net, written, quantized, gaps)
