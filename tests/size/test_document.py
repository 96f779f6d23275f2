import json
from pathlib import Path

import jsonschema
import pytest
from tests.support.model_files import DATA, make, make_h5, make_keras, safetensors_bytes
from tests.support.places import REPOSITORY
from tests.support.weights import rounded, weights

from qmcu.cli import run
from qmcu.size.contents import Role

SCHEMA = json.loads((REPOSITORY / "docs/schema/size-1.json").read_text())
Capture = pytest.CaptureFixture[str]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["Role"]["enum"] == [role.value for role in Role]


def test_every_kind_of_file_fits_the_schema(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    paths = list(make(tmp_path).values())
    paths += [make_h5(tmp_path / "x.h5"), DATA / "saved-model", DATA / "torch-quantized.pt"]
    paths.append(make_keras(tmp_path / "x.keras", tmp_path / "x.h5"))
    fake = tmp_path / "fake.safetensors"
    w = rounded(weights(64, 128), 4, "float16", symmetric=False).astype("float16")
    fake.write_bytes(safetensors_bytes({"w": w}))
    target = tmp_path / "out" / "size.json"
    assert run(["size", *map(str, [*paths, fake]), "--json", str(target)]) == 0
    document = json.loads(target.read_text())
    jsonschema.validate(document, SCHEMA)
    kinds = {f["kind"] for f in document["files"]}
    assert kinds == set(SCHEMA["$defs"]["FileKind"]["enum"])
    for file in document["files"]:
        assert sum(file["roles"].values()) == file["bytes"]
    grid = document["files"][-1]["tensors"][0]["levels"]["grid"]
    assert (grid["bits"], grid["along"], grid["channel"]) == (4, "rows", True)
    # What is published is also required: a document that lacks a part does not fit.
    del document["files"][0]["verdict"]
    with pytest.raises(jsonschema.ValidationError, match="'verdict' is a required property"):
        jsonschema.validate(document, SCHEMA)


def test_the_same_file_gives_the_same_document(tmp_path: Path) -> None:
    path = make(tmp_path)["tflite"]
    for name in ("a.json", "b.json"):
        assert run(["size", str(path), "--json", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()
