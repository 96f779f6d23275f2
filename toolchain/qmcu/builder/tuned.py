"""Forms of layers that were chosen by counting: what `qmcu tune` writes and `qmcu build` takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qmcu import documents
from qmcu.board import Board
from qmcu.compile import CompileOptions, FormChoice
from qmcu.errors import UsageError
from qmcu.types import Count, Sha256


@dataclass(frozen=True)
class TriedForm:
    """A form of a layer: its counted instructions, None where `note` says why none were counted.

    `constants` and `scratch` are its bytes of flash and arena.
    """

    form: str
    kernel: str
    count: Count | None
    constants: Count
    scratch: Count
    note: str = ""


@dataclass(frozen=True)
class TunedLayer:
    """One layer: its forms, the one that rules take, the one that won, and why not another."""

    layer: str
    operator: Count
    kind: str
    rule: str
    chosen: str
    forms: tuple[TriedForm, ...]
    note: str = ""

    def form(self, name: str) -> TriedForm:
        """The form of that name. Raises KeyError."""
        found = next((form for form in self.forms if form.form == name), None)
        if found is None:
            raise KeyError(name)
        return found

    @property
    def why(self) -> str:
        """For people: what the chosen form saves."""
        before, after = self.form(self.rule), self.form(self.chosen)
        if before.count is None or after.count is None:
            return ""
        bytes_more = after.constants - before.constants
        return (
            f"tuned: {after.kernel} takes {after.count:,} instructions, {before.kernel} of the "
            f"rules {before.count:,}; {bytes_more:+,} bytes of constants"
        )


@dataclass(frozen=True)
class Totals:
    """A whole build: counted instructions of one inference; flash, arena in bytes."""

    count: Count
    flash: Count
    arena: Count


@dataclass(frozen=True)
class Tuning:
    """The forms of a model's layers, chosen by counting, and what that brought.

    They hold for this model, kernel set and core. `device` counted, in `unit`, as `how` says;
    `vectors` random inputs gave the interpreter's bytes before and after.
    """

    __schema__ = "tuning-1"

    model: str
    model_sha256: Sha256
    board: str
    cpu: str
    fpu: bool
    kernels: str
    optimize: str
    compiler: str
    device: str
    unit: str
    how: str
    vectors: Count
    layers: tuple[TunedLayer, ...]
    before: Totals
    after: Totals

    @property
    def choices(self) -> tuple[FormChoice, ...]:
        """The layers that get another form than by the rules."""
        return tuple(
            FormChoice(layer.operator, layer.chosen, layer.why)
            for layer in self.layers
            if layer.chosen != layer.rule
        )


def load_tuning(path: Path) -> Tuning:
    """Read what `qmcu tune` wrote. Raises UsageError when it is none."""
    return documents.load(path, Tuning, "tuning", check=_check, made_by="qmcu tune")


def _check(tuning: Tuning) -> None:
    for layer in tuning.layers:
        for name in (layer.rule, layer.chosen):
            try:
                layer.form(name)
            except KeyError:
                raise ValueError(f"layer {layer.layer} does not list its form {name}") from None


def refuse_unused(paths: Sequence[Path], models: Mapping[str, str]) -> None:
    """Raise UsageError for a tuning of none of `models` (name to SHA-256), or two of one."""
    seen: dict[str, Path] = {}
    for path in paths:
        tuning = load_tuning(path)
        if tuning.model_sha256 not in models.values():
            raise UsageError(
                f"{path} is a tuning for the model {tuning.model_sha256[:16]}, which is none of "
                f"{', '.join(f'{name} ({digest[:16]})' for name, digest in models.items())}."
            )
        if tuning.model_sha256 in seen:
            other = seen[tuning.model_sha256]
            raise UsageError(f"{other} and {path} are tunings for the same model; give one.")
        seen[tuning.model_sha256] = path


def tunings_of(paths: Sequence[Path], model_sha256: str) -> tuple[Path, ...]:
    """Those of the tunings that are for a model. Raises UsageError when one is none."""
    return tuple(path for path in paths if load_tuning(path).model_sha256 == model_sha256)


def tuned_options(
    options: CompileOptions, path: Path, model_sha256: str, board: Board
) -> CompileOptions:
    """`options` with the forms of the tuning at `path`.

    Raises UsageError where it is of another model, kernel set, setting or core.
    """
    tuning = load_tuning(path)
    core = board.core
    for what, of_tuning, here in (
        ("model", tuning.model_sha256[:16], model_sha256[:16]),
        ("kernel set", tuning.kernels, options.kernels),
        ("--optimize", tuning.optimize, options.optimize),
        ("core", _core(tuning.cpu, tuning.fpu), _core(core.cpu, core.fpu is not None)),
    ):
        if of_tuning != here:
            raise UsageError(
                f"{path} is a tuning for the {what} {of_tuning}, not {here}; run `qmcu tune` for "
                "this one, or leave out --tuning."
            )
    return replace(options, forms=tuning.choices)


def _core(cpu: str, fpu: bool) -> str:
    return f"{cpu} {'with' if fpu else 'without'} FPU"
