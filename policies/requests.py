"""Requests as people and programs write them: one JSON object -> an access, an instant, a count; and back.

What lives here: the strict reading of such a file, every key of it understood or refused by name, and its writing.
What does not: judging (`evaluate`, `report`).

    {"action": IRI, "assignee": IRI, "target": IRI, "now": "2027-06-30T12:00:00Z",
     "values": {LEFT OPERAND: value or list}, "members": {IRI: [COLLECTION, ...]},
     "performed": [{"action": IRI or "duty": IRI, "by": IRI, "at": instant}], "violated": [the same]}

Whatever is absent or null is unknown; `odrl:` may stand for the namespace. The time may also be stated as the value of
`odrl:dateTime` and the number of the use that is asked for as that of `odrl:count`. An instant without an offset is one
on the clock in Europe/Berlin, where a policy does not name instants without one itself; a day is its first instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgspec
from msgspec import Struct

from policies import instants, moments
from policies.model import ODRL, Access, Deed, PolicyError, Reason
from policies.operands import COUNT, DATE_TIME, OPERANDS, Origin

_KEYS: Final = ("action", "assignee", "target", "now", "values", "members", "performed", "violated")
_DEED: Final = ("action", "duty", "by", "at")
_LONGEST: Final = 2048
_MOST: Final = 10_000


class Request(Struct, frozen=True):
    """A request: the access, when it happens, and how many uses were drawn before it; None where that is unknown."""

    access: Access
    now: int | None
    count: int | None


def read(data: bytes, clock: int | None = None) -> Request:
    """The request that a JSON text states. `clock` (microseconds UTC) is the time where the text says nothing of it.

    Raises `PolicyError` with the reason and the place (a JSON pointer) of what is not understood.
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _refuse("", "form.json")
    return _request(_object(found, "", _KEYS), clock)


def document(request: Request) -> dict[str, Any]:
    """The request as plain JSON, in the form that `read` reads; what is unknown is left out."""
    access = request.access
    values: dict[str, Any] = {
        left: list(known) if len(known) != 1 else known[0] for left, known in access.values.items()
    }
    if request.count is not None:
        values[COUNT] = request.count + 1
    parts: dict[str, Any] = {
        "action": access.action,
        "assignee": access.assignee,
        "target": access.target,
        "now": None if request.now is None or DATE_TIME in access.values else instants.stamp(request.now),
        "values": values,
        "members": {name: list(above) for name, above in access.members.items()},
        "performed": [_written(deed) for deed in access.performed],
        "violated": [_written(deed) for deed in access.violated],
    }
    return {key: part for key, part in parts.items() if part}


def _written(deed: Deed) -> dict[str, str]:
    at = "" if deed.at is None else instants.stamp(deed.at)
    parts = {"action": deed.action, "duty": deed.duty, "by": deed.by, "at": at}
    return {key: part for key, part in parts.items() if part}


# --- reading ----------------------------------------------------------------------------------------------------------


def _request(found: dict[str, Any], clock: int | None) -> Request:
    values = {_iri(left, f"/values/{_pointer(left)}"): value for left, value in _part(found, "values").items()}
    known = {left: texts for left, value in values.items() if (texts := _texts(value, f"/values/{_pointer(left)}"))}
    access = Access(
        action=_name(found, "action", ""),
        assignee=_name(found, "assignee", ""),
        target=_name(found, "target", ""),
        values=_floating(found, known) | {k: texts for k, texts in known.items() if k not in (DATE_TIME, COUNT)},
        members=_members(_part(found, "members")),
        performed=_deeds(found, "performed"),
        violated=_deeds(found, "violated"),
    )
    return Request(access, _now(found, values, known, clock), _count(known))


def _now(found: dict[str, Any], values: Mapping[str, Any], known: Mapping[str, Any], clock: int | None) -> int | None:
    """The time of the request. A text that says anything of it, if only that it is unknown, says all of it."""
    said = _instant(found["now"], "/now") if found.get("now") is not None else None
    stated = [_instant(text, f"/values/{_pointer(DATE_TIME)}") for text in known.get(DATE_TIME, ())]
    if len({*stated, *([] if said is None else [said])}) > 1:
        _refuse("/now", "request.times")
    if said is not None or stated:
        return said if said is not None else stated[0]
    clocked = any(left in OPERANDS and OPERANDS[left].origin is Origin.CLOCK for left in values)
    return None if "now" in found or clocked else clock


def _floating(found: dict[str, Any], known: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The time as it stands where it is stated without an offset: what a policy says without one is held against it."""
    told = [text for text in (found.get("now"), *known.get(DATE_TIME, ())) if isinstance(text, str)]
    return {DATE_TIME: (moments.read(told[0]),)} if told and all(map(moments.floating, told)) else {}


def _count(known: Mapping[str, tuple[str, ...]]) -> int | None:
    """The uses before the one that is asked for."""
    stated = known.get(COUNT)
    if stated is None:
        return None
    if len(stated) != 1 or not stated[0].isascii() or not stated[0].isdigit() or len(stated[0]) > 15:
        _refuse(f"/values/{_pointer(COUNT)}", "value.unreadable", operand="count", value=" ".join(stated))
    return int(stated[0]) - 1


def _part(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    return {} if value is None else _object(value, f"/{key}")


def _members(found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    members = {}
    for name, above in found.items():
        at = f"/members/{_pointer(name)}"
        members[_iri(name, at)] = tuple(_iri(one, at) for one in _several(above, at))
    return members


def _deeds(found: dict[str, Any], key: str) -> tuple[Deed, ...]:
    return tuple(_deed(one, f"/{key}/{n}") for n, one in enumerate(_several(found.get(key), f"/{key}")))


def _deed(value: Any, at: str) -> Deed:
    deed = _object(value, at, _DEED)
    action, duty = _name(deed, "action", at), _name(deed, "duty", at)
    if not action and not duty:
        _refuse(at, "term.missing", term="action")
    when = None if deed.get("at") is None else _instant(deed["at"], f"{at}/at")
    return Deed(action, duty, _name(deed, "by", at), when)


def _texts(value: Any, at: str) -> tuple[str, ...]:
    """What is stated of one operand; empty where anything of it is unknown."""
    texts = [_text(one, at) for one in _several(value, at)]
    return () if None in texts else tuple(texts)  # type: ignore[arg-type]


def _text(value: Any, at: str) -> str | None:
    """One value: text, number, truth, `{"@id": ...}`, `{"@value": ..., "@type": ...}`; None is unknown."""
    if isinstance(value, dict):
        value = _object(value, at, ("@id",) if "@id" in value else ("@value", "@type")).get("@id", value.get("@value"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is not None and not isinstance(value, str):
        _refuse(at, "value.form", operand=at.rpartition("/")[2])
    return value


def _instant(value: Any, at: str) -> int:
    """Microseconds UTC. Clock and counter are said in words of people, so a missing offset is not a trap here."""
    text = value if isinstance(value, str) else _text(value, at) or ""
    try:
        return instants.instant(text)
    except ValueError:
        pass
    try:
        return moments.berlin(text)
    except ValueError:
        _refuse(at, "value.unreadable", operand="dateTime", value=text)


def _name(found: dict[str, Any], key: str, at: str) -> str:
    """An IRI; empty where it is unknown."""
    value = found.get(key)
    return "" if value is None else _iri(value, f"{at}/{key}")


def _iri(value: Any, at: str) -> str:
    fit = isinstance(value, str) and 0 < len(value) <= _LONGEST and ":" in value
    if not fit or any(sign <= " " or sign == "\x7f" for sign in value):
        _refuse(at, "form.identifier", key=at.rpartition("/")[2])
    text = str(value)
    return ODRL + text.removeprefix("odrl:") if text.startswith("odrl:") else text


def _several(value: Any, at: str) -> list[Any]:
    if value is None:
        return []
    found = value if isinstance(value, list) else [value]
    return found if len(found) <= _MOST else _refuse(at, "rules.many", limit=str(_MOST))


def _object(value: Any, at: str, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    """A JSON object; with `keys`, of these alone."""
    if not isinstance(value, dict):
        _refuse(at, "form.object")
    for key in value:
        if keys and key not in keys:
            _refuse(f"{at}/{_pointer(key)}", "term.unknown", term=key)
    return value


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")[:200]


def _refuse(place: str, code: str, **params: str) -> NoReturn:
    raise PolicyError(Reason(code, {name: value[:200] for name, value in params.items()}), place)
