"""The schema's tables: as TensorFlow Lite's generated classes read and write them."""

import importlib.util
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from flatbuffers import number_types
from tests.support.small_models import dense, two_inputs

from qmcu.model.flatbuffer_tables import Schema
from qmcu.model.schema import schema
from qmcu.model.writer import write_model

_GENERATED = "tensorflow/lite/micro/python/schema_py_generated.py"


@pytest.fixture(scope="module")
def generated() -> Any:
    """The classes that flatc made of the whole schema, as tflite-micro ships them."""
    package = importlib.util.find_spec("tflite_micro")
    if package is None:
        pytest.skip("tflite-micro is not installed; it has the generated classes")
    path = Path((package.submodule_search_locations or [""])[0]) / _GENERATED
    spec = importlib.util.spec_from_file_location("generated", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_enum_and_union_has_the_generated_numbers(generated: Any) -> None:
    for name, values in schema.enums.items():
        found = vars(getattr(generated, name)).items()
        assert values == {k: v for k, v in found if isinstance(v, int) and k[0] != "_"}, name


def test_every_table_has_the_generated_fields_and_defaults(generated: Any) -> None:
    tables = {n[:-1] for n in vars(generated) if n.endswith("T") and n[:-1] in vars(generated)}
    assert tables == set(schema.tables)
    for name in tables:
        ours, theirs = getattr(schema, f"{name}T")(), getattr(generated, f"{name}T")()
        assert list(vars(ours).items()) == list(vars(theirs).items()), name


def test_what_is_read_and_written_is_the_generated_classes(generated: Any) -> None:
    for graph in (dense(), two_inputs()):
        content = write_model(graph)
        theirs = generated.ModelT.InitFromObj(generated.Model.GetRootAs(content, 0))
        builder = flatbuffers.Builder(1024)
        builder.Finish(theirs.Pack(builder), file_identifier=b"TFL3")
        assert _packed(schema.ModelT.read(schema.root(content, "Model"))) == builder.Output()


def test_every_field_of_every_table_comes_back() -> None:
    for name, fields in schema.tables.items():
        written = getattr(schema, f"{name}T")()
        for field in fields.values():
            value: Any = b"text" if field.type == "string" else None
            if field.is_scalar:
                dtype = number_types.to_numpy_type(field.flags)
                value = np.array([1], dtype) if field.many else field.flags.py_type(1)
            setattr(written, field.name, value)
        builder = flatbuffers.Builder(64)
        builder.Finish(written.pack(builder))
        found = schema.object(name).read(schema.root(bytes(builder.Output()), name))
        assert vars(found) == vars(written), name


def test_vectors_that_are_lists_and_unions_are_written() -> None:
    operator = schema.OperatorT()
    operator.inputs = [3, -1, 2]
    operator.builtinOptionsType = schema.enums["BuiltinOptions"]["SoftmaxOptions"]
    operator.builtinOptions = schema.SoftmaxOptionsT()
    operator.builtinOptions.beta = 0.5
    builder = flatbuffers.Builder(64)
    builder.Finish(operator.pack(builder))
    view = schema.root(bytes(builder.Output()), "Operator")
    assert view.numbers("inputs").tolist() == [3, -1, 2]
    options = view.union("builtinOptions")
    assert options is not None and options.name == "SoftmaxOptions"
    assert options.number("beta") == 0.5
    assert view.union("builtinOptions2") is None and view.numbers("outputs") is None


def test_a_field_out_of_use_keeps_its_place() -> None:
    old = Schema("table A { first: int (deprecated); second: string; third: int = 7; }")
    assert [(f.name, f.slot) for f in old.tables["A"].values()] == [("second", 1), ("third", 2)]
    assert old.AT().third == 7


def test_an_unreadable_field_is_refused() -> None:
    with pytest.raises(ValueError, match="'broken field' is no field"):
        Schema("table A { broken field; }")


def _packed(model: Any) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
