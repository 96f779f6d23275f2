"""A SavedModel's functions: which one to convert, what it takes and what it gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmcu.errors import ModelError

DEFAULT = "serving_default"


@dataclass(frozen=True)
class InputSpec:
    """An input of a float model: shape with None where it is free, and NumPy type."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        shape = ", ".join("?" if n is None else str(n) for n in self.shape)
        return f"{self.name} {self.dtype} [{shape}]"


def fixed_input(name: str, shape: tuple[int, ...], dtype: str) -> InputSpec:
    """An input of a file that fixes all its sizes: a row is a whole tensor, but for a batch of one.

    A first size that is not 1 may be time or heads, and the file computes with all of it.
    """
    return InputSpec(name, shape if shape[:1] == (1,) else (1, *shape), dtype)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A SavedModel in memory, one of its functions, and the function's inputs by name."""

    model: Any
    function: Any
    inputs: tuple[InputSpec, ...]


def load_signature(tensorflow: Any, source: Path, saved: Path, name: str | None = None) -> Loaded:
    """The SavedModel below `saved` and its signature `name`, inputs sorted by name.

    Without a name serving_default, or the only one there is. Raises ModelError, listing the
    names, for one that it lacks, and for a file that does not load.
    """
    try:
        model = tensorflow.saved_model.load(str(saved))
    except Exception as error:
        raise _not_loaded(source, error) from error
    function = _choose(source, model, name)
    specs = function.structured_input_signature[1]
    given: list[InputSpec] = []
    for key in sorted(specs):
        spec = specs[key]
        if not hasattr(spec, "shape") or spec.shape.rank is None:
            raise ModelError(
                f"{source}: input {key} has no known rank; export it with an input signature."
            )
        given.append(InputSpec(key, tuple(spec.shape.as_list()), spec.dtype.name))
    if not given:
        raise ModelError(f"{source}: its function takes no inputs, so there is nothing to run.")
    return Loaded(model, function, tuple(given))


def _choose(source: Path, model: Any, name: str | None) -> Any:
    functions = dict(model.signatures)
    if not functions:
        functions = _own_functions(model)
    if name is None and DEFAULT in functions:
        return functions[DEFAULT]
    if name is None and len(functions) == 1:
        return next(iter(functions.values()))
    names = ", ".join(sorted(functions))
    if not functions:
        raise ModelError(
            f"{source} has no serving signature: it was saved without one; save it with "
            "`tf.saved_model.save(model, FOLDER, signatures=model.FUNCTION)`."
        )
    if name is None:
        raise ModelError(
            f"{source} has several signatures ({names}) and none is {DEFAULT}; choose one with "
            "--signature."
        )
    if name not in functions:
        raise ModelError(f"{source} has no signature {name}; it has {names}.")
    return functions[name]


def _own_functions(model: Any) -> dict[str, Any]:
    """Traced functions of a model that was saved without signatures, with one trace each."""
    found = {}
    for name in dir(model):
        traces = getattr(getattr(model, name, None), "concrete_functions", [])
        if len(traces) == 1 and not name.startswith("_"):
            found[name] = traces[0]
    return {n: f for n, f in found.items() if _by_name(f)}


def _by_name(function: Any) -> bool:
    positional, named = function.structured_input_signature
    return not positional and bool(named)


def _not_loaded(source: Path, error: Exception) -> ModelError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    signs = ("Permission denied", "Operation not permitted", "Read-only")
    kept = next((line for line in lines if any(sign in line for sign in signs)), None)
    text = kept or lines[0]
    if kept is not None:
        return ModelError(
            f"{source}: its graph tries to write files or reach the network while it is loaded "
            f"({text.rstrip('.')}), and was kept from it; do not run this model."
        )
    return ModelError(f"{source} is no loadable SavedModel: {text.rstrip('.')}.")
