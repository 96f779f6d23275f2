"""Writing the C project: generated sources, the kernels in use, runtime, port, build files."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import qmcu
from qmcu import documents
from qmcu.access import HEADER as HEADER_OF_KEY
from qmcu.access import NOTICE, AccessKey, key_files
from qmcu.board import READY_DRIVERS, Board
from qmcu.codegen import uses, walks
from qmcu.codegen.compiler_flags import PLAIN, fast_flags
from qmcu.codegen.model_source import plan_kernels
from qmcu.codegen.models import Models, image_sources
from qmcu.codegen.monitor import HEADER, monitor_header
from qmcu.codegen.monitor_limits import LIMITS_FILE, MonitorLimits
from qmcu.codegen.places import INTERNAL, Places, board_of_build, check_places
from qmcu.codegen.protection import protection_of
from qmcu.codegen.protocols import DEBUG, MlperfBenchmark, ProtocolOptions
from qmcu.codegen.templates import render
from qmcu.compile.operators.walk import RANK
from qmcu.compile.plan import Plan
from qmcu.compile.serialization import plan_to_json
from qmcu.errors import BoardError
from qmcu.files import MODELS_FOLDER
from qmcu.model.custom import OPERATORS_FILE, CustomOperator, operators_in_use
from qmcu.resources import firmware_directory, kernel_directories

_LOCAL_INCLUDE = re.compile(r'^#include "([\w./]+)"', re.MULTILINE)


_FAST = ("src/kernels/", "src/model")
_LIBRARY = ("src/cmsis_nn/",)
# Of the linker, by default: where a segment of an ELF file begins.
_PAGE = 0x1_0000

# From the project's own sources (path to text) to those of a library.
Library = Callable[[Mapping[str, str]], Mapping[str, str]]


def _no_library(sources: Mapping[str, str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class BuildFiles:
    """What the build templates need to know: identity, flags, sources relative to the project."""

    name: str
    build_id: str
    fast_sources: tuple[str, ...]
    small_sources: tuple[str, ...]
    # The user's copy of a library: compiled for speed, its warnings are not ours.
    library_sources: tuple[str, ...] = ()
    include_directories: tuple[str, ...] = ("src", "src/runtime", "src/port")
    fast_flags: tuple[str, ...] = (PLAIN,)
    library_flag: str = PLAIN
    # A file's variables side by side, so that one address finds them all; comparisons instead of
    # tables of jumps, which ARMv6-M takes a function of the library for; loops as they are written,
    # where Cortex-M55 would first compute how often they run; what the protocol calls once stays
    # within it, though it has a block of a frame on the stack.
    small_flags: tuple[str, ...] = (
        "-Os",
        "-fno-data-sections",
        "-fno-jump-tables",
        "--param=large-stack-frame=1024",
        "-fno-branch-count-reg",
    )
    # Not -ffreestanding: it would turn small memcpy calls into real ones.
    plain_compile_flags: tuple[str, ...] = (
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-common",
        # Real numbers are rounded after each operation, on every core.
        "-ffp-contract=off",
        "-fno-exceptions",
        "-fno-unwind-tables",
        "-fno-asynchronous-unwind-tables",
    )
    plain_link_flags: tuple[str, ...] = (
        "--specs=nano.specs",
        "--specs=nosys.specs",
        "-nostartfiles",
        "-Wl,--gc-sections",
        "-Wl,--build-id=none",
    )

    @property
    def compile_flags(self) -> tuple[str, ...]:
        """Compiler options without core and optimization."""
        own = tuple(f"-I{d}" for d in self.include_directories)
        library = tuple(f"-isystem {d}" for d in self.library_directories)
        return self.plain_compile_flags + own + library

    @property
    def library_directories(self) -> tuple[str, ...]:
        """Where the library's headers are."""
        return ("src/cmsis_nn/Include",) if self.library_sources else ()

    @property
    def link_flags(self) -> tuple[str, ...]:
        """Linker options without the core, relative to the project directory."""
        return (*self.plain_link_flags, "-Wl,-Map=firmware.map", "-T", "board.ld")

    @property
    def cmake_link_flags(self) -> tuple[str, ...]:
        """Linker options for CMake, which links in its own directory."""
        return (*self.plain_link_flags, "-Wl,-Map=firmware.map", "-T${CMAKE_SOURCE_DIR}/board.ld")

    @property
    def build_id_rows(self) -> tuple[str, ...]:
        """The build id as C bytes, eight a row."""
        data = [f"0x{byte:02x}" for byte in bytes.fromhex(self.build_id)]
        return tuple(", ".join(data[i : i + 8]) for i in range(0, 32, 8))


def generate_project(
    plan: Plan,
    board: Board,
    model: bytes,
    directory: Path,
    library: Library = _no_library,
    benchmark: MlperfBenchmark | None = None,
    places: Places = INTERNAL,
    protocol: ProtocolOptions = DEBUG,
    monitor: MonitorLimits | None = None,
    access: AccessKey | None = None,
) -> BuildFiles:
    """As `generate_image`, for one model: its `plan`, and `model`, the .tflite file."""
    models = Models.of(plan, model)
    return generate_image(
        models, board, directory, library, benchmark, places, protocol, monitor, access
    )


def generate_image(
    models: Models,
    board: Board,
    directory: Path,
    library: Library = _no_library,
    benchmark: MlperfBenchmark | None = None,
    places: Places = INTERNAL,
    protocol: ProtocolOptions = DEBUG,
    monitor: MonitorLimits | None = None,
    access: AccessKey | None = None,
) -> BuildFiles:
    """Write the project for `models` on `board` into the existing `directory`.

    The .tflite files are kept beside the sources so that the folder can be tested on its
    own. `library` gives the sources that kernels among ours need from elsewhere. With a
    `benchmark` the firmware obeys MLPerf Tiny's runner, too. `places` says what lies in external
    memories; the board that is written has those that are used. `protocol` says what the firmware
    answers, `monitor` what it looks at of each inference: neither that nor a benchmark is there for
    several models. `access` is the key that sessions need; the protocol says whether there is one.
    The build id is the SHA-256 of all that is compiled.

    Raises BoardError or UsageError where the places do not suit the board or the plan.
    """
    plan = models.whole
    check_places(plan, board, places)
    board = board_of_build(board, places)
    sources = project_sources(models, board, benchmark, places)
    if monitor is not None:
        sources = dict(sorted({**sources, HEADER: monitor_header(plan, monitor)}.items()))
    if access is not None:
        sources = dict(sorted({**sources, **_access_sources(access)}.items()))
    sources |= library(sources)
    build_id = _digest(sources, board, places, protocol)
    files = BuildFiles(
        name=plan.name,
        build_id=build_id,
        fast_sources=_c_files(sources, *_FAST),
        small_sources=_c_files(sources, "src/port/", "src/runtime/"),
        library_sources=_c_files(sources, *_LIBRARY),
        fast_flags=fast_flags(board.core, models.flags or plan.optimize, plan.kernels),
    )
    if protocol.release:
        flags = (*files.plain_compile_flags, "-fstack-protector-strong")
        files = replace(files, plain_compile_flags=flags)
    if 0 not in board.sections.values() or board.flash.start % _PAGE:
        # Else the linker would load the ELF file's own header in front of what comes first.
        flags = (*files.plain_link_flags, "-Wl,-z,max-page-size=512")
        files = replace(files, plain_link_flags=flags)
    values = {"plan": plan, "board": board, "build": files, "places": places}
    values["image"] = _image(board, places, protocol) | {
        "monitor": monitor is not None,
        "states": _state_sections(models),
    }
    outputs: dict[str, bytes] = {name: text.encode() for name, text in sources.items()}
    outputs["src/board.h"] = render("board.h.j2", values).encode()
    for name in ("Makefile", "CMakeLists.txt", "board.ld"):
        outputs[name] = render(f"{name}.j2", values).encode()
    outputs["board.json"] = documents.indented(board).encode()
    for each, model in zip(models.plans, models.files, strict=True):
        folder = f"{MODELS_FOLDER}/{each.name}/" if models.several else ""
        outputs[f"{folder}plan.json"] = plan_to_json(each).encode()
        outputs[f"{folder}model.tflite"] = model
    if access is not None:
        outputs[NOTICE] = key_files(access)[NOTICE].encode()
    if monitor is not None:
        outputs[LIMITS_FILE] = documents.to_json(monitor).encode()
    described = _described(plan)
    if described:
        outputs[OPERATORS_FILE] = _operators(described).encode()
    write_files(directory, outputs)
    return files


def _image(board: Board, places: Places, protocol: ProtocolOptions) -> dict[str, Any]:
    """What the templates say of the image: its sections in flash, and what the protocol has."""
    parts = [name for name, _ in board.fixed_sections] + ["text", "rodata", "data"]
    return {
        "parts": parts + ["external_flash"] * bool(places.weights),
        "debug_protocol": protocol.debug,
        "access": protocol.access,
        "no_infer": not protocol.infer,
        "release": protocol.release,
        "check_every": protocol.check_every,
        "protection": protection_of(board) if protocol.release else None,
    }


def _state_sections(models: Models) -> list[str]:
    names = [p.name for p in models.plans if p.states] if models.several else ["qmcu_model"]
    return [f".bss.{name}_state" for name in names]


def write_files(directory: Path, files: Mapping[str, str | bytes]) -> None:
    """Write each file of `files` (name to content) below `directory`. Raises OSError."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def project_sources(
    models: Models,
    board: Board,
    benchmark: MlperfBenchmark | None = None,
    places: Places = INTERNAL,
) -> dict[str, str]:
    """Path in the project to text, for every source but those that carry the build id.

    Raises BoardError when the board's port has no code for external memories that are used.
    """
    firmware = firmware_directory()
    sources = models_library(models, places)
    runtime = sorted((firmware / "runtime").glob("*.[ch]"))
    if benchmark is not None:
        # Its main.c takes the place of the runtime's.
        runtime += sorted((firmware / "protocols" / "mlperf_tiny").glob("*.[ch]"))
        sources["src/benchmark.h"] = _benchmark_header(models.whole, benchmark)
    sources |= {f"src/runtime/{p.name}": p.read_text() for p in runtime}
    ports = firmware / "ports"
    started = any(memory.driver not in READY_DRIVERS for memory in board.external)
    name = "port_external" if started else "port"
    if not (ports / board.family / f"{name}.c").is_file():
        raise BoardError(
            f"{board.name} describes external memory, for which firmware/ports/{board.family} has "
            f"no {name}.c."
        )
    port = _with_headers((ports / board.family, ports / "common"), (name,))
    sources |= {f"src/port/{p.name}": p.read_text() for p in port}
    return dict(sorted(sources.items()))


def _access_sources(key: AccessKey) -> dict[str, str]:
    folder = firmware_directory() / "protocols" / "access"
    sources = {f"src/runtime/{p.name}": p.read_text() for p in folder.glob("*.[ch]")}
    return sources | {HEADER_OF_KEY: key_files(key)[HEADER_OF_KEY]}


def _benchmark_header(plan: Plan, benchmark: MlperfBenchmark) -> str:
    values = {
        "plan": plan,
        "benchmark": benchmark,
        "input": plan.tensor(plan.inputs[0]),
        "output": plan.tensor(plan.outputs[0]),
    }
    return render("benchmark.h.j2", values)


def library_sources(plan: Plan, places: Places = INTERNAL) -> dict[str, str]:
    """Path to text of the model and its kernels, without anything of a board."""
    return models_library(Models.of(plan), places)


def models_library(models: Models, places: Places = INTERNAL) -> dict[str, str]:
    """As `library_sources`, of all models of an image: kernels that several call are there once."""
    kernels = _kernel_sources(models.whole)
    dimensions = walks.rank(models.plans, _kernel_files)
    if dimensions < RANK:
        plans = tuple(walks.shortened(plan, dimensions) for plan in models.plans)
        models = replace(models, plans=plans)
        kernels[walks.HEADER] = walks.shortened_header(kernels[walks.HEADER], dimensions)
    for name in kernels.keys() & set(uses.HEADERS):
        kernels[name] = uses.header(name, kernels[name], models.plans, _kernel_files)
    sources = {f"src/{name}": text for name, text in image_sources(models, places).items()}
    sources |= {f"src/kernels/{name}": text for name, text in kernels.items()}
    return dict(sorted(sources.items()))


def kernel_objects(plan: Plan) -> frozenset[str]:
    """What is linked of the kernels for this plan, by the names of the files without .c."""
    return frozenset(name[:-2] for name in _kernel_sources(plan) if name.endswith(".c"))


def _kernel_sources(plan: Plan) -> dict[str, str]:
    return kernel_sources(plan_kernels(plan))


def kernel_sources(kernels: Iterable[str]) -> dict[str, str]:
    """File name to text of these kernels, the user's own too, and of all that they include."""
    names = tuple(kernels)
    own = (o.folder for o in operators_in_use() if o.kernel in names)
    return {p.name: p.read_text() for p in _with_headers((*kernel_directories(), *own), names)}


def _kernel_files(kernel: str) -> Iterable[str]:
    """The files of one kernel and of all that it includes."""
    return kernel_sources((kernel,))


def _described(plan: Plan) -> list[CustomOperator]:
    """The user's own operators of which the plan calls the kernels."""
    return [o for o in operators_in_use() if o.kernel in plan_kernels(plan)]


def _operators(described: Sequence[CustomOperator]) -> str:
    """For `qmcu test`: what gave their expected bytes must be the same again."""
    listed = [
        {"name": o.name, "reference": o.reference, "reference_sha256": o.reference_sha256}
        for o in described
    ]
    return json.dumps(listed, indent=1) + "\n"


def generated_c_folders() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the names of files begin with that are compiled for speed, ours and a library's."""
    return _FAST, _LIBRARY


def _with_headers(folders: Sequence[Path], names: Iterable[str]) -> list[Path]:
    """The C files of these names, the headers that they include, and the C files beside those
    headers; each is looked for in all folders, the first first."""
    pending = [_first(folders, f"{name}.c") for name in names]
    found: set[Path] = set()
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found.add(path)
        for name in _LOCAL_INCLUDE.findall(path.read_text()):
            # A header that is in none of them is generated, or the runtime's.
            header = next((f / name for f in folders if (f / name).is_file()), None)
            if header is not None:
                pending += [p for p in (header, header.with_suffix(".c")) if p.is_file()]
    return sorted(found)


def _first(folders: Sequence[Path], name: str) -> Path:
    return next((f / name for f in folders if (f / name).is_file()), folders[0] / name)


def _c_files(sources: Mapping[str, str], *prefixes: str) -> tuple[str, ...]:
    return tuple(name for name in sources if name.startswith(prefixes) and name.endswith(".c"))


def _digest(
    sources: Mapping[str, str], board: Board, places: Places, protocol: ProtocolOptions
) -> str:
    digest = hashlib.sha256(f"qmcu {qmcu.__version__}\n".encode())
    described = documents.plain(board)
    if places == INTERNAL:
        # An image that has nothing outside the chip is the same on a board that could.
        del described["external"]
    else:
        digest.update(f"{places}\n".encode())
    digest.update(f"{protocol}\n".encode())
    digest.update(json.dumps(described, sort_keys=True).encode())
    for name, text in sources.items():
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    return digest.hexdigest()
