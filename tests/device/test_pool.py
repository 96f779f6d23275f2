"""Parallel runs: the same results in the same order, crashes with their vector, no orphans."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.fixtures import ChainDirectory
from tests.support.processes import read_line

from qmcu.device import infer_all, open_session, pool, team
from qmcu.errors import DeviceError, VectorError
from qmcu.firmware import Firmware

VECTORS = [[bytes((7 * i + j) % 256 for j in range(12))] for i in range(40)]


def children(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


@pytest.fixture
def workers_alive() -> Callable[[], set[int]]:
    """Gives the children that came since the test began; the interpreter's server lives longer."""
    before = children(os.getpid())
    return lambda: children(os.getpid()) - before


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_vectors(
    chain_directory: ChainDirectory, workers: int
) -> None:
    directory = chain_directory("stm32f746")
    with open_session("unicorn", Firmware.load(directory)) as session:
        expected = [session.infer(vector).outputs for vector in VECTORS]
    seen = []
    results = infer_all(
        "unicorn",
        Firmware.load(directory),
        VECTORS,
        workers=workers,
        progress=lambda *at: seen.append(at),
    )
    assert [result.outputs for result in results] == expected
    assert seen[-1] == (40, 40) and seen == sorted(seen)
    assert len(set(expected)) > 10


def test_what_ends_within_a_second_needs_no_worker(
    chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_ALONE_S", 60.0)
    monkeypatch.setattr(pool, "run_team", lambda *_, **__: pytest.fail("a worker was started"))
    assert len(infer_all("unicorn", Firmware.load(chain_directory("stm32f746")), VECTORS)) == 40


def test_what_is_left_then_is_done_by_workers(
    chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    firmware = Firmware.load(chain_directory("stm32f746"))
    expected = infer_all("unicorn", firmware, VECTORS, workers=1)
    given: list[object] = []
    parallel = team.run_team

    def noted(*args: Any, **kwargs: Any) -> list[Any]:
        given.append((kwargs["workers"], kwargs["numbers"]))
        return parallel(*args, **kwargs)

    monkeypatch.setattr(pool, "_ALONE_S", 0.0)
    monkeypatch.setattr(pool, "run_team", noted)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    seen: list[tuple[int, int]] = []
    found = infer_all("unicorn", firmware, VECTORS, progress=lambda *at: seen.append(at))
    assert found == expected
    assert given == [(2, list(range(1, 40)))]
    # Answers that are there at once are told at once.
    counts = [done for done, total in seen if total == 40]
    assert counts == sorted(set(counts)) and (counts[0], counts[-1]) == (1, 40)
    assert len(counts) == len(seen)
    # Two are no more than what took that long: the first of them is done here too.
    given.clear()
    assert infer_all("unicorn", firmware, VECTORS[:2]) == expected[:2]
    assert given == []


def test_qemu_workers_give_the_same(
    chain_directory: ChainDirectory, workers_alive: Callable[[], set[int]]
) -> None:
    expected = infer_all(
        "unicorn", Firmware.load(chain_directory("stm32f407")), VECTORS[:6], workers=1
    )
    found = infer_all("qemu", Firmware.load(chain_directory("mps2-an386")), VECTORS[:6], workers=2)
    assert [r.outputs for r in found] == [r.outputs for r in expected]
    assert not workers_alive()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_names_its_vector(
    chain_directory: ChainDirectory, workers_alive: Callable[[], set[int]], workers: int
) -> None:
    vectors = [*VECTORS[:5], [bytes(11)], *VECTORS[:5]]
    with pytest.raises(VectorError, match="vector 5: input 0 of the model takes 12 bytes"):
        infer_all("unicorn", Firmware.load(chain_directory("stm32f746")), vectors, workers=workers)
    assert not workers_alive()


def test_a_session_that_cannot_open_is_told_once(chain_directory: ChainDirectory) -> None:
    with pytest.raises(DeviceError, match="does not run on qemu"):
        infer_all("qemu", Firmware.load(chain_directory("stm32f746")), VECTORS, workers=2)


def test_a_killed_worker_is_told_with_its_vector(
    chain_directory: ChainDirectory, workers_alive: Callable[[], set[int]]
) -> None:
    def kill_one(done: int, total: int) -> None:
        for pid in list(workers_alive())[:1]:
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(DeviceError, match=r"vector \d+: a worker process was killed by SIGKILL"):
        infer_all(
            "unicorn",
            Firmware.load(chain_directory("stm32f746")),
            VECTORS * 20,
            workers=2,
            progress=kill_one,
        )
    assert not workers_alive()


def test_no_vectors_need_no_worker(chain_directory: ChainDirectory) -> None:
    assert infer_all("unicorn", Firmware.load(chain_directory("stm32f746")), []) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize(("board", "target"), [("stm32f746", "unicorn"), ("mps2-an386", "qemu")])
def test_ctrl_c_and_kill_leave_no_process(
    chain_directory: ChainDirectory, number: int, board: str, target: str
) -> None:
    script = f"""
        from pathlib import Path
        from qmcu.device import infer_all
        from qmcu.firmware import Firmware
        firmware = Firmware.load(Path({str(chain_directory(board))!r}))
        infer_all({target!r}, firmware, [[bytes(12)]] * 1_000_000,
                  workers=2, progress=lambda done, total: print(done, flush=True))
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    read_line(parent)
    family: set[int] = set()
    deadline = time.monotonic() + 20
    while len(family) < (4 if target == "qemu" else 2) and time.monotonic() < deadline:
        family = children(parent.pid)
        family |= {pid for child in family for pid in children(child)}
    assert len(family) == (4 if target == "qemu" else 2)
    parent.send_signal(number)
    for stream in (parent.stdout, parent.stderr):
        assert stream is not None
        stream.close()
    parent.wait(10)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in family) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
