"""Folders of shards with an index are weighed as one model."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.model_files import DATA

from qmcu.errors import ModelError
from qmcu.size.readers import read_contents

numpy_file = pytest.importorskip("safetensors.numpy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in (1, 2):
        numpy_file.save_file(
            {f"layer{i}.weight": np.ones((4, 8), np.float32)},
            str(tmp_path / f"model-0000{i}-of-00002.safetensors"),
        )
    names = {f"layer{i}.weight": f"model-0000{i}-of-00002.safetensors" for i in (1, 2)}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    return tmp_path


def test_a_folder_and_its_index_are_one_model(folder: Path) -> None:
    for path in (folder, folder / "model.safetensors.index.json"):
        found = read_contents(path)
        assert [t.name for t in found.tensors] == ["layer1.weight", "layer2.weight"]
        assert found.size == sum(p.stat().st_size for p in folder.iterdir())
        assert sum(found.bytes_by_role().values()) == found.size


def test_what_is_missing_is_named(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    names = json.loads(index.read_text())["weight_map"]
    index.write_text(json.dumps({"weight_map": {**names, "absent": names["layer1.weight"]}}))
    with pytest.raises(ModelError, match="names the tensor 'absent', which no shard has"):
        read_contents(folder)
    (folder / names["layer2.weight"]).unlink()
    with pytest.raises(ModelError, match=r"shard model-00002-of-00002\.safetensors that its index"):
        read_contents(folder)
    index.write_text(json.dumps({"weight_map": {"a": "../../etc/passwd"}}))
    with pytest.raises(ModelError, match="outside its folder"):
        read_contents(folder)
    index.unlink()
    assert len(read_contents(folder).tensors) == 1


def test_shards_of_pickles_are_one_model_too(tmp_path: Path) -> None:
    shard = (DATA / "torch-checkpoint.pt").read_bytes()
    names = [f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2)]
    for name in names:
        (tmp_path / name).write_bytes(shard)
    held = [t.name for t in read_contents(tmp_path / names[0]).tensors]
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": dict(zip(held, names * len(held), strict=False))}))
    for path in (tmp_path, index):
        found = read_contents(path)
        assert len(found.tensors) == 2 * len(held)
        assert sum(found.bytes_by_role().values()) == found.size
    # A model that is there in both forms is weighed once.
    numpy_file.save_file({"a.weight": np.ones((4, 8), np.float32)}, str(tmp_path / "m.safetensors"))
    assert len(read_contents(tmp_path).tensors) == 1
