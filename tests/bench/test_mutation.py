"""The faults of mutation testing, their sample, and what is remembered of them."""

from pathlib import Path

import pytest
from bench.mutation import run
from bench.mutation.mutants import mutants_of
from bench.mutation.rooms import ROOMS, Room
from bench.mutation.run import Store, Task, files_of_tests, sample_of

TEXT = '''
def step(size: int = 4) -> int:
    """Not 5."""
    if size < 1 and size != 0:
        raise ValueError(f"size {size + 1}")
    return max(size, -(size // 2))
'''


def test_every_fault_is_one_change_and_texts_are_left_alone() -> None:
    mutants = mutants_of("m.py", TEXT)
    changes = {m.change for m in mutants}
    assert {"size < 1 -> size <= 1", "size != 0 -> size == 0", "4 -> 5", "size // 2 -> size * 2",
            "max(size, -(size // 2)) -> min(size, -(size // 2))", "-(size // 2) -> size // 2",
            "size < 1 and size != 0 -> size < 1 or size != 0"} <= changes  # fmt: skip
    assert not any("size + 1" in m.change and "raise" not in m.change for m in mutants)
    assert all(m.function == "step" for m in mutants)
    assert len({m.source for m in mutants}) == len(mutants) == len({m.key for m in mutants})


def test_a_sample_is_the_same_for_a_seed_and_has_of_every_module() -> None:
    room = ROOMS[0]
    first, again, other = ([t.mutant.key for t in sample_of(room, seed, 12)] for seed in (1, 1, 2))
    assert first == again != other
    tried = {t.mutant.module for t in sample_of(room, 1, 12)}
    assert tried == {f"compile/{f.name}" for f in room.files()}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_has_modules_and_tests(room: Room) -> None:
    assert room.files() and files_of_tests(room)


def test_survivors_are_tried_again_when_the_tests_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, survived = (Task(ROOMS[0], m) for m in mutants_of("m.py", TEXT)[:2])
    store = Store(tmp_path / "s.jsonl")
    assert store.outcome(killed) is None
    store.add(killed, "killed")
    store.add(survived, "survived")
    assert Store(tmp_path / "s.jsonl").outcome(survived) == "survived"
    (tmp_path / "t.py").write_text("more tests")
    monkeypatch.setattr(run, "files_of_tests", lambda room: [tmp_path / "t.py"])
    changed = Store(tmp_path / "s.jsonl")
    assert (changed.outcome(killed), changed.outcome(survived)) == ("killed", None)
