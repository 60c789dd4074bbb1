"""Entries to fill an index with: as little as a test needs, the rest as it usually is."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from catalog.index.engine import Index
from catalog.index.forms import Entry, Found, Origin, Query, Terms, Trust
from catalog.model import Agent, Form, Metadata

CITY, UTILITY, COUNTY = "did:web:stadt.example", "did:web:stadtwerke.example", "did:web:kreis.example"
NOW = 1_800_000_000_000_000
DAY = 86_400_000_000


def entry(title: str, participant: str = CITY, /, **said: Any) -> Entry:
    """A dataset with this title, whose id is made of it."""
    above = {name: said.pop(name) for name in list(said) if name in Entry.__struct_fields__ and name != "metadata"}
    text = said.pop("text", "")
    keywords = said.pop("keywords", ())
    formats = said.pop("of", ("CSV",))
    publisher = said.pop("by", "")
    made: dict[str, Any] = {
        "title": {"de": title},
        "description": {"de": text} if text else {},
        "keywords": {"de": tuple(keywords)} if keywords else {},
        "publisher": Agent(name=publisher) if publisher else None,
        "forms": tuple(Form(format=format) for format in formats),
    }
    metadata = Metadata(**{**made, **said})
    document = title.encode()
    usual: dict[str, Any] = {
        "id": f"urn:x:{title}",
        "participant": participant,
        "document": document,
        "digest": sha256(document).digest(),
        "terms": (Terms("urn:offer", "d1", b"{}"),),
        "seen": NOW,
        "changed": NOW,
        "trust": Trust.SIGNED,
        "origin": Origin.DIRECT,
    }
    return Entry(metadata=metadata, **{**usual, **above})


def filled(path: Path, *entries: Entry) -> Index:
    """An index of these."""
    index = Index.open(path / "catalog.db")
    fill(index, *entries)
    return index


def fill(index: Index, *entries: Entry) -> None:
    """Put entries in, as their participants tell of them."""
    for participant in dict.fromkeys(one.via or one.participant for one in entries):
        with index.crawl(participant) as crawl:
            for one in entries:
                if (one.via or one.participant) == participant:
                    crawl.put(one)


def ask(index: Index, words: str = "", **more: Any) -> Found:
    """What is found."""
    return index.search(Query(now=NOW, words=words, **more))


def titles(index: Index, words: str = "", **more: Any) -> list[str]:
    """The titles of what is found, in order."""
    return [hit.title for hit in ask(index, words, **more).hits]
