"""Counting forms of layers: firmware whose layers have the forms in question, run and counted.

A layer's count does not depend on the forms of other layers, so one build counts a form of each
layer. Every build must give the interpreter's bytes.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qmcu.board import Board
from qmcu.builder import BuildOptions, Category, MemoryReport, find_toolchain
from qmcu.builder.firmware import Compiled, build_compiled, compile_options
from qmcu.codegen.compiler_flags import fast_flags
from qmcu.codegen.project import BuildFiles, kernel_sources
from qmcu.compile import CompileOptions, FormChoice, alternatives, compile_graph
from qmcu.compile.alternatives import Alternatives, LayerForms
from qmcu.device import open_session
from qmcu.errors import CheckFailedError, DoesNotFitError
from qmcu.firmware import Firmware
from qmcu.model.graph import Graph
from qmcu.model.vectors import Vectors
from qmcu.scratch import ScratchFolder
from qmcu.tuning.cache import CountCache, Kept


@dataclass(frozen=True)
class Counted:
    """One firmware: instructions in all and by layer for each vector, and its memory report."""

    totals: tuple[int, ...]
    layers: Mapping[str, tuple[int, ...]]
    report: MemoryReport
    device: str
    unit: str
    how: str

    @property
    def code(self) -> Mapping[str, int]:
        """Bytes of code by kernel."""
        return {e.item: e.size for e in self.report.entries if e.category == Category.KERNEL}


@dataclass
class Bench:
    """A model on a board's emulator, and what is known of its layers' forms.

    `counts` holds (operator, form) to instructions, `code` the bytes of kernels seen in images,
    `failed` why a form could not be counted.
    """

    compiled: Compiled
    board: Board
    options: BuildOptions
    target: str
    vectors: Vectors
    cache: CountCache
    alternatives: Alternatives
    counts: dict[tuple[int, str], int] = field(default_factory=dict)
    code: dict[str, int] = field(default_factory=dict)
    failed: dict[tuple[int, str], str] = field(default_factory=dict)
    device: str = ""

    @property
    def graph(self) -> Graph:
        """The model."""
        return self.compiled.graph

    @property
    def target_options(self) -> CompileOptions:
        """What plans are made for, by the board and the options."""
        return compile_options(self.board, self.options)

    def count(self, forms: Mapping[int, str], *, plain: bool = False) -> Counted:
        """Build with these forms (operator to name; rules take the others), run and count.

        `plain` counts forms one by one: no rows of layers are streamed then. Raises
        DoesNotFitError, CheckFailedError where bytes differ, and what building and running raise.
        """
        choices = tuple(FormChoice(operator, form) for operator, form in sorted(forms.items()))
        target = replace(self.target_options, forms=choices)
        if plain:
            target = replace(target, optimize="balanced")
        compiled = replace(self.compiled, plan=compile_graph(self.graph, target))
        with ScratchFolder("tune") as folder:
            directory = Path(folder) / "firmware"
            report = build_compiled(compiled, self.board, directory, self.options)
            firmware = Firmware.load(directory)
            return self._run(firmware, report)

    def _run(self, firmware: Firmware, report: MemoryReport) -> Counted:
        totals: list[int] = []
        by_layer: dict[str, list[int]] = {layer.name: [] for layer in firmware.plan.layers}
        with open_session(self.target, firmware) as session:
            session.reset()
            for row in range(len(self.vectors)):
                profile = session.profile(tuple(a[row] for a in self.vectors.inputs))
                wanted = tuple(a[row].tobytes() for a in self.vectors.expected)
                if tuple(bytes(output) for output in profile.outputs) != wanted:
                    raise CheckFailedError(
                        f"a form of {self.graph.name}'s layers gives other bytes than the "
                        "interpreter; this is a fault of qmcu, please report it with the model."
                    )
                totals.append(profile.total)
                for layer, count in zip(firmware.plan.layers, profile.layers, strict=True):
                    by_layer[layer.name].append(count)
            device = session.link.name
        layers = {name: tuple(counts) for name, counts in by_layer.items()}
        return Counted(tuple(totals), layers, report, device, profile.unit, profile.how)


def open_bench(
    compiled: Compiled,
    board: Board,
    options: BuildOptions,
    target: str,
    vectors: Vectors,
    directory: Path,
) -> Bench:
    """A bench with nothing counted yet. Raises as `compile_graph`."""
    found = alternatives(compiled.graph, compile_options(board, options))
    cache = CountCache(directory, compiled.graph.sha256)
    return Bench(compiled, board, options, target, vectors, cache, found)


def measure(
    bench: Bench, layers: Sequence[LayerForms], progress: Callable[[int, int], None]
) -> None:
    """Count every form of `layers`, of which each is one call of the firmware.

    What the cache holds is not counted again; each build's counts are kept as soon as it ran.
    """
    settings = _settings(bench)
    keys = {
        (layer.operator, name): {**settings, **_form_key(bench, layer, name)}
        for layer in layers
        for name in layer.forms
    }
    layers_of = {layer.operator: layer for layer in layers}
    open_forms: dict[int, list[str]] = {}
    for (operator, name), key in keys.items():
        known = bench.cache.get(key)
        if known is None:
            open_forms.setdefault(operator, []).append(name)
        else:
            _note(bench, layers_of[operator], name, known)
    total = sum(map(len, open_forms.values()))
    progress(0, total)
    while open_forms:
        forms = {operator: waiting[0] for operator, waiting in open_forms.items()}
        _count_some(bench, forms, layers_of, keys)
        open_forms = {operator: rest for operator, (_, *rest) in open_forms.items() if rest}
        progress(total - sum(map(len, open_forms.values())), total)


def _count_some(
    bench: Bench,
    forms: Mapping[int, str],
    layers: Mapping[int, LayerForms],
    keys: Mapping[tuple[int, str], dict[str, Any]],
) -> None:
    """Count these forms in one build, or each in its own where together they do not fit."""
    try:
        counted = bench.count(forms, plain=True)
    except DoesNotFitError as error:
        if len(forms) == 1:
            ((operator, form),) = forms.items()
            bench.failed[operator, form] = f"does not fit the board: {error.shortage or error}"
            return
        for operator, form in forms.items():
            _count_some(bench, {operator: form}, layers, keys)
        return
    for operator, form in forms.items():
        layer = layers[operator]
        code = counted.code.get(layer.forms[form].kernel, 0)
        kept = bench.cache.put(keys[operator, form], counted.layers[layer.layer], code)
        _note(bench, layer, form, kept)


def _note(bench: Bench, layer: LayerForms, form: str, kept: Kept) -> None:
    bench.counts[layer.operator, form] = kept.count
    bench.code[layer.forms[form].kernel] = kept.code


def _settings(bench: Bench) -> dict[str, Any]:
    """What every count depends on beside the form: core, compiler and its flags, emulator."""
    files, core, plan = BuildFiles("", "", (), ()), bench.board.core, bench.compiled.plan
    library = bench.compiled.cmsis_nn
    return {
        "compiler": str(find_toolchain().compiler),
        "flags": [
            *core.flags,
            *fast_flags(core, plan.optimize, plan.kernels),
            *files.plain_compile_flags,
        ],
        "device": bench.device,
        "library": library.version if library is not None else "",
    }


def _form_key(bench: Bench, layer: LayerForms, name: str) -> dict[str, Any]:
    call = layer.forms[name]
    sources = kernel_sources(call.kernels)
    digest = hashlib.sha256("\0".join(f"{n}\0{t}" for n, t in sources.items()).encode())
    return {"form": bench.alternatives.described(call), "sources": digest.hexdigest()}
