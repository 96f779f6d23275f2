"""Several models as one library: a header and functions each, kernels and the arena together."""

import re
from collections.abc import Mapping
from typing import Any

from qmcu.board import Board
from qmcu.builder.several import CompiledModels
from qmcu.codegen.places import INTERNAL, Places
from qmcu.codegen.project import models_library
from qmcu.codegen.templates import render
from qmcu.export.library import Library, finish_library, model_values
from qmcu.model.reader import parse_model

# What a model alone is called in the templates of a library and its example.
_OWN = re.compile(r"qmcu_model(?=[_.])|QMCU_(?:PUBLIC_)?(?:MODEL|SAMPLE)(?=_)|\bsample(?=[_.])")


def make_library_of_several(
    compiled: CompiledModels, board: Board, places: Places = INTERNAL
) -> Library:
    """The library for all models of `compiled`; each one's sample is its own."""
    models = compiled.models
    sources = models_library(models, places)
    del sources["src/model.h"]  # what the firmware's runtime calls the model at a time
    foreign = dict(compiled.library(sources))
    files: dict[str, str] = {**sources, **foreign}
    parts = []
    for plan, content in zip(models.plans, models.files, strict=True):
        graph = parse_model(content, plan.name)
        values = model_values(plan, graph, content, board, places)
        files |= _files_of_model(plan.name, values)
        check = under_its_name(render("arduino/as_expected.j2", values), plan.name)
        parts.append({"plan": plan, "check": check})
    whole = models.whole
    values = model_values(whole, None, b"", board, places) | {
        "parts": parts,
        "shares_arena": not models.own_arenas,
    }
    files["example/main.c"] = render("library/several.c.j2", values)
    headers = [f"include/{plan.name}.h" for plan in models.plans]
    return finish_library(board, files, foreign, values, headers)


def _files_of_model(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    example = render("library/main.c.j2", values)
    example = example.replace("int main(void)", f"static int {name}_example(void)")
    texts = {
        f"src/models/{name}/library.c": render("library/qmcu_model.c.j2", values),
        f"include/{name}.h": render("library/qmcu_model.h.j2", values),
        f"example/{name}_example.h": example,
        f"example/{name}_sample.h": render("library/sample.h.j2", values),
    }
    return {path: under_its_name(text, name) for path, text in texts.items()}


def under_its_name(text: str, name: str) -> str:
    """The text of a library of one model, with what is that model's under its own name."""

    upper = name.upper()
    own = {
        "qmcu_model": name,
        "sample": f"{name}_sample",
        "QMCU_MODEL": upper,
        "QMCU_PUBLIC_MODEL": f"{upper}_PUBLIC",
        "QMCU_SAMPLE": f"{upper}_SAMPLE",
    }
    renamed = _OWN.sub(lambda match: own[match[0]], text)
    return renamed.replace("as_expected", f"{name}_as_expected")
