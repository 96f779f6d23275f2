"""The fuzzer takes good input, tells failures with their seed, and finds what it should."""

import random
import shutil
from pathlib import Path

import pytest
from bench.fuzz.builds import accepted_mutants
from bench.fuzz.mutate import mutated
from bench.fuzz.protocols import PROTOCOLS, corrupted_frames, run_protocols
from bench.fuzz.readers import Reader, readers
from bench.fuzz.run import run_reader

from qmcu.errors import UsageError


def test_every_reader_takes_its_seeds(tmp_path: Path) -> None:
    (tmp_path / "makers").mkdir()
    (tmp_path / "inputs").mkdir()
    for name, reader in readers(tmp_path / "makers").items():
        for seed in reader.seeds:
            path = tmp_path / "inputs" / reader.name
            path.unlink(missing_ok=True)
            path.write_bytes(seed)
            reader.read(path)
            assert name


def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    """Every reader and writer for a moment, from another seed each day that somebody changes it."""
    (tmp_path / "makers").mkdir()
    (tmp_path / "inputs").mkdir()
    for name, reader in readers(tmp_path / "makers").items():
        count = run_reader(name, reader, tmp_path / "inputs", 20_261_128, 0.2)
        assert not count.failures, count.failures
        assert count.inputs


def test_mutants_that_are_taken_build_and_are_equal() -> None:
    count = accepted_mutants(2.0, 5)
    assert count.inputs and not count.failures


def test_a_seed_makes_the_same_input_again() -> None:
    seeds = [b"abcdefgh" * 9]
    for number in range(50):
        first, second = (mutated(random.Random(number), seeds) for _ in range(2))
        assert first == second


def test_failures_are_told(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        data = path.read_bytes()
        if len(data) > 8:
            raise KeyError(len(data))
        raise UsageError("an internal error, in words" if len(data) < 8 else "a sentence")

    count = run_reader("mine", Reader(read, (b"12345678",)), tmp_path, 5, 2.0)
    assert len(count.failures) == 10
    assert any("KeyError" in f and "test_fuzz.py" in f for f in count.failures)
    assert all(f.startswith("mine seed ") for f in count.failures)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler for this machine (cc)")
def test_the_protocols_run_under_sanitizers() -> None:
    counts = run_protocols(1.0, 3)
    assert len(counts) == len(PROTOCOLS)
    assert all(not c.failures and c.inputs > 1000 for c in counts.values())


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler for this machine (cc)")
def test_a_byte_too_far_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that takes one argument byte too many."""
    from qmcu.resources import firmware_directory

    source = tmp_path / "firmware"
    shutil.copytree(firmware_directory(), source)
    protocol = source / "runtime/protocol.c"
    text = protocol.read_text()
    assert "if (index < ARGUMENTS_OF(current.header[0])) {" in text
    protocol.write_text(
        text.replace("if (index < ARGUMENTS_OF(current.header[0])) {", "if (index < 4096) {")
    )
    monkeypatch.setattr("bench.fuzz.protocols.firmware_directory", lambda: source)
    counts = run_protocols(2.0, 3)
    assert any("runtime error" in f or "AddressSanitizer" in f
               for c in counts.values() for f in c.failures)  # fmt: skip


def test_damaged_frames_give_right_answers() -> None:
    count = corrupted_frames(2.0, 3)
    assert count.inputs > 0 and count.accepted > 0 and not count.failures
