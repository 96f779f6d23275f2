"""A model and a board to a `Tuning`: count all forms, choose, and prove the result."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qmcu.board import Board
from qmcu.builder import BuildOptions, find_toolchain
from qmcu.builder.firmware import compile_model
from qmcu.builder.tuned import Totals, TriedForm, TunedLayer, Tuning
from qmcu.compile import FormChoice, Plan, compile_graph
from qmcu.compile.alternatives import LayerForms
from qmcu.errors import UsageError
from qmcu.model.vectors import random_vectors
from qmcu.tuning.cache import default_cache
from qmcu.tuning.choosing import RATES, Candidates, Changes, choose
from qmcu.tuning.measuring import Bench, Counted, measure, open_bench
from qmcu.types import Progress

# Inputs of every count: what takes other counts for the second is told from what does not.
VECTORS = 2


def tune(
    model: Path,
    board: Board,
    options: BuildOptions,
    *,
    target: str | None = None,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tuning:
    """Choose each layer's form by counts on the board's emulator `target`, its first by default.

    The arena does not become larger, and flash only at `RATES`. Whatever was counted is kept in
    `cache`, so that an interrupted call goes on. Raises UsageError where nothing can be counted,
    CheckFailedError where bytes differ, and what compiling, building and running raise.
    """
    if target is None:
        if not board.emulators:
            raise UsageError(
                f"{board.name} has no emulator to count on; tune for a board of the same core "
                "(`qmcu boards`)."
            )
        target = board.emulators[0]
    compiled = compile_model(model, board, options)
    vectors = random_vectors(compiled.graph, compiled.content, 1, seed=seed, steps=VECTORS)
    directory = cache if cache is not None else default_cache()
    bench = open_bench(compiled, board, options, target, vectors, directory)
    before = bench.count({})
    bench.device = before.device
    found = [_told(bench, layer, compiled.plan) for layer in bench.alternatives.layers]
    tunable = [
        layer for layer, why in zip(bench.alternatives.layers, found, strict=True) if not why
    ]
    measure(bench, tunable, progress or (lambda done, total: None))
    changes = _choose(bench, tunable, compiled.plan)
    after = bench.count(changes) if changes else before
    layers = tuple(
        _layer(bench, layer, compiled.plan, changes, why)
        for layer, why in zip(bench.alternatives.layers, found, strict=True)
        if any(call.operator == layer.operator for call in compiled.plan.calls)
    )
    return Tuning(
        model=compiled.plan.name,
        model_sha256=compiled.plan.model_sha256,
        board=board.name,
        cpu=board.core.cpu,
        fpu=board.core.fpu is not None,
        kernels=options.kernels,
        optimize=options.optimize,
        compiler=str(find_toolchain().compiler),
        device=before.device,
        unit=before.unit,
        how=before.how,
        vectors=len(vectors),
        layers=layers,
        before=_totals(before, compiled.plan),
        after=_totals(after, _plan(bench, changes)),
    )


def _told(bench: Bench, layer: LayerForms, plan: Plan) -> str:
    """Why a layer cannot be tuned, or an empty string: it is one call that is counted alone."""
    calls = [call for call in plan.calls if call.operator == layer.operator]
    if not calls:
        return "moves nothing"
    if len(calls) > 1 or _rule(bench, layer, plan) not in layer.forms:
        return "streamed in rows"
    if not any(one.name == calls[0].layer for one in plan.layers):
        return "inside a branch or loop, which is counted as one"
    return "" if len(layer.forms) > 1 else "has one form"


def _rule(bench: Bench, layer: LayerForms, plan: Plan) -> str:
    """The name of the form that rules take, or an empty string where it is no whole call."""
    call = next(c for c in plan.calls if c.operator == layer.operator)
    return bench.alternatives.name(call)


def _choose(bench: Bench, layers: Sequence[LayerForms], plan: Plan) -> dict[int, str]:
    candidates = [
        Candidates(
            layer.operator, _rule(bench, layer, plan),
            tuple(_tried(bench, layer, name) for name in layer.forms),
        )
        for layer in layers
    ]  # fmt: skip
    rate = RATES[bench.options.optimize]
    return choose(
        candidates, rate, bench.code, lambda changes: _plan(bench, changes).arena_size,
        plan.arena_size,
    )  # fmt: skip


def _plan(bench: Bench, changes: Changes) -> Plan:
    choices = tuple(FormChoice(operator, form) for operator, form in sorted(changes.items()))
    return compile_graph(bench.graph, replace(bench.target_options, forms=choices))


def _tried(bench: Bench, layer: LayerForms, name: str) -> TriedForm:
    call, at = layer.forms[name], (layer.operator, name)
    return TriedForm(
        form=name,
        kernel=call.kernel,
        count=bench.counts.get(at),
        constants=call.constant_size,
        scratch=call.scratch_size,
        note=bench.failed.get(at, ""),
    )


def _layer(
    bench: Bench, layer: LayerForms, plan: Plan, changes: Mapping[int, str], why: str
) -> TunedLayer:
    rule = _rule(bench, layer, plan) if why != "streamed in rows" else next(iter(layer.forms))
    return TunedLayer(
        layer=layer.layer,
        operator=layer.operator,
        kind=layer.kind,
        rule=rule,
        chosen=changes.get(layer.operator, rule),
        forms=tuple(_tried(bench, layer, name) for name in layer.forms),
        note=why,
    )


def _totals(counted: Counted, plan: Plan) -> Totals:
    return Totals(counted.totals[0], counted.report.used("flash"), plan.arena_size)
