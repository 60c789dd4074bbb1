"""Templates: policies that a municipality starts from, as questions with defaults and the short form that they fill.

What lives here: loading a template, asking, filling it, the requests that show what it means. What does not: the
templates themselves (`templates/NAME.toml`; what several of them say alike stands in `templates/common.toml`), the
short form (`short`), checking answers (`answers`).
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import msgspec
from msgspec import Struct

from policies import answers as answering
from policies import places, requests, short
from policies.answers import Kind
from policies.model import Policy, PolicyError, Reason
from policies.operands import OPERANDS, PURPOSE, SPATIAL
from policies.requests import Request
from policies.saying import Lang, german
from policies.vocabulary import DPV, OWN, PURPOSES

REMARK: Final = "http://www.w3.org/ns/prov#wasDerivedFrom@id"
"""The remark by which a policy remembers which template it is from, and which version."""
ORIGIN: Final = OWN + "template:"
"""What stands before the name and the version of a template (`urn:allmende:template:charta-g-open:1`)."""

_COMMON: Final = "common"
_FIELD = re.compile(r"\{\{([a-z_]+)\}\}")
_COMMENT: Final = re.compile(r"# (?P<de>[^\n/]+) / (?P<en>[^\n/]+)$", re.MULTILINE)
_WIDTH: Final = 110


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    de: str
    en: str

    def pick(self, lang: str) -> str:
        """The one in the language; anything but German is English."""
        return self.de if german(lang) else self.en


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """A question as a template holds it. `least` and `most` bound a number; a day comes no earlier than that which the
    question `after` asks for, if it is asked."""

    key: str
    text: Text
    help: Text
    default: str
    kind: Kind
    least: int | None = None
    most: int | None = None
    after: str = ""


class Question(Struct, frozen=True):
    """One question: `key` in the answers, the text to ask, what helps to answer, what counts if nothing is said, and
    what sort of answer is wanted."""

    key: str
    text: str
    help: str
    default: str
    kind: Kind


class Case(Struct, frozen=True):
    """A request with the answer that the template gives to it, and what it shows (English)."""

    shows: str
    permit: bool
    request: Request


class Made(Struct, frozen=True):
    """What a filled template gives: the policy, the text of the small file that says it, and where they are from."""

    policy: Policy
    text: str
    template: str = ""
    version: str = ""


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """A template as its file holds it. `about` says what it is for, `source` and `caution` are keys of `common.toml`,
    `place` is where in the source. `access` is what all requests start from."""

    version: str
    title: Text
    about: Text
    source: str
    place: str
    caution: str
    text: str
    access: dict[str, Any]
    request: tuple[dict[str, Any], ...]
    ask: tuple[str, ...] = ()
    question: tuple[Asked, ...] = ()
    defaults: dict[str, str] = {}


class _Common(Struct, frozen=True, forbid_unknown_fields=True):
    """What templates share."""

    sources: dict[str, Text]
    cautions: dict[str, Text]
    question: tuple[Asked, ...]


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all templates, in order."""
    found = (entry.name for entry in resources.files("policies.templates").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml") and name[:6] != _COMMON))


@lru_cache(maxsize=64)
def load(name: str) -> Template:
    """The template with this name. Raises `PolicyError` `template.unknown`."""
    if name not in names():
        raise PolicyError(Reason("template.unknown", {"name": name[:200]}))
    return msgspec.convert(_file(name), Template)


def title(name: str, lang: str) -> str:
    """What a template is called. Raises `PolicyError` for a name that is not known."""
    return load(name).title.pick(lang)


def about(name: str, lang: str) -> tuple[str, ...]:
    """What a template is for, where it is from, and what to beware of. Raises `PolicyError` as `title`."""
    found, common = load(name), _common()
    source = common.sources[found.source].pick(lang).replace("{{place}}", found.place)
    lead = ("Quelle", "Achtung") if german(lang) else ("Source", "Caution")
    caution = common.cautions[found.caution].pick(lang)
    return found.about.pick(lang), f"{lead[0]}: {source}", f"{lead[1]}: {caution}"


def questions(name: str, lang: str) -> tuple[Question, ...]:
    """What to ask for a template, in order. Raises `PolicyError` for a name that is not known."""
    return tuple(
        Question(one.key, one.text.pick(lang), one.help.pick(lang), one.default, one.kind) for one in _asked(name)
    )


def make(name: str, answers: Mapping[str, str], lang: str = Lang.DE) -> Made:
    """The template with these answers; what is not answered, or with nothing, is the default. `lang` is that of the
    comments in the text.

    Raises `PolicyError`: no such template, an answer to nothing that is asked, an answer that cannot be read or is out
    of bounds.
    """
    found = load(name)
    written = _written(name, _given(name, answers))
    filled = _FIELD.sub(lambda field: written[field[1]], _commented(found.text.strip(), lang))
    says = ("Vorlage", "Version") if german(lang) else ("Template", "version")
    comments = [f"{says[0]}: {found.title.pick(lang)} ({name}, {says[1]} {found.version})", *about(name, lang)]
    lead = "".join(f"# {line}\n" for text in comments for line in textwrap.wrap(text, _WIDTH))
    remarks = f'remarks = {{ "{REMARK}" = "{ORIGIN}{name}:{found.version}" }}'
    text = f"{lead}\ntitle = {answering.quoted(found.title.pick(lang))}\n{remarks}\n{filled}\n"
    return Made(short.read(text), text, name, found.version)


def origin(policy: Policy) -> tuple[str, str] | None:
    """The template that a policy says it was made from, and its version; None where it says none."""
    for predicate, text in policy.remarks:
        if predicate == REMARK and text.startswith(ORIGIN):
            name, _, version = text.removeprefix(ORIGIN).rpartition(":")
            return name, version
    return None


def cases(name: str, answers: Mapping[str, str] | None = None) -> tuple[Case, ...]:
    """The requests of a template with the answers that its policy gives to them. Raises `PolicyError` as `make`."""
    found, given = load(name), _given(name, answers or {})
    return tuple(_case(found.access, one, given) for one in found.request)


# --- loading ----------------------------------------------------------------------------------------------------------


def _file(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("policies.templates").joinpath(f"{name}.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def _common() -> _Common:
    return msgspec.convert(_file(_COMMON), _Common)


def _asked(name: str) -> tuple[Asked, ...]:
    """Shared questions that the template names, with its own defaults, and then its own questions."""
    found = load(name)
    shared = {one.key: one for one in _common().question}
    both = (*(shared[key] for key in found.ask), *found.question)
    return tuple(
        msgspec.structs.replace(one, default=found.defaults.get(one.key, one.default).replace("{{template}}", name))
        for one in both
    )


def _given(name: str, answers: Mapping[str, str]) -> dict[str, str]:
    asked = {one.key: one.default for one in _asked(name)}
    for key in answers:
        if key not in asked:
            raise PolicyError(Reason("template.answer", {"name": name, "key": key[:200]}), f"/{key[:200]}")
    return {key: answers.get(key, "").strip() or default for key, default in asked.items()}


def _commented(text: str, lang: str) -> str:
    """A template's text with its comments in one language; they are written `# German / English`."""
    return _COMMENT.sub(lambda found: f"# {found['de' if german(lang) else 'en']}", text)


def _written(name: str, given: Mapping[str, str]) -> dict[str, str]:
    """The answers as TOML values. Raises `PolicyError` for the first that is wrong."""
    written = {}
    for one in _asked(name):
        written[one.key] = answering.toml(one.kind, one.key, given[one.key], one.least, one.most)
        if one.after in written:
            answering.not_before(one.key, given[one.key], one.after, given[one.after])
    return written


# --- requests ---------------------------------------------------------------------------------------------------------


def _case(base: Mapping[str, Any], change: Mapping[str, Any], given: Mapping[str, str]) -> Case:
    stated = _filled({**base, **change, "values": {**base.get("values", {}), **change.get("values", {})}}, given)
    shows, expect = stated.pop("shows"), stated.pop("expect")
    stated["action"] = short.action_iri(stated["action"])
    stated["values"] = dict(_value(name, value) for name, value in stated["values"].items())
    stated["performed"] = [{**deed, "action": short.action_iri(deed["action"])} for deed in stated.get("performed", ())]
    return Case(shows, expect == "permit", requests.read(msgspec.json.encode(stated)))


def _filled(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        field = _FIELD.fullmatch(value)
        return value if field is None else given[field[1]]
    if isinstance(value, dict):
        return {key: _filled(one, given) for key, one in value.items()}
    return [_filled(one, given) for one in value] if isinstance(value, list) else value


def _value(name: str, value: Any) -> tuple[str, Any]:
    left = {operand.name: operand.iri for operand in OPERANDS.values()}[name]
    if not isinstance(value, str):
        return left, value
    if left == PURPOSE and value in PURPOSES:
        return left, DPV + value
    return left, places.from_digits(value) if left == SPATIAL and value.isdigit() else value
