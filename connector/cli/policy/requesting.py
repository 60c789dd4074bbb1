"""A request in words: who asks for what, what for, when, with what done; for the answers of `diff` and `prove`.

What lives here: the wording. What does not: the request itself, which `--json` shows as `evaluate` reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.cli.words import either


def said(asked: Mapping[str, Any], lang: str) -> str:
    """A request, as `policies.requests.document` gives it, in one line."""
    return "; ".join(_parts(asked, lang))


def _parts(asked: Mapping[str, Any], lang: str) -> Iterator[str]:
    from policies import instants, saying

    if who := asked.get("assignee"):
        yield f"{either('who', 'wer')}: {who}"
    if action := asked.get("action"):
        yield f"{either('action', 'Handlung')}: {saying.action(action, lang)}"
    if target := asked.get("target"):
        yield f"{either('dataset', 'Datensatz')}: {target}"
    if now := asked.get("now"):
        yield f"{either('when', 'wann')}: {saying.time(instants.read(now), lang)}"
    for left, known in asked.get("values", {}).items():
        yield _fact(left, known if isinstance(known, list) else [known], lang)
    for one, above in asked.get("members", {}).items():
        yield f"{one} {either('belongs to', 'gehört zu')} {', '.join(above)}"
    for key, en, de in (("performed", "done", "erledigt"), ("violated", "violated", "verletzt")):
        if deeds := asked.get(key):
            done = (saying.action(deed.get("action") or deed["duty"], lang) for deed in deeds)
            yield f"{either(en, de)}: {', '.join(done)}"


def _fact(left: str, known: list[Any], lang: str) -> str:
    from policies import operands, saying

    operand = operands.find(left)
    called = left if operand is None else saying.pick(operand.label, lang)
    if left == operands.COUNT:
        return f"{called}: {either('number', 'Nummer')} {known[0]}"
    return f"{called}: {', '.join(_value(left, str(one), lang) for one in known)}"


def _value(left: str, text: str, lang: str) -> str:
    """A value in words; of a duration that lies a hair beside a whole one, that one."""
    from policies import durations, operands, saying

    operand = operands.find(left)
    if operand is None or operand.datatypes != durations.DATATYPES:
        return saying.value(left, text, lang)
    try:
        months, time = durations.length(text)
    except ValueError:
        return saying.value(left, text, lang)
    beside = {1: -1, durations.SECOND - 1: 1}.get(time % durations.SECOND, 0)
    whole = saying.value(left, durations.write((months, time + beside)), lang)
    more, less = either("a little more than", "etwas mehr als"), either("a little less than", "etwas weniger als")
    return f"{more if beside < 0 else less} {whole}" if beside else whole
