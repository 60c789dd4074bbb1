"""`allmende search`, saved searches, a dataset as it was last seen."""

from __future__ import annotations

from typing import Any

import pytest

from connector.cli import ages, found
from tests.connector.cli.api import Api, problem
from tests.connector.cli.conftest import Types

NOW = 1_800_000_000_000_000
DAY = 86_400_000_000
HOUR = DAY // 24


@pytest.fixture(autouse=True)
def _standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of whoever reads."""
    monkeypatch.setattr(ages, "now", lambda: NOW)


def reason(code: str, sentence: str) -> dict[str, Any]:
    return {"code": code, "params": {}, "sentence": sentence}


def use(usable: bool = True, **more: Any) -> dict[str, Any]:
    return {"usable": usable, "why": None, "reasons": [], "given": [], "begins": None, "ends": None, **more}


def hit(**more: Any) -> dict[str, Any]:
    return {
        "id": "https://stadtwerke.example/datasets/laden",
        "title": "Ladesäulen",
        "description": "Standorte",
        "peer": "did:web:stadtwerke.example",
        "peer_name": "stadtwerke",
        "own": False,
        "themes": ["ENER"],
        "formats": ["CSV"],
        "licence": "dl-by-de/2.0",
        "access": "PUBLIC",
        "places": ["14612"],
        "modified": NOW - 3 * DAY,
        "frequency": "DAILY",
        "late": 172_800.0,
        "seen": NOW - 3 * HOUR,
        "changed": NOW - DAY,
        "origin": "direct",
        "via": "",
        "trust": "signed",
        "score": 78,
        "metres": 1_240.0,
        "terms": "use, without further condition",
        "understood": True,
        "use": use(),
        "offer": "urn:uuid:01900000-0000-7000-8000-0000aaaabbbb",
        "offers": 1,
        "faults": [],
        **more,
    }


def page(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "items": list(items),
        "next": "",
        "total": len(items),
        "capped": False,
        "facets": {},
        "also": [],
        "reach": {"catalogs": 3, "silent": 0, "oldest": None},
        "others": None,
        "unjudged": 0,
        "names": {},
        **more,
    }


def test_a_hit_is_told_in_a_few_lines(api: Api, types: Types) -> None:
    api.answers["GET /v1/search?words=ladesaeulen+bar&limit=10&facets=false"] = page(hit())
    said = types("search", "ladesaeulen", "bar")
    assert said.status == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "1 dataset found"
    assert lines[2:] == [
        "Ladesäulen",
        "  stadtwerke · 1.2 km · energy · CSV · dl-by-de/2.0",
        "  Standorte",
        "  Terms: use, without further condition",
        "  Yours to use: yes",
        "  updated 3 days ago (promised: daily; 2 days late) · seen 3 hours ago · signed by its owner · "
        "description 78 of 100",
        "  > allmende negotiate stadtwerke https://stadtwerke.example/datasets/laden",
        "",
        "Searched 3 catalogues as last seen",
    ]


def test_in_german(api: Api, types: Types) -> None:
    api.answers["GET /v1/search?words=x&limit=10&facets=false"] = page(
        hit(use=use(False, why=reason("usable.purpose", "nur für einen anderen Zweck"))),
        reach={"catalogs": 2, "silent": 1, "oldest": NOW - DAY},
    )
    out = types("search", "x", "--lang", "de").out
    assert "1 Datensatz gefunden" in out
    assert "Für Sie nutzbar: nein, nur für einen anderen Zweck." in out
    assert "aktualisiert vor 3 Tagen (versprochen: täglich; 2 Tage zu spät) · gesehen vor 3 Stunden" in out
    assert "vom Anbieter signiert" in out
    assert "einer davon antwortet zurzeit nicht (zuletzt gelesen vor 1 Tag)" in out
    assert "> allmende catalog show stadtwerke" in out


def test_every_option_reaches_the_node(api: Api, types: Types) -> None:
    path = (
        "GET /v1/search?words=a&near=51.05%2C13.74&within=20km&place=14612000%2CSachsen&theme=ENER&format=CSV"
        "&licence=open&peer=stadtwerke&since=7d&fresh=true&hvd=true&purpose=ScientificResearch&used_at=14612000"
        "&mine=true&order=nearest&limit=5&after=p2&facets=true&why=5"
    )
    asked = ["search", "a", "--near", "51.05,13.74", "--within", "20km", "--place", "14612000", "--place", "Sachsen"]
    asked += ["--theme", "ENER", "--format", "CSV", "--licence", "open", "--from", "stadtwerke", "--since", "7d"]
    asked += ["--fresh", "--hvd", "--purpose", "ScientificResearch", "--used-at", "14612000", "--mine-to-use", "--why"]
    asked += ["--sort", "nearest", "--facets", "--limit", "5", "--after", "p2", "--json"]
    api.answers[path] = page()
    types(*asked)
    assert set(api.asked[-1].path.partition("?")[2].split("&")) == set(path.partition("?")[2].split("&"))


def test_without_words_the_newest_comes_first(api: Api, types: Types) -> None:
    api.answers["GET /v1/search?order=newest&limit=10&facets=false"] = page()
    assert "Nothing was found." in types("search").out


def test_why_the_rest_could_not_be_used(api: Api, types: Types) -> None:
    over = reason("usable.over", "the time of use is over")
    others = {"total": 9, "looked": 4, "reasons": [{"why": over, "count": 4}], "items": []}
    api.answers["GET /v1/search?words=x&mine=true&limit=10&facets=false"] = page(hit(), others=others)
    out = types("search", "x", "--mine-to-use").out
    assert "9 more fit, but this node could not use them" in out
    assert "- 4 × the time of use is over" in out
    assert "(of the first 4 of them)" in out
    assert "See some of them: --why" in out
    shown = [hit(title="Alt", use=use(False, why=over))]
    api.answers["GET /v1/search?words=x&mine=true&limit=10&facets=false&why=5"] = page(
        hit(), others={**others, "items": shown}
    )
    out = types("search", "x", "--mine-to-use", "--why").out
    assert "Yours to use: no, the time of use is over." in out
    assert "See some" not in out
    assert types("search", "x", "--why").status == 2


def test_what_is_not_understood_what_is_wrong_and_strangers(api: Api, types: Types) -> None:
    unclear = reason("usable.unclear", "terms that this node does not understand")
    stranger = hit(
        peer_name="",
        peer="did:web:fremd.example%3A8443",
        title="Fremd\u202e\x1b[31m",
        terms="The operand is not known.",
        understood=False,
        use=use(False, why=unclear),
        faults=[reason("entry.bidi", "Signs that turn the text around were left out.")],
        trust="doubtful",
        origin="broker",
        via="did:web:makler.example",
        modified=None,
    )
    api.answers["GET /v1/search?words=x&limit=10&facets=false"] = page(stranger)
    out = types("search", "x").out
    assert "Terms not understood: The operand is not known." in out
    assert "! Signs that turn the text around were left out." in out
    assert "contradicts what its owner has signed · through a broker did:web:makler.example" in out
    assert "allmende peer add https://fremd.example:8443" in out
    assert "\u202e" not in out
    assert "\x1b" not in out


def test_counts_names_pages_and_an_offer_to_be_chosen(api: Api, types: Types) -> None:
    did = "did:web:stadtwerke.example"
    api.answers["GET /v1/search?words=x&limit=10&facets=true"] = page(
        hit(offers=2, use=use(begins=NOW + 40 * DAY, ends=NOW + 400 * DAY)),
        next="abc",
        capped=True,
        total=1000,
        also=["Ladepunkt"],
        names={did: "stadtwerke"},
        facets={"themes": {"ENER": 3, "TRAN": 1}, "participants": {did: 4}, "trust": {"signed": 4}, "licences": {}},
        unjudged=3,
    )
    out = types("search", "x", "--facets").out
    assert "more than 1000 datasets found" in out
    assert "Themes        energy (3), transport (1)" in out
    assert "Participants  stadtwerke (4)" in out
    assert "Licences" not in out
    assert "Also looked for: Ladepunkt" in out
    assert "3 kinds of terms" in out
    assert "More: --after abc" in out
    assert "--offer aaaabbbb" in out
    assert "(and 1 more)" in out
    assert "Yours to use: from 20" in out
    assert ", until 20" in out


def test_one_line_of_json_holds_all(api: Api, types: Types) -> None:
    answer = page(hit())
    api.answers["GET /v1/search?words=x&limit=10&facets=false"] = answer
    assert types("search", "x", "--json").json == answer


def test_own_data_have_no_next_step(api: Api, types: Types) -> None:
    api.answers["GET /v1/search?words=x&limit=10&facets=false"] = page(hit(own=True, use=None, origin="own"))
    out = types("search", "x").out
    assert "  this node · " in out
    assert ">" not in out
    assert "Yours to use" not in out


def test_nothing_was_read_yet(api: Api, types: Types) -> None:
    none = {"catalogs": 0, "silent": 0, "oldest": None}
    api.answers["GET /v1/search?words=x&limit=10&facets=false"] = page(reach=none)
    assert "allmende catalog crawl" in types("search", "x").out


def test_a_refusal_is_said(api: Api, types: Types) -> None:
    api.answers["GET /v1/search?words=x&place=Atlantis&limit=10&facets=false"] = (
        400,
        problem("search.place", "This node knows no place."),
    )
    said = types("search", "x", "--place", "Atlantis")
    assert (said.status, said.err) == (1, "allmende: This node knows no place.\n")


def test_saving_listing_asking_and_removing(api: Api, types: Types) -> None:
    kept = {"name": "laden", "query": {"words": "laden", "mine": True}, "created": NOW, "created_by": "a", "asked": NOW}
    api.answers["POST /v1/search/saved"] = (201, kept)
    assert "allmende catalog saved run laden" in types("search", "laden", "--mine-to-use", "--save", "laden").out
    assert api.asked[-1].body == {"name": "laden", "query": {"words": "laden", "mine": True}}
    api.answers["GET /v1/search/saved"] = {"items": [kept], "next": None}
    assert "laden --mine-to-use" in types("catalog", "saved", "list").out
    api.answers["GET /v1/search/saved/laden?limit=10"] = page(hit())
    assert "1 dataset found" in types("catalog", "saved", "run", "laden").out
    api.answers["DELETE /v1/search/saved/laden"] = (200, None)
    assert types("catalog", "saved", "remove", "laden").status == 0


def test_a_dataset_as_it_was_last_seen(api: Api, types: Types) -> None:
    over = use(False, why=reason("usable.over", "the time of use is over"))
    seen = {
        "id": "urn:x",
        "peer": "did:web:stadtwerke.example",
        "peer_name": "stadtwerke",
        "metadata": {
            "title": {"de": "Ladesäulen", "en": "Charging points"},
            "keywords": {"de": ["Strom"]},
            "themes": ["ENER"],
            "publisher": {"name": "Stadtwerke"},
            "contacts": [{"name": "Amt", "email": "a@b.example"}],
            "frequency": "DAILY",
            "modified": NOW - DAY,
            "forms": [{"format": "CSV", "access_url": "https://x.example"}],
        },
        "formats": ["HttpData-PULL"],
        "offers": [
            {"id": "urn:offer:00000001", "sentences": ["Use."], "reason": None, "use": use()},
            {"id": "urn:offer:00000002", "sentences": [], "reason": reason("x", "Not known."), "use": over},
        ],
        "late": None,
        "seen": NOW,
        "changed": NOW,
        "origin": "direct",
        "via": "",
        "trust": "signed",
        "score": 50,
        "faults": [],
    }
    api.answers["GET /v1/search/dataset?id=urn%3Ax"] = seen
    out = types("catalog", "show", "urn:x").out
    for part in ("Charging points", "energy", "Amt a@b.example", "CSV https://x.example", "Not understood", "daily"):
        assert part in out
    assert "> allmende negotiate stadtwerke urn:x" in out
    assert types("catalog", "show", "urn:x", "--json").json == seen


def test_saved_questions_are_shown_as_they_are_typed(api: Api, types: Types) -> None:
    query = {"words": "bad wasser", "peer": "werke", "used_at": "14612000", "mine": True, "order": "newest"}
    api.answers["GET /v1/search/saved"] = {
        "items": [{"name": "bad", "query": query, "created": NOW, "created_by": "admin", "asked": NOW}],
        "next": None,
    }
    out = types("catalog", "saved", "list", "--lang", "de").out
    assert "bad wasser --from werke --used-at 14612000 --mine-to-use --sort newest" in out
    assert "zuletzt gefragt" in out


def test_one_is_not_told_as_many_and_this_node_by_its_name(api: Api, types: Types) -> None:
    others = {"total": 1, "looked": 1, "reasons": [], "items": []}
    api.answers["GET /v1/search?words=x&mine=true&limit=10&facets=true"] = page(
        hit(metres=0.0), others=others, facets={"participants": {"did:web:a": 2}}, names={"did:web:a": "own"}
    )
    out = types("search", "x", "--mine-to-use", "--facets").out
    assert "1 more fits, but this node could not use it" in out
    assert "this node (2)" in out
    assert "· here ·" in out


def test_ways_of_transfer_are_told_in_words() -> None:
    ways = ["HttpData-PULL", "https://w3id.org/dspace-sig/profile/http-pull", "HttpData-PUSH", "Kafka"]
    assert found.transfers(ways) == ["fetched from the provider", "delivered by the provider", "Kafka"]
