"""The portable kernels compiled by this computer's own C compiler, in a process of their own."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from qmcu.builder.compiling import clean_environment
from qmcu.builder.toolchain import Tool, find_tool
from qmcu.codegen.project import library_sources, write_files
from qmcu.compile import Plan, compile_graph
from qmcu.errors import InterpreterDiedError, ToolError
from qmcu.model.graph import Graph
from qmcu.resources import cache_directory, firmware_directory
from qmcu.scratch import ScratchFolder
from qmcu.types import Array

_COMPILERS = ("cc", "gcc", "clang")
_KERNELS = "src/kernels/"
# As on the device: each operation on real numbers is rounded on its own. -w: the warnings of every
# compiler that there is are not looked at here; the project's own tests do that.
_FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-w")
_END = ".exe" if sys.platform == "win32" else ""


@cache
def find_host_compiler() -> Tool | None:
    """The first C compiler on PATH, None where there is none."""
    return next((tool for name in _COMPILERS if (tool := find_tool(name)) is not None), None)


class HostRunner:
    """A model's program; a row takes `limit_s` seconds at most. See `engine.Runner`.

    Raises ToolError when the compiler fails, InterpreterDiedError when the program ends or takes
    too long.
    """

    def __init__(self, graph: Graph, limit_s: float) -> None:
        self._name, self._limit_s = graph.name, limit_s
        plan = compile_graph(graph)
        self._sizes = [plan.tensor(index).size for index in plan.outputs]
        self._program = _built(plan)
        try:
            self._process = subprocess.Popen(
                [str(self._program.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ToolError(f"{self._program.path} cannot be started: {error.strerror}.") from error
        weakref.finalize(self, _end, self._process, self._program)

    def infer(self, rows: Sequence[Sequence[Array]], resets: Sequence[int]) -> list[list[bytes]]:
        """See Runner."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(self._limit_s * len(rows), stop)
        timer.start()
        try:
            return [self._infer(inputs, number in resets) for number, inputs in enumerate(rows)]
        except (OSError, EOFError):
            code = self._process.wait()
            how = f"took over {self._limit_s:.0f} s" if late.is_set() else f"ended with {code}"
            raise InterpreterDiedError(
                f"{self._name}: the program of qmcu's portable kernels {how} on it, so there are "
                "no expected bytes."
            ) from None
        finally:
            timer.cancel()

    def reset(self) -> None:
        """See Runner."""
        try:
            self._send(b"R")
        except OSError:
            # The next inference says how it ended.
            return

    def _infer(self, inputs: Sequence[Array], anew: bool) -> list[bytes]:
        content = b"".join(np.ascontiguousarray(array).tobytes() for array in inputs)
        self._send((b"RI" if anew else b"I") + content)
        return [self._take(size) for size in self._sizes]

    def _send(self, content: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(content)
        self._process.stdin.flush()

    def _take(self, size: int) -> bytes:
        assert self._process.stdout is not None
        content = self._process.stdout.read(size)
        if len(content) < size:
            raise EOFError
        return content


def _end(process: "subprocess.Popen[bytes]", program: "_Program") -> None:
    # The program's folder outlives the process, for Windows removes no file that runs.
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    del program


class _Program:
    """A compiled model in a folder that goes with it."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._folder = ScratchFolder("portable")
        weakref.finalize(self, self._folder.cleanup)
        self.path = _build(sources, Path(self._folder.name))


# Those in use: several processes of one model share a program.
_programs: "weakref.WeakValueDictionary[str, _Program]" = weakref.WeakValueDictionary()
_building = threading.Lock()


def _built(plan: Plan) -> _Program:
    sources = library_sources(plan)
    digest = hashlib.sha256()
    for name, text in sources.items():
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    with _building:
        program = _programs.get(digest.hexdigest())
        if program is None:
            program = _programs[digest.hexdigest()] = _Program(sources)
    return program


def _build(sources: Mapping[str, str], folder: Path) -> Path:
    """Compile and link a model's program in `folder`."""
    write_files(folder, sources)
    compiler = find_host_compiler()
    assert compiler is not None  # or nobody would be here
    kernels = _objects(compiler, folder, sources)
    own = [name for name in sources if name.endswith(".c") and not name.startswith(_KERNELS)]
    program = folder / f"oracle{_END}"
    main = firmware_directory() / "host" / "main.c"
    # Nothing in them is worth optimizing, and large constants would take long.
    flags = ["-O0" if flag == "-O2" else flag for flag in _FLAGS]
    command = [*flags, "-Isrc", str(main), *own, *map(str, kernels), "-o", str(program)]
    _compile(compiler, command, folder)
    return program


def _objects(compiler: Tool, folder: Path, sources: Mapping[str, str]) -> list[Path]:
    """The kernels' objects, from the cache where the same text was compiled before."""
    names = [n for n in sources if n.startswith(_KERNELS) and n.endswith(".c")]
    headers = [text for n, text in sources.items() if n.startswith(_KERNELS) and n.endswith(".h")]
    shared = "\n".join([*map(str, (compiler, compiler.path, sys.platform)), *_FLAGS, *headers])
    cached = {
        name: _cache() / f"{hashlib.sha256((shared + sources[name]).encode()).hexdigest()}.o"
        for name in names
    }
    missing = [name for name, path in cached.items() if not path.is_file()]
    if missing:
        objects = folder / "objects"
        objects.mkdir()
        _compile(compiler, [*_FLAGS, "-c", *(str(folder / name) for name in missing)], objects)
        for name in missing:
            # Whole or not at all, whoever else does the same.
            fresh = _cache() / f"{cached[name].stem}.{os.getpid()}"
            shutil.copyfile(objects / f"{Path(name).stem}.o", fresh)
            fresh.replace(cached[name])
    return list(cached.values())


def _compile(compiler: Tool, arguments: Sequence[str], folder: Path) -> None:
    result = subprocess.run(
        [str(compiler.path), *arguments], cwd=folder, env=clean_environment(),
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    if result.returncode:
        said = (result.stderr + result.stdout).decode("utf-8", "replace").strip().splitlines()
        raise ToolError(
            f"{compiler} does not compile the portable kernels for this computer: "
            f"{said[0] if said else 'it does not say why'}; QMCU_PORTABLE=unicorn runs them in the "
            "emulator."
        )


@cache
def _cache() -> Path:
    """The user's own folder for what was compiled; one for this process where there is none."""
    folder = cache_directory("portable")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(_kept_folder().name)


@cache
def _kept_folder() -> ScratchFolder:
    """A folder that lives as long as this process."""
    return ScratchFolder("objects")
