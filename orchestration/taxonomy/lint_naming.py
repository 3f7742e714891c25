"""The naming convention of the dictionary, held against its names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from orchestration.taxonomy.lint_rules import Definition, Remark
from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.naming import Case, NameRules, NamingRule
from orchestration.yaml_documents import YamlPath
from orchestration.yaml_models import unknown

_HUMP = re.compile(r"(?<=[^\W_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W_A-Z\d])")
_WORD = re.compile(r"[^\W_]+")

_JOINED: dict[Case, str] = {
    "snake_case": "_", "kebab-case": "-", "lower case": " ", "Title Case": " ",
    "camelCase": "", "PascalCase": "",
}  # fmt: skip


def words(name: str) -> list[str]:
    """The words of a name in any case, in lower case: `signUp`, `Sign Up` and `sign_up` alike."""
    return [word.casefold() for word in _WORD.findall(_HUMP.sub(" ", name))]


def in_case(parts: Sequence[str], case: Case) -> str:
    """Words as one name in `case`."""
    if case in ("Title Case", "PascalCase"):
        parts = [each.capitalize() for each in parts]
    elif case == "camelCase":
        parts = [*parts[:1], *(each.capitalize() for each in parts[1:])]
    return _JOINED[case].join(parts)


def has_case(name: str, case: Case) -> bool:
    """Whether a name is in `case`: a letter first, no signs; an acronym may stay in capitals."""
    separator = _JOINED[case]
    parts = name.split(separator) if separator else [name]
    if not name[:1].isalpha() or not all(each.isalnum() for each in parts):
        return False
    if case in ("Title Case", "PascalCase"):
        return all(each[0] == each[0].upper() for each in parts)
    return name[0] == name[0].lower() if case == "camelCase" else name == name.lower()


def naming(taxonomy: Taxonomy, properties: Iterable[Definition]) -> Iterator[Remark]:
    """Names that break the convention; a warning where `severity` says nothing."""
    rules = taxonomy.naming.events
    if rules != NameRules():
        for name in taxonomy.events:
            yield from _remarks(name, rules, ("events", name))
    rules = taxonomy.naming.properties
    if rules != NameRules():
        # the same few names stand in most events: each is judged once
        judged: dict[str, list[Remark]] = {}
        for each in properties:
            if not each.name.endswith("[]"):
                if each.name not in judged:
                    judged[each.name] = list(_remarks(each.name, rules, ()))
                for remark in judged[each.name]:
                    yield Remark(remark.rule, remark.severity, remark.message, each.at)


def _remarks(name: str, rules: NameRules, at: YamlPath) -> Iterator[Remark]:
    for rule, broken in _BREACHES.items():
        severity = rules.severity.get(rule, "warning")
        if severity != "off":
            for message in broken(name, rules):
                yield Remark(f"naming-{rule}", severity, message, at)


def _case(name: str, rules: NameRules) -> Iterator[str]:
    if rules.case is not None and not has_case(name, rules.case):
        like = in_case(words(name), rules.case)
        hint = f", like '{like}'" if has_case(like, rules.case) else ""
        yield f"'{name}' is not in {rules.case}{hint}"


def _order(name: str, rules: NameRules) -> Iterator[str]:
    """Only a verb that is known by `verbs` can be seen at the wrong end."""
    if rules.order is not None and len(words(name)) > 1:
        last = rules.order == "object_action"
        if _verb(name, rules.verbs, last) is None and (verb := _verb(name, rules.verbs, not last)):
            found, right = ("first", "end") if last else ("last", "front")
            yield f"'{name}' has its verb, '{verb}', {found}; move it to the {right}"


def _verbs(name: str, rules: NameRules) -> Iterator[str]:
    parts = words(name)
    if not rules.verbs or not parts:
        return
    if any(_verb(name, rules.verbs, last) for last in (True, False)):
        return  # at the wrong end it is a matter of order
    verb = parts[0 if rules.order == "action_object" else -1]
    yield f"'{name}': {unknown('verb', verb, rules.verbs)}"


def _verb(name: str, verbs: Sequence[str], last: bool) -> str | None:
    """The allowed verb at one end of a name; it may have several words, like `signed_up`."""
    parts = words(name)
    for verb in verbs:
        wanted = words(verb)
        if wanted and (parts[-len(wanted) :] if last else parts[: len(wanted)]) == wanted:
            return verb
    return None


def _forbidden(name: str, rules: NameRules) -> Iterator[str]:
    parts = words(name)
    for word in rules.forbidden:
        wanted = words(word)
        if wanted and any(
            parts[at : at + len(wanted)] == wanted for at in range(len(parts) - len(wanted) + 1)
        ):
            yield f"'{name}' holds the forbidden word '{word}'"


def _length(name: str, rules: NameRules) -> Iterator[str]:
    if rules.max_length is not None and len(name) > rules.max_length:
        yield f"'{name}' has {len(name)} characters; {rules.max_length} are allowed"


_BREACHES: dict[NamingRule, Callable[[str, NameRules], Iterator[str]]] = {
    "case": _case,
    "order": _order,
    "verbs": _verbs,
    "forbidden": _forbidden,
    "length": _length,
}
