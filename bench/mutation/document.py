"""docs/TESTING.md: the score by module and the survivors with their explanation."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.mutation.rooms import REPOSITORY
from bench.mutation.run import Store, Task

DOCUMENT = REPOSITORY / "docs" / "TESTING.md"
EXPLAINED = Path(__file__).with_name("explained.toml")
BEGIN, END = "<!-- tables: python -m bench.mutation -->", "<!-- end of tables -->"


def document(tasks: Sequence[Task], store: Store) -> str:
    """The document with fresh tables. Raises ValueError when it has lost its marks."""
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    tried = [task for task in tasks if store.outcome(task) is not None]
    lines = [*_scores(tried, store), "", *_survivors(tried, store)]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


def _scores(tasks: Sequence[Task], store: Store) -> Iterator[str]:
    yield "| module | mutants tried | noticed | score |"
    yield "|---|---|---|---|"
    modules: dict[str, list[bool]] = {}
    for task in tasks:
        noticed = store.outcome(task) != "survived"
        modules.setdefault(task.mutant.module, []).append(noticed)
    modules["**all**"] = [n for found in list(modules.values()) for n in found]
    for module, found in modules.items():
        score = 100 * sum(found) / len(found)
        yield f"| {module} | {len(found)} | {sum(found)} | {score:.0f} % |"


def _survivors(tasks: Sequence[Task], store: Store) -> Iterator[str]:
    explained: dict[str, dict[str, str]] = tomllib.loads(EXPLAINED.read_text())
    yield "| survivor | in | why no test notices |"
    yield "|---|---|---|"
    for task in tasks:
        mutant = task.mutant
        if store.outcome(task) == "survived":
            why = explained.get(mutant.module, {}).get(mutant.change, "not explained")
            change = mutant.change.replace("|", "\\|")
            yield f"| `{change}` | {mutant.module}, {mutant.function} | {why} |"
