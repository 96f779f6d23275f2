"""Methods by their names: a folder of modules whose decorated functions are found by being there.

Attacks, defences and detectors are each such a folder: a new method is one new file.
"""

import importlib
import pkgutil
from collections import UserDict
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from qmcu.errors import UsageError
from qmcu.text import nearest

Method = TypeVar("Method")


class Registry(UserDict[str, Method], Generic[Method]):
    """The methods of one folder (a package's dotted name); `word` names one in messages."""

    def __init__(self, package: str, word: str) -> None:
        super().__init__()
        self._package = package
        self._word = word

    def load(self) -> Mapping[str, Method]:
        """Every method, sorted by name: imports all modules of the folder."""
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
        return dict(sorted(self.data.items()))

    def find(self, name: str) -> Method:
        """The method of this name. Raises UsageError, naming those that exist."""
        methods = self.load()
        if name not in methods:
            raise UsageError(
                f"there is no {self._word} {name}{nearest(name, methods)}; there are "
                f"{', '.join(methods)}."
            )
        return methods[name]


def merged_settings(
    whose: str, defaults: Mapping[str, float], given: Mapping[str, float]
) -> dict[str, float]:
    """The defaults with the given ones over them. Raises UsageError for an unknown name."""
    for name in sorted(set(given) - set(defaults)):
        known = ", ".join(sorted(defaults)) or "none"
        raise UsageError(f"{whose} has no setting {name}{nearest(name, defaults)}; it has {known}.")
    return {**defaults, **given}


def summary_of(function: Callable[..., Any], name: str) -> str:
    """The first line of a function's docstring, or else its registered name."""
    return (function.__doc__ or name).strip().splitlines()[0]
