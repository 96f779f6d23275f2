"""Monitoring: the device counts as the host does, and what is unusual is told."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.firmware_project import write_chain, write_residual

from qmcu import documents
from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.cli import run
from qmcu.codegen.monitor import _place
from qmcu.codegen.monitor_limits import STATISTICS, MonitoredLayer, MonitorLimits, load_limits
from qmcu.device.targets import open_session
from qmcu.errors import DeviceError, UsageError
from qmcu.firmware import Firmware
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.monitor import fit_monitor, judge
from qmcu.monitor.fitting import sampled
from qmcu.monitor.readings import read_counters
from qmcu.monitor.watching import drift_limit, stability
from qmcu.types import Int8Array

ROWS = 90


def usual_inputs(shape: tuple[int, ...], rows: int = ROWS, seed: int = 1) -> Int8Array:
    rng = np.random.default_rng(seed)
    return rng.integers(-40, 41, (rows, *shape)).astype(np.int8)


def limits_of(model: Path) -> tuple[MonitorLimits, tuple[int, ...]]:
    content = model.read_bytes()
    graph = parse_model(content, model.stem)
    shape = graph.input_tensors[0].shape
    return fit_monitor(graph, content, [usual_inputs(shape)]), shape


def monitored(model: Path, folder: Path, release: bool = False) -> tuple[Firmware, MonitorLimits]:
    limits, _ = limits_of(model)
    path = folder / "limits.json"
    path.write_text(documents.to_json(limits))
    assert load_limits(path) == limits
    directory = folder / "firmware"
    options = BuildOptions(monitor=path, release=release)
    build_firmware(model, load_board("stm32f746"), directory, options)
    return Firmware.load(directory), limits


@pytest.mark.parametrize("write", [write_chain, write_residual])
def test_the_device_counts_what_the_host_computes(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model = write(tmp_path)
    firmware, limits = monitored(model, tmp_path, release=True)
    oracle = Oracle(model.read_bytes())
    shape = firmware.model.graph.input_tensors[0].shape
    # Louder than usual, so that every statistic is above its limit at some time.
    rows = np.concatenate([usual_inputs(shape, 20, 2), 3 * usual_inputs(shape, 20, 3)])
    features, scores = [], []
    for row in rows:
        tensors = oracle.all_tensors([row])
        features.append(np.concatenate([sampled(tensors[p.tensor], p) for p in limits.layers]))
        scores.append(sampled(tensors[limits.scores.tensor], limits.scores))
    expected = limits.seen(np.stack(features), np.stack(scores))
    above = expected > np.array(limits.limits)
    assert above.any() and not above.all()
    with open_session("unicorn", firmware) as session:
        for number, row in enumerate(rows):
            session.infer([row])
            reading = read_counters(session)
            assert reading.inferences == number + 1
            assert [s.last for s in reading.statistics] == list(expected[number])
            assert reading.last_class == scores[number].argmax()
            raised = tuple(n for n, a in zip(STATISTICS, above[number], strict=True) if a)
            assert reading.last_alarms == raised
        assert [s.sum for s in reading.statistics] == list(expected.sum(0))
        assert [s.most for s in reading.statistics] == list(expected.max(0))
        assert [s.alarms for s in reading.statistics] == list(above.sum(0))
        assert reading.alarms == above.any(1).sum()
        assert reading.classes == tuple(
            np.bincount([s.argmax() for s in scores], minlength=len(reading.classes))
        )
        assert read_counters(session, reset=True) == reading
        assert read_counters(session).inferences == 0


def test_every_activation_is_looked_at_before_another_takes_its_place(tmp_path: Path) -> None:
    """An ADD in place writes over what it reads: what is there after it is another tensor."""
    directory, model = tmp_path / "firmware", write_residual(tmp_path)
    build_firmware(model, load_board("stm32f746"), directory, BuildOptions())
    firmware, oracle = Firmware.load(directory), Oracle(model.read_bytes())
    graph, plan = firmware.model.graph, firmware.plan
    row = usual_inputs(graph.input_tensors[0].shape, 1)[0]
    expected = oracle.all_tensors([row])
    overwritten = 0
    with open_session("unicorn", firmware) as session:
        for operator in graph.operators:
            tensor = graph.tensors[operator.outputs[0]]
            looked = MonitoredLayer(tensor.index, tensor.name, 1, tensor.elements)
            after, offset, _, count = _place(plan, looked)
            seen = session.trace(after + 1, offset, count, [row])
            assert seen == expected[tensor.index].tobytes(), tensor.name
            later = session.trace(len(plan.layers), offset, count, [row])
            overwritten += seen != later
    assert overwritten


def test_firmware_without_a_monitor_says_so(tmp_path: Path) -> None:
    directory = tmp_path / "plain"
    build_firmware(write_chain(tmp_path), load_board("stm32f746"), directory)
    with (
        open_session("unicorn", Firmware.load(directory)) as session,
        pytest.raises(DeviceError, match="built without MONITOR"),
    ):
        read_counters(session)
    assert run(["monitor", "watch", str(directory), "--on", "unicorn"]) == 2


def test_limits_are_of_one_model_and_whole(tmp_path: Path) -> None:
    limits, _ = limits_of(write_chain(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    path = tmp_path / "limits.json"
    path.write_text(documents.to_json(limits))
    with pytest.raises(UsageError, match=r"limits are of model .* run `qmcu monitor fit` on it"):
        build_firmware(
            write_chain(other, seed=6), load_board("stm32f746"), tmp_path / "no",
            BuildOptions(monitor=path),
        )  # fmt: skip
    for field, value in (("low", [0]), ("limits", [1]), ("weights", [[1]]), ("classes", [1, 2])):
        document = json.loads(documents.to_json(limits)) | {field: value}
        path.write_text(json.dumps(document))
        with pytest.raises(UsageError, match="is no monitor's limits"):
            load_limits(path)


def test_too_few_inputs_teach_nothing(tmp_path: Path) -> None:
    content = write_chain(tmp_path).read_bytes()
    graph = parse_model(content, "chain")
    with pytest.raises(UsageError, match="10 inputs are too few"):
        fit_monitor(graph, content, [usual_inputs(graph.input_tensors[0].shape, 10)])


def test_a_stream_that_drifts_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_chain(tmp_path)
    firmware, limits = monitored(model, tmp_path)
    shape = firmware.model.graph.input_tensors[0].shape
    data = tmp_path / "data.npz"
    usual = usual_inputs(shape, 100, 5)
    np.savez(data, inputs=usual)
    files = {name: tmp_path / f"out.{name}" for name in ("log", "prometheus", "html")}
    options = [f"--{name}={path}" for name, path in files.items()]
    command = ["monitor", "watch", str(firmware.directory), "--on", "unicorn", "--data", str(data)]
    assert run([*command, "--batch", "50", *options]) == 0
    # From here on one input again and again, and then loud ones.
    loud = np.where(usual_inputs(shape, 50, 6) > 0, 127, -128).astype(np.int8)
    drifting = np.concatenate([usual, usual[:1].repeat(50, 0), loud])
    np.savez(data, inputs=drifting)
    capsys.readouterr()
    assert run([*command, "--batch", "50", *options]) == 1
    told = capsys.readouterr().out
    assert "classes drift (PSI" in told and "inputs are out of the usual" in told
    windows = [json.loads(line) for line in files["log"].read_text().splitlines()]
    assert [w["inferences"] for w in windows] == [50] * 4
    assert [bool(w["judgement"]["alarms"]) for w in windows] == [False, False, True, True]
    metrics = files["prometheus"].read_text()
    assert f'qmcu_monitor_inferences_total{{model="{limits.model_sha256[:16]}"}} 200' in metrics
    names = {line.split()[2] for line in metrics.splitlines() if line.startswith("# TYPE")}
    assert all(line.split("{")[0] in names for line in metrics.splitlines() if line[0] != "#")
    page = files["html"].read_text()
    assert page.count('class="curve') == 8 and "classes drift" in page


def test_the_command_learns_and_the_build_takes_it(tmp_path: Path) -> None:
    model = write_chain(tmp_path)
    shape = parse_model(model.read_bytes(), "chain").input_tensors[0].shape
    for name, seed in (("data", 1), ("others", 2)):
        np.savez(tmp_path / f"{name}.npz", inputs=usual_inputs(shape, ROWS, seed))
    limits, firmware = tmp_path / "limits.json", tmp_path / "fw"
    assert run(["monitor", "fit", str(model), "--data", str(tmp_path / "data.npz"), "--held-out",
                str(tmp_path / "others.npz"), "-o", str(limits)]) == 0  # fmt: skip
    assert load_limits(limits).held_out == ROWS
    assert run(["build", str(model), "--board", "stm32f746", "--monitor", str(limits),
                "-o", str(firmware)]) == 0  # fmt: skip
    assert run(["test", str(firmware), "--on", "unicorn", "--random", "2"]) == 0


def test_stability_and_its_chance() -> None:
    assert stability([100, 100], [50, 50]) == pytest.approx(0, abs=1e-3)
    # (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5), but for the half inputs.
    assert stability([10_000, 10_000], [8_000, 2_000]) == pytest.approx(0.4159, abs=1e-3)
    rng = np.random.default_rng(1)
    share = np.full(10, 0.1)
    usual = rng.multinomial(500, share)
    limit = drift_limit(500, 60, 10)
    chance = [stability(list(usual), list(rng.multinomial(60, share))) for _ in range(300)]
    assert np.mean(np.array(chance) > limit) < 0.05
    assert drift_limit(10_000, 10_000, 10) == 0.25


def test_few_alarms_are_chance(tmp_path: Path) -> None:
    limits, _ = limits_of(write_chain(tmp_path))
    usual = list(limits.classes)
    assert not judge(limits, sum(usual), 2, [0, 0, 0, 0, 2], usual).alarms
    told = judge(limits, sum(usual), 60, [0, 60, 0, 0, 20], usual).alarms
    assert len(told) == 2 and "mostly by their saturated" in told[0] and "saturate" in told[1]
