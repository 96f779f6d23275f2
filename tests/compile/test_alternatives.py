"""The forms of a layer: rules take the first, choices any, and all of them give the same bytes."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.firmware_project import chain, residual
from tests.support.small_models import dense

from qmcu.compile import OPTIMIZATIONS, CompileOptions, FormChoice, alternatives, compile_graph
from qmcu.errors import UsageError

M4 = CompileOptions("native", dsp=True, fpu=True)
CORES = (M4, CompileOptions("native"), CompileOptions("native", dsp=True, fpu=True, mve=True))


@pytest.mark.parametrize("options", CORES, ids=("m4", "m0", "m55"))
@pytest.mark.parametrize("optimize", OPTIMIZATIONS)
def test_what_rules_take_is_among_the_forms(options: CompileOptions, optimize: str) -> None:
    chosen = replace(options, optimize=optimize)
    graph = residual()
    found = alternatives(graph, chosen)
    by_operator = {layer.operator: layer for layer in found.layers}
    for call in compile_graph(graph, chosen).calls:
        name = found.name(call)
        assert name == "" or name in by_operator[call.operator].forms, call.kernel


def test_forms_are_distinct_and_end_with_plain_c() -> None:
    (layer,) = (one for one in alternatives(dense(), M4).layers if one.kind == "FULLY_CONNECTED")
    kernels = list(dict.fromkeys(call.kernel for call in layer.forms.values()))
    assert kernels == ["fully_connected_shared_dsp", "fully_connected_any_dsp", "fully_connected"]


def test_every_form_can_be_chosen_and_says_why() -> None:
    graph = residual()
    found = alternatives(graph, M4)
    for layer in found.layers:
        for name, form in layer.forms.items():
            options = replace(M4, forms=(FormChoice(layer.operator, name, "by hand"),))
            calls = [c for c in compile_graph(graph, options).calls if c.operator == layer.operator]
            for call in calls:
                assert (call.kernel, found.name(call)) == (form.kernel, name)


def test_the_form_of_the_rules_stays_what_it_was() -> None:
    graph = chain()
    plan = compile_graph(graph, M4)
    found = alternatives(graph, M4)
    own = tuple(FormChoice(call.operator, found.name(call), "again") for call in plan.calls)
    assert compile_graph(graph, replace(M4, forms=own)) == plan


def test_a_form_that_is_not_there_is_refused() -> None:
    options = replace(M4, forms=(FormChoice(0, "magic-0"),))
    with pytest.raises(UsageError, match=r"has no form magic-0; it has .*: run `qmcu tune` again"):
        compile_graph(dense(), options)


def test_values_of_weights_do_not_name_a_form() -> None:
    names = [
        [list(layer.forms) for layer in alternatives(chain(seed), M4).layers] for seed in (5, 6)
    ]
    kernels = [[[n.rsplit("-", 1)[0] for n in layer] for layer in one] for one in names]
    assert kernels[0] == kernels[1]
    found = alternatives(chain(5), M4)
    call = next(iter(found.layers[0].forms.values()))
    described = str(found.described(call))
    assert Path(call.layer).name not in described, "the same layer elsewhere is the same form"
