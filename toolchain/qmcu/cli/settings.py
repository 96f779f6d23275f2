"""`--set NAME=VALUE` of attacks and defences."""

from collections.abc import Iterable

from qmcu.errors import UsageError


def assigned(texts: Iterable[str]) -> dict[str, float]:
    """The settings of NAME=NUMBER texts. Raises UsageError for anything else."""
    return dict(_assignment(text) for text in texts)


def _assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError as error:
        raise UsageError(f"--set {text}: NAME=NUMBER is needed.") from error
