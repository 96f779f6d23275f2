"""The fuzzer takes good input, tells failures with their seed, and finds what it should."""

import importlib.util
import os
import random
import shutil
import signal
from pathlib import Path

import pytest
from bench.fuzz import run
from bench.fuzz.builds import accepted_mutants
from bench.fuzz.guided import run_guided
from bench.fuzz.models import model_seeds
from bench.fuzz.mutate import mutated
from bench.fuzz.protocols import PROTOCOLS, corrupted_frames, run_libfuzzer, run_protocols
from bench.fuzz.readers import MAKERS, Reader, readers
from bench.fuzz.run import input_of, run_guarded, run_reader
from bench.fuzz.structure import model_of, mutated_model

from qmcu.errors import UsageError


def test_every_reader_takes_its_seeds(tmp_path: Path) -> None:
    (tmp_path / "makers").mkdir()
    (tmp_path / "inputs").mkdir()
    for name, reader in readers(tmp_path / "makers").items():
        for seed in reader.seeds if name != "tflite-plan" else reader.seeds[:20]:
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
        first, second = (mutated_model(random.Random(number), model_seeds()) for _ in range(2))
        assert first == second


def test_every_number_and_offset_of_a_model_is_a_place() -> None:
    places = model_of(model_seeds()[1]).places
    assert all(len(found) > 5 for kind, found in places.items()), places
    # The first of the file leads to its first table.
    assert places["offset"][0].at == 0


def test_failures_are_told_once_a_kind(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        data = path.read_bytes()
        if len(data) > 8:
            raise KeyError(len(data))
        raise UsageError("an internal error, in words" if len(data) < 8 else "a sentence")

    reader = Reader(read, (b"12345678",))
    count = run_reader("mine", reader, tmp_path, 5, 1.0)
    assert len(count.failures) == 2
    assert all(f.startswith("mine seed ") for f in count.failures)
    told = next(f for f in count.failures if "KeyError at test_fuzz.py" in f)
    assert len(input_of(reader, int(told.split()[2].rstrip(":")))) > 8


def test_a_reader_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes) -> None:
        while len(data) > 8:
            pass
        raise UsageError("a sentence")

    monkeypatch.setattr(run, "HANG_S", 0.5)
    reader = Reader(read, (b"12345678",), parse=read)  # type: ignore[arg-type]
    count = run_reader("mine", reader, tmp_path, 5, 0.1)
    assert [f for f in count.failures if "_Hang" in f and "more than 0.5 s" in f]


def test_a_reader_that_kills_its_process_is_told_with_the_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(data: bytes) -> None:
        if len(data) > 8:
            os.kill(os.getpid(), signal.SIGKILL)
        raise UsageError("a sentence")

    reader = Reader(read, (b"12345678",), parse=read)  # type: ignore[arg-type]
    monkeypatch.setitem(MAKERS, "mine", lambda _: reader)
    monkeypatch.setattr(run, "_RESTARTS", 2)
    count = run_guarded("mine", 5, 5.0)
    assert len(count.failures) == 2 and count.inputs
    for told in count.failures:
        assert "the process ended (-9)" in told
        assert len(input_of(reader, int(told.split()[2].rstrip(":")))) > 8


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler for this machine (cc)")
def test_the_protocols_run_under_sanitizers() -> None:
    counts = run_protocols(1.0, 3)
    assert len(counts) == len(PROTOCOLS)
    assert all(not c.failures and c.inputs > 1000 for c in counts.values())


@pytest.mark.skipif(shutil.which("clang") is None, reason="no clang for this machine")
def test_libfuzzer_runs_the_same_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.fuzz.protocols.PROTOCOLS", ("qmcu",))
    count = run_libfuzzer(1.0, 3)["libfuzzer qmcu"]
    # More runs than the corpus that it begins with.
    assert not count.failures and count.inputs > 500 and count.accepted > 50


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no atheris")
def test_atheris_runs_a_reader() -> None:
    count = run_guided(["policy-toml"], 1.0, 3)["atheris policy-toml"]
    assert not count.failures and count.inputs > 10 and count.accepted > 10


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
