"""The readers of files that others may send: how to make good ones, and how each is read."""

import io
import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from bench.fuzz.models import model_seeds
from bench.fuzz.mutate import mutated
from bench.fuzz.structure import mutated_model
from tests.support.firmware_project import build_chain

from qmcu import documents
from qmcu.arrays import read_arrays
from qmcu.backdoor.detectors.result import load_audit
from qmcu.backdoor.inputs import load_trigger
from qmcu.board import load_board, load_built_board
from qmcu.builder.elf_layout import read_digest, read_layout
from qmcu.builder.linker_map import parse_map
from qmcu.cli import run
from qmcu.codegen.monitor_limits import MonitoredLayer, MonitorLimits, load_limits
from qmcu.comparison import TestResult
from qmcu.comparison.result import Difference, VectorDifference
from qmcu.compile import compile_graph, unsupported
from qmcu.compile.serialization import load_plan
from qmcu.device.image import read_image
from qmcu.device.journal import Journal, run_key
from qmcu.device.messages import InferResult
from qmcu.errors import UsageError
from qmcu.firmware import Firmware
from qmcu.flash.files import read_hex
from qmcu.model.inspect import inspect_graph
from qmcu.model.reader import parse_model
from qmcu.project import load_project
from qmcu.report.html.render import render_page
from qmcu.report.html.test_page import test_page
from qmcu.report.sarif import write_sarif
from qmcu.resources import boards_directory
from qmcu.shelf import load_shelf
from qmcu.trust.envelope import open_sealed, seal, statement
from qmcu.trust.keys import load_private, load_public, make_key
from qmcu.trust.policy import load_policy

# What a reader may raise beside QmcuError, where its caller turns that into a sentence.
Allowed = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Reader:
    """`read(path)` reads the file that the mutated bytes were written to; `seeds` are good ones.

    `parse`, where there is one, reads the bytes themselves, which is quicker.
    """

    read: Callable[[Path], object]
    seeds: tuple[bytes, ...]
    name: str = "input"
    allowed: Allowed = ()
    parse: Callable[[bytes], object] | None = None
    mutate: Callable[[random.Random, Sequence[bytes]], bytes] = mutated


@cache
def _built(folder: Path) -> Mapping[str, bytes]:
    """The files of firmware that is built in the folder."""
    return {p.name: p.read_bytes() for p in _firmware(folder).iterdir() if p.is_file()}


@cache
def _firmware(folder: Path) -> Path:
    return build_chain(folder)


def _models(folder: Path) -> Reader:
    return Reader(lambda p: _model(p.read_bytes()), model_seeds(), "m.tflite", parse=_model,
                  mutate=mutated_model)  # fmt: skip


def _plans(folder: Path) -> Reader:
    return Reader(lambda p: _plan(p.read_bytes()), model_seeds(), "m.tflite", parse=_plan,
                  mutate=mutated_model)  # fmt: skip


def _model(data: bytes) -> object:
    graph = parse_model(data, "m")
    unsupported(graph)
    return inspect_graph(graph)


# Inputs and constants of more than a board holds take the planner and folding longer than they say.
_PLANNED_BYTES = 1 << 20


def _plan(data: bytes) -> object:
    """What `qmcu build` does before there is C: all but a model that is huge is planned."""
    graph = parse_model(data, "m")
    if any(t.size > _PLANNED_BYTES for t in graph.tensors):
        raise UsageError("larger than boards")
    return compile_graph(graph)


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, inputs=np.zeros((3, 12), np.int8), labels=np.arange(3))
    return stream.getvalue()


def _boards() -> tuple[bytes, ...]:
    return tuple(p.read_bytes() for p in sorted(boards_directory().glob("*.toml")))


def _built_board(path: Path) -> object:
    (path.parent / "report.json").write_text("{}")
    return load_built_board(path.parent)


def _report(folder: Path) -> Callable[[Path], object]:
    firmware = _firmware(folder)

    def read(path: Path) -> object:
        for name in ("plan.json", "board.json"):
            if not (path.parent / name).exists():
                os.link(firmware / name, path.parent / name)
        return Firmware.load(path.parent)

    return read


_KEY = run_key("unicorn", b"image", [[b"12"]])


def _journal(path: Path) -> object:
    with Journal(path, _KEY, 3) as journal:
        return len(journal.results)


def _journal_seed(folder: Path) -> bytes:
    path = folder / "seed.journal"
    journal = Journal(path, _KEY, 3)
    for index in range(3):
        journal.add(index, InferResult((b"\x01\x02",), 5, 96))
    return path.read_bytes()


def _trigger(folder: Path) -> bytes:
    path = folder / "t.json"
    make = ["trigger", "make", "patch", "--shape", "8,8,1", "--target", "3", "--size", "2"]
    assert run([*make, "--low", "0", "--high", "1", "-o", str(path)]) == 0
    return path.read_bytes()


def _read_trigger(folder: Path) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        arrays = path.with_suffix(".npz")
        if not arrays.exists():
            os.link(folder / "t.npz", arrays)
        return load_trigger(path)

    return read


def _layout(path: Path) -> object:
    return read_layout(path), read_digest(path)


class _Tags(HTMLParser):
    """The elements of a page, and whether one of them could run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.hostile: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pages have no scripts, load nothing and handle no events."""
        events = [name for name, _ in attrs if name.startswith("on")]
        if events or tag in ("script", "iframe", "object", "embed", "base", "form"):
            self.hostile.append(f"{tag} {events}")


def _writers() -> Reader:
    """Results of others, written as SARIF and as pages: whole, and nothing in them runs.

    The seeds are made without an emulator or an interpreter, which no forked process may inherit.
    """
    seed = documents.to_json(_RESULT).encode()

    def write(path: Path) -> object:
        result = documents.load(path, TestResult, "test result", made_by="qmcu test --json")
        written = path.with_suffix(".sarif")
        write_sarif([result], written)
        page = _Tags()
        page.feed(render_page(test_page([result])))
        if page.hostile:
            raise AssertionError(f"the page has {page.hostile}")
        return json.loads(written.read_text())["runs"]

    return Reader(write, (seed, documents.to_json(_DIFFERING).encode()), "t.json")


@cache
def _trust_readers(folder: Path) -> dict[str, Reader]:
    public_path, public = make_key(folder / "key")
    private = load_private(folder / "key")
    sealed = seal(statement("urn:x", {"a": "0" * 64}, {"b": 1}), private).encode()
    policy = b'signed_by = ["key.pub"]\naudit = ["clean"]\n[test]\nvectors = 3\n'

    def read_policy(path: Path) -> object:
        if not (path.parent / "key.pub").exists():
            os.link(public_path, path.parent / "key.pub")
        return load_policy(path)

    return {
        "envelope": Reader(lambda p: open_sealed(p, [public]), (sealed,), "e.json"),
        "policy-toml": Reader(read_policy, (policy,), "p.toml"),
        "public-key": Reader(load_public, (public_path.read_bytes(),), "k.pub"),
        "private-key": Reader(load_private, ((folder / "key").read_bytes(),), "k"),
    }


_PROJECT = b'model = "m.tflite"\nboard = "stm32f746"\nkernels = "native"\n'
_SHELF = b'[[board]]\nname = "a"\nboard = "stm32f746"\ntarget = "unicorn"\nsettle_s = 1.5\n'
_AUDIT = json.dumps(
    {"qmcu": "0", "schema": "audit-1", "verdict": "clean", "reasons": ["x"], "findings": [],
     "skipped": {}, "audited": {}, "sha256": {}}
).encode()  # fmt: skip
_RESULT = TestResult(
    board="stm32f746", model="chain", model_sha256="1" * 64, build_id="2" * 64, image="f.elf",
    device="unicorn", source="2 random inputs", expected_by="tflite-micro", vectors=2,
    differences=(), accuracy=None, profile=None, stack_bytes=88, stack_reserved=4096, seconds=0.5,
)  # fmt: skip
# A difference in a tensor whose name means ill.
_ILL = Difference("<script>alert(1)</script>\x1b[2J", 1, (0, 1), 2, 1, 1, 4, 1)
_DIFFERING = replace(_RESULT, differences=(VectorDifference(1, _ILL),))
_LIMITS = documents.to_json(
    MonitorLimits(
        model="chain", model_sha256="1" * 64, layers=(MonitoredLayer(3, "hidden", 1, 2),),
        scores=MonitoredLayer(4, "scores", 1, 2), low=(-5, -6), high=(5, 6), usual_sum=3,
        centres=((1, 2), (3, 4)), weights=((9, 8), (7, 6)), limits=(1, 1, 9, -1, 90),
        classes=(30, 31), held_out=60, false_alarms=0.01,
    )
).encode()  # fmt: skip

# Every reader by its name; good inputs are made in the folder that is given.
MAKERS: dict[str, Callable[[Path], Reader]] = {
    "tflite": _models,
    "tflite-plan": _plans,
    "npz": lambda _: Reader(read_arrays, (_npz(),), "x.npz"),
    "board-toml": lambda _: Reader(lambda p: load_board(str(p)), _boards(), "b.toml"),
    "project-toml": lambda _: Reader(lambda p: load_project(p.parent), (_PROJECT,), "qmcu.toml"),
    "shelf-toml": lambda _: Reader(load_shelf, (_SHELF,), "shelf.toml"),
    "plan-json": lambda f: Reader(load_plan, (_built(f)["plan.json"],), "plan.json"),
    "board-json": lambda f: Reader(_built_board, (_built(f)["board.json"],), "board.json"),
    "report-json": lambda f: Reader(_report(f), (_built(f)["report.json"],), "report.json"),
    "audit-json": lambda _: Reader(load_audit, (_AUDIT,), "a.json"),
    "journal": lambda f: Reader(_journal, (_journal_seed(f),), "journal"),
    "elf": lambda f: Reader(read_image, (_built(f)["firmware.elf"],), "f.elf"),
    "elf-layout": lambda f: Reader(_layout, (_built(f)["firmware.elf"],), "f.elf"),
    "map": lambda f: Reader(lambda p: parse_map(p.read_text(errors="replace")),
                            (_built(f)["firmware.map"],), "f.map"),
    "hex": lambda f: Reader(lambda p: read_hex(p.read_bytes()), (_built(f)["firmware.hex"],),
                            "f.hex", (ValueError,)),
    "trigger": lambda f: Reader(_read_trigger(f), (_trigger(f),), "t.json"),
    "envelope": lambda f: _trust_readers(f)["envelope"],
    "policy-toml": lambda f: _trust_readers(f)["policy-toml"],
    "public-key": lambda f: _trust_readers(f)["public-key"],
    "private-key": lambda f: _trust_readers(f)["private-key"],
    "writers": lambda _: _writers(),
    "monitor-json": lambda _: Reader(load_limits, (_LIMITS,), "monitor.json"),
}  # fmt: skip


def readers(folder: Path) -> Mapping[str, Reader]:
    """Every reader by its name; their good inputs are made in `folder`."""
    return {name: make(folder) for name, make in MAKERS.items()}
