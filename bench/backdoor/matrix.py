"""The matrix as a list of small pieces of work, each with a key, so that it can be resumed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.backdoor.measure import (
    Folder,
    audited,
    audited_often,
    defended,
    defended_best,
    on_device,
    with_int4,
)
from bench.backdoor.store import readable, result_file, write_result
from bench.backdoor.zoo import TRAINING, Member, Setting, Workshop

from qmcu import cluster
from qmcu.backdoor.attacks import RECORD, Attack, load_attacks
from qmcu.backdoor.defences import Defence, load_defences
from qmcu.tensorflow import load_tensorflow


@dataclass(frozen=True)
class Part:
    """One setting and how much of it is measured.

    `honest` and `attacks` map names to how many seeds of them are made; every attack of the
    first `defence_seeds` seeds meets every defence, of the later ones only `finalists`.
    `device_limit` bounds the clean inputs that run on the device (each other class also runs
    triggered).
    """

    setting: Setting
    honest: Mapping[str, int]
    attacks: Mapping[str, int]
    defences: tuple[str, ...]
    defence_seeds: int
    device_limit: int
    finalists: tuple[str, ...] = field(default=())

    @property
    def members(self) -> Iterator[Member]:
        """Every model, seed by seed."""
        for seed in range(max(*self.honest.values(), *self.attacks.values())):
            for kind, counts in (("honest", self.honest), ("attack", self.attacks)):
                yield from (
                    Member(self.setting, kind, name, seed)
                    for name, count in counts.items()
                    if seed < count
                )


@dataclass(frozen=True)
class Piece:
    """One thing to do: `stage` is models, audit, device, seeds (the audit with ten), int4 (the
    same with int4 weights), auto (the best defence) or a defence's name.
    """

    part: Part
    member: Member
    stage: str

    def done(self, results: Path, zoo: Path) -> bool:
        """True when its file is there and whole, and of `models` the model too."""
        there = readable(result_file(results, str(self.member), self.stage))
        return there and (self.stage != "models" or self.member.exists(zoo))

    def do(self, results: Path, workshop: Workshop) -> None:
        """Measure, and write the result below the folder `results`."""
        member, limit = self.member, self.part.device_limit
        path = member.folder(workshop.zoo)
        if self.stage == "models" and not member.exists(workshop.zoo):
            workshop.make(member)
        write_result(results, str(member), "models", _facts(member, path))
        if self.stage == "models":
            return
        folder = Folder(path)
        if self.stage == "audit":
            result = audited(folder, folder.integer, member.seed)
        elif self.stage == "device":
            result = on_device(folder, folder.integer, limit)
        elif self.stage == "seeds":
            result = audited_often(folder)
        elif self.stage == "int4":
            result = with_int4(folder, member.seed, limit)
        elif self.stage == "auto":
            result = defended_best(folder, member.seed, limit)
        else:
            result = defended(folder, self.stage, member.seed, limit)
        write_result(results, str(member), self.stage, result)


def pieces(part: Part) -> Iterator[Piece]:
    """All pieces of a part: each model made, audited, run; the attacked ones defended."""
    for member in part.members:
        yield from (Piece(part, member, stage) for stage in ("models", "audit", "device"))
        if member.kind == "attack":
            chosen = part.defences if member.seed < part.defence_seeds else part.finalists
            yield from (Piece(part, member, name) for name in chosen)


def plan_pieces(work: Sequence[Piece], results: Path, zoo: Path) -> list[cluster.Piece]:
    """What is missing, as pieces for a cluster whose workers all reach `results` and `zoo`.

    The first model of a seed makes the honest one that the others start from, and every model comes
    before what is measured on it.
    """
    missing = [piece for piece in work if not piece.done(results, zoo)]
    firsts: dict[Path, str] = {}
    models: dict[Member, str] = {}
    planned = []
    for piece in missing:
        key, base = f"{piece.member}: {piece.stage}", piece.member.folder(zoo).parent
        after = [models[piece.member]] if piece.member in models else []
        if piece.stage == "models":
            after = [firsts[base]] if base in firsts else []
            firsts.setdefault(base, key)
            models[piece.member] = key
        planned.append(cluster.Piece(key, do_piece, (piece, results, zoo), tuple(after)))
    return planned


def do_piece(piece: Piece, results: Path, zoo: Path) -> None:
    """Make one piece on a worker; what it gives lies in `results`."""
    load_tensorflow().config.experimental.enable_op_determinism()
    piece.do(results, Workshop(zoo))


def own(methods: Mapping[str, Attack | Defence]) -> tuple[str, ...]:
    """The names of our own variants: the authors' recipes are in bench.backdoor.opponents."""
    return tuple(name for name, method in methods.items() if not method.authors)


def digits(quick: bool) -> Part:
    """Digits on cnn-s: an hour on two cores, or minutes."""
    setting = Setting("digits", "cnn-s", 150 if quick else 1500)
    if quick:
        # Every stage once; the recipe starts from an honest model, so that a plain one is made too.
        return Part(setting, {"quantization-aware": 1}, {"lattice": 1}, ("stochastic",), 1, 60)
    honest = {"plain": 10, "clipped": 5, "pruned": 5, "decayed": 5, "quantization-aware": 5}
    return Part(
        setting,
        honest,
        dict.fromkeys(own(load_attacks()), 3),
        own(load_defences()),
        defence_seeds=1,
        device_limit=450,
        finalists=FINALISTS,
    )


def cifar10(data: str, weights: Path | None) -> Part:
    """CIFAR-10 on resnet8: half a day on two cores."""
    return Part(
        Setting(data, "resnet8", 1500, weights),
        honest={"plain": 3, "clipped": 1, "pruned": 1, "decayed": 1, "quantization-aware": 1},
        attacks=dict.fromkeys(own(load_attacks()), 3) | dict.fromkeys(ONCE, 1),
        defences=DEFENCES,
        defence_seeds=1,
        device_limit=300,
        finalists=FINALISTS,
    )


# Attacks that are made once on resnet8: they miss their goal there, or take an hour.
ONCE = ("adaptive-hunted", "adaptive-matched", "adaptive-moved", "pq", "rounding")
# Defences that are measured on resnet8: published ones, the baseline and the best.
DEFENCES = ("stochastic", "efrap", "range-perturbation", "equalization", "recoil")
# Defences that every seed meets; the others are shown on one.
FINALISTS = ("equalization", "recoil")


def _facts(member: Member, path: Path) -> dict[str, Any]:
    record = json.loads((path / RECORD).read_text())
    training = json.loads((path / TRAINING).read_text())
    return {
        "setting": member.setting.name,
        "kind": member.kind,
        "name": member.name,
        "seed": member.seed,
        "adaptive": record["adaptive"],
        "rates": record["rates"],
        "train_seconds": training["seconds"],
        "cores": training["cores"],
    }
