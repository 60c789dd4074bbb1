"""How complete a dataset's description is, which three things would help most, and is it as new as it promises?

What lives here: the criteria with their weights, the score, freshness. What does not: rules that a portal refuses by
(`checks`), finding out which distributions are broken (the connector probes them), sentences (the connector's).

The weights are those of the Metadata Quality Assurance of data.europa.eu (findability, accessibility, interoperability,
reusability, contextuality; 405 points in all), with three differences. A download is asked for only of data that are
public: others are had through the node, under terms. The two points about vocabularies of access count as one. Besides
there are 35 points for what people here ask first: is the text more than a title, how often is it updated, and is it,
and whom do they have to name.
The score is the part of the points that could be had, of 100.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from msgspec import Struct

from catalog.model import Form, Metadata
from catalog.profile import vocabularies as lists
from catalog.profile.findings import Finding, Severity
from policies.model import Reason

SECOND: Final = 1_000_000
MENDS: Final = 3
LONG_ENOUGH: Final = 80
"""Characters of a description that says more than a title."""


class Score(Struct, frozen=True):
    """Points of 100, and what would bring most, as reasons: `score.CRITERION` with the points that it brings (`gain`),
    or the mend of a finding for which a portal would refuse the dataset."""

    points: int
    mends: tuple[Reason, ...] = ()


class Freshness(NamedTuple):
    """When the next version was due, and how late it is: microseconds. `due` is None where nothing was promised, or
    nobody knows how old the data are."""

    due: int | None
    late_by: int


class Criterion(NamedTuple):
    """What part of its points a dataset gets, 0 to 1; None where the question does not arise. `properties` are those
    that it is about."""

    name: str
    weight: int
    part: Callable[[Metadata, frozenset[str]], float | None]
    properties: tuple[str, ...] = ()


def score(
    metadata: Metadata, now: int, findings: Iterable[Finding] = (), broken: frozenset[str] = frozenset()
) -> Score:
    """How complete this is. `broken` are ids of distributions that were found broken, or their addresses."""
    violations = [one for one in findings if one.severity is Severity.VIOLATION]
    had = _had(metadata, now, bool(violations), broken)
    whole = sum(one.weight for one, _ in had)
    return Score(_points(had, whole), _mends(had, violations, whole))


def points(metadata: Metadata, now: int, findings: Iterable[Finding] = ()) -> int:
    """The points of `score` alone, for whoever mends nothing."""
    had = _had(metadata, now, any(one.severity is Severity.VIOLATION for one in findings), frozenset())
    return _points(had, sum([one.weight for one, _ in had]))


def _had(metadata: Metadata, now: int, violated: bool, broken: frozenset[str]) -> list[tuple[Criterion, float]]:
    """The questions that arise, and what part of its points each brings."""
    had = [(one, part) for one in CRITERIA if (part := one.part(metadata, broken)) is not None]
    return [*had, (RULES, 0.0 if violated else 1.0), (FRESH, _fresh(metadata, now))]


def _points(had: list[tuple[Criterion, float]], whole: int) -> int:
    return round(100 * sum([one.weight * part for one, part in had]) / whole)


def freshness(metadata: Metadata, now: int) -> Freshness:
    """Is it as new as its update interval promises?"""
    dated = [one for one in (metadata.modified, *(form.modified for form in metadata.forms)) if one is not None]
    newest = max(dated, default=metadata.issued)
    promised = lists.SECONDS.get(metadata.frequency)
    if newest is None or promised is None:
        return Freshness(None, 0)
    due = newest + promised * SECOND
    return Freshness(due, max(0, now - due))


def _mends(had: list[tuple[Criterion, float]], violations: list[Finding], whole: int) -> tuple[Reason, ...]:
    """First what keeps a portal from taking it, then what brings most points; nothing twice."""
    first: dict[str, Finding] = {}
    for one in violations:
        first.setdefault(one.property, one)
    found, told = [one.mend for one in first.values()][:MENDS], first.keys()
    lost = sorted(((one.weight * (1 - part), one) for one, part in had if part < 1), key=lambda pair: -pair[0])
    for gain, lack in lost:
        if lack is not RULES and told.isdisjoint(lack.properties):
            found.append(Reason(f"score.{lack.name}", {"gain": str(max(1, round(100 * gain / whole)))}))
    return tuple(found[:MENDS])


# --- criteria ---------------------------------------------------------------------------------------------------------


def _has(test: Callable[[Metadata], object]) -> Callable[[Metadata, frozenset[str]], float | None]:
    return lambda metadata, broken: 1.0 if test(metadata) else 0.0


def _of_forms(test: Callable[[Form], object]) -> Callable[[Metadata, frozenset[str]], float | None]:
    """The part of the distributions that pass."""

    def part(metadata: Metadata, broken: frozenset[str]) -> float | None:
        forms = metadata.forms
        if len(forms) == 1:  # Most have one, and every entry of every catalogue is scored.
            return 1.0 if test(forms[0]) else 0.0
        return _share([bool(test(form)) for form in forms])

    return part


def _share(passed: list[bool]) -> float:
    return sum(passed) / len(passed) if passed else 0.0


def _downloads(metadata: Metadata, broken: frozenset[str]) -> float | None:
    if metadata.access not in ("", "PUBLIC"):
        return None
    return _share([bool(form.download_url) for form in metadata.forms])


def _reachable(metadata: Metadata, broken: frozenset[str]) -> float | None:
    if not broken:
        return 1.0 if metadata.forms else 0.0
    names = [(form.id, form.access_url, form.download_url) for form in metadata.forms]
    return _share([broken.isdisjoint(filter(None, one)) for one in names])


def _licensed(metadata: Metadata, broken: frozenset[str]) -> float | None:
    if metadata.licence:
        return 1.0
    return _share([bool(form.licence) for form in metadata.forms])


def _known_licence(metadata: Metadata, broken: frozenset[str]) -> float | None:
    named = [form.licence for form in metadata.forms if form.licence] or [metadata.licence]
    return _share([one in lists.LICENCES.known for one in named])


def _attributed(metadata: Metadata, broken: frozenset[str]) -> float | None:
    asking = [form for form in metadata.forms if (form.licence or metadata.licence) in lists.ATTRIBUTED]
    return _share([bool(form.attribution or metadata.attribution) for form in asking]) if asking else None


def _fresh(metadata: Metadata, now: int) -> float:
    found = freshness(metadata, now)
    return 1.0 if found.due is not None and not found.late_by else _unbound(metadata)


def _unbound(metadata: Metadata) -> float:
    """Who says that there are no further versions is never late."""
    return 1.0 if metadata.frequency in ("NEVER", "NOT_PLANNED", "IRREG", "AS_NEEDED") else 0.0


def _described(metadata: Metadata) -> bool:
    return any(len(text) >= LONG_ENOUGH for text in metadata.description.values())


RULES: Final = Criterion("rules", 30, lambda metadata, broken: None)
FRESH: Final = Criterion("fresh", 10, lambda metadata, broken: None, ("dct:modified",))
CRITERIA: Final = (
    Criterion("keywords", 30, _has(lambda one: any(one.keywords.values())), ("dcat:keyword",)),
    Criterion("themes", 30, _has(lambda one: one.themes), ("dcat:theme",)),
    Criterion("place", 20, _has(lambda one: one.places or one.box or one.place_names), ("dct:spatial",)),
    Criterion("time", 20, _has(lambda one: one.since or one.until), ("dct:temporal",)),
    Criterion("access_url", 50, _of_forms(lambda form: form.access_url), ("dcat:accessURL",)),
    Criterion("download", 20, _downloads, ("dcat:downloadURL",)),
    Criterion("reachable", 30, _reachable),
    Criterion("format", 20, _of_forms(lambda form: form.format), ("dct:format",)),
    Criterion("media_type", 10, _of_forms(lambda form: form.media_type), ("dcat:mediaType",)),
    Criterion("known_format", 10, _of_forms(lambda form: form.format in lists.FILE_TYPES.known), ("dct:format",)),
    Criterion("open_format", 20, _of_forms(lambda form: form.format in lists.OPEN_FORMATS), ("dct:format",)),
    Criterion("machine_readable", 20, _of_forms(lambda form: form.format in lists.MACHINE_READABLE), ("dct:format",)),
    Criterion("licence", 20, _licensed, ("dct:license",)),
    Criterion("known_licence", 10, _known_licence, ("dct:license",)),
    Criterion("attribution", 5, _attributed, ("dcatde:licenseAttributionByText",)),
    Criterion("access", 15, _has(lambda one: one.access in lists.ACCESS.known), ("dct:accessRights",)),
    Criterion("contact", 20, _has(lambda one: one.contacts), ("dcat:contactPoint",)),
    Criterion("publisher", 10, _has(lambda one: one.publisher and one.publisher.name), ("dct:publisher",)),
    Criterion("rights", 5, _of_forms(lambda form: form.rights or form.licence), ("dct:rights",)),
    Criterion("bytes", 5, _of_forms(lambda form: form.bytes is not None), ("dcat:byteSize",)),
    Criterion("issued", 5, _has(lambda one: one.issued is not None), ("dct:issued",)),
    Criterion("modified", 5, _has(lambda one: one.modified is not None), ("dct:modified",)),
    Criterion("description", 10, _has(_described), ("dct:description",)),
    Criterion("frequency", 10, _has(lambda one: one.frequency), ("dct:accrualPeriodicity",)),
)
"""Every question, what it is worth, and how it is answered."""
