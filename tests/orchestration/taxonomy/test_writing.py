"""A dictionary that is written reads back as it was, whatever its names are."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.taxonomy.model import Taxonomy, load_taxonomy
from orchestration.taxonomy.writing import dump, edit, to_document, to_yaml
from orchestration.yaml_documents import YamlDocument

HOSTILE = ["NO", "on", "~", "null", "1e5", "010", "1.0", "2025-03-01", "a: b", "- x", "#", "'", '"']
BREAKS = ["é", "a\x85b", "a\u2028b", "a\r\nb", "\x00"]
NAMES = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable()) | st.sampled_from(
    [*HOSTILE, *BREAKS]
)
VALUES = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | NAMES
TREES = VALUES | st.lists(VALUES) | st.dictionaries(NAMES, VALUES)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, TREES, min_size=1))
def test_any_document_reads_back(document: dict[str, Any]) -> None:
    with NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(dump(document))
        file.flush()
        assert YamlDocument(Path(file.name)).value == document


def test_the_shipped_dictionary_reads_back(tmp_path: Path) -> None:
    shipped = load_taxonomy(Path(__file__).parents[3] / "expectations" / "taxonomy.yaml")
    path = tmp_path / "taxonomy.yaml"
    path.write_text(to_yaml(shipped))
    assert load_taxonomy(path) == shipped


def test_what_is_short_stays_short() -> None:
    taxonomy = Taxonomy.model_validate(
        {
            "version": 2,
            "events": {
                "paid": {
                    "description": "Paid.",
                    "kind": "macro",
                    "aliases": {"app": ["Paid", {"name": "Done", "when": {"type": "paid"}}]},
                    "properties": {"amount": {"type": "number"}},
                }
            },
        }
    )
    assert to_document(taxonomy) == {
        "version": "2.0.0",
        "events": {
            "paid": {
                "description": "Paid.",
                "kind": "macro",
                "aliases": {"app": ["Paid", {"name": "Done", "when": {"type": "paid"}}]},
                "properties": {"amount": {"type": "number"}},
            }
        },
    }


@pytest.mark.parametrize("added", ["NO", "1e5", "a: b", "Zürich"])
def test_an_edit_keeps_comments_and_order(added: str, tmp_path: Path) -> None:
    text = (
        "# ours\nversion: 1\nevents:\n  paid: # the aim\n    description: Paid.\n    kind: macro\n"
        '    aliases: {app: ["Paid"]}\n'
    )
    changed = edit(
        text,
        {
            ("events", "paid", "aliases", "app", 1): added,
            ("events", "paid", "aliases", "web"): [added],
            ("events", "paid", "owner"): "sales",
        },
    )
    assert "# ours\n" in changed and "# the aim\n" in changed
    path = tmp_path / "taxonomy.yaml"
    path.write_text(changed)
    paid = load_taxonomy(path).events["paid"]
    assert [alias.name for alias in paid.aliases["app"]] == ["Paid", added]
    assert [alias.name for alias in paid.aliases["web"]] == [added]
    assert paid.owner == "sales"


def test_an_edit_leaves_the_other_lines_as_they_are() -> None:
    text = (
        "# first\n"
        "a:   {long: [one, two], text: 'x'}   # said\n"
        "\n"
        "b:\n"
        "    - 1\n"
        "    - 2   # two\n"
        "c: a text that goes on\n"
        "   on the next line\n"
        "d: {e: 1}\n"
    )
    assert edit(text, {}) == text
    assert edit(text, {("d", "e"): 2}) == text.replace("e: 1", "e: 2")
    assert edit(text, {("f",): "new"}) == text + "f: new\n"
    assert edit(text, {("d",): None}) == text.replace("d: {e: 1}\n", "")
    assert edit(text, {("b", 2): 3}) == text.replace("# two\n", "# two\n    - 3\n")
