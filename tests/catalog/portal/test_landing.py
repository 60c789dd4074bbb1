"""Pages for people, and what search engines read of them: nothing that is told of a dataset becomes markup."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from catalog.model import Contact, Form, Metadata
from catalog.portal import landing, schema_org
from tests.catalog.portal.test_metadata import FULL, ROOT

EVIL = "\"'><script>alert(1)</script></script><img src=x onerror=alert(1)>"
HOSTILE = Metadata(
    title={"de": EVIL},
    description={"de": EVIL},
    keywords={EVIL: (EVIL,)},
    themes=(EVIL,),
    licence=EVIL,
    access=EVIL,
    place_names=(EVIL,),
    contacts=(Contact(name=EVIL, email=EVIL), Contact(url="javascript:alert(1)")),
    documentation=("javascript:alert(1)", "http://[bad", EVIL),
    forms=(Form(title={"": EVIL}, access_url="data:text/html,<script>", format=EVIL, licence="javascript:x"),),
)
PAGE = "https://stadt.example/dcat/datasets/a"


class Seen(HTMLParser):
    """Elements and links of a page; the one script that holds data."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.odd: list[str] = []
        self.data = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.odd += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and not self.data:
            self.data = data


@pytest.mark.parametrize("said", [HOSTILE, FULL])
def test_what_is_told_is_text_and_nothing_else(said: Metadata) -> None:
    term = landing.Term(f"{PAGE}/terms/urn:x", (EVIL,))
    markup = schema_org.dataset(said, ROOT, PAGE, "de")
    pages = [
        landing.dataset_page(said, EVIL, PAGE, [term], "de", markup),
        landing.terms_page(EVIL, PAGE, EVIL, [EVIL], "en"),
        landing.list_page(EVIL, [landing.Line(EVIL, PAGE, EVIL, 1)], "de", PAGE, "", PAGE),
    ]
    for html in pages:
        seen = Seen(html)
        assert "img" not in seen.tags
        assert seen.odd == []
        assert all(one.startswith(("https://", "http://", "mailto:")) for one in seen.links)
        assert seen.tags.count("script") == html.count('<script type="application/ld+json">')
        assert seen.tags.count("h1") == 1


def test_search_engines_read_what_is_told() -> None:
    markup = schema_org.dataset(FULL, ROOT, PAGE, "en")
    html = landing.dataset_page(replace(FULL, title={"de": EVIL}), ROOT, PAGE, [], "en", markup)
    read = json.loads(Seen(html).data)
    assert read == json.loads(json.dumps(markup))
    assert (read["name"], read["license"]) == ("Charging points", "http://dcat-ap.de/def/licenses/dl-by-de/2.0")
    assert read["spatialCoverage"]["geo"]["box"] == "54.0 11.9 54.25 12.3"
    assert read["temporalCoverage"] == "2020-01-01/2024-12-31"
    assert read["distribution"][0]["contentSize"] == "12345"
    nameless = schema_org.dataset(Metadata(title={"de": "x"}, box=FULL.box), ROOT, PAGE, "de")
    assert nameless["spatialCoverage"] == {"@type": "Place", "geo": read["spatialCoverage"]["geo"]}


def test_an_empty_list_says_so_in_the_readers_language() -> None:
    assert "Zurzeit wird nichts" in landing.list_page("Stadt", [], "de", PAGE, "", "")
    assert "Nothing is offered" in landing.list_page("Stadt", [], "en", PAGE, "", "")


def test_people_read_words_where_portals_read_codes() -> None:
    said = Metadata(frequency="ANNUAL", hvd=("c_ac64a52d",), places=("14612000", "14627210"))
    german = landing.dataset_page(said, ROOT, PAGE, [], "de", {})
    for part in ("jährlich", "Hochwertiger Datensatz (EU)", "Georaum", "Dresden, Sachsen (14612000)", "(14627210)"):
        assert part in german, part
    english = landing.dataset_page(said, ROOT, PAGE, [], "en", {})
    assert "yearly" in english
    assert "ANNUAL" not in german + english
