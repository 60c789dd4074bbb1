"""What was found, in the words of a person: a hit in a few lines with its terms, its age, and what to type next.

What does not live here: the commands (`searching`), ages and trust (`ages`), the sentences of reasons (the node makes
them).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from catalog import rhythms, themes
from connector.cli import ages
from connector.cli.output import bullets, ending, heading, labelled, paragraphs, plain, tail
from connector.cli.words import either

_MOST: Final = 8
"""Values of a facet that are shown."""
_LONG: Final = 160
"""Signs of a description that are shown."""
_DAY: Final = 86_400_000_000
_FETCHED: Final = ("fetched from the provider", "beim Anbieter abgeholt")
_BROUGHT: Final = ("delivered by the provider", "vom Anbieter geliefert")
_WAYS: Final[Mapping[str, tuple[str, str]]] = {
    "HttpData-PULL": _FETCHED,
    "https://w3id.org/dspace-sig/profile/http-pull": _FETCHED,
    "HttpData-PUSH": _BROUGHT,
    "https://w3id.org/dspace-sig/profile/http-push": _BROUGHT,
}
_FACETS: Final[Mapping[str, tuple[str, str]]] = {
    "themes": ("Themes", "Themen"),
    "formats": ("Forms", "Formate"),
    "licences": ("Licences", "Lizenzen"),
    "access": ("Access", "Zugang"),
    "participants": ("Participants", "Teilnehmer"),
    "freshness": ("Freshness", "Aktualität"),
    "trust": ("Trust", "Vertrauen"),
}
_ACCESS: Final[Mapping[str, tuple[str, str]]] = {
    "PUBLIC": ("public", "öffentlich"),
    "RESTRICTED": ("restricted", "eingeschränkt"),
    "NON_PUBLIC": ("not public", "nicht öffentlich"),
    "fresh": ("as promised", "wie versprochen"),
    "late": ("older than promised", "älter als versprochen"),
    "unknown": ("nothing promised", "nichts versprochen"),
}


def page(shown: Any, *, facets: bool) -> str:
    """A page of what was found."""
    now = ages.now()
    hits = [hit(one, now) for one in shown["items"]]
    return paragraphs(
        _counted(shown),
        *hits,
        _facets(shown["facets"], shown["names"]) if facets else "",
        others(shown["others"], now) if shown["others"] else "",
        *_remarks(shown, now),
    )


def hit(one: Any, now: int) -> str:
    """A hit: what it is, whose, its terms, its age, what to type next."""
    said = " ".join(one["description"].split())
    said = "" if said == one["title"] else said
    lines = [
        heading(plain(one["title"] or one["id"])),
        " · ".join(filter(None, _what(one))),
        plain(said if len(said) <= _LONG else f"{said[: _LONG - 1].rstrip()}…"),
        _terms(one),
        _usable(one),
        " · ".join(filter(None, _age(one, now))),
        *(f"! {plain(fault['sentence'])}" for fault in one["faults"]),
        _next(one),
    ]
    head, *rest = [line for line in lines if line]
    return "\n".join([head, *(f"  {line}" for line in rest)])


def others(found: Any, now: int) -> str:
    """Why the rest could not be used."""
    if not found["total"]:
        return ""
    if found["total"] == 1:
        title = either(
            "1 more fits, but this node could not use it", "1 weiterer passt, ist für diesen Knoten aber nicht nutzbar"
        )
    else:
        title = either(
            f"{found['total']} more fit, but this node could not use them",
            f"{found['total']} weitere passen, sind für diesen Knoten aber nicht nutzbar",
        )
    lines = [f"{one['count']} × {one['why']['sentence']}" for one in found["reasons"]]
    if found["looked"] < found["total"]:
        seen = found["looked"]
        lines.append(either(f"(of the first {seen} of them)", f"(von den ersten {seen} davon)"))
    if not found["items"]:
        lines.append(either("See some of them: --why", "Einige davon ansehen: --why"))
    return paragraphs(bullets(title, lines), *(hit(one, now) for one in found["items"]))


def kept(one: Any) -> str:
    """That a search was saved."""
    name = one["name"]
    return either(
        f"Saved as {name}. Whenever something new fits you are told (allmende watch-events). "
        f"Ask it now: allmende catalog saved run {name}",
        f"Gespeichert als {name}. Wenn etwas Neues passt, wird es gemeldet (allmende watch-events). "
        f"Jetzt fragen: allmende catalog saved run {name}",
    )


def known(one: Any) -> str:
    """A dataset as it was last seen, all of it."""
    now, said = ages.now(), one["metadata"]
    return paragraphs(
        labelled(
            [
                ("title", _text(said.get("title"))),
                ("dataset", one["id"]),
                ("peer", one["peer_name"] or one["peer"]),
                ("description", _text(said.get("description"))),
                (either("keywords", "Schlagwörter"), _words(said.get("keywords"))),
                (either("themes", "Themen"), [theme(code) for code in said.get("themes", ())]),
                (either("publisher", "Herausgeber"), (said.get("publisher") or {}).get("name")),
                (either("contact", "Ansprechpartner"), [_contact(each) for each in said.get("contacts", ())]),
                ("licence", licence(said.get("licence", ""))),
                (either("access", "Zugang"), access(said.get("access", ""))),
                (either("updated", "aktualisiert"), often(said.get("frequency", ""))),
                (either("places", "Orte"), [*said.get("place_names", ()), *said.get("places", ())]),
                (either("from", "von"), said.get("since")),
                ("until", said.get("until")),
                (either("page", "Seite"), said.get("landing_page")),
                (either("forms", "Formate"), [_form(form) for form in said.get("forms", ())]),
                (either("transfers", "Übertragung"), transfers(one["formats"])),
                (either("state", "Stand"), " · ".join(filter(None, _age({**one, **_dated(said)}, now)))),
            ]
        ),
        *(_offer(each) for each in one["offers"]),
        bullets(either("Wrong with it", "Daran stimmt nicht"), [each["sentence"] for each in one["faults"]]),
        _next_of(one),
    )


# --- a hit ------------------------------------------------------------------------------------------------------------


def _counted(shown: Any) -> str:
    total = shown["total"]
    if not total:
        return either("Nothing was found.", "Nichts gefunden.")
    many = either("more than ", "mehr als ") if shown["capped"] else ""
    return either(
        f"{many}{total} dataset{'' if total == 1 else 's'} found",
        f"{many}{total} Datens{'atz' if total == 1 else 'ätze'} gefunden",
    )


def _what(one: Any) -> Iterator[str]:
    yield either("this node", "dieser Knoten") if one["own"] else plain(one["peer_name"] or one["peer"])
    if one["metres"] is not None:
        yield distance(one["metres"])
    yield ", ".join(theme(code) for code in one["themes"][:3])
    yield plain(", ".join(one["formats"][:5]))
    yield licence(one["licence"])


def _terms(one: Any) -> str:
    if not one["terms"]:
        return ""
    label = either("Terms", "Bedingungen")
    if not one["understood"]:
        label = either("Terms not understood", "Bedingungen nicht verstanden")
    more = one["offers"] - 1
    rest = either(f" (and {more} more)", f" (und {more} weitere)") if more > 0 else ""
    return f"{label}: {plain(one['terms'])}{rest}"


def _usable(one: Any) -> str:
    use = one["use"]
    if use is None:
        return ""
    label = either("Yours to use", "Für Sie nutzbar")
    if use["usable"]:
        begins = use["begins"]
        said = either("yes", "ja") if begins is None else either(f"from {_day(begins)}", f"ab {_day(begins)}")
        if use["ends"] is not None:
            said += either(f", until {ending(use['ends'])}", f", bis {ending(use['ends'])}")
        return f"{label}: {said}" + "".join(f" - {plain(each['sentence'])}" for each in use["given"])
    why = use["why"]["sentence"] if use["why"] else ""
    detail = " ".join(each["sentence"] for each in use["reasons"] if one["understood"])
    return plain(f"{label}: {either('no', 'nein')}, {why}. {detail}")


def _age(one: Any, now: int) -> Iterator[str]:
    """How old it is, when it was seen, how far it can be trusted, how complete it is."""
    promised = often(one["frequency"])
    if one["modified"] is not None:
        changed = ages.age(one["modified"], now)
        said = either(f"updated {changed}", f"aktualisiert {changed}")
        if promised:
            said += either(f" (promised: {promised}", f" (versprochen: {promised}")
            said += f"; {late(one['late'])})" if one["late"] else ")"
        yield said
    elif promised:
        yield either(f"promised: {promised}", f"versprochen: {promised}")
    if one.get("own") is not True:
        yield either(f"seen {ages.age(one['seen'], now)}", f"gesehen {ages.age(one['seen'], now)}")
        yield ages.trust(one["trust"])
        if one["origin"] == "broker":
            yield ages.origin(one["origin"], plain(one["via"]))
        yield either(f"description {one['score']} of 100", f"Beschreibung {one['score']} von 100")


def late(seconds: float) -> str:
    """By how much something is later than promised."""
    days = round(seconds / 86_400)
    if days:
        return either(f"{days} day{'' if days == 1 else 's'} late", f"{days} Tag{'' if days == 1 else 'e'} zu spät")
    hours = max(1, round(seconds / 3600))
    return either(f"{hours} hour{'' if hours == 1 else 's'} late", f"{hours} Stunde{'' if hours == 1 else 'n'} zu spät")


def _next(one: Any) -> str:
    """What to type next."""
    id = shlex.quote(one["id"])
    if one["own"]:
        return ""
    if not one["peer_name"]:
        return f"> allmende catalog show {id}" + _stranger(one["peer"])
    if one["use"] is not None and not one["use"]["usable"]:
        return f"> allmende catalog show {shlex.quote(one['peer_name'])} {id}"
    offer = f" --offer {shlex.quote(tail(one['offer']))}" if one["offers"] > 1 and len(one["offer"]) >= 8 else ""
    return f"> allmende negotiate {shlex.quote(one['peer_name'])} {id}{offer}"


def _stranger(did: str) -> str:
    """How to come to know somebody by the address in a did:web."""
    if not did.startswith("did:web:"):
        return ""
    url = "https://" + did.removeprefix("did:web:").replace(":", "/").replace("%3A", ":")
    return either(
        f"  (no peer yet: allmende peer add {shlex.quote(url)})",
        f"  (noch keine Gegenstelle: allmende peer add {shlex.quote(url)})",
    )


def _remarks(shown: Any, now: int) -> Iterator[str]:
    """What else there is to know about the answer."""
    if shown["also"]:
        words = ", ".join(plain(one) for one in shown["also"])
        yield either(f"Also looked for: {words}", f"Auch gesucht nach: {words}")
    if shown["unjudged"]:
        count = shown["unjudged"]
        yield either(
            f"{count} kinds of terms were too many to be looked at, and count as not usable.",
            f"{count} Arten von Bedingungen waren zu viele zum Prüfen und gelten als nicht nutzbar.",
        )
    yield _reach(shown["reach"], now)
    if shown["next"]:
        yield either("More", "Weiter") + f": --after {shlex.quote(shown['next'])}"


def _reach(reach: Any, now: int) -> str:
    count, silent = reach["catalogs"], reach["silent"]
    if not count:
        return either(
            "No catalogue of others has been read yet. Read them now: allmende catalog crawl",
            "Noch wurde kein Katalog anderer gelesen. Jetzt lesen: allmende catalog crawl",
        )
    said = either(
        f"Searched {count} catalogue{'' if count == 1 else 's'} as last seen",
        f"Gesucht in {count} Katalog{'' if count == 1 else 'en'}, wie zuletzt gesehen",
    )
    if silent:
        said += "; " + _silent(silent, ages.age(reach["oldest"], now))
    return said


def _silent(count: int, since: str) -> str:
    """That some do not answer; `since` says when that of them was read which has been silent longest."""
    if count == 1:
        return either(
            f"1 of them does not answer at present (last read {since})",
            f"einer davon antwortet zurzeit nicht (zuletzt gelesen {since})",
        )
    return either(
        f"{count} of them do not answer at present (the longest silent was last read {since})",
        f"{count} davon antworten zurzeit nicht (der am längsten stumme wurde zuletzt gelesen {since})",
    )


# --- words ------------------------------------------------------------------------------------------------------------


def theme(code: str) -> str:
    """A theme by its name."""
    names = themes.NAMES.get(code)
    return plain(code) if names is None else either(names[1], names[0])


def often(frequency: str) -> str:
    """How often something is promised to be updated."""
    names = rhythms.NAMES.get(frequency)
    return plain(frequency) if names is None else either(names[1], names[0])


def transfers(formats: Sequence[str]) -> list[str]:
    """How data can be had, in words; a way that two profiles name is one, one that is not known stays as it is."""
    return list(dict.fromkeys(either(*_WAYS[one]) if one in _WAYS else plain(one) for one in formats))


def distance(metres: float) -> str:
    """As people say it: `here`, `800 m`, `1.2 km`, `35 km`."""
    if metres < 5:
        return either("here", "hier")
    if metres < 1000:
        return f"{round(metres / 10) * 10:.0f} m"
    kilometres = metres / 1000
    said = f"{kilometres:.1f}" if kilometres < 10 else f"{kilometres:.0f}"
    return f"{either(said, said.replace('.', ','))} km"


def access(value: str) -> str:
    """Who may have the data, or whether a promise is kept; a word that is not known is shown as it is."""
    return either(*_ACCESS[value]) if value in _ACCESS else plain(value)


def licence(value: str) -> str:
    """Under which licence; where data are only to be had under terms this is said, others are shown as they are."""
    return either("only under its terms", "nur zu seinen Bedingungen") if value == "other-closed" else plain(value)


def _day(at: int) -> str:
    shown = ending(at + _DAY)
    return shown.split(" ")[0]


def _facets(facets: Mapping[str, Mapping[str, int]], names: Mapping[str, str]) -> str:
    lines = []
    for kind, counts in facets.items():
        if counts:
            best = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
            named = [f"{_facet(kind, names.get(value, value))} ({count})" for value, count in best[:_MOST]]
            lines.append((either(*_FACETS[kind]) if kind in _FACETS else plain(kind), ", ".join(named)))
    return labelled(lines)


def _facet(kind: str, value: str) -> str:
    match kind:
        case "themes":
            return theme(value)
        case "trust":
            return ages.trust(value)
        case "access" | "freshness":
            return access(value)
        case "licences":
            return licence(value)
        case "participants" if value == "own":
            return either("this node", "dieser Knoten")
        case _:
            return plain(value)


# --- a whole dataset --------------------------------------------------------------------------------------------------


def _text(said: Any) -> str:
    """A text by language, in that of the reader where it is there."""
    if not said:
        return ""
    return str(said.get(either("en", "de")) or said.get("") or next(iter(said.values())))


def _words(said: Any) -> list[str]:
    return list(dict.fromkeys(one for words in (said or {}).values() for one in words))


def _contact(one: Any) -> str:
    return " ".join(part for name in ("name", "email", "telephone", "url") if (part := one.get(name)))


def _form(form: Any) -> str:
    return " ".join(filter(None, (form.get("format"), form.get("download_url") or form.get("access_url"))))


def _dated(said: Any) -> dict[str, Any]:
    return {"modified": said.get("modified") or said.get("issued"), "frequency": said.get("frequency", "")}


def _offer(one: Any) -> str:
    title = f"{either('Offer', 'Angebot')} {tail(one['id'])}"
    if one["reason"]:
        unread = either("Not understood, so not usable: ", "Nicht verstanden, also nicht nutzbar: ")
        return bullets(title, [unread + one["reason"]["sentence"]])
    said = _usable({"use": one["use"], "understood": True})
    return bullets(title, [*(one["sentences"] or [either("any use", "jede Nutzung")]), said])


def _next_of(one: Any) -> str:
    usable = any(each["use"]["usable"] for each in one["offers"])
    if one["origin"] == "own":
        return ""
    if not one["peer_name"]:
        return _stranger(one["peer"]).strip()
    if not usable:
        return ""
    return f"> allmende negotiate {shlex.quote(one['peer_name'])} {shlex.quote(one['id'])}"
