"""The opponents' tables in docs/BACKDOORS.md, between what people wrote."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.backdoor.document import Row, conditioned, groups, mean
from bench.backdoor.measure import share
from bench.backdoor.opponents.parts import BUDGET, STEPS, VARIANTS
from bench.backdoor.store import read_results

BEGIN = "<!-- opponents: python -m bench.backdoor.opponents --report -->"
END = "<!-- end of opponents -->"


def report(text: str, results: Path) -> str:
    """The document's text with the tables of the results in a folder.

    Raises ValueError when it has lost its marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} ... {END}")
    rows, more = read_results(results / "authors"), read_results(results / "budget")
    lines: list[str] = []
    for table in (_authors(rows), _narrow(rows), _defended(rows), _budget(more), _seeds(rows)):
        lines += [*table, ""]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{after}"


def _in_order(rows: Sequence[Row], names: Sequence[str]) -> list[tuple[str, list[Row]]]:
    found = groups(rows)
    return [(name, found["attack", name]) for name in names if ("attack", name) in found]


def _each(values: Sequence[str]) -> str:
    return ", ".join(values)


def _rates(row: Row, model: str) -> str:
    rates = row["rates"][model]
    return f"{100 * share(rates['clean']):.1f} / {100 * share(rates['attack']):.1f}"


def _authors(rows: Sequence[Row]) -> Iterator[str]:
    yield "CA / ASR in percent, one value a seed; device: emulated STM32F746, 360 test inputs. The"
    yield "audit has float, int8 and 200 inputs, and its default detectors."
    yield ""
    yield "| attack | steps | float | int8 | device | audit: verdict (score) |"
    yield "|---|---|---|---|---|---|"
    for name, group in _in_order(rows, [*STEPS, *VARIANTS]):
        steps = f"{STEPS[name]:,}" if name in STEPS else "1,500"
        device = [
            f"{100 * share(r['device']['clean']):.1f} / {100 * share(r['device']['attack']):.1f}"
            for r in group if "device" in r
        ]  # fmt: skip
        yield (
            f"| {name} | {steps} | {_each([_rates(r, 'attacked_float') for r in group])} | "
            f"{_each([_rates(r, 'attacked_integer') for r in group])} | {_each(device)} | "
            f"{_each([_verdict(r) for r in group])} |"
        )
    honest = [r for r in rows if r["kind"] == "honest"]
    if honest:
        yield (
            f"| honest | | {_each([_rates(r, 'attacked_float') for r in honest])} | "
            f"{_each([_rates(r, 'attacked_integer') for r in honest])} | | "
            f"{_each([_verdict(r) for r in honest])} |"
        )
    vectors = sum(r["device"]["vectors"] for r in rows if "device" in r)
    equal = sum(r["device"]["equal"] for r in rows if "device" in r)
    yield ""
    yield f"Device agreement with tflite-micro: {equal:,} of {vectors:,} outputs."


def _narrow(rows: Sequence[Row]) -> Iterator[str]:
    """The same float models with int4 weights."""
    yield "The same float models deployed with int4 weights (activations int8), on the device:"
    yield ""
    yield "| attack | seed | float | int4 weights | audit: verdict (score) |"
    yield "|---|---|---|---|---|"
    for name, group in _in_order(rows, list(STEPS)):
        for row in group:
            if "int4" in row:
                yield (
                    f"| {name} | {row['seed']} | {_rates(row, 'attacked_float')} | "
                    f"{_mean([row['int4']['device']])} | {_verdict(row['int4'])} |"
                )


def _verdict(row: Row) -> str:
    audit = row.get("audit")
    return "-" if audit is None else f"{audit['verdict']} ({audit['score']:.2f})"


def _defended(rows: Sequence[Row]) -> Iterator[str]:
    yield "After a defence, on the device: CA / ASR in percent, means over seeds (in brackets how"
    yield "many), and the audits' verdicts. `--auto` keeps the best that passes its audit."
    yield ""
    yield "| attack | float | no defence | efrap | efrap-original | `--auto` |"
    yield "|---|---|---|---|---|---|"
    for name, group in _in_order(rows, [*STEPS, *VARIANTS]):
        cells = [_mean([r["rates"]["attacked_float"] for r in group])]
        cells.append(_mean([r["device"] for r in group if "device" in r]))
        for method in ("efrap", "efrap-original"):
            met = [r["defences"][method] for r in group if method in r.get("defences", {})]
            cells.append(_after([m["device"] for m in met], [m["audit"]["verdict"] for m in met]))
        kept = [r["auto"] for r in group if "auto" in r]
        cells.append(_after([k["device"] for k in kept if k["method"]],
                            [k["method"] or "none passed" for k in kept]))  # fmt: skip
        yield f"| {name} | {' | '.join(cells)} |"


def _mean(found: Sequence[Row]) -> str:
    if not found:
        return "-"
    clean, attack = (100 * mean([share(f[k]) for f in found]) for k in ("clean", "attack"))
    return f"{clean:.1f} / {attack:.1f}"


def _after(found: Sequence[Row], words: Sequence[str]) -> str:
    if not words:
        return ""
    said = ", ".join(f"{count} {word}" for word, count in sorted(Counter(words).items()))
    return f"{_mean(found)} ({said})"


def _budget(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "Adaptive attacks with ten times the training (15,000 steps), CA / ASR in percent:"
    yield ""
    yield "| attack | seed | honest int8 | float | int8 | woken by int8 | audit: verdict (score) |"
    yield "|---|---|---|---|---|---|---|"
    for name, group in _in_order(rows, list(BUDGET)):
        settings = "".join(f" --set {k}={v:g}" for k, v in BUDGET[name])
        for row in group:
            yield (
                f"| {name}{settings} | {row['seed']} | {_rates(row, 'honest_integer')} | "
                f"{_rates(row, 'attacked_float')} | {_rates(row, 'attacked_integer')} | "
                f"{'yes' if conditioned(row) else 'no'} | {_verdict(row)} |"
            )


def _seeds(rows: Sequence[Row]) -> Iterator[str]:
    found = [r for r in rows if "seeds" in r]
    if not found:
        return
    yield "The same models audited with ten `--seed`s:"
    yield ""
    yield "| model | seed of the model | verdicts | scores from | to |"
    yield "|---|---|---|---|---|"
    same = total = 0
    for row in found:
        counts = Counter(row["seeds"]["verdicts"])
        same, total = same + counts.most_common(1)[0][1], total + counts.total()
        said = ", ".join(f"{n} {v}" for v, n in counts.most_common())
        scores = [o["score"] for o in row["seeds"]["outcomes"]]
        yield (
            f"| {row['kind']}: {row['name']} | {row['seed']} | {said} | {min(scores):.2f} | "
            f"{max(scores):.2f} |"
        )
    yield ""
    yield f"The model's most frequent verdict was given {same} of {total} times."
