"""YAML files as plain values: what is text, where each thing stands, what is no document."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.yaml_documents import Fault, FaultyFile, YamlDocument

Write = Callable[[str, str | bytes], Path]


def test_plain_words_are_what_json_has(write: Write) -> None:
    path = write(
        "t.yaml",
        "a: [NO, on, 010, 2025-03-01, 1.0, 1e5, -3, ~, null, true, '1', !!str 2, '']\n"
        "b:\nc: &x [y]\nd: *x\n",
    )
    assert YamlDocument(path).value == {
        "a": ["NO", "on", "010", "2025-03-01", 1.0, 1e5, -3, None, None, True, "1", "2", ""],
        "b": None,
        "c": ["y"],
        "d": ["y"],
    }


def test_a_line_is_that_of_the_key_or_of_what_is_around_it(write: Write) -> None:
    document = YamlDocument(write("t.yaml", "# x\na:\n  b:\n    - 1\n    - {c: 2}\n"))
    lines = {place: document.line(place) for place in (("a",), ("a", "b", 1, "c"), ("a", "x", "y"))}
    assert lines == {("a",): 2, ("a", "b", 1, "c"): 5, ("a", "x", "y"): 2}
    assert document.line(()) == 1
    assert document.holds(("a", "b", 1, "c"))
    assert not document.holds(("a", "b", 2))


def test_faults_are_data_in_the_order_of_the_file(write: Write) -> None:
    path = write("t.yaml", "a: 1\na: 2\n? [x]\n: 3\n5: 1\nb: {c: !!int zz}\n")
    with pytest.raises(FaultyFile) as refused:
        YamlDocument(path)
    assert refused.value.faults == [
        Fault(2, ("a",), "duplicate key, first on line 1; keep one of them"),
        Fault(3, (), "the key a list or map must be text; put it in quotes"),
        Fault(5, (), "the key '5' must be text; put it in quotes"),
        Fault(6, ("b", "c"), "'zz': invalid literal for int() with base 10: 'zz'"),
    ]
    assert str(refused.value).startswith(f"{path}:2: a: duplicate key")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: &x [*x]\n", "contains itself"),
        (b"", "the file is empty"),
        (b"- a\n", "must be a mapping of keys, not a list"),
        (b"a: [\n", "not YAML"),
        (b"a: 1\nb: \xff\n", "not UTF-8"),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(FaultyFile, match=message):
        YamlDocument(Path("t.yaml"), content)
