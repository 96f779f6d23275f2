"""A run that was interrupted goes on, gives the same, and does no vector twice."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.fixtures import ChainDirectory

from qmcu.device import InferResult, Resumed, infer_all
from qmcu.device.journal import Journal, run_key
from qmcu.errors import CheckFailedError, UsageError, VectorError
from qmcu.firmware import Firmware

VECTORS = [[bytes((7 * i + j) % 256 for j in range(12))] for i in range(30)]
ANSWER = InferResult((b"\x80\x00\x7f", b""), 7, 96)


def interrupt_at(count: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= count:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_goes_on(
    chain_directory: ChainDirectory, tmp_path: Path, workers: int
) -> None:
    directory, journal = chain_directory("stm32f746"), tmp_path / "run.journal"
    expected = infer_all("unicorn", Firmware.load(directory), VECTORS, workers=1)
    with pytest.raises(KeyboardInterrupt):
        infer_all(
            "unicorn", Firmware.load(directory), VECTORS, workers=workers, journal=journal,
            progress=interrupt_at(11),
        )  # fmt: skip
    kept = len(journal.read_text().splitlines()) - 1
    assert kept >= 11
    with journal.open("a") as stream:
        stream.write('{"vector": 29, "outp')
    seen: list[int] = []
    found = infer_all(
        "unicorn", Firmware.load(directory), VECTORS, workers=workers, journal=journal,
        progress=lambda done, total: seen.append(done),
    )  # fmt: skip
    assert [r.outputs for r in found] == [r.outputs for r in expected]
    assert (seen[0], seen[-1]) == (kept + 1, 30)
    assert not journal.exists()


def test_an_error_names_the_vector_of_the_whole_run(
    chain_directory: ChainDirectory, tmp_path: Path
) -> None:
    directory, journal = chain_directory("stm32f746"), tmp_path / "run.journal"
    vectors = [*VECTORS[:5], [bytes(11)], *VECTORS[5:9]]
    for workers in (1, 2):
        with pytest.raises(VectorError, match="vector 5: input 0 of the model takes 12 bytes"):
            infer_all(
                "unicorn", Firmware.load(directory), vectors, workers=workers, journal=journal
            )
    assert journal.exists()


def test_what_is_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    keys = [
        run_key("unicorn", b"image", VECTORS),
        run_key("qemu", b"image", VECTORS),
        run_key("unicorn", b"imagf", VECTORS),
        run_key("unicorn", b"image", VECTORS[:-1]),
        run_key("unicorn", b"image", [[v[0][:6], v[0][6:]] for v in VECTORS]),
    ]
    assert len(set(keys)) == len(keys)
    with pytest.raises(KeyboardInterrupt), Journal(path, keys[0], 30) as journal:
        journal.add(4, ANSWER)
        raise KeyboardInterrupt
    with pytest.raises(UsageError, match="of another firmware, target or vectors"):
        Journal(path, keys[1], 30)
    with Journal(path, keys[0], 30) as journal:
        assert journal.results == {4: ANSWER}
    assert not path.exists()


@pytest.mark.parametrize(
    "line",
    [
        "nonsense", "[]", "{}", '{"vector": 30, "outputs": [], "cycles": 1, "stack_bytes": 1}',
        '{"vector": 1, "outputs": ["*"], "cycles": 1, "stack_bytes": 1}',
        '{"vector": 1, "outputs": 3, "cycles": 1, "stack_bytes": 1}',
    ],
)  # fmt: skip
def test_damaged_journals_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "j"
    good = {"vector": 2, "outputs": ["gAB/"], "cycles": None, "stack_bytes": 1}
    header = json.dumps({"format": 1, "run": "k"})
    path.write_text("\n".join([header, line, json.dumps(good)]) + "\n")
    with pytest.raises(UsageError, match="is damaged in line 2"):
        Journal(path, "k", 30)
    for text in (line + "\n", "\n", '{"format": 2, "run": "k"}\n'):
        path.write_text(text)
        with pytest.raises(UsageError, match="is no journal of a run"):
            Journal(path, "k", 30)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is no journal of a run"):
        Journal(path, "k", 30)


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(UsageError):
        Journal(path, "k", 1)
    assert path.read_text() == "my notes\n"
    with pytest.raises(UsageError, match="cannot"):
        Journal(path / "j", "k", 1)


def forge(journal: Path, index: int) -> None:
    """One line says of a vector what another one's says."""
    lines = journal.read_text().splitlines()
    wanted, other = json.loads(lines[index]), json.loads(lines[1])
    lines[index] = json.dumps({**wanted, "outputs": other["outputs"]})
    journal.write_text("\n".join(lines) + "\n")


def test_a_forged_journal_is_found_out(chain_directory: ChainDirectory, tmp_path: Path) -> None:
    """Eight answers are kept, and eight are run again."""
    directory, journal = chain_directory("stm32f746"), tmp_path / "run.journal"
    firmware = Firmware.load(directory)

    def interrupted() -> None:
        with pytest.raises(KeyboardInterrupt):
            infer_all(
                "unicorn", firmware, VECTORS, workers=1, journal=journal,
                progress=interrupt_at(8),
            )  # fmt: skip

    interrupted()
    told = Resumed()
    infer_all("unicorn", firmware, VECTORS, workers=1, journal=journal, resumed=told)
    assert (told.kept, told.repeated) == (8, 8)
    interrupted()
    forge(journal, 6)
    with pytest.raises(CheckFailedError, match="what the device does not answer"):
        infer_all("unicorn", firmware, VECTORS, workers=1, journal=journal)


def test_of_many_answers_one_in_twenty_is_run_again(
    chain_directory: ChainDirectory, tmp_path: Path
) -> None:
    directory, journal = chain_directory("stm32f746"), tmp_path / "run.journal"
    firmware, many = Firmware.load(directory), VECTORS * 10
    with pytest.raises(KeyboardInterrupt):
        infer_all("unicorn", firmware, many, workers=1, journal=journal, progress=interrupt_at(240))
    told = Resumed()
    infer_all("unicorn", firmware, many, workers=1, journal=journal, resumed=told)
    assert (told.kept, told.repeated) == (240, 12)
