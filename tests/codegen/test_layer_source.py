"""What layers share in C: equal parameters, equal functions, one call for many rows."""

from qmcu.codegen.layer_source import LayerSource, layer_functions


def layer(name: str, offset: int, zero: int = 0, weights: str = "w", extra: int = 4) -> LayerSource:
    """A layer of `3 + extra` arguments."""
    arguments = (
        f"&{name}_parameters",
        f"qmcu_model_arena + {offset}",
        *[f"{weights}{i}" for i in range(extra)],
        "(int16_t *)(void *)(qmcu_model_arena + 64)",
    )
    parameters = ("qmcu_conv_2d_params", f".zero = {zero}")
    return LayerSource(name, name, "conv_2d", parameters, (), ", ".join(arguments))


def test_equal_parameters_are_stored_once() -> None:
    sources, functions = layer_functions([layer("a", 0), layer("b", 0, 1), layer("c", 0, 1, "v")])
    assert [s.parameters is not None for s in sources] == [True, True, False]
    assert sources[2].arguments.startswith("&b_parameters, ")
    assert functions == {"a": "a", "b": "b", "c": "c"}


def test_equal_layers_have_one_function() -> None:
    sources, functions = layer_functions([layer("a", 0), layer("b", 8), layer("c", 0)])
    assert [s.name for s in sources] == ["a", "b"]
    assert functions == {"a": "a", "b": "b", "c": "a"}


def test_rows_that_differ_by_offsets_and_parameters_make_one_call() -> None:
    sources, functions = layer_functions([layer("a", 0), layer("b", 8, 1), layer("c", 16, 1)])
    call = sources[0].shared
    assert call is not None
    assert call.declared == "const qmcu_conv_2d_params *parameters, uint32_t offset1"
    assert call.arguments.split(", ") == [
        "parameters", "qmcu_model_arena + offset1", "w0", "w1", "w2", "w3",
        "(int16_t *)(void *)(qmcu_model_arena + 64)",
    ]  # fmt: skip
    assert [s.arguments for s in sources] == [
        "&a_parameters, 0", "&b_parameters, 8", "&b_parameters, 16",
    ]  # fmt: skip
    assert {s.callee for s in sources} == {call.name}
    assert sources[1].shared is None
    assert len(set(functions.values())) == 3


def test_calls_of_few_arguments_stay_as_they_are() -> None:
    sources, _ = layer_functions([layer(n, 8 * i, i, extra=0) for i, n in enumerate("abcdef")])
    assert not any(s.callee for s in sources)


def test_other_weights_are_another_call() -> None:
    rows = [layer("a", 0), layer("b", 8), layer("c", 0, 0, "v"), layer("d", 8, 0, "v")]
    sources, _ = layer_functions([*rows, layer("e", 16), layer("f", 16, 0, "v")])
    assert {s.name: s.callee for s in sources} == {
        "a": "a_call", "b": "a_call", "e": "a_call", "c": "c_call", "d": "c_call", "f": "c_call",
    }  # fmt: skip
