"""From a .tflite file and a board to a firmware directory: read, compile, generate, build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Self

import qmcu
from qmcu import documents
from qmcu.access import AccessKey, keep_private, load_access_key
from qmcu.board import Board
from qmcu.board.boot_stage import STAGE_SIZE, stage_problem
from qmcu.board.image_definition import SEARCHED, definition_problem
from qmcu.builder.cmsis_nn import CmsisNn, find_cmsis_nn, library_sources
from qmcu.builder.compiling import BuildResult, build_project
from qmcu.builder.elf_layout import read_digest, read_layout
from qmcu.builder.linker_map import parse_map
from qmcu.builder.mcuboot import Bootloader, board_in_slot, sign_slot_image
from qmcu.builder.memory import MemoryReport, memory_report
from qmcu.builder.platformio import build_with_platformio, find_platformio
from qmcu.builder.room import places_hint, refuse_too_large, way_out
from qmcu.builder.seal import seal_image
from qmcu.builder.several import CompiledModels, Several, refuse_alone_only, write_parts
from qmcu.builder.smallest import SIZE, smallest
from qmcu.builder.tuned import refuse_unused, tuned_options, tunings_of
from qmcu.builder.uf2 import uf2_file
from qmcu.codegen import Models, choose_benchmark, generate_image
from qmcu.codegen.monitor_limits import load_limits
from qmcu.codegen.places import INTERNAL, Places, check_places
from qmcu.codegen.platformio import platformio_files
from qmcu.codegen.project import BuildFiles, write_files
from qmcu.codegen.protocols import CHECK_EVERY, QMCU, ProtocolOptions
from qmcu.compile import KERNEL_SETS, OPTIMIZATIONS, CompileOptions, Plan, compile_graph
from qmcu.errors import DoesNotFitError, ToolError, UsageError
from qmcu.files import BUILD_MARKER, replace_directory
from qmcu.model.ends import IO, strip_ends
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.unpack import read_model_file, standalone
from qmcu.scratch import ScratchFolder

FORMAT = 1
BUILDERS = ("make", "platformio")


@dataclass(frozen=True)
class BuildOptions:
    """How to build, apart from the model and the board.

    `kernels` is one of KERNEL_SETS, `optimize` what native kernels favour (OPTIMIZATIONS).
    `cmsis_nn` names the copy for that kernel set; it is searched for when None. With the
    `protocol` mlperf-tiny the firmware obeys that runner, as the model of `benchmark`. `builder`
    is one of BUILDERS. A batch that is free in the file becomes `batch`, 1 when that is None. With
    the `io` int8 (one of IO) the QUANTIZE and DEQUANTIZE at the model's ends are stripped. `places`
    says what lies in external memories of the board. With `debug_protocol` (None: unless it is a
    `release`) the firmware answers PROFILE and TRACE; a release wipes its arena after each answer.
    With a `bootloader` the image is linked for a slot of MCUboot, and signed. A release checks its
    whole image again in every `check_every` inferences. `monitor` are limits (`qmcu monitor fit`)
    that inferences are held against, `tuning` the
    forms of layers that `qmcu tune` chose, a file for each of several models. `access` is the file
    of the key (`qmcu trust access-key`) without which only HELLO is answered; without `infer`
    nobody is answered INFER. `flash` is the most that the image should take, if that is less than
    the board has. Values are checked where they are used.
    """

    kernels: str = "native"
    optimize: str = "balanced"
    cmsis_nn: Path | None = None
    protocol: str = "qmcu"
    benchmark: str | None = None
    builder: str = "make"
    batch: int | None = None
    io: str = "declared"
    places: Places = INTERNAL
    debug_protocol: bool | None = None
    release: bool = False
    bootloader: Bootloader | None = None
    check_every: int = CHECK_EVERY
    monitor: Path | None = None
    tuning: Path | Sequence[Path] | None = None
    access: Path | None = None
    infer: bool = True
    flash: int | None = None

    @property
    def tunings(self) -> tuple[Path, ...]:
        """Each file of `tuning`."""
        if isinstance(self.tuning, (str, Path)):
            return (Path(self.tuning),)
        return tuple(self.tuning or ())

    @property
    def answers(self) -> ProtocolOptions:
        """What the firmware answers."""
        usual = not self.release and self.infer
        debug = usual if self.debug_protocol is None else self.debug_protocol
        every = self.check_every if self.release else CHECK_EVERY
        return ProtocolOptions(debug, self.release, every, self.access is not None, self.infer)


NATIVE = BuildOptions()
# What an image may hold beside the constants that save instructions: code, other models.
_OTHER_FLASH = 64 * 1024


@dataclass(frozen=True)
class Compiled:
    """A model compiled for a board: the plan, the .tflite file, and CMSIS-NN where it is used.

    `flags` is the setting whose compiler options kernels get, when it is not the plan's.
    """

    plan: Plan
    graph: Graph
    content: bytes
    cmsis_nn: CmsisNn | None
    flags: str = ""

    @property
    def models(self) -> Models:
        """The one that the image is of."""
        return replace(Models.of(self.plan, self.content), flags=self.flags)

    def named(self, optimize: str, flags: str) -> Self:
        """The same as what `optimize` makes, compiled with the options of `flags`."""
        return replace(self, plan=replace(self.plan, optimize=optimize), flags=flags)

    def library(self, own: Mapping[str, str]) -> Mapping[str, str]:
        """What the kernels among `own` (name to C text) that are adapters need of CMSIS-NN."""
        return library_sources(self.cmsis_nn, own)


def compile_model(model: Path, board: Board, options: BuildOptions = NATIVE) -> Compiled:
    """Read and compile `model` for `board`; protocol and builder have no part in it.

    Raises ModelError, UnsupportedModelError, DoesNotFitError, ToolError or UsageError.
    """
    found = find_cmsis_nn(options.cmsis_nn) if options.kernels == "cmsis-nn" else None
    compiled = _compile(model, board, options)
    check_places(compiled.plan, board, options.places)
    refuse_too_large(compiled.plan, board, options.places)
    return replace(compiled, cmsis_nn=found)


def compile_models(
    several: Several, board: Board, options: BuildOptions = NATIVE
) -> CompiledModels:
    """As `compile_model`, for an image of several; what they need is counted together."""
    refuse_alone_only(options.protocol, options.monitor)
    found = find_cmsis_nn(options.cmsis_nn) if options.kernels == "cmsis-nn" else None
    most = board.flash.size if options.flash is None else options.flash
    shared = replace(options, flash=most // len(several.models))
    parts = [_compile(path, board, shared, name) for name, path in several.models]
    refuse_unused(options.tunings, {p.plan.name: p.graph.sha256 for p in parts})
    plans, contents = tuple(p.plan for p in parts), tuple(p.content for p in parts)
    compiled = CompiledModels(Models(plans, contents, several.arenas == "own"), found)
    check_places(compiled.plan, board, options.places)
    refuse_too_large(compiled.plan, board, options.places)
    return compiled


def compile_plan(model: Path, board: Board, options: BuildOptions = NATIVE) -> Plan:
    """The plan of `model` for `board`, whether it fits or not. Raises as `compile_model` does."""
    return _compile(model, board, options).plan


def _compile(model: Path, board: Board, options: BuildOptions, name: str = "") -> Compiled:
    """A model on its own, or the one called `name` of several, which takes a tuning of its own."""
    target = compile_options(board, options)
    content = read_file(model, options.batch, options.io)
    graph = parse_model(content, name or model.stem, source=str(model))
    tunings = options.tunings
    if name:
        tunings = tunings_of(tunings, graph.sha256)
    elif len(tunings) > 1:
        raise UsageError(f"{len(tunings)} tunings are given for one model; give one.")
    for path in tunings:
        target = tuned_options(target, path, graph.sha256, board)
    return Compiled(compile_graph(graph, target), graph, content, None)


def build_firmware(
    model: Path | Several, board: Board, directory: Path, options: BuildOptions = NATIVE
) -> MemoryReport:
    """Read, compile, generate, build and measure; `directory` appears whole or not at all.

    Of `Several` models the report is that of the whole image. Raises ModelError,
    UnsupportedModelError, DoesNotFitError, ToolError or UsageError.
    """
    check_builder(options.builder, options.places)
    return build_compiled(_compiled(model, board, options), board, directory, options)


def _compiled(
    model: Path | Several, board: Board, options: BuildOptions
) -> Compiled | CompiledModels:
    """What is built: with `size` what makes the smallest image."""
    compiled = compile_any(model, board, options)
    if options.optimize != SIZE or options.kernels == "cmsis-nn" or options.tunings:
        return compiled
    return smallest(
        compiled,
        lambda setting: compile_any(model, board, replace(options, optimize=setting)),
        partial(_trial, board=board, options=options),
    )


def compile_any(
    model: Path | Several, board: Board, options: BuildOptions
) -> Compiled | CompiledModels:
    """As `compile_model` or `compile_models`, whichever it takes."""
    if isinstance(model, Several):
        return compile_models(model, board, options)
    return compile_model(model, board, options)


def _trial(
    compiled: Compiled | CompiledModels, board: Board, options: BuildOptions
) -> MemoryReport:
    """What an image of it takes."""
    with ScratchFolder("size") as folder:
        return build_compiled(compiled, board, Path(folder) / "firmware", options)


def refuse_flat_image(places: Places) -> None:
    """Raise UsageError for what PlatformIO cannot build.

    It makes one flat image, which external flash far behind the chip's own would inflate.
    """
    if places.weights:
        raise UsageError(
            "the builder platformio makes no image of external flash; take --builder make, or "
            "leave out --place weights=external."
        )


def check_builder(builder: str, places: Places = INTERNAL) -> None:
    """Raise UsageError when there is no such builder, ToolError when it is not installed."""
    if builder not in BUILDERS:
        raise UsageError(f"there is no builder {builder!r}; take {' or '.join(BUILDERS)}.")
    if builder == "platformio":
        refuse_flat_image(places)
        find_platformio()


def build_compiled(
    compiled: Compiled | CompiledModels,
    board: Board,
    directory: Path,
    options: BuildOptions = NATIVE,
) -> MemoryReport:
    """As `build_firmware`, of plans that are made already."""
    models, plan, found = compiled.models, compiled.plan, compiled.cmsis_nn
    key = _key_of(options)
    if options.bootloader is not None:
        board = board_in_slot(board, options.bootloader)
    chosen = choose_benchmark(options.protocol, options.benchmark, plan)
    with replace_directory(directory) as folder:
        if key is not None:
            # Before the key is in it; what is written there later is closed, too.
            folder.chmod(0o700)
        places = options.places
        files = generate_image(
            models,
            board,
            folder,
            compiled.library,
            chosen,
            places,
            options.answers,
            load_limits(options.monitor) if options.monitor is not None else None,
            key,
        )
        if key is not None:
            keep_private(folder)
        result = _build(folder, files, board, plan, options)
        if options.release:
            seal_image(result, bool(places.weights))
        finish_image(result.bin, board)
        if options.bootloader is not None:
            sign_slot_image(folder, board, options.bootloader)
        report = measure(result, models, board.name)
        if found is not None:
            tools = {**report.tools, "CMSIS-NN": f"{found.version} ({found.origin})"}
            report = replace(report, tools=tools)
        text = documents.indented(report, format=FORMAT, qmcu=qmcu.__version__)
        (folder / BUILD_MARKER).write_text(text)
        if models.several:
            write_parts(folder, models, report)
    return report


def _key_of(options: BuildOptions) -> AccessKey | None:
    """The key that the firmware gets, if any. Raises UsageError for options that exclude it."""
    limited = options.access is not None or not options.infer
    if limited and options.protocol != QMCU:
        raise UsageError(
            f"the commands of {options.protocol} know no keys and infer for anybody; leave out "
            "--protocol, or --access and --no-infer."
        )
    if not options.infer and options.debug_protocol:
        raise UsageError("PROFILE and TRACE infer, too; leave out --debug-protocol or --no-infer.")
    return load_access_key(options.access) if options.access is not None else None


def _build(
    folder: Path, files: BuildFiles, board: Board, plan: Plan, options: BuildOptions
) -> BuildResult:
    """Compile and link; a DoesNotFitError names what would fit elsewhere."""
    try:
        if options.builder == "platformio":
            write_files(folder, platformio_files(board, files))
            return build_with_platformio(folder)
        return build_project(folder)
    except DoesNotFitError as error:
        hint = places_hint(plan, board, options.places, error.over)
        if not hint:
            raise
        text = f"the firmware does not fit: {error.shortage}; {way_out(hint)}."
        raise DoesNotFitError(text, error.shortage, error.over) from error


def compile_options(board: Board, options: BuildOptions) -> CompileOptions:
    """What a plan is compiled for, by the board's core and the options. Raises UsageError."""
    kernels, optimize = options.kernels, options.optimize
    for what, value, values in (
        ("kernel set", kernels, KERNEL_SETS),
        ("optimization", optimize, OPTIMIZATIONS),
    ):
        if value not in values:
            raise UsageError(f"there is no {what} {value!r}; take {', '.join(values)}.")
    core = board.core
    outside = board.external_flash if options.places.weights else None
    there = board.flash.size if outside is None else outside.size
    most = there if options.flash is None else min(there, options.flash)
    return CompileOptions(
        kernels,
        optimize,
        core.has_dsp,
        core.fpu is not None,
        core.has_mve,
        flash=max(most - _OTHER_FLASH, 0),
    )


def read_file(path: Path, batch: int | None = None, io: str = "declared") -> bytes:
    """The content of a model file. Raises ModelError when it is none or cannot be read.

    With `batch` a batch that is free in the file becomes that; `io` is BuildOptions' own. Raises
    UsageError for another `io`.
    """
    content = read_model_file(path)
    if batch:
        content = standalone(content, batch=batch, source=str(path))
    if io not in IO:
        raise UsageError(f"there is no io {io!r}; take {' or '.join(IO)}.")
    return strip_ends(content, source=str(path)) if io == "int8" else content


def measure(result: BuildResult, models: Models, board: str) -> MemoryReport:
    """The memory report of a finished build."""
    tools = {
        "compiler": str(result.toolchain.compiler),
        result.builder.name: str(result.builder),
        "pyelftools": version("pyelftools"),
        "qmcu": qmcu.__version__,
    }
    linker_map = parse_map(result.map.read_text())
    digest = read_digest(result.elf)
    return memory_report(linker_map, read_layout(result.elf), models, board, tools, digest)


def finish_image(binary: Path, board: Board) -> None:
    """Check what the chip's boot ROM will check, and write the .uf2 file for those that take it.

    Raises ToolError when the boot ROM would refuse the image in `binary`.
    """
    image = binary.read_bytes()
    if "boot2" in board.sections:
        problem = stage_problem(image[board.sections["boot2"] :][:STAGE_SIZE])
        if problem:
            raise ToolError(
                f"the {board.chip} would not start {binary.name}: {problem}; correct the "
                f"checksum in firmware/ports/{board.family}/boot2.c."
            )
    if "image_definition" in board.sections:
        problem = definition_problem(image[:SEARCHED])
        if problem:
            raise ToolError(
                f"the {board.chip} would not start {binary.name}: {problem}; correct "
                f"image_definition in firmware/ports/{board.family}/port.c."
            )
    uf2 = board.flashing.get("uf2")
    if uf2 is not None:
        content = uf2_file(image, board.flash.start, uf2["family"])
        binary.with_suffix(".uf2").write_bytes(content)
