"""Counts are kept by what they depend on, and made again where a file is damaged."""

from pathlib import Path

from qmcu.tuning.cache import CountCache, Kept

FORM = {"form": {"kernel": "add"}, "compiler": "gcc 12"}


def test_a_count_is_found_again_for_any_model(tmp_path: Path) -> None:
    assert CountCache(tmp_path / "new", "a").get(FORM) is None
    assert CountCache(tmp_path, "a").put(FORM, (100, 100), 12) == Kept(100, 12)
    assert CountCache(tmp_path, "b").get(FORM) == Kept(100, 12)
    assert CountCache(tmp_path, "a").get({**FORM, "compiler": "gcc 13"}) is None


def test_what_depends_on_the_input_is_kept_for_its_model_alone(tmp_path: Path) -> None:
    assert CountCache(tmp_path, "a").put(FORM, (100, 104), 12) == Kept(100, 12)
    assert CountCache(tmp_path, "a").get(FORM) == Kept(100, 12)
    assert CountCache(tmp_path, "b").get(FORM) is None
    CountCache(tmp_path, "b").put(FORM, (90, 95), 12)
    assert CountCache(tmp_path, "a").get(FORM) == Kept(100, 12)


def test_a_damaged_file_is_no_count(tmp_path: Path) -> None:
    cache = CountCache(tmp_path, "a")
    cache.put(FORM, (100, 100), 12)
    (file,) = tmp_path.iterdir()
    for text in ("", "[]", '{"count": "1", "code": 2}', '{"count": -1, "code": 2}', "{"):
        file.write_text(text)
        assert cache.get(FORM) is None
