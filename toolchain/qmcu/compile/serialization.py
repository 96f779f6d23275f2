"""A Plan as JSON and back, so that it can be saved beside the firmware, read and compared."""

from pathlib import Path

from qmcu import documents
from qmcu.compile.check import check_plan
from qmcu.compile.plan import Plan

FORMAT = 1


def plan_to_json(plan: Plan) -> str:
    """The whole plan as indented JSON; constant data in base64."""
    return documents.indented(plan, format=FORMAT)


def plan_from_json(text: str) -> Plan:
    """The inverse of `plan_to_json`. Raises ValueError on other text."""
    return documents.parse(text, Plan)


def load_plan(path: Path) -> Plan:
    """Read plan.json of a build. Raises UsageError when it is missing, damaged or cannot be."""
    return documents.load(path, Plan, "plan of a firmware", version=FORMAT, check=check_plan)
