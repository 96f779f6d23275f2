"""Work on a Dask cluster of two workers here: the same results, whatever dies on the way."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.cli import run
from qmcu.cluster import CARRIED, Cluster, Piece, open_cluster
from qmcu.device import infer_all
from qmcu.errors import DeviceError, ModelError, UsageError
from qmcu.firmware import Firmware
from qmcu.model import engines
from qmcu.model.vectors import random_vectors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with open_cluster("local:2") as opened:
        assert opened is not None
        yield opened


def power(base: int, exponent: int) -> int:
    time.sleep(0.05)
    return int(base**exponent)


def refuse(name: str) -> None:
    raise ModelError(f"{name} is no model.")


def setting(name: str) -> str | None:
    return os.environ.get(name)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_pieces_come_back_as_they_end_and_in_their_order_of_need(cluster: Cluster) -> None:
    ended: list[str] = []
    told: list[tuple[int, int]] = []
    pieces = [Piece(f"{i}", power, (i, 2), (f"{i - 1}",) if i else ()) for i in range(4)]
    results: dict[str, int] = {}

    def keep(key: str, result: int) -> None:
        ended.append(key)
        results[key] = result

    cluster.run(pieces, keep, lambda done, total: told.append((done, total)))
    assert ended == ["0", "1", "2", "3"]
    assert results == {"0": 0, "1": 1, "2": 4, "3": 9}
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_killed_worker_loses_nothing(cluster: Cluster) -> None:
    pids = list(cluster.client.run(os.getpid).values())
    results: dict[str, int] = {}

    def keep(key: str, result: int) -> None:
        if not results:
            os.kill(pids[0], signal.SIGKILL)
        results[key] = result

    cluster.run([Piece(f"p{i}", power, (i, 3)) for i in range(40)], keep)
    assert results == {f"p{i}": i**3 for i in range(40)}
    cluster.client.wait_for_workers(2, timeout=60)
    assert pids[0] not in cluster.client.run(os.getpid).values()


def test_what_a_piece_raises_is_raised_here(cluster: Cluster) -> None:
    with pytest.raises(ModelError, match=r"^x is no model\.$"):
        cluster.run([Piece("a", refuse, ("x",))], lambda key, result: None)


def test_workers_compute_expected_bytes_as_here(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engines.VARIABLE in CARRIED
    monkeypatch.setenv(engines.VARIABLE, engines.PORTABLE)
    found: list[str] = []
    cluster.run([Piece("a", setting, (engines.VARIABLE,))], lambda key, value: found.append(value))
    assert found == [engines.PORTABLE]


def test_a_piece_that_kills_its_workers_is_named(cluster: Cluster) -> None:
    with pytest.raises(DeviceError, match="deadly: every worker that tried it died"):
        cluster.run([Piece("deadly", die)], lambda key, result: None)


def test_the_same_answers_as_here(cluster: Cluster, tmp_path: Path) -> None:
    firmware = Firmware.load(build_chain(tmp_path))
    vectors = random_vectors(*firmware.model, 30, seed=3)
    inputs = [(row,) for row in vectors.inputs[0]]
    there = infer_all("unicorn", firmware, inputs, cluster=cluster)
    assert [r.outputs[0] for r in there] == [a.tobytes() for a in vectors.expected[0]]
    assert there == infer_all("unicorn", firmware, inputs, workers=1)


def test_qmcu_test_on_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = build_chain(tmp_path)
    assert run(["test", str(directory), "--random", "5", "--cluster", "local:1"]) == 0
    shown = capsys.readouterr().out
    assert "1 workers; dashboard http://127.0.0.1:" in shown
    assert "5 of 5 outputs equal" in shown


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("tcp://127.0.0.1:9", "no scheduler answers there"),
        ("nowhere.json", "there is no such file; give local"),
        ("local:none", "give local or local:N"),
    ],
)
def test_a_cluster_that_is_none(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said), open_cluster(spec):
        pass
