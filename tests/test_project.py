from pathlib import Path

import pytest

from qmcu.errors import UsageError
from qmcu.project import Project, load_project, project_firmware, write_project


def test_round_trip(tmp_path: Path) -> None:
    project = Project((Path("m.tflite"),), "stm32f746", Path("v.npz"))
    path = write_project(tmp_path, project)
    assert path == tmp_path / "qmcu.toml"
    assert load_project(tmp_path) == project.resolve(tmp_path)
    assert load_project(tmp_path) == Project(
        (tmp_path / "m.tflite",), "stm32f746", tmp_path / "v.npz", "native"
    )


def test_no_file_is_no_project(tmp_path: Path) -> None:
    assert load_project(tmp_path) is None


def test_vectors_are_optional(tmp_path: Path) -> None:
    write_project(tmp_path, Project((Path("m.tflite"),), "stm32f746"))
    project = load_project(tmp_path)
    assert project is not None
    assert project.vectors is None


def test_places_are_a_list(tmp_path: Path) -> None:
    text = (
        'model = "m.tflite"\nboard = "stm32f746"\nplace = ["weights=external", "arena=external"]\n'
    )
    (tmp_path / "qmcu.toml").write_text(text)
    project = load_project(tmp_path)
    assert project is not None
    assert project.place == ("weights=external", "arena=external")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('model = "m"', "does not name the board"),
        ('bord = "b"\nmodel = "m"', "did you mean board"),
        ('color = "b"', "known keys are model"),
        ('place = "weights=external"', "place must be a list of texts in quotes"),
        ("model = 3", "model must be a text in quotes, not 3"),
        ("model = ", "not valid TOML"),
        ('models = ["a", "b"]\nmodel = "m"\nboard = "b"', "has model and models"),
        ('models = ["a"]\nboard = "b"', "models lists several"),
        ('models = ["a", "b"]\nboard = "b"\nvectors = "v"', "vectors are of one model"),
        ('model = "a"\nboard = "b"\narenas = "own"', "arenas is of several models"),
        ('models = ["a", "b"]\nboard = "b"\narenas = "any"', 'arenas is "shared" or "own"'),
        ('models = ["a", "b"]\nnames = ["a,b"]', "each name by itself, without commas"),
        ("x = " + "9" * 5000, "not valid TOML: Exceeds the limit"),
        (f"x = 1\n{'.'.join('a' * 5000)} = 1", "line 2 has a key of more than 100 parts"),
        (f"x = {{ {'.'.join('a' * 5000)} = 1 }}", "line 1 has a key of more than 100 parts"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "qmcu.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        load_project(tmp_path)


def test_several_models_become_one_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project((Path("a-b.tflite"), Path("c.tflite")), "stm32f746", arenas="own")
    write_project(Path(), project)
    assert load_project(Path()) == project
    assert project_firmware() == Path("build/a_b-c-stm32f746")
    named = Project(project.models, "stm32f746", names=("x", "y"))
    write_project(Path(), named, force=True)
    assert project_firmware() == Path("build/x-y-stm32f746")


def test_without_a_folder_the_firmware_is_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"no DIRECTORY given and there is no qmcu\.toml here"):
        project_firmware()
    Path("qmcu.toml").write_text('model = "models/kws.tflite"\nboard = "stm32f746"\n')
    assert project_firmware() == Path("build/kws-stm32f746")
