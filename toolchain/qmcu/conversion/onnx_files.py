"""ONNX and PyTorch files as sources: float ones are calibrated, the quantized keep what they have.

An ONNX file with scales of its own (QDQ, QOperator) needs no calibration: its integers are what is
written. What such a file leaves without a scale is calibrated where samples are there, else it
is computed in real numbers.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.conversion.quantizing import FLOAT, MODEL, quantize_file, read_samples
from qmcu.conversion.signatures import fixed_input
from qmcu.extras import load_module
from qmcu.model.onnx.gaps import close_gaps, found_range
from qmcu.model.onnx.load import PURPOSE
from qmcu.model.onnx.net import spread
from qmcu.model.onnx.read import OnnxModel, read_onnx, read_onnx_model, rewrite
from qmcu.model.onnx.write import count_moves, in_file_order, row_order
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model
from qmcu.types import Array

SUFFIXES = (".onnx", ".pt2")


class OnnxFile:
    """An ONNX file, or what PyTorch exported of a .pt2."""

    def __init__(self, path: Path, folder: Path, request: Mapping[str, Any]) -> None:
        self._path, self._folder = path, folder
        keep = bool(request.get("keep_layout"))
        if path.suffix == ".pt2":
            from qmcu.conversion.torch_files import export_file

            proto, self._reader = export_file(path)
            self._model = read_onnx_model(proto, str(path), keep_layout=keep)
        else:
            onnx = load_module("onnx", PURPOSE)
            self._reader = f"qmcu's ONNX reader (onnx {onnx.__version__})"
            self._model = read_onnx(path, keep_layout=keep)
        net = self._model.net
        self.inputs = tuple(
            fixed_input(file_name, net.values[name].shape, _plain(net.values[name].dtype))
            for name, file_name in zip(net.inputs, net.input_names, strict=True)
        )
        self.notes: tuple[str, ...] = ()
        self.quantized = self._model.quantized

    def convert(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """See `Source`."""
        if not self.quantized:
            return self._convert_float(order)
        samples = self._samples(order)
        model = self._model
        if samples is not None and model.gaps:
            model = self._calibrated(model, samples)
        (self._folder / MODEL).write_bytes(write_model(model.written.graph))
        return {
            "converter": self._reader,
            "files": [MODEL],
            "notes": list(_moved(model)) + list(_kept(model)),
        }

    def _convert_float(self, order: Mapping[str, Any]) -> dict[str, Any]:
        from qmcu.tensorflow import load_tensorflow

        data = write_model(self._model.written.graph)
        (self._folder / FLOAT).write_bytes(data)
        notes = list(_moved(self._model))
        samples = self._samples(order)
        if samples is None:
            return {"converter": self._reader, "files": [FLOAT], "notes": notes}
        tensorflow = load_tensorflow()
        quantized = quantize_file(self._path, data, list(samples.values()), order)
        (self._folder / MODEL).write_bytes(quantized)
        made_by = f"{self._reader}, quantized by TensorFlow {tensorflow.__version__}"
        net = self._model.net
        moved = {m.name: list(row_order(m)) for m in self._model.written.inputs}
        pairs = zip(net.inputs, net.input_names, strict=True)
        orders = {file_name: moved[own] for own, file_name in pairs if own in moved}
        files = [FLOAT, MODEL]
        return {"converter": made_by, "files": files, "notes": notes, "orders": orders}

    def _samples(self, order: Mapping[str, Any]) -> dict[str, Array] | None:
        """The samples with axes as the .tflite has them, by the file's names."""
        if order.get("samples") is None:
            return None
        moved = {m.name: m for m in self._model.written.inputs}
        samples = read_samples(self._folder / order["samples"], self.inputs)
        given = {}
        for name, own in zip(samples, self._model.net.inputs, strict=True):
            array = samples[name]
            given[name] = in_file_order(array, moved[own]) if own in moved else array
        return given

    def _calibrated(self, model: OnnxModel, samples: Mapping[str, Array]) -> OnnxModel:
        """The model with scales for what the file leaves without, by running it."""
        graph = model.written.graph
        oracle = Oracle(write_model(graph), name=str(self._path))
        wanted = {t.name: t.index for t in graph.tensors}
        rows = len(next(iter(samples.values())))
        ranges: dict[str, tuple[float, float]] = {}
        for row in range(rows):
            inputs = [
                _integers(array[row], tensor)
                for array, tensor in zip(samples.values(), graph.input_tensors, strict=True)
            ]
            found = oracle.all_tensors(inputs)
            for name in model.gaps:
                low, high = found_range(found[wanted[model.written.places[name][0]]])
                old = ranges.get(name, (low, high))
                ranges[name] = (min(old[0], low), max(old[1], high))
        close_gaps(model.net, ranges)
        return rewrite(model)


def _plain(dtype: str) -> str:
    """The type in which samples are given: real numbers for what the file quantizes.

    Places are int32 in the .tflite, whatever the file has.
    """
    return {"int32": "int32", "int64": "int32", "bool": "bool"}.get(dtype, "float32")


def _integers(array: Array, tensor: Any) -> Array:
    if tensor.quantization is not None:
        info = np.iinfo(tensor.dtype)
        steps = np.rint(array / np.float32(tensor.quantization.scale))
        array = np.clip(steps + tensor.quantization.zero_point, info.min, info.max)
    return array.reshape(tensor.shape).astype(tensor.dtype)


def _moved(model: OnnxModel) -> Iterator[str]:
    """What became of the axes."""
    written = model.written
    for role, moved in (("input", written.inputs), ("output", written.outputs)):
        for one in moved:
            here = [one.file_shape[a] for a in one.order]
            yield (
                f"{role} {one.name} is {list(one.file_shape)} in the file and {here} here: axes "
                f"{list(one.order)} of the file's, channels last"
            )
    count = count_moves(written.graph)
    rest = [m for m in written.moves if not m.startswith("TRANSPOSE")]
    text = f"{count or 'no'} TRANSPOSE left" + (f" ({spread(written.moves)})" if count else "")
    yield text + (f", {len(rest)} GATHER that only move numbers" if rest else "")
    yield from model.net.notes if not model.quantized else ()


def _kept(model: OnnxModel) -> Iterator[str]:
    """What of the file's own integers and scales is kept, and what is not."""
    written, net = model.written, model.net
    total, equal = sum(w[1] for w in written.weights), sum(w[2] for w in written.weights)
    yield f"{equal:,} of {total:,} integer weights are the file's own"
    yield from net.changed.values()
    for name, count, largest in written.biases:
        yield (
            f"bias {name}: {count} numbers rounded to input scale times weight scale, by at most "
            f"{largest:.2g} of its steps"
        )
    if written.chosen:
        yield f"scales that the file lacks, chosen by the largest number: {spread(written.chosen)}"
    if written.requantized:
        yield f"numbers that TFLite fixes otherwise than the file: {spread(written.requantized)}"
    yield from net.notes
    if model.gaps:
        yield (
            f"{len(model.gaps)} activations have no scale in the file ({spread(model.gaps)}) and "
            "are computed in real numbers; with --calibration they get one"
        )
