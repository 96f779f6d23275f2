"""Files that are no model, and models with parts behind the flatbuffer or a free batch."""

import gzip
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import dense, two_inputs

from qmcu.cli.main import run
from qmcu.errors import ModelError
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model, read_model
from qmcu.model.unpack import pack_model, standalone, unpack_model
from qmcu.model.writer import write_model

DENSE = write_model(dense())
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98496\n"


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, b"x")
    return stream.getvalue()


def saved() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LFS, "Git LFS pointer to a file of 98,496 bytes; fetch it with `git lfs pull`"),
        (b"\n<!DOCTYPE html><html></html>", "an HTML page"),
        (gzip.compress(DENSE), "a gzip file; unpack it"),
        (saved(), r"a NumPy array \(.npy\)"),
        (zipped("inputs.npy"), r"a NumPy archive \(.npz\)"),
        (zipped("config.json"), "a Keras model"),
        (zipped("m.tflite"), "a zip archive"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"const unsigned char model[] = {0x1c, 0x00}", "C source"),
        (b"", "empty"),
        (bytes(600), "no TensorFlow Lite model"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=said) as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
    assert run(["inspect", str(path)]) == 2


def external(data: bytes) -> bytes:
    """The model with its buffers' bytes behind the flatbuffer, as large ones have them."""
    model = unpack_model(data, "m")
    contents = [None if b.data is None else bytes(bytearray(b.data)) for b in model.buffers]
    end = 0
    for final in (False, True):
        position = end
        for buffer, content in zip(model.buffers, contents, strict=True):
            if content:
                buffer.data, buffer.offset, buffer.size = None, position or 2, len(content)
                position += len(content)
        packed = pack_model(model)
        end = len(packed)
        if final:
            return packed + b"".join(c for c in contents if c)
    raise AssertionError


def test_weights_behind_the_flatbuffer_are_weights() -> None:
    data = external(DENSE)
    graph = parse_model(data, "dense")
    assert replace(graph, sha256="") == dense()
    x = np.array([[1, -5, 100, -128, 127, 3]], np.int8)
    assert np.array_equal(Oracle(data).run([x])[0], Oracle(DENSE).run([x])[0])
    assert standalone(DENSE) is DENSE
    with pytest.raises(ModelError, match="the file is truncated"):
        parse_model(data[:-4])


def with_free_batch(graph_bytes: bytes, shape: int) -> bytes:
    model = unpack_model(graph_bytes, "m")
    for tensor in model.subgraphs[0].tensors:
        if tensor.name in (b"in", b"out"):
            tensor.shapeSignature = np.array([-1, *tensor.shape[1:]], np.int32)
            tensor.shape = np.array([shape, *tensor.shape[1:]], np.int32)
    return pack_model(model)


@pytest.mark.parametrize("shape", [1, -1])
def test_a_free_batch_becomes_one_or_what_is_asked(tmp_path: Path, shape: int) -> None:
    data = with_free_batch(DENSE, shape)
    graph = parse_model(data)
    assert graph.input_tensors[0].shape == (1, 6)
    assert graph.notes == ("the batch of input in is free in the file; it is 1 here",)
    x = np.array([[1, -5, 100, -128, 127, 3]], np.int8)
    expected = Oracle(DENSE).run([x])[0]
    assert np.array_equal(Oracle(data).run([x])[0], expected)
    three = standalone(data, batch=3)
    assert parse_model(three).output_tensors[0].shape == (3, 4)
    assert np.array_equal(Oracle(three).run([np.repeat(x, 3, 0)])[0], np.repeat(expected, 3, 0))
    path = tmp_path / "m.tflite"
    path.write_bytes(data)
    assert run(["inspect", str(path), "--batch", "3"]) == 0


def test_inspect_gates(tmp_path: Path) -> None:
    graph = two_inputs()
    path = tmp_path / "m.tflite"
    path.write_bytes(write_model(graph))
    assert run(["inspect", str(path)]) == 0
    odd = replace(graph.operators[0], kind="CUSTOM:[/bold]\x1b[31m")
    path.write_bytes(write_model(replace(graph, operators=(odd, graph.operators[1]))))
    assert run(["inspect", str(path)]) == 1
    path.write_bytes(write_model(graph)[:-400])
    assert run(["inspect", str(path)]) == 2
