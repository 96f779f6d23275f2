"""A PyTorch module in memory, or arrays for calibration, as the files that a conversion reads."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.errors import UsageError
from qmcu.scratch import ScratchFolder


def is_module(model: Any) -> bool:
    """Whether a value is an nn.Module, without importing torch for one that is none."""
    return any(
        c.__module__.startswith("torch.") and c.__name__ == "Module" for c in type(model).__mro__
    )


@contextmanager
def model_file(model: Any, example_inputs: Sequence[Any] | None) -> Iterator[Path]:
    """The .pt2 of a module for as long as the context lasts; a path as it is.

    Raises UsageError without example inputs, ToolError or ModelError of the export.
    """
    if not is_module(model):
        yield Path(model)
        return
    if example_inputs is None:
        raise UsageError(
            f"{type(model).__name__} is a PyTorch module; give example_inputs=(tensor, ...), one "
            "batch as it takes them, which its program is traced on."
        )
    from qmcu.conversion.torch_files import save_module

    inputs = example_inputs if isinstance(example_inputs, list | tuple) else (example_inputs,)
    with ScratchFolder("module") as folder:
        path = Path(folder) / f"{type(model).__name__}.pt2"
        save_module(model, inputs, path)
        yield path


@contextmanager
def calibration_source(calibration: Any) -> Iterator[str | None]:
    """What `read_samples` reads: arrays and tensors as an .npz, all else as it is."""
    if calibration is None or isinstance(calibration, str | os.PathLike):
        yield None if calibration is None else os.fspath(calibration)
        return
    named = calibration if isinstance(calibration, Mapping) else {"inputs": calibration}
    arrays = {str(name): np.asarray(_numpy(value)) for name, value in named.items()}
    with ScratchFolder("samples") as folder:
        path = Path(folder) / "samples.npz"
        np.savez(path, **arrays)  # type: ignore[arg-type]
        yield str(path)


def _numpy(value: Any) -> Any:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value
