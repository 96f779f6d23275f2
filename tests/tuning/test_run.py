"""`qmcu tune` on a small model: counted once, the same again, taken by a build, bytes equal."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.firmware_project import write_chain, write_residual

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware, find_tool
from qmcu.builder.several import name_models
from qmcu.builder.tuned import Tuning, load_tuning
from qmcu.cli.main import run
from qmcu.compile.serialization import load_plan
from qmcu.errors import CheckFailedError, UsageError
from qmcu.firmware import Firmware
from qmcu.report.json_file import write_json
from qmcu.tuning import tune
from qmcu.tuning.measuring import Bench

pytestmark = pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
BOARD = load_board("stm32f407")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """residual.tflite, tune.json of it for speed, and the folder `counts`."""
    found = tmp_path_factory.mktemp("tune")
    model = write_residual(found)
    options = ["--optimize", "speed", "--cache", str(found / "counts"), "-o"]
    assert run(["tune", str(model), "--board", BOARD.name, *options, str(found / "tune.json")]) == 0
    return found


def tuned(folder: Path, **options: object) -> Tuning:
    return tune(
        folder / "residual.tflite", BOARD, BuildOptions(optimize="speed"), cache=folder / "counts"
    )


def refuse_builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many forms each build counts from now on, in a list."""
    built: list[int] = []
    count = Bench.count

    def spy(bench: Bench, forms: dict[int, str], *, plain: bool = False) -> object:
        built.append(len(forms))
        return count(bench, forms, plain=plain)

    monkeypatch.setattr(Bench, "count", spy)
    return built


def test_a_second_call_counts_no_form_and_gives_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_tuning(folder / "tune.json")
    built = refuse_builds(monkeypatch)
    assert tuned(folder) == before
    changed = sum(layer.chosen != layer.rule for layer in before.layers)
    assert built == [0, changed][: 1 + bool(changed)]
    assert before.after.count <= before.before.count
    assert before.after.arena <= before.before.arena
    assert sum(len(layer.forms) for layer in before.layers) > 2 * len(before.layers)


def test_what_was_counted_before_an_interruption_stays(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    model, options = folder / "residual.tflite", BuildOptions(optimize="speed")
    with pytest.raises(KeyboardInterrupt):
        tune(model, BOARD, options, cache=tmp_path, progress=stop)
    first = sorted(tmp_path.iterdir())
    assert 0 < len(first) < len(list((folder / "counts").iterdir()))
    told: list[int] = []
    again = tune(
        model, BOARD, options, cache=tmp_path, progress=lambda done, total: told.append(total)
    )
    assert again == load_tuning(folder / "tune.json")
    assert told[0] < sum(len(layer.forms) for layer in again.layers)
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in (folder / "counts").iterdir()}


@pytest.fixture
def slowest(folder: Path, tmp_path: Path) -> Path:
    """A tuning in which the slowest counted form of every layer won."""
    tuning = load_tuning(folder / "tune.json")
    layers = []
    for layer in tuning.layers:
        counted = [form for form in layer.forms if form.count is not None]
        worst = max(counted, key=lambda form: form.count or 0, default=None)
        layers.append(layer if worst is None else replace(layer, chosen=worst.form))
    path = tmp_path / "slowest.json"
    write_json(replace(tuning, layers=tuple(layers)), path)
    return path


def test_a_build_takes_the_forms_and_the_bytes_are_equal(slowest: Path, folder: Path) -> None:
    tuning = load_tuning(slowest)
    directory = slowest.parent / "firmware"
    options = ["--board", BOARD.name, "--tuning", str(slowest), "-o", str(directory)]
    assert run(["build", str(folder / "residual.tflite"), *options]) == 0
    plan = load_plan(directory / "plan.json")
    kernels = {call.operator: call.kernel for call in plan.calls}
    assert plan.optimize == "speed"
    for layer in tuning.layers:
        assert kernels[layer.operator] == layer.form(layer.chosen).kernel
    changed = [call for call in plan.calls if call.trade.startswith("tuned: ")]
    assert len(changed) == len(tuning.choices) > 2
    assert run(["test", str(directory), "--on", "unicorn", "--random", "5"]) == 0


def test_a_tuning_holds_for_its_model_core_and_setting_alone(folder: Path, tmp_path: Path) -> None:
    tuning = folder / "tune.json"
    residual, chain = folder / "residual.tflite", write_chain(tmp_path)
    speed = BuildOptions(optimize="speed", tuning=tuning)
    for model, board, options, words in (
        (chain, "stm32f407", speed, "is a tuning for the model "),
        (residual, "rpi-pico", speed, "for the core cortex-m4 with FPU, not cortex-m0plus without"),
        (residual, "stm32f407", replace(speed, optimize="size"), "the --optimize speed, not size"),
        (residual, "stm32f407", replace(speed, kernels="portable"), "kernel set native, not port"),
    ):
        with pytest.raises(UsageError, match=words):
            build_firmware(model, load_board(board), tmp_path / "no", options)
    text = tuning.read_text()
    first = json.loads(text)["layers"][0]["chosen"]
    for bad, words in (
        (text.replace(f'"chosen": "{first}"', '"chosen": "x"'), "does not list its form x"),
        (text.replace('"layers"', '"lairs"'), "is no tuning: "),
    ):
        (tmp_path / "bad.json").write_text(bad)
        with pytest.raises(UsageError, match=words):
            load_tuning(tmp_path / "bad.json")


def test_other_bytes_are_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Callable[..., object]] = []

    def wrong(*arguments: object, **options: object) -> object:
        from qmcu.model.vectors import random_vectors

        made = random_vectors(*arguments, **options)  # type: ignore[arg-type]
        opened.append(wrong)
        return replace(made, expected=tuple(array ^ 1 for array in made.expected))

    monkeypatch.setattr("qmcu.tuning.run.random_vectors", wrong)
    with pytest.raises(CheckFailedError, match="gives other bytes than the interpreter"):
        tune(folder / "residual.tflite", BOARD, BuildOptions(), cache=tmp_path)
    assert opened


def test_a_board_that_nothing_emulates_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="ek-ra8d1 has no emulator to count on; tune for a board"):
        tune(folder / "residual.tflite", load_board("ek-ra8d1"), BuildOptions())


def test_of_several_models_each_takes_its_own(slowest: Path, folder: Path) -> None:
    chain, residual = write_chain(slowest.parent), folder / "residual.tflite"
    directory = slowest.parent / "several"
    several = name_models([chain, residual])
    build_firmware(several, BOARD, directory, BuildOptions(optimize="speed", tuning=[slowest]))
    other, tuned = Firmware.load_all(directory)
    assert not any(call.trade.startswith("tuned: ") for call in other.plan.calls)
    kernels = {call.operator: call.kernel for call in tuned.plan.calls}
    for layer in load_tuning(slowest).layers:
        assert kernels[layer.operator] == layer.form(layer.chosen).kernel
    for paths, words in (
        ([slowest, folder / "tune.json"], "are tunings for the same model"),
        ([folder / "tune.json"], "is none of chain"),
    ):
        models = several if len(paths) > 1 else name_models([chain, chain], "chain,other")
        options = BuildOptions(optimize="speed", tuning=paths)
        with pytest.raises(UsageError, match=words):
            build_firmware(models, BOARD, directory, options)
