"""A tuning as a table: of each layer what was counted and what won, and what all of it brought."""

from collections.abc import Iterator

from qmcu.builder.tuned import TriedForm, TunedLayer, Tuning
from qmcu.report.plain import PlainTable, lines_of


def tuning_table(tuning: Tuning) -> PlainTable:
    """A row a layer; the form of the rules is marked `rule`, the one that won `taken`."""
    table = PlainTable("layer", "kind", "forms", title=f"{tuning.model} on {tuning.board}")
    table.add_numbers("instructions", "flash", "scratch", "saved")
    for layer in tuning.layers:
        forms = sorted(layer.forms, key=lambda form: (form.count is None, form.count))
        table.add_row(
            layer.layer,
            layer.kind,
            lines_of(*(_name(layer, form) for form in forms)),
            lines_of(*(_count(layer, form) for form in forms)),
            lines_of(*(f"{form.constants:,}" for form in forms)),
            lines_of(*(f"{form.scratch:,}" for form in forms)),
            _saved(layer),
        )
    return table


def _name(layer: TunedLayer, form: TriedForm) -> str:
    marks = [
        mark
        for mark, name in (("rule", layer.rule), ("taken", layer.chosen))
        if form.form == name and (mark == "rule" or layer.chosen != layer.rule)
    ]
    return f"{form.kernel} ({', '.join(marks)})" if marks else form.kernel


def _count(layer: TunedLayer, form: TriedForm) -> str:
    return f"{form.count:,}" if form.count is not None else form.note or layer.note or "-"


def _saved(layer: TunedLayer) -> str:
    before, after = layer.form(layer.rule).count, layer.form(layer.chosen).count
    if before is None or after is None or before == after:
        return "-"
    return f"{before - after:,}"


def totals_lines(tuning: Tuning) -> Iterator[str]:
    """Before and after, how it was counted, and what the bytes were compared with."""
    changed = [layer for layer in tuning.layers if layer.chosen != layer.rule]
    before, after = tuning.before, tuning.after
    yield f"{len(changed)} of {len(tuning.layers)} layers get another form than by the rules"
    for what, was, now in (
        ("instructions", before.count, after.count),
        ("flash", before.flash, after.flash),
        ("arena", before.arena, after.arena),
    ):
        share = f" ({100 * (now - was) / was:+.1f} %)" if was and now != was else ""
        yield f"  {what}: {was:,} before, {now:,} after{share}"
    yield f"count: {tuning.unit} {tuning.how}; compiled by {tuning.compiler}"
    yield f"every firmware gave the interpreter's bytes for {tuning.vectors} random inputs"
