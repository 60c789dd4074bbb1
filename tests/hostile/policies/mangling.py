"""Documents that are spoilt on purpose: policies in every form and requests, from the project's own templates.

What lives here: seeds with requests that they deny, and two ways to spoil. *Spoiling* leaves a document well-formed and
takes away, renames or garbles one thing in it, so that it means no more than before: names that nobody knows, letters
in another case, another kind of value, another datatype, a term too many, half a constraint, no profile, no strategy.
A right operand that its operand still reads, another party or another asset would be another policy, and so would one
that a whole rule or condition is missing from: these are left alone. *Scrambling* turns bytes.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random
from typing import Any, Final

import msgspec
from msgspec import Struct

from catalog.rdf.turtle import read_graph
from policies import forms, template
from policies.evaluate import evaluate
from policies.forms import Form
from policies.model import Policy, PolicyError
from policies.requests import Request

TEMPLATES: Final = (
    *(
        "bonn-ambulance-fridges",
        "cottbus-energy",
        "dortmund-parking",
        "emden-social-planning",
        "heidelberg-winter-service",
    ),
    *("leipzig-crisis-dashboard", "koeln-roadworks-delivery", "nuernberg-geodata", "ml-1-3", "charta-3-2-privacy"),
)
NOBODY: Final = "did:web:nobody.example"
WORDS: Final = frozenset({"leftOperand", "operator", "action", "profile", "conflict", "@type", "odrl:conflict"})
"""Keys whose values are words of the vocabulary."""

_ALONE: Final = frozenset({"@context", "@id", "remarks", "title", "members", "violated"})
"""Names and words for people; and in a request what speaks against it, which without it would be another request."""
_HALF: Final = ("leftOperand", "operator", "rightOperand")
_NAME: Final = re.compile(r"\b(?:odrl|allmende|xsd):[A-Za-z][\w:]*")
_OTHER_KIND: Final[tuple[Any, ...]] = ({}, [[]], {"@value": {}}, [{"@value": None}], {"@list": 7})
_EXTRA: Final = ("x", "odrl:frobnicate", "https://nobody.example/ns#term", "Constraint", "urn:allmende:unless")


class Seed(Struct, frozen=True):
    """A document, and requests that the policy in it denies."""

    name: str
    form: Form
    data: bytes
    denied: tuple[Request, ...]


def read(data: bytes, form: Form, *, lenient: bool = False) -> tuple[Policy, ...]:
    """As `forms.read`, with the reader of Turtle."""
    return forms.read(data, form, graph=read_graph, lenient=lenient)


def permits(policies: tuple[Policy, ...], denied: tuple[Request, ...]) -> Request | None:
    """The first of the requests that one of the policies permits."""
    for policy in policies:
        for one in denied:
            if evaluate(policy, one.access, one.now, count=one.count).permit:
                return one
    return None


@lru_cache(maxsize=1)
def seeds() -> tuple[Seed, ...]:
    """Every template in every form that can carry it."""
    return tuple(seed for name in TEMPLATES for seed in _of(name))


def _of(name: str) -> Iterator[Seed]:
    made = template.make(name, {})
    asked = [case.request for case in template.cases(name)]
    asked += [Request(msgspec.structs.replace(one.access, assignee=NOBODY), one.now, one.count) for one in asked]
    for form in Form:
        try:
            data = made.text.encode() if form is Form.TOML else forms.write(made.policy, form)
        except PolicyError:
            continue
        found = read(data, form)
        yield Seed(name, form, data, tuple(one for one in asked if permits(found, (one,)) is None))


# --- spoiling ---------------------------------------------------------------------------------------------------------


def spoilt(random: Random, seed: Seed) -> tuple[str, bytes]:
    """What was done to the document, and the document."""
    if seed.form is Form.TURTLE:
        return _spoilt_turtle(random, seed.data.decode())
    toml = seed.form is Form.TOML
    document = tomllib.loads(seed.data.decode()) if toml else json.loads(seed.data)
    done = spoil(random, document, toml)
    return done, (toml_text(document) if toml else json.dumps(document)).encode()


def spoil(random: Random, document: Any, toml: bool = False) -> str:
    """Spoil one place of a tree; says what and where."""
    places = list(_places(document, ""))
    while True:
        how = random.choice(_WAYS)
        path, part, key = random.choice(places)
        if how(random, path, part, key, toml):
            return f"{how.__name__.strip('_')} {path}/{key}"


def _places(part: Any, path: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every key of every object, but for those that are left alone."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in _ALONE:
                yield path, part, key
                yield from _places(value, f"{path}/{key}")
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _places(value, f"{path}/{number}")


def _unknown_name(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    return _renamed(part, key, random.choice((key + "q", "x" + key, key[:-1] or "q")))


def _other_case(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    return _renamed(part, key, random.choice((key.upper(), key[:1].upper() + key[1:], key.swapcase())))


def _renamed(part: dict[str, Any], key: str, name: str) -> bool:
    if name in part or not key[:1].isalpha():
        return False
    part[name] = part.pop(key)
    return True


def _garbled_word(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    word = part[key]
    if key not in WORDS or not isinstance(word, str | dict):
        return False
    held, at = (word, "@id") if isinstance(word, dict) else (part, key)
    text = held.get(at)
    if not isinstance(text, str):
        return False
    held[at] = random.choice(
        (text + "q", text.upper(), text.swapcase(), "", " ", "{{7*7}}", "odrl:", "\x00", "../" + text)
    )
    return bool(held[at] != text)


def _other_kind(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    """A structure instead of a word, a word instead of a structure."""
    structure = isinstance(part[key], dict | list)
    part[key] = random.choice((7, True, "garbage", "")) if structure else copy.deepcopy(random.choice(_OTHER_KIND))
    return not (toml and "None" in repr(part[key]))


def _other_datatype(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    if key != "@value":
        return False
    part["@type"] = random.choice(
        ("xsd:nonsense", "xsd:hexBinary", "urn:example:type", "xsd:DateTime", "", 7, "xsd:float")
    )
    return True


def _extra_term(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    term = random.choice(_EXTRA)
    if term in part or "@value" in part:
        return False
    part[term] = random.choice(("garbage", 7, {}, [[]], {"@id": "urn:example:1"}))
    return True


def _half_gone(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    """Half a constraint; no profile; no strategy."""
    if key.removeprefix("odrl:") not in (*_HALF, "profile", "conflict"):
        return False
    del part[key]
    return True


def _unreadable(random: Random, path: str, part: dict[str, Any], key: str, toml: bool) -> bool:
    """A right operand that is no value of anything."""
    if key != "rightOperand":
        return False
    part[key] = random.choice(("\x00", {"@id": "\x00"}, {"@value": "\x00"}, {"@id": "<>"}, {"@id": 7}))
    return True


_WAYS: Final[tuple[Callable[[Random, str, dict[str, Any], str, bool], bool], ...]] = (
    *(_unknown_name, _other_case, _garbled_word, _other_kind, _other_datatype, _extra_term, _half_gone, _unreadable),
)


def _spoilt_turtle(random: Random, text: str) -> tuple[str, bytes]:
    names = list(_NAME.finditer(text))
    while True:
        found = random.choice(names)
        prefix, _, local = found[0].partition(":")
        other = random.choice((local + "q", local[:1].swapcase() + local[1:], local.upper(), local[:-1]))
        if other and other != local:
            changed = f"{text[: found.start()]}{prefix}:{other}{text[found.end() :]}"
            return f"{found[0]} -> {prefix}:{other}", changed.encode()


def toml_text(document: dict[str, Any]) -> str:
    """A tree as TOML, every value on the line of its key."""
    return "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in document.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value)
    return str(value)  # dates and times are written as they are


# --- scrambling -------------------------------------------------------------------------------------------------------

_PIECES: Final = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b"\x00",
    b"\xff",
    b"<",
    b">",
    b"_:",
    b"@",
    b".",
    b";",
    b"\n",
    b"9" * 40,
)


def scrambled(random: Random, data: bytes) -> bytes:
    """Bytes turned, put in, taken out, doubled."""
    found = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(found) + 1)
        match random.randrange(5):
            case 0:
                found[at : at + 1] = bytes([random.randrange(256)])
            case 1:
                del found[at : at + random.choice((1, 2, 8, 200))]
            case 2:
                found[at:at] = random.choice(_PIECES) * random.choice((1, 1, 1, 300))
            case 3:
                found[at:at] = found[at : at + random.choice((4, 40, 400))]
            case _:
                other = random.randrange(len(found) + 1)
                found[at:at] = found[other : other + 12]
    return bytes(found)
