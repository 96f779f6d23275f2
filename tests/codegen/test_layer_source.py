"""What layers share in C: equal parameters, equal layers, one call of a kernel."""

from qmcu.codegen.layer_source import NO_LIST, Invocation, LayerSource, layer_functions


def layer(
    name: str,
    offset: int,
    zero: int = 0,
    weights: str = "w",
    kernel: str = "conv_2d",
    passes: tuple[LayerSource, ...] = (),
) -> LayerSource:
    """A layer of four arguments."""
    arguments = (
        f"&{name}_parameters",
        f"qmcu_model_arena + {offset}",
        weights,
        "(int16_t *)(void *)(qmcu_model_arena + 64)",
    )
    parameters = ("qmcu_conv_2d_params", f".zero = {zero}")
    return LayerSource(name, name, kernel, parameters, (), arguments, passes)


def test_equal_parameters_are_stored_once() -> None:
    sources, _ = layer_functions([layer("a", 0), layer("a_b", 0, 1), layer("c", 0, 1, "v")])
    assert [s.parameters is not None for s in sources] == [True, True, False]
    assert sources[2].arguments[0] == "&a_b_parameters"


def test_equal_layers_have_one_list() -> None:
    sources, runs = layer_functions([layer("a", 0), layer("b", 8), layer("c", 0)])
    assert [s.name for s in sources] == ["a", "b"]
    assert runs["a"] == runs["c"] == Invocation("a_call", "a_arguments")
    assert runs["b"] == Invocation("a_call", "b_arguments")


def test_layers_of_a_kernel_make_one_call_and_list_what_differs() -> None:
    rows = [layer("a", 0), layer("b", 8, 1), layer("c", 16, 1, "v")]
    sources, runs = layer_functions(rows)
    call = sources[0].shared
    assert call is not None
    assert (call.name, call.kernel) == ("a_call", "conv_2d")
    assert call.arguments == (
        "(void *)arguments[0]",
        "(void *)arguments[1]",
        "(void *)arguments[2]",
        "(int16_t *)(void *)(qmcu_model_arena + 64)",
    )
    assert [s.listed for s in sources] == [
        ("&a_parameters", "qmcu_model_arena + 0", "w"),
        ("&b_parameters", "qmcu_model_arena + 8", "w"),
        ("&b_parameters", "qmcu_model_arena + 16", "v"),
    ]
    assert sources[1].shared is None
    assert {run.function for run in runs.values()} == {"a_call"}


def test_a_kernel_of_one_layer_and_layers_with_passes_have_functions_of_their_own() -> None:
    a_pass = layer("p", 0, kernel="clamp")
    rows = [layer("a", 0), layer("b", 8, kernel="add"), layer("c", 8, passes=(a_pass,))]
    sources, runs = layer_functions(rows)
    assert not any(s.shared or s.listed for s in sources)
    assert runs == {name: Invocation(name, NO_LIST) for name in "abc"}
