"""Reading .tflite: round trips, and whatever bytes come, a Graph or one clear error."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.small_models import dense, two_inputs

from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.reader import parse_model, read_model
from qmcu.model.schema import schema
from qmcu.model.unpack import pack_model, unpack_model
from qmcu.model.writer import write_model

DENSE = write_model(dense())
MODELS = (
    "mlperf_tiny_resnet8_cifar10_int8",
    "mlperf_tiny_dscnn_kws_int8",
    "mlperf_tiny_autoencoder_toycar_int8",
)


def with_tensor(graph: Graph, index: int, **changes: Any) -> Graph:
    tensors = list(graph.tensors)
    tensors[index] = replace(tensors[index], **changes)
    return replace(graph, tensors=tuple(tensors))


def error_of(graph: Graph) -> str:
    with pytest.raises(ModelError) as caught:
        parse_model(write_model(graph), source="file.tflite")
    message = str(caught.value)
    assert message.startswith("file.tflite: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("graph", [dense(), two_inputs()], ids=str)
def test_what_was_written_is_read(graph: Graph) -> None:
    assert replace(parse_model(write_model(graph), graph.name), sha256="") == graph


@pytest.mark.parametrize("name", MODELS)
def test_real_models_survive_writing(shared_models: Path, name: str) -> None:
    graph = read_model(shared_models / f"{name}.tflite")
    again = parse_model(write_model(graph), graph.name)
    assert replace(again, sha256=graph.sha256, notes=graph.notes) == graph
    assert len(graph.sha256) == 64


def test_constant_data_is_aligned_to_16_bytes() -> None:
    graph = dense()
    data = write_model(graph)
    for tensor in graph.tensors:
        if tensor.data is not None:
            assert data.find(tensor.data) % 16 == 0


@given(st.integers(0, len(DENSE) - 1), st.integers(0, 255), st.integers(0, len(DENSE) - 1))
@settings(max_examples=600, deadline=None)
def test_a_changed_byte_gives_a_graph_or_a_model_error(at: int, value: int, second: int) -> None:
    data = bytearray(DENSE)
    data[at] = value
    data[second] ^= 0xFF
    try:
        parse_model(bytes(data))
    except ModelError as error:
        assert "\n" not in str(error)


@given(st.integers(0, len(DENSE) - 1))
@settings(max_examples=200, deadline=None)
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(ModelError):
        parse_model(DENSE[:length])


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        parse_model(data)


def test_errors_say_what_is_wrong_where(tmp_path: Path) -> None:
    graph = dense()
    with pytest.raises(ModelError, match="identifier 'xxxx' instead of 'TFL3'"):
        parse_model(b"x" * 64)
    assert "needs 23 bytes" in error_of(with_tensor(graph, 1, shape=(23,)))
    assert "every dimension must be known" in error_of(with_tensor(graph, 0, shape=(0, 6)))
    assert "scale -1.0" in error_of(with_tensor(graph, 0, quantization=Quantization((-1.0,), (0,))))
    assert "zero point 200" in error_of(
        with_tensor(graph, 0, quantization=Quantization((1.0,), (200,)))
    )
    assert "3 scales along dimension 0" in error_of(
        with_tensor(graph, 1, quantization=Quantization((1.0,) * 3, (0,) * 3))
    )
    reads_nothing = Operator(0, "RELU", (3,), (3,))
    assert "before it is written" in error_of(replace(graph, operators=(reads_nothing,)))
    out_of_range = Operator(0, "RELU", (99,), (3,))
    assert "name tensor 99 and there are 4" in error_of(replace(graph, operators=(out_of_range,)))
    spectrum = with_tensor(graph, 3, dtype="complex64")
    assert "of #0 FULLY_CONNECTED has complex numbers" in error_of(spectrum)
    assert "compute the spectrum outside of the model" in error_of(spectrum)
    assert "has text" in error_of(with_tensor(graph, 0, dtype="string"))
    assert "elements of bfloat16, which is not supported; convert" in error_of(
        with_tensor(graph, 0, dtype="bfloat16")
    )
    missing = tmp_path / "none.tflite"
    with pytest.raises(ModelError, match=r"none\.tflite cannot be read: No such file"):
        read_model(missing)


def test_what_nothing_uses_is_not_looked_at() -> None:
    unused = (
        Tensor(4, "empty", (0, 3), "int8"),
        Tensor(5, "odd", (2,), "bfloat16"),
        Tensor(6, "state", (2,), "int8", None, None, True),
    )
    graph = replace(dense(), tensors=(*dense().tensors, *unused))
    read = parse_model(write_model(graph), graph.name)
    assert read.tensors[:4] == graph.tensors[:4]
    assert [t.name for t in read.tensors[4:]] == ["empty", "odd", "state"]
    assert 6 not in read.used


def test_quantization_is_read_as_the_interpreter_reads_it() -> None:
    scales = (0.25, 0.0, 0.5, 1.0)
    one = with_tensor(dense(), 1, quantization=Quantization(scales, (0,)))
    read = parse_model(write_model(one)).tensors[1].quantization
    assert read == Quantization(scales, (0,) * 4)
    # A bias whose scales lie along a dimension that it has not.
    bias = with_tensor(dense(), 2, quantization=Quantization((0.125,) * 4, (0,) * 4, 3))
    assert parse_model(write_model(bias)).tensors[2].quantization is None
    # Without zero points there is no quantization.
    none = with_tensor(dense(), 2, quantization=Quantization((0.125,), ()))
    assert parse_model(write_model(none)).tensors[2].quantization is None


def test_subgraphs_that_are_called_are_read_and_others_are_empty() -> None:
    operators = (
        Operator(0, "CALL_ONCE", (), (), {"init_subgraph_index": 2}),
        replace(dense().operators[0], index=1),
    )
    body = replace(dense(), name="dense_2")
    ignored = replace(dense(), name="x", operators=(Operator(0, "RELU", (3,), (3,)),))
    graph = replace(
        dense(), operators=operators, subgraphs=(ignored, body),
        input_names=("x",), output_names=("label",),
    )  # fmt: skip
    read = parse_model(write_model(graph), "dense")
    assert read.subgraph(2) == body
    assert read.subgraphs[0].operators == ()
    assert read.subgraph(0) is read
    assert read.name_of(3) == "label"
    wrong = replace(operators[0], options={"init_subgraph_index": 3})
    assert "calls subgraph 3" in error_of(replace(graph, operators=(wrong, operators[1])))


def test_custom_options_and_variables_survive() -> None:
    state = Tensor(4, "state", (1, 6), "int8", None, None, True)
    custom = Operator(0, "CUSTOM:mine", (0, 4), (3,), custom=b"\x01\x02\xff")
    graph = replace(dense(), tensors=(*dense().tensors, state), operators=(custom,))
    read = parse_model(write_model(graph), "dense")
    assert read.operators[0].custom == b"\x01\x02\xff"
    assert read.tensors[4].is_variable


@pytest.mark.parametrize(
    ("operator", "missing"),
    [
        (Operator(0, "RELU", (), (3,)), "lacks its input 0"),
        (Operator(0, "RELU", (-1,), (3,)), "lacks its input 0"),
        (Operator(0, "ASSIGN_VARIABLE", (0,), ()), "lacks its input 1"),
        (Operator(0, "READ_VARIABLE", (), (3,)), "lacks its input 0"),
        (Operator(0, "CAST", (), (3,)), "lacks its input 0"),
        (Operator(0, "CUSTOM:SignalWindow", (), (3,)), "lacks its input 0"),
        (Operator(0, "CUSTOM:CIRCULAR_BUFFER", (0,), ()), "has no output"),
        (Operator(0, "PACK", (0, 1), (3,), {"values_count": 1}), "2 inputs, and its values_count"),
        (Operator(0, "UNPACK", (0,), (3,), {"num": 2}), "has 1 outputs, and its num is 2"),
    ],
    ids=str,
)
def test_an_operator_has_what_it_works_on(operator: Operator, missing: str) -> None:
    assert missing in error_of(replace(dense(), operators=(operator,)))


def test_what_one_table_is_named_for_is_counted_before_it_is_made() -> None:
    """A file of some 300 KB whose sparsity would unpack to billions of tables."""
    model = unpack_model(DENSE, "seed")
    tensor = schema.TensorT()
    tensor.sparsity = schema.SparsityParametersT()
    tensor.sparsity.dimMetadata = [schema.DimensionMetadataT()] * 2
    model.subgraphs[0].tensors.append(tensor)
    content = bytearray(pack_model(model))
    root = schema.root(bytes(content), "Model")
    last = root.item("subgraphs", 0).length("tensors") - 1
    sparsity = root.item("subgraphs", 0).item("tensors", last).table("sparsity")
    assert sparsity is not None
    # The vector's length lies before its elements: all of them name the first one's table.
    at = sparsity.item("dimMetadata", 0).position
    places = [i for i in range(0, len(content) - 4, 4)
              if i + int.from_bytes(content[i : i + 4], "little") == at]  # fmt: skip
    begin = len(content)
    count = 300_000
    content += count.to_bytes(4, "little") + bytes(4 * count)
    vector = next(i for i in places if content[i - 4 : i] == (2).to_bytes(4, "little"))
    name = next(i for i in range(0, begin - 4, 4)
                if i + int.from_bytes(content[i : i + 4], "little") == vector - 4)  # fmt: skip
    content[name : name + 4] = (begin - name).to_bytes(4, "little")
    with pytest.raises(ModelError, match="unpacks to more than 200,000 tensors"):
        parse_model(bytes(content))


def test_a_string_that_ends_outside_is_damage() -> None:
    content = bytearray(DENSE)
    at = DENSE.index(b"\x04\0\0\0qmcu\0")
    content[at : at + 4] = (1 << 20).to_bytes(4, "little")
    with pytest.raises(ModelError, match="damaged or truncated"):
        parse_model(bytes(content))
