"""PyTorch models by torch.onnx, PyTorch's own exporter: what it writes is then read as any ONNX.

Quantization that is in the program (PT2E's quantize and dequantize operators, Brevitas' in a file
of its own exporter) arrives as Q and DQ nodes with its scales.
"""

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qmcu.errors import ModelError
from qmcu.extras import load_module
from qmcu.text import first_line

PURPOSE = "converting a PyTorch model"
_OPSET = 18


def export_file(path: Path) -> tuple[Any, str]:
    """The ONNX model of a .pt2 file of torch.export, and what made it, in words.

    Raises ToolError without torch or onnxscript, ModelError when it does not load or export.
    """
    torch = load_module("torch", PURPOSE)
    try:
        with _silence():
            _register_quantization()
            program = torch.export.load(path)
    except Exception as error:
        raise ModelError(
            f"{path} is no file of torch.export that torch {torch.__version__} loads: "
            f"{first_line(error)}."
        ) from error
    return export_program(program, str(path))


def _register_quantization() -> None:
    """Make the operators known that PT2E writes, by importing who defines them."""
    for module in ("torch.ao.quantization.fx._decomposed", "torchao.quantization.pt2e"):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def export_program(program: Any, name: str) -> tuple[Any, str]:
    """The ONNX model of an exported program in memory; `name` is what messages call it."""
    torch = load_module("torch", PURPOSE)
    onnxscript = load_module("onnxscript", PURPOSE)
    try:
        with _silence():
            made = torch.onnx.export(program, dynamo=True, opset_version=_OPSET, verbose=False)
        proto = made.model_proto
    except Exception as error:
        raise ModelError(
            f"{name}: torch {torch.__version__} cannot export it to ONNX: {_cause(error)}."
        ) from error
    by = f"torch.onnx (torch {torch.__version__}, onnxscript {onnxscript.__version__})"
    return proto, f"{by} and qmcu's ONNX reader"


def save_module(module: Any, example_inputs: Sequence[Any], path: Path) -> None:
    """Write the .pt2 of an nn.Module in evaluation mode, traced on `example_inputs`.

    Raises ToolError without torch, ModelError when torch.export refuses the module.
    """
    torch = load_module("torch", PURPOSE)
    training = getattr(module, "training", False)
    try:
        with _silence():
            # A GraphModule that PT2E converted refuses .eval(); it is for inference already.
            with contextlib.suppress(NotImplementedError):
                module.eval()
            program = torch.export.export(module, tuple(example_inputs))
            torch.export.save(program, path)
    except Exception as error:
        raise ModelError(
            f"{type(module).__name__} cannot be exported by torch.export: {_cause(error)}."
        ) from error
    finally:
        if training:
            with contextlib.suppress(NotImplementedError):
                module.train()


def _cause(error: BaseException) -> str:
    """The innermost error, which is what the exporter stumbled on."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = first_line(error) if isinstance(error, Exception) else str(error)
    return f"{type(error).__name__}: {text}"[:300]


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """The exporter's progress and advice, unheard."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
