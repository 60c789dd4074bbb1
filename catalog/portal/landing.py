"""Pages for people: what there is, one dataset, the terms of one offer; in German and English, without a script.

What lives here: the HTML. What does not: what is told (`metadata`), sentences of policies (`policies.explain`), HTTP.
Sources: HTML Living Standard; WCAG 2.2 (language of the page, one main heading, tables with headings, contrast).

INVARIANT: every text is escaped, a link leads to http, https or mailto and nowhere else, and what search engines read
(`schema_org`) holds no `<`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from catalog import geo, rhythms, themes
from catalog.model import Contact, Form, Metadata
from catalog.portal import names
from catalog.portal.schema_org import spoken
from policies import instants

Language = Literal["de", "en"]
Both = tuple[str, str]

_STYLE: Final = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:50rem;margin:0 auto;padding:1rem;color:#1a1a1a;"
    "background:#fff}h1{line-height:1.2}th{text-align:left;vertical-align:top;padding-right:1rem;font-weight:600}"
    "td,th{padding-bottom:.3rem}a{color:#0b4f9e}li{margin:.4rem 0}.about{white-space:pre-line}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#16181b}a{color:#9cc8ff}}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
SECURITY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page."""

_SHOWN_KEYWORDS: Final = 40
_FORMS: Final = ("ttl", "rdf", "jsonld", "nt")
_ACCESS: Final[dict[str, Both]] = {
    "PUBLIC": ("für alle", "for everybody"),
    "RESTRICTED": ("unter Bedingungen", "under conditions"),
    "NON_PUBLIC": ("nicht öffentlich", "not public"),
}


class Line(Struct, frozen=True):
    """A dataset on the list."""

    title: str
    page: str
    about: str
    modified: int | None


class Term(Struct, frozen=True):
    """An offer on a dataset's page: its page, and what it means."""

    page: str
    sentences: tuple[str, ...]


def list_page(house: str, lines: Iterable[Line], language: Language, page: str, previous: str, next: str) -> str:
    """What there is. `previous` and `next` are addresses of other pages of the list, "" where there are none."""
    title = _say(("Datenkatalog", "Data catalogue"), language) + f": {house}"
    items = "".join(_item(line, language) for line in lines)
    if not items:
        items = (
            f"<li>{_say(('Zurzeit wird nichts allen angeboten.', 'Nothing is offered to everybody.'), language)}</li>"
        )
    ways = [(previous, ("Zurück", "Back")), (next, ("Weiter", "Further"))]
    steps = " · ".join(f'<a href="{escape(url)}">{_say(word, language)}</a>' for url, word in ways if url)
    note = _say(("Für Portale", "For portals"), language)
    links = ", ".join(f'<a href="{escape(page)}/catalog.{one}">{one}</a>' for one in _FORMS)
    body = f"<h1>{escape(title)}</h1><ul>{items}</ul><nav>{steps}</nav><p>{note}: {links}</p>"
    return _whole(title, language, body, alternates=f"{page}/catalog")


def dataset_page(said: Metadata, id: str, page: str, terms: Sequence[Term], language: Language, markup: Any) -> str:
    """One dataset; `markup` is what search engines read of it."""
    title = spoken(said.title, language)
    rows = "".join(
        f'<tr><th scope="row">{head}</th><td>{cell}</td></tr>' for head, cell in _facts(said, language) if cell
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(spoken(said.description, language))}</p>',
        f"<table>{rows}</table>",
        _forms(said, language),
        _offers(terms, language),
        f"<p>{_say(('Kennung im Datenraum', 'Id in the data space'), language)}: <code>{escape(id)}</code></p>",
        f"<p>{', '.join(f'<a href={chr(34)}{escape(page)}.{one}{chr(34)}>{one}</a>' for one in _FORMS)}</p>",
    ]
    data = msgspec.json.encode(markup).decode().replace("<", "\\u003c")
    head = f'<script type="application/ld+json">{data}</script>'
    return _whole(title, language, "".join(parts), head=head, alternates=page)


def terms_page(title: str, page: str, offer: str, sentences: Iterable[str], language: Language) -> str:
    """The terms of one offer, in sentences, and how to ask for it."""
    head = _say(("Bedingungen", "Terms"), language) + f": {title}"
    lines = "".join(f"<li>{escape(one)}</li>" for one in sentences)
    how = _say(
        (
            "Die Daten gibt es über den Datenraum, mit einem Vertrag unter diesen Bedingungen. Kennung des Angebots:",
            "The data are to be had through the data space, with a contract under these terms. Id of the offer:",
        ),
        language,
    )
    back = _say(("Zum Datensatz", "To the dataset"), language)
    body = (
        f"<h1>{escape(head)}</h1><ul>{lines}</ul><p>{how} <code>{escape(offer)}</code></p>"
        f'<p><a href="{escape(page)}">{back}</a></p>'
    )
    return _whole(head, language, body)


def _whole(title: str, language: Language, body: str, *, head: str = "", alternates: str = "") -> str:
    links = ""
    if alternates:
        types = zip(
            _FORMS, ("text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"), strict=True
        )
        links = "".join(
            f'<link rel="alternate" type="{type}" href="{escape(alternates)}.{suffix}">' for suffix, type in types
        )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f"{links}{head}</head>"
        f"<body><main>{body}</main></body></html>"
    )


def _say(both: Both, language: Language) -> str:
    return both[0] if language == "de" else both[1]


def _item(line: Line, language: Language) -> str:
    short = line.about if len(line.about) <= 240 else line.about[:240].rsplit(" ", 1)[0] + " …"
    day = f" <small>{_day(line.modified)}</small>" if line.modified is not None else ""
    return f'<li><a href="{escape(line.page)}">{escape(line.title)}</a>{day}<br>{escape(short)}</li>'


def _facts(said: Metadata, language: Language) -> list[tuple[str, str]]:
    """The rows of a dataset's table: heading, and HTML."""
    words = [word for held in said.keywords.values() for word in held][:_SHOWN_KEYWORDS]
    access = _ACCESS.get(said.access, (said.access, said.access))
    rows: list[tuple[Both, str]] = [
        (("Herausgeber", "Publisher"), escape(said.publisher.name or said.publisher.id) if said.publisher else ""),
        (("Kontakt", "Contact"), ", ".join(filter(None, map(_contact, said.contacts)))),
        (("Themen", "Themes"), escape(", ".join(_called(themes.NAMES, one, language) for one in said.themes))),
        (("Schlagwörter", "Keywords"), escape(", ".join(words))),
        (("Zugang", "Access"), escape(_say(access, language))),
        (("Lizenz", "Licence"), _coded(said.licence, names.LICENCE)),
        (("Ort", "Place"), escape(", ".join((*said.place_names, *map(_place, said.places))))),
        (("Zeitraum", "Time"), escape(" – ".join((said.since, said.until)) if said.since or said.until else "")),
        (("Aktualisierung", "Updated"), escape(_called(rhythms.NAMES, said.frequency, language))),
        (("Stand", "As of"), _day(said.modified)),
        (
            ("Hochwertiger Datensatz (EU)", "High-value dataset (EU)"),
            escape(", ".join(_called(rhythms.CATEGORIES, one, language) for one in said.hvd)),
        ),
        (("Mehr dazu", "More"), ", ".join(_link(one) for one in said.documentation)),
    ]
    return [(_say(head, language), cell) for head, cell in rows]


def _called(names: Mapping[str, Both], code: str, language: Language) -> str:
    return _say(names[code], language) if code in names else code


def _place(key: str) -> str:
    """A key with what people call the place, as far as that is known."""
    known = geo.names(key)
    return f"{', '.join(known)} ({key})" if known else key


def _contact(contact: Contact) -> str:
    said = escape(contact.name or contact.email or contact.url)
    target = f"mailto:{quote(contact.email, safe='@.+-_')}" if contact.email else contact.url
    return f'<a href="{escape(target)}">{said}</a>' if _leads(target) else said


def _forms(said: Metadata, language: Language) -> str:
    if not said.forms:
        return ""
    items = "".join(_form(form, language) for form in said.forms)
    return f"<h2>{_say(('Daten', 'Data'), language)}</h2><ul>{items}</ul>"


def _form(form: Form, language: Language) -> str:
    title = escape(spoken(form.title, language) or form.format or form.media_type or form.access_url)
    address = form.download_url or form.access_url
    named = f'<a href="{escape(address)}">{title}</a>' if _leads(address) else title
    licence = f" · {_coded(form.licence, names.LICENCE)}" if form.licence else ""
    return f"<li>{named}{' · ' + escape(form.format) if form.format else ''}{licence}</li>"


def _offers(terms: Sequence[Term], language: Language) -> str:
    if not terms:
        return ""
    name = _say(("Bedingungen", "Terms"), language)
    parts = "".join(
        f'<li><a href="{escape(one.page)}">{name}</a><br>{"<br>".join(map(escape, one.sentences))}</li>'
        for one in terms
    )
    return f"<h2>{_say(('Über den Datenraum', 'Through the data space'), language)}</h2><ul>{parts}</ul>"


def _coded(code: str, authority: str) -> str:
    value = names.value(code, authority) if code else {}
    shown = escape(code.rpartition("/")[2] if _leads(code) else code)
    return f'<a href="{escape(value["@id"])}">{shown}</a>' if _leads(value.get("@id", "")) else shown


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>' if _leads(address) else escape(address)


def _leads(address: str) -> bool:
    """May a link lead there?"""
    try:
        return urlsplit(address).scheme in ("http", "https", "mailto") and names.is_iri(address)
    except ValueError:
        return False


def _day(at: int | None) -> str:
    if at is None:
        return ""
    day = f"{instants.local(at):%Y-%m-%d}"
    return f'<time datetime="{day}">{day}</time>'
