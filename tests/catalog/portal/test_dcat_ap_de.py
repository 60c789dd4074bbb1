"""The catalogue as portals harvest it, with the official composition as judge."""

from __future__ import annotations

import functools

from msgspec.structs import replace

from catalog.graph import Graph, ids, of_type, texts
from catalog.model import Agent, Form, Metadata
from catalog.portal.dcat_ap_de import Exhibit, Sheet, catalogue, dataset
from catalog.portal.metadata import read, write
from catalog.profile import check, clean
from catalog.rdf.shapes import Composition, Told
from catalog.repair.mending import mend
from tests.catalog.dcat_samples import DCAT, needs_standards
from tests.catalog.portal.exhibits import HOUSE, ROOT, SHELF, exhibit, terms
from tests.catalog.portal.test_metadata import FULL
from tests.catalog.profile.records import examples

LAW = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
LICENCES = "http://dcat-ap.de/def/licenses/"


@functools.cache
def official() -> Composition:
    return Composition(DCAT)


def violations(graph: Graph) -> list[Told]:
    return [one for one in official().judge(graph) if one.severity == "violation"]


def shown(*exhibits: Exhibit, sheet: Sheet | None = None) -> Graph:
    return catalogue(SHELF, HOUSE, [(one.id, dataset(one)) for one in exhibits], sheet)


def test_an_asset_alone_becomes_a_distribution_with_the_page_of_its_terms() -> None:
    one = exhibit("trees", media_type="text/csv; charset=utf-8")
    graph = dataset(one)
    (id,) = ids(graph[one.id], "dcat:distribution")
    page = one.terms[0].page
    form = read(graph, one.id).forms[0]
    assert (form.access_url, form.licence, form.format, form.media_type) == (page, "other-closed", "CSV", "text/csv")
    assert ids(graph[id], "odrl:hasPolicy") == [page]
    said = read(graph, one.id)
    assert (said.access, said.landing_page, said.identifiers) == ("RESTRICTED", one.page, (one.id,))
    assert said.modified == one.changed


def test_what_the_owner_says_goes_before_what_the_terms_say() -> None:
    one = exhibit("trees", write(Metadata(licence="dl-by-de/2.0", access="PUBLIC"), f"{ROOT}/datasets/trees").values())
    said = read(dataset(one), one.id)
    assert (said.access, said.forms[0].licence) == ("PUBLIC", "dl-by-de/2.0")


def test_what_the_terms_say_goes_before_closed() -> None:
    offer = terms("trees", restricted=False, licence=LICENCES + "cc-zero")
    one = replace(exhibit("trees"), terms=(offer, terms("trees", 2)))
    said = read(dataset(one), one.id)
    assert (said.access, [form.licence for form in said.forms]) == ("PUBLIC", ["cc-zero", "other-closed"])


def test_a_form_without_an_address_is_had_under_the_offers() -> None:
    one = exhibit("trees", write(Metadata(forms=(Form(format="CSV"),)), f"{ROOT}/datasets/trees").values())
    graph = dataset(one)
    assert ids(graph[one.id], "dcat:distribution") == [f"{one.page}#form-1"]
    assert read(graph, one.id).forms[0].access_url == one.terms[0].page


def test_the_law_stands_on_every_distribution_of_a_high_value_dataset() -> None:
    portrait = Metadata(hvd=("c_b7f6a4f3",), forms=(Form(access_url="https://stadt.example/a.csv"),))
    graph = dataset(exhibit("trees", write(portrait, f"{ROOT}/datasets/trees").values()))
    laws = [ids(node, "dcatap:applicableLegislation") for node in of_type(graph, "dcat:Distribution")]
    assert laws == [[LAW], [LAW]]


def test_datasets_keep_their_nodes_apart_and_cannot_speak_for_others() -> None:
    liar = {
        f"{ROOT}/datasets/a": {
            "@id": f"{ROOT}/datasets/a",
            "@type": ["dcat:Dataset"],
            "dct:relation": [{"@id": f"{ROOT}/datasets/b"}, {"@id": SHELF.id}, {"@id": HOUSE.id}, {"@id": "_:x"}],
        },
        f"{ROOT}/datasets/b": {"@id": f"{ROOT}/datasets/b", "@type": [], "dct:title": [{"@value": "Falsch"}]},
        SHELF.id: {"@id": SHELF.id, "@type": [], "dct:title": [{"@value": "Falsch"}]},
        HOUSE.id: {"@id": HOUSE.id, "@type": [], "foaf:name": [{"@value": "Falsch"}]},
        "_:x": {"@id": "_:x", "@type": [], "dct:title": [{"@value": "x"}]},
    }
    for order in (["a", "b"], ["b", "a"]):
        made = {"a": exhibit("a", liar.values()), "b": exhibit("b")}
        graph = shown(*(made[name] for name in order))
        assert "Falsch" not in str(graph)
        assert texts(graph[f"{ROOT}/datasets/b"], "dct:title") == ["B"]
    blank = [id for id in shown(exhibit("a", liar.values()), exhibit("c", liar.values())) if id.startswith("_:")]
    assert len(blank) == len(set(blank)) > 2


def test_pages_have_both_of_hydras_forms() -> None:
    sheet = Sheet(
        id="https://x/2", first="https://x/1", last="https://x/3", previous="", next="https://x/3", total=9, size=4
    )
    node = shown(sheet=sheet)["https://x/2"]
    assert ids(node, "hydra:next") == ids(node, "hydra:nextPage") == ["https://x/3"]
    assert not ids(node, "hydra:previous")
    assert texts(node, "hydra:totalItems") == ["9"]


@needs_standards
def test_what_is_shown_of_assets_has_no_violation() -> None:
    rich = replace(FULL, mobility_theme="", conforms_to=("https://ocpi.example/",))
    graph = shown(
        exhibit("trees", media_type="text/csv"),
        exhibit("rich", write(rich, f"{ROOT}/datasets/rich").values(), offers=3),
        exhibit("empty", offers=0),
        exhibit("agent", write(Metadata(publisher=Agent(name="Amt")), f"{ROOT}/datasets/agent").values()),
        sheet=Sheet(id="https://x/1", first="https://x/1", last="https://x/1", previous="", next="", total=4, size=4),
    )
    assert violations(graph) == []
    assert clean(check(graph))


@needs_standards
def test_every_example_is_shown_without_a_violation_once_it_is_mended() -> None:
    """Each as the portrait of an asset: with its IRI, where it has one."""
    seen = 0
    for name, graph in examples().items():
        mended = mend(graph).graph
        portraits = [node["@id"] for node in of_type(mended, "dcat:Dataset") if not node["@id"].startswith("_:")]
        made = [exhibit(f"e{at}", mended.values(), id=id) for at, id in enumerate(portraits)]
        seen += len(made)
        assert violations(shown(*made)) == [], name
    assert seen > 20
