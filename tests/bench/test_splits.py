"""Splits by seed."""

from bench.backdoor.splits import count_splits, split_of


def test_models_are_counted_by_split() -> None:
    assert [split_of(s) for s in (0, 99, 100, 199, 200)] == [
        "develop", "develop", "calibrate", "calibrate", "test"
    ]  # fmt: skip
    rows = [{"kind": k, "seed": s} for k, s in (("honest", 0), ("attack", 3), ("honest", 150))]
    assert count_splits(rows) == {"develop": (1, 1), "calibrate": (1, 0), "test": (0, 0)}
