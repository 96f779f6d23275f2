"""Custom operators of the user's own: what a description says (docs/CUSTOM_OPERATORS.md).

A description is a TOML file that names a C kernel for the device and a Python reference for the
oracle. Those in force are set by `use_operators`; packages may bring more, by entry points.
"""

import hashlib
import importlib.metadata
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from qmcu.errors import UsageError
from qmcu.files import read_toml
from qmcu.model.graph import ITEM_SIZES, Graph, Operator, Tensor

ENTRY_POINTS = "qmcu.operators"
# In a firmware folder: which references its custom operators were compared with.
OPERATORS_FILE = "operators.json"
Value = int | float | tuple[int, ...]
_ATTRIBUTES = ("shape", "rank", "elements", "bytes", "scale", "zero_point")
_LARGEST_SHAPE = 1 << 28
_KEYS: dict[str, type | tuple[type, ...]] = {
    "name": str, "kernel": str, "reference": str, "inputs": list, "outputs": list,
    "parameters": dict, "options": dict, "scratch": (int, str), "state": (int, str),
    "shapes": list,
}  # fmt: skip
_REQUIRED = ("name", "kernel", "reference", "inputs", "outputs")


@dataclass(frozen=True)
class CustomOperator:
    """One description. `kernel` is the C file's stem, `reference` is `module:function`.

    `inputs` and `outputs` are the operands' types. `parameters` are the fields of the kernel's
    struct in order, each a number or where it comes from; `scratch` and `state` are bytes. `shapes`
    are those of the outputs, for models that leave them open: none, or one an output.
    """

    name: str
    path: Path
    kernel: str
    reference: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    scratch: int | str = 0
    state: int | str = 0
    shapes: tuple[tuple[int | str, ...], ...] = ()

    @property
    def folder(self) -> Path:
        """Where kernel and reference are searched first."""
        return self.path.parent

    @cached_property
    def reference_sha256(self) -> str:
        """Of the reference's file, "" where it is no file beside the description."""
        path = self.folder / f"{self.reference.partition(':')[0].replace('.', '/')}.py"
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""

    def problem(self, graph: Graph, operator: Operator) -> str | None:
        """What is wrong with the operator's operands or options, None when nothing is."""
        operands = [graph.operand(operator, i) for i in range(len(operator.inputs))]
        found = [t.dtype if t is not None else "absent" for t in operands]
        given = [graph.tensors[i].dtype for i in operator.outputs]
        for role, types, wanted in (
            ("inputs", found, self.inputs), ("outputs", given, self.outputs),
        ):  # fmt: skip
            if tuple(types) != wanted:
                return (
                    f"its {role} are {', '.join(types) or 'none'}; {self.path} says "
                    f"{', '.join(wanted) or 'none'}"
                )
        try:
            self.values(graph, operator)
            for position, shape in enumerate(self.output_shapes(graph, operator)):
                tensor = graph.tensors[operator.outputs[position]]
                if tensor.shape != shape:
                    return f"{self.path} says {list(shape)} of output {position}, which is {tensor}"
            self.amount(self.scratch, graph, operator)
            self.amount(self.state, graph, operator)
        except ValueError as error:
            return str(error)
        return None

    def values(self, graph: Graph, operator: Operator) -> dict[str, Value]:
        """The parameters' values for one operator. Raises ValueError naming what is not there."""
        options = {**self.options, **operator_options(operator)}
        return {
            name: self._value(source, graph, operator, options)
            for name, source in self.parameters.items()
        }

    def output_shapes(self, graph: Graph, operator: Operator) -> list[tuple[int, ...]]:
        """What `shapes` says of one operator's outputs; ValueError naming what is not there."""
        found = [
            tuple(self.amount(size, graph, operator) for size in shape) for shape in self.shapes
        ]
        for shape in found:
            if any(size < 1 for size in shape) or math.prod(shape) > _LARGEST_SHAPE:
                raise ValueError(f"{self.path} says the shape {list(shape)} of an output")
        return found

    def amount(self, what: int | str, graph: Graph, operator: Operator) -> int:
        """A number of bytes: an integer, or a product such as `4 * input0.elements`."""
        if isinstance(what, int):
            return what
        result, options = 1, {**self.options, **operator_options(operator)}
        for part in what.split("*"):
            text = part.strip()
            found: Value = int(text) if text.isdigit() else 0
            if not text.isdigit():
                found = self._value(text, graph, operator, options)
            if not isinstance(found, int):
                raise ValueError(f"{text} in {self.path} is no integer")
            result *= found
        return result

    def _value(
        self, source: Any, graph: Graph, operator: Operator, options: Mapping[str, Any]
    ) -> Value:
        if not isinstance(source, str):
            return _plain(source, f"a parameter in {self.path}")
        place, _, name = source.partition(".")
        if place == "options":
            if name not in options:
                raise ValueError(f"it has no option {name}, which {self.path} asks for")
            return _plain(options[name], f"option {name}")
        for role, indices in (("input", operator.inputs), ("output", operator.outputs)):
            number = place.removeprefix(role)
            if place.startswith(role) and number.isdigit() and int(number) < len(indices):
                return _attribute(graph.tensors[indices[int(number)]], name, source)
        raise ValueError(f"{source} in {self.path} names no operand and no option")


def _attribute(tensor: Tensor, name: str, source: str) -> Value:
    if name in ("shape", "elements"):
        value: Value = getattr(tensor, name)
        return value
    axis = name.removeprefix("shape.")
    if name.startswith("shape.") and axis.isdigit() and int(axis) < len(tensor.shape):
        return tensor.shape[int(axis)]
    if name == "rank":
        return len(tensor.shape)
    if name == "bytes":
        return tensor.size
    if name in ("scale", "zero_point"):
        if tensor.quantization is None or tensor.quantization.per_channel:
            raise ValueError(f"{tensor} has no scale of its own for {source}")
        grid = tensor.quantization
        return grid.scale if name == "scale" else grid.zero_point
    raise ValueError(f"{source}: a tensor has {', '.join(_ATTRIBUTES)}")


def _plain(value: Any, what: str) -> Value:
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(v, int) for v in value):
        return tuple(int(v) for v in value)
    raise ValueError(f"{what} is {value!r}; a number or a list of integers is needed")


def operator_options(operator: Operator) -> dict[str, Any]:
    """The options: a builtin operator's own, a custom one's flexbuffer map; else nothing."""
    if not operator.custom:
        return dict(operator.options)
    from flatbuffers import flexbuffers

    try:
        found = flexbuffers.Loads(operator.custom)
    except Exception:
        # The library raises whatever its reads of damaged bytes raise.
        return {}
    return {str(k): v for k, v in found.items()} if isinstance(found, dict) else {}


def load_operator(path: Path) -> CustomOperator:
    """Read a description. Raises UsageError naming the file and the key that is wrong."""
    document = read_toml(path)
    for key, value in document.items():
        if key not in _KEYS:
            raise UsageError(f"{path} has an unknown key {key}; known are {', '.join(_KEYS)}.")
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise UsageError(f"{path}: {key} must not be {value!r}.")
    for key in _REQUIRED:
        if key not in document:
            raise UsageError(f"{path} does not name {key}.")
    for key in ("inputs", "outputs"):
        unknown = [t for t in document[key] if t not in ITEM_SIZES]
        if unknown:
            raise UsageError(f"{path}: {key} has the unknown type {unknown[0]!r}.")
    kernel = Path(document.pop("kernel"))
    for name in (f"{kernel.stem}.c", f"{kernel.stem}.h"):
        if not (path.parent / name).is_file():
            raise UsageError(f"{path} names the kernel {kernel}, and there is no {name} beside it.")
    if not kernel.stem.isidentifier():
        raise UsageError(f"{path}: kernel {kernel.stem!r} is no C identifier.")
    inputs, outputs = tuple(document.pop("inputs")), tuple(document.pop("outputs"))
    shapes = _shapes(path, document.pop("shapes", []), len(outputs))
    return CustomOperator(
        path=path, kernel=kernel.stem, inputs=inputs, outputs=outputs, shapes=shapes, **document
    )


def _shapes(path: Path, given: list[Any], outputs: int) -> tuple[tuple[int | str, ...], ...]:
    if given and len(given) != outputs:
        raise UsageError(f"{path}: shapes has {len(given)} entries for {outputs} outputs.")
    for shape in given:
        sizes = shape if isinstance(shape, list) else [None]
        if not all(isinstance(n, int | str) and not isinstance(n, bool) for n in sizes):
            raise UsageError(f"{path}: shapes must hold a list for each output, not {shape!r}.")
    return tuple(tuple(shape) for shape in given)


def check_operators(directory: Path) -> None:
    """Raise UsageError unless the operators in force are those that a firmware was built with."""
    path = directory / OPERATORS_FILE
    if not path.is_file():
        return
    try:
        listed = [(o["name"], o["reference_sha256"]) for o in json.loads(path.read_text())]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    for name, digest in listed:
        described = custom_operator(f"CUSTOM:{name}")
        if described is None:
            raise UsageError(
                f"{directory} has the custom operator {name}: give its description with "
                "--operator FILE.toml, or vectors with --vectors."
            )
        if described.reference_sha256 != digest:
            raise UsageError(
                f"the reference of {name} has the SHA-256 {described.reference_sha256[:16]} and "
                f"was {digest[:16]} when {directory} was built; build again."
            )


_given: dict[str, CustomOperator] = {}
_installed: dict[str, CustomOperator] | None = None


def use_operators(operators: Sequence[CustomOperator]) -> None:
    """Put these in force, and no others but those of installed packages.

    Raises UsageError when two have one name.
    """
    names = [o.name for o in operators]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise UsageError(f"the operator {twice} is described twice.")
    _given.clear()
    _given.update({o.name: o for o in operators})


def custom_operator(kind: str) -> CustomOperator | None:
    """The description of an operator's kind, None when there is none."""
    name = kind.removeprefix("CUSTOM:")
    if name in _given:
        return _given[name]
    return _from_packages().get(name) if kind.startswith("CUSTOM:") else None


def with_shapes(graph: Graph) -> Graph:
    """The graph with the shapes of descriptions in force where the file leaves them open.

    Open is what has no dimension: no file tells that from a single number. What a description
    says of others is compared when the operator is compiled.
    """
    tensors = list(graph.tensors)
    for operator in graph.operators:
        described = custom_operator(operator.kind)
        if described is None or len(described.shapes) != len(operator.outputs):
            continue
        try:
            shapes = described.output_shapes(graph, operator)
        except ValueError:
            # `problem` names it.
            continue
        for index, shape in zip(operator.outputs, shapes, strict=True):
            if not tensors[index].shape:
                tensors[index] = replace(tensors[index], shape=shape)
    if all(a is b for a, b in zip(tensors, graph.tensors, strict=True)):
        return graph
    return replace(graph, tensors=tuple(tensors))


def operators_in_use() -> tuple[CustomOperator, ...]:
    """Those in force."""
    return (*_given.values(), *(_installed or {}).values())


def _from_packages() -> Mapping[str, CustomOperator]:
    """What entry points name: each a path of a description, or a function that gives one."""
    global _installed
    if _installed is None:
        _installed = {}
        for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
            found = entry.load()
            operator = load_operator(Path(found() if callable(found) else found))
            _installed[operator.name] = operator
    return _installed
