"""Several models in one image: what they share, what is their own, none disturbs another."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.firmware_project import chain, write_chain, write_residual
from tests.support.projects import build_again
from tests.support.stateful_models import shift_register

from qmcu.board import load_board
from qmcu.builder import BuildOptions, Category, build_firmware
from qmcu.builder.budget import Budget, build_within
from qmcu.builder.elf_layout import read_layout
from qmcu.builder.several import name_models
from qmcu.cli import run
from qmcu.comparison import RunOptions, Turn, run_interleaved, run_vectors
from qmcu.device import open_session
from qmcu.device.session import Refused
from qmcu.device.targets import about_model
from qmcu.errors import DeviceError, DoesNotFitError, UsageError
from qmcu.firmware import Firmware, load_memory
from qmcu.model.vectors import random_vectors
from qmcu.model.writer import write_model

BOARD = load_board("stm32f746")
PORTABLE = BuildOptions("portable")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models without state, of which one is there twice, and one that keeps a state."""
    folder = tmp_path_factory.mktemp("models")
    register = folder / "Shift-Register.tflite"
    register.write_bytes(write_model(shift_register()))
    other = folder / "other.tflite"
    other.write_bytes(write_model(chain(seed=6)))
    return [write_chain(folder), register, other]


@pytest.fixture(scope="module")
def image(models: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("several") / "image"
    several = name_models([*models, models[0]], "one,shifter,two,again")
    build_firmware(several, BOARD, directory, PORTABLE)
    return directory


def turns(directory: Path, *names: str) -> list[Turn]:
    loaded = [f for f in Firmware.load_all(directory) if not names or f.plan.name in names]
    return [
        Turn(f, random_vectors(*f.model, 3, seed=2, steps=4 if f.plan.states else None), "random")
        for f in loaded
    ]


def test_models_in_turn_answer_as_each_alone(image: Path) -> None:
    results = run_interleaved(turns(image), "unicorn")
    assert [(r.model, r.vectors, r.passed) for r in results] == [
        ("one", 3, True), ("shifter", 12, True), ("two", 3, True), ("again", 3, True),
    ]  # fmt: skip
    assert len({r.build_id for r in results}) == 1
    assert len({r.model_sha256 for r in results}) == 3


def test_a_state_in_the_shared_arena_is_found_only_in_turn(
    models: list[Path], tmp_path: Path
) -> None:
    several = name_models([write_residual(tmp_path), models[1]], "residual,shifter")
    directory = tmp_path / "leaking"
    build_firmware(several, BOARD, directory, PORTABLE)
    shifter = Firmware.load(directory / "models/shifter")
    source = directory / "src/models/shifter/model.c"
    place = "#define shifter_state (shifter_arena + SHIFTER_ARENA_SIZE)"
    text, count = re.subn(r"static int8_t shifter_state\[.*", place, source.read_text())
    assert count == 1
    source.write_text(text)
    residual = Firmware.load(directory / "models/residual").plan
    assert residual.arena_size > shifter.plan.arena_size + shifter.plan.state_size
    build_again(directory)
    for part in directory.glob("models/*/report.json"):
        digest = load_memory(directory).image_sha256
        part.write_text(re.sub(r'"image_sha256": "\w+"', f'"image_sha256": "{digest}"',
                               part.read_text()))  # fmt: skip
    alone = turns(directory, "shifter")
    assert run_interleaved(alone, "unicorn")[0].passed
    assert not all(r.passed for r in run_interleaved(turns(directory), "unicorn"))


def test_each_is_a_firmware_of_its_own(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = Firmware.load(image / "models/shifter")
    assert (register.number, register.root, register.is_one_of_several) == (1, image, True)
    vectors = random_vectors(*register.model, 2, seed=3)
    result = run_vectors(register, "unicorn", vectors, "r", RunOptions(1, trace=True))
    assert result.passed and result.traced == 0 and result.profile is not None
    with pytest.raises(UsageError, match=r"holds 4 models; name one as .*models/one or .*again\.$"):
        Firmware.load(image)
    places = (("", "models/shifter"), ("models", "shifter"), ("models/one", "../shifter"))
    for here, path in (*places, ("models/shifter", ".")):
        monkeypatch.chdir(image / here)
        found = Firmware.load(Path(path))
        assert (found.number, found.elf.resolve()) == (1, (image / "firmware.elf").resolve())
    with pytest.raises(UsageError, match="no model nobody; it holds one, shifter, two, again"):
        Firmware.load_all(image, "nobody")


def test_hello_tells_of_each_and_refuses_what_is_not_there(image: Path) -> None:
    loaded = Firmware.load_all(image)
    with open_session("unicorn", loaded[0]) as session:
        for firmware in loaded:
            session.turn_to(**about_model(firmware))
            assert session.hello.model_sha256 == firmware.plan.model_sha256
            assert session.hello.layers == len(firmware.plan.layers)
        with pytest.raises(Refused, match="no such model"):
            session.turn_to(4, "", (), False)


def test_constants_kernels_and_arena_are_there_once(image: Path, models: list[Path]) -> None:
    whole, parts = load_memory(image), [f.memory for f in Firmware.load_all(image)]
    one, shifter, two, again = parts
    assert one.total(Category.CONSTANTS) > 0
    # The same bytes under both names: what is its own of `again` are parameters and tables.
    shared = [e for e in whole.entries if e.item.startswith("one+again: ")]
    assert {e.role for e in shared} >= {"weights", "bias"}
    weights = sum(e.size for e in again.entries if e.role == "weights")
    assert weights == sum(e.size for e in one.entries if e.role == "weights") > 0
    assert whole.total(Category.CONSTANTS) < sum(p.total(Category.CONSTANTS) for p in parts)
    objects = sorted(p.stem for p in (image / "build/obj/kernels").glob("*.o"))
    entries = [e for e in whole.entries if e.region == "flash"]
    kernels = [e.item for e in entries if e.category == Category.KERNEL]
    assert len(kernels) == len(set(kernels)) and set(kernels) <= set(objects)
    plans = [f.plan for f in Firmware.load_all(image)]
    largest = max(-(-plan.arena_size // 16) * 16 for plan in plans)
    assert whole.total(Category.ARENA) == largest
    assert [p.total(Category.STATE) > 0 for p in parts] == [False, True, False, False]
    assert whole.total(Category.STATE) == plans[1].state_size
    assert sum(e.size for e in entries) == whole.used("flash")
    assert two.model == "two" and shifter.used("RAM") < whole.used("RAM")


def test_arenas_of_their_own_in_a_release(models: list[Path], tmp_path: Path) -> None:
    several = name_models(models[:2], arenas="own")
    assert [name for name, _ in several.models] == ["chain", "shift_register"]
    directory = tmp_path / "own"
    options = BuildOptions("portable", release=True)
    report = build_firmware(several, load_board("mps2-an386"), directory, options)
    chain, register = Firmware.load_all(directory)
    assert report.total(Category.ARENA) >= chain.plan.arena_size + register.plan.arena_size
    assert chain.memory.total(Category.ARENA) == chain.plan.arena_size
    names = {s.name for s in read_layout(directory / "firmware.elf").symbols}
    assert {"chain_arena", "shift_register_arena", "chain_layers"} <= names
    results = run_interleaved(turns(directory), "qemu")
    assert all(r.passed and r.profile is None and r.guard for r in results)


def test_budgets_and_memories_count_all_of_them(models: list[Path], tmp_path: Path) -> None:
    several = name_models(models)
    alone = build_firmware(models[0], BOARD, tmp_path / "alone", PORTABLE)
    between = Budget(flash=alone.used("flash") + 16)
    built = build_within(several, BOARD, tmp_path / "built", PORTABLE, between, settle=False)
    assert "too many" in built.excess[0]

    tight = replace(BOARD, ram=replace(BOARD.ram, size=BOARD.stack_size + 16))
    with pytest.raises(DoesNotFitError, match=r"chain \+ shift_register \+ .* does not fit"):
        build_firmware(several, tight, tmp_path / "tight", PORTABLE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--name", "a,b"], "names 2 models, and 3 are given"),
        (["--name", "a,b,a"], "two models would be called a"),
        (["--name", "a,b,for"], "'for' cannot be a model's name"),
        (["--name", "a,b,qmcu_c"], "what is qmcu's own begins so"),
        (["--protocol", "mlperf-tiny"], "knows one model"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    models: list[Path], tmp_path: Path, capsys: Capture, options: list[str], message: str
) -> None:
    files = [str(path) for path in models]
    command = ["build", *files, "--board", BOARD.name, "-o", str(tmp_path / "out"), *options]
    assert run(command) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")


def test_commands_take_the_image_or_say_which_way(
    image: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["test", str(image), "--random", "1", "--steps", "2"]) == 0
    assert capsys.readouterr().out.count("outputs equal") == 4
    assert run(["test", str(image), "--random", "1", "--model", "two"]) == 0
    assert run(["report", str(image)]) == 0
    assert "memory by model" in capsys.readouterr().out
    for command, message in (
        (["test", str(image), "--resume", str(tmp_path / "t")], "add --model NAME, of one, shift"),
        (["report", str(image), "--html", str(tmp_path / "t")], "--html is of one model"),
        (["build", str(image / "models/one/model.tflite"), "--board", BOARD.name, "--name", "x"],
         "--name and --arenas are for several models"),
    ):  # fmt: skip
        assert run(command) == 2
        assert message in capsys.readouterr().err.replace("\n", " ")


def test_a_list_of_models_is_data_of_others(image: Path, tmp_path: Path) -> None:
    directory = tmp_path / "copy"
    shutil.copytree(image, directory)
    listed = (directory / "models.json").read_text()
    for name in ("../../x", "a\\u001b[2J", ""):
        (directory / "models.json").write_text(listed.replace('"two"', f'"{name}"'))
        for load in (Firmware.load, Firmware.load_all):
            with pytest.raises(UsageError, match=r"models\.json is no list of models: .* cannot"):
                load(directory)


def test_a_run_in_turn_is_written_as_one(image: Path, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"test.{kind}" for kind in ("json", "junit", "sarif", "html")}
    asked = [text for kind, path in files.items() for text in (f"--{kind}", str(path))]
    assert run(["test", str(image), "--random", "1", "--steps", "2", *asked]) == 0
    document = json.loads(files["json"].read_text())
    assert document["schema"] == "tests-1" and document["passed"] is True
    assert [r["model"] for r in document["results"]] == ["one", "shifter", "two", "again"]
    assert files["junit"].read_text().count("<testsuite ") == 4
    assert json.loads(files["sarif"].read_text())["runs"][0]["results"] == []
    page = files["html"].read_text()
    assert all(f"Outputs of {name}" in page for name in ("one", "shifter", "two", "again"))


def test_a_name_is_made_of_every_file_s() -> None:
    files = ("kws-int8", "model", "register", "1st", "qmcu_x", "Größe", "x" * 40, "-")
    named = [name_models([Path(f"{file}.tflite"), Path("other")]).models[0][0] for file in files]
    assert named == ["kws_int8", "nn_model", "nn_register", "nn_1st", "nn_qmcu_x", "gr_e", "x" * 31,
                     "nn"]  # fmt: skip


def test_a_key_opens_every_model(
    models: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    assert run(["trust", "access-key", "-o", str(key)]) == 0
    directory = tmp_path / "guarded"
    options = BuildOptions("portable", access=key)
    build_firmware(name_models(models[:2]), BOARD, directory, options)
    with pytest.raises(DeviceError, match="only to who has its key"):
        run_interleaved(turns(directory), "unicorn")
    monkeypatch.setenv("QMCU_ACCESS", str(key))
    assert [r.passed for r in run_interleaved(turns(directory), "unicorn")] == [True, True]
