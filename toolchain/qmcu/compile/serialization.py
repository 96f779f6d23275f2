"""A Plan as JSON and back, so that it can be saved beside the firmware, read and compared."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from qmcu.compile.plan import (
    Argument,
    Constant,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    Placement,
    Plan,
    PlanTensor,
    ScratchArgument,
    TensorArgument,
    TensorListArgument,
)
from qmcu.errors import UsageError

FORMAT = 1
_ARGUMENTS: Mapping[str, type[Argument]] = {
    "tensor": TensorArgument,
    "tensors": TensorListArgument,
    "constant": ConstantArgument,
    "parameters": ParametersArgument,
    "scratch": ScratchArgument,
}
_NAMES = {cls: name for name, cls in _ARGUMENTS.items()}


def plan_to_json(plan: Plan) -> str:
    """The whole plan as indented JSON; constant data in base64."""
    document = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "calls"}
    document["placements"] = [asdict(p) for p in plan.placements]
    document["tensors"] = [asdict(t) for t in plan.tensors]
    document["calls"] = [_call_to_dict(call) for call in plan.calls]
    return json.dumps({"format": FORMAT, **document}, indent=1) + "\n"


def plan_from_json(text: str) -> Plan:
    """The inverse of `plan_to_json`. Raises ValueError, KeyError or TypeError on other text."""
    document = json.loads(text)
    if document.pop("format") != FORMAT:
        raise ValueError(f"plan format is not {FORMAT}")
    document["placements"] = tuple(Placement(**_tuples(p)) for p in document["placements"])
    document["tensors"] = tuple(PlanTensor(**_tuples(t)) for t in document["tensors"])
    document["calls"] = tuple(_call_from_dict(c) for c in document["calls"])
    return Plan(**_tuples(document))


def load_plan(path: Path) -> Plan:
    """Read plan.json of a build. Raises UsageError when it is missing or damaged."""
    try:
        return plan_from_json(path.read_text())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}); give a directory made by `qmcu build`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is damaged or of another qmcu version; build again.") from error


def _call_to_dict(call: KernelCall) -> dict[str, Any]:
    document = {f.name: getattr(call, f.name) for f in fields(call)}
    document["arguments"] = [_argument_to_dict(a) for a in call.arguments]
    return document


def _argument_to_dict(argument: Argument) -> dict[str, Any]:
    document = {"is": _NAMES[type(argument)], **asdict(argument)}
    if isinstance(argument, ConstantArgument) and argument.constant is not None:
        document["constant"]["data"] = base64.b64encode(argument.constant.data).decode()
    return document


def _call_from_dict(document: dict[str, Any]) -> KernelCall:
    arguments = tuple(_argument_from_dict(a) for a in document["arguments"])
    return KernelCall(**{**_tuples(document), "arguments": arguments})


def _argument_from_dict(document: dict[str, Any]) -> Argument:
    values = dict(document)
    kind = _ARGUMENTS[values.pop("is")]
    if kind is ConstantArgument and values["constant"] is not None:
        constant = _tuples(values["constant"])
        constant["data"] = base64.b64decode(constant["data"], validate=True)
        values["constant"] = Constant(**constant)
    return kind(**_tuples(values))


def _tuples(document: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where the dataclasses have tuples."""
    return {key: _tuple(value) for key, value in document.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(v) for v in value) if isinstance(value, list) else value
