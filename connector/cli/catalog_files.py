"""`allmende catalog check|import|export`: descriptions of datasets in files, of portals, and of this node.

What lives here: the commands. Checking and trying an import work on a file alone and ask no node. What does not:
portals that are harvested again and again (`harvesting`), rules and repairs themselves (`catalog.profile`,
`catalog.repair`).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, labelled, paragraphs, plain, remark
from connector.cli.words import Language, either

MOST_BYTES: Final = 50_000_000
"""Of a file or an answer, as portals themselves refuse larger ones."""
MOST_SHOWN: Final = 12
"""Lines of one kind that a person is shown; `--json` shows all."""
ACCEPT: Final = "text/turtle, application/rdf+xml, application/ld+json;q=0.9, application/json;q=0.8"
BATCH: Final = 50
"""Records that are given to the node at a time."""


@click.command(
    cls=Leaf,
    examples=[
        "allmende catalog check trees.ttl",
        "allmende catalog check",
        "allmende catalog check trees.ttl --full ../standards/dcat",
    ],
)
@click.argument("file", required=False)
@click.option("--full", metavar="FOLDER", help="Judge by the official shapes in this folder as well (pyshacl).")
@click.pass_obj
def check(call: Call, file: str | None, full: str | None) -> None:
    """Judge descriptions by the rules of DCAT-AP.de 3.0: each fault with its rule and with what helps.

    FILE is Turtle, N-Triples, RDF/XML, JSON-LD or an answer of CKAN, `-` standard input; without one it is what this
    node shows itself. No network is used. Exit status 1 where a portal would refuse a record.
    """
    graph = _graph(file) if file else _own(call)
    from catalog.repair.records import records

    found = records(graph, repair=False)
    items = [
        {
            "id": one.id,
            "clean": one.clean,
            "score": _points(one),
            "findings": [_finding(each, call) for each in one.after],
        }
        for one in found
    ]
    answer: dict[str, Any] = {"records": items, "clean": sum(one.clean for one in found)}
    if full:
        answer["official"] = _judged(graph, full)
    refused = len(items) - answer["clean"]
    if refused:
        said = either(
            f"{refused} of {len(items)} records would be refused. Try: allmende catalog import FILE --repair --dry-run",
            f"{refused} von {len(items)} Datensätzen würde ein Portal ablehnen. Versuchen Sie: allmende catalog import "
            "DATEI --repair --dry-run",
        )
        if not call.json:
            call.answer(answer, lambda: _checked(answer))
        raise CommandError(said, "catalog.refused", {"refused": str(refused)}, answer if call.json else None)
    call.answer(answer, lambda: _checked(answer))


def _points(record: Any) -> int:
    from catalog.profile.completeness import score

    return score(record.metadata, time.time_ns() // 1000, record.after).points


def _finding(one: Any, call: Call) -> dict[str, str]:
    from connector.sentences import sentence

    return {
        "rule": one.rule,
        "severity": str(one.severity),
        "node": one.node,
        "property": one.property,
        "value": one.value,
        "sentence": sentence(one.mend, call.lang),
    }


def _checked(answer: Any) -> str:
    """Faults that are alike are told once, with how many there are."""
    records = answer["records"]
    if not records:
        return either("No dataset stands in it.", "Darin steht kein Datensatz.")
    lines = [f"{len(records)} " + either("records", "Datensätze") + f", {answer['clean']} " + either("clean", "sauber")]
    told: dict[str, list[Any]] = {}
    for record in records:
        for one in record["findings"]:
            told.setdefault(f"{one['severity']} {one['rule']}", []).append(one)
    for key in sorted(told, key=lambda key: (not key.startswith("violation"), -len(told[key]), key))[: 2 * MOST_SHOWN]:
        severity, rule = key.split(" ", 1)
        worst = severity == "violation"
        kind = either("must", "Muss") if worst else either("should", "Soll")
        lines.append(f"\n{len(told[key])} x {kind}: {rule}\n  {plain(told[key][0]['sentence'])}")
    if "official" in answer:
        lines.append(f"\n{either('Official shapes', 'Amtliche Regeln')}: {len(answer['official'])}")
        lines += [
            f"  {plain(one['path'])} {one['constraint']} {plain(one['node'])}"
            for one in answer["official"][:MOST_SHOWN]
        ]
    return "\n".join(lines)


def _judged(graph: Any, folder: str) -> list[dict[str, str]]:
    """What the official shapes find for which a portal would refuse it."""
    from msgspec.structs import asdict

    from catalog.rdf.worker import Worker, WorkerError

    worker = Worker.of_portals()
    try:
        return [asdict(one) for one in worker.judge(graph, str(Path(folder).resolve())) if one.severity == "violation"]
    except WorkerError as error:
        raise _unread(error, folder) from None
    finally:
        worker.close()


# --- import -----------------------------------------------------------------------------------------------------------


@click.command(
    "import",
    cls=Leaf,
    examples=[
        "allmende catalog import harvest.rdf --repair --dry-run",
        "allmende catalog import trees.ttl --repair --as trees",
        "allmende catalog import https://opendata.example/catalog.ttl --repair --assets --publisher 'Stadt Beispiel'",
        "allmende catalog import harvest.rdf --repair --dry-run --to repaired.ttl",
    ],
)
@click.argument("source", metavar="FILE|URL")
@click.option("--repair", is_flag=True, help="Mend what can be mended for certain; each repair is told.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done; asks no node.")
@click.option("--as", "name", metavar="NAME", help="The one record of it describes this asset, which is there.")
@click.option("--assets", is_flag=True, help="Make an asset of each record, served from where its file lies.")
@click.option("--publisher", default="", help="Who publishes records that do not say it.")
@click.option("--licence", default="", metavar="CODE|IRI", help="Under which licence those are that do not say it.")
@click.option("--to", metavar="FILE", help="Write the records as they are then: .ttl, .nt, .rdf, .jsonld.")
@click.option("--anyway", is_flag=True, help="Take records that a portal would refuse as well.")
@click.pass_obj
def import_(call: Call, /, source: str, **given: Any) -> None:
    """Take descriptions of datasets from a file or a portal, mended on the way.

    What is repaired is told by rule, before and after; what only a person can say (a licence that nobody named) is told
    too, and never made up. Nothing is shared by this: see allmende offer publish.
    """
    if given["name"] and given["assets"]:
        raise click.UsageError(either("Choose --as NAME or --assets.", "Wählen Sie --as NAME oder --assets."))
    from catalog.repair.mending import Told
    from catalog.repair.records import records

    told = Told(publisher=given["publisher"], licence=_licence(given["licence"]))
    found = records(_graph(source), told, repair=given["repair"])
    answer = _told(found, call)
    if given["to"]:
        _write(given["to"], found)
    taken = [one for one in found if one.clean or given["anyway"]]
    if not given["dry_run"] and (given["name"] or given["assets"]):
        answer["kept"] = _keep(call, taken, source, given["name"])
    call.answer(answer, lambda: _imported(answer, given, source))


def _licence(said: str) -> str:
    """The IRI of a licence that a person named. Raises `click.UsageError`."""
    from catalog.portal.names import is_iri
    from catalog.profile.vocabularies import LICENCES
    from catalog.repair.codes import code_of

    iri = code_of(LICENCES, said) if said else ""
    if said and not iri and not is_iri(said):
        known = ", ".join(sorted(LICENCES.known))
        raise click.UsageError(
            either(
                f"There is no licence {said!r}; there are: {known}",
                f"Eine Lizenz {said!r} gibt es nicht; es gibt: {known}",
            )
        )
    return iri or said


def _told(found: Sequence[Any], call: Call) -> dict[str, Any]:
    from catalog.repair.records import title, violations
    from connector.sentences import sentence

    return {
        "records": [
            {
                "id": one.id,
                "title": title(one),
                "before": len(violations(one.before)),
                "after": len(violations(one.after)),
                "clean": one.clean,
                "repairs": [
                    {
                        "rule": each.rule,
                        "node": each.node,
                        "property": each.name,
                        "before": each.before,
                        "after": each.after,
                        "sentence": sentence(each.reason, call.lang),
                    }
                    for each in one.repairs
                ],
                "left": [
                    {"rule": each.rule, "node": each.node, "property": each.name, "value": each.value}
                    | {"sentence": sentence(each.reason, call.lang)}
                    for each in one.left
                ],
            }
            for one in found
        ],
        "clean_before": sum(not violations(one.before) for one in found),
        "clean": sum(one.clean for one in found),
    }


def _imported(answer: Any, given: dict[str, Any], source: str) -> str:
    records = answer["records"]
    summary = labelled(
        [
            ("records", str(len(records))),
            ("clean before", str(answer["clean_before"])),
            ("clean", str(answer["clean"])),
        ]
    )
    kept = answer.get("kept")
    if kept is None:
        next = either(
            f"Nothing was kept. To make assets of them: allmende catalog import {source} --repair --assets; to "
            "describe one that is there: --as NAME",
            f"Nichts wurde übernommen. Als Datenbestände übernehmen: allmende catalog import {source} --repair "
            "--assets; einen vorhandenen beschreiben: --as NAME",
        )
    else:
        refused = [f"{one['id']}: {one['reason']['sentence']}" for one in kept["items"] if one["reason"]]
        next = paragraphs(
            labelled([(did, str(kept[did])) for did in ("added", "changed", "same", "refused")]),
            bullets("Refused", refused[:MOST_SHOWN]) if refused else "",
            either("To share them: allmende offer publish", "Zum Teilen: allmende offer publish"),
        )
    alike = _alike(records, "repairs")
    lacks = _alike(records, "left")
    return paragraphs(
        summary,
        bullets("Repairs", alike) if alike else "",
        bullets("Left to a person", lacks) if lacks else "",
        _refused(records),
        next if not given["dry_run"] else "",
    )


def _refused(records: Iterable[Any]) -> str:
    """Which records a portal would still refuse, by their titles."""
    titles = [f"  {plain(one['title'])}" for one in records if not one["clean"]]
    if not titles:
        return ""
    more = len(titles) - MOST_SHOWN
    rest = [either(f"  and {more} more", f"  und {more} weitere")] if more > 0 else []
    head = either("A portal would still refuse:", "Ein Portal würde weiterhin ablehnen:")
    return "\n".join([head, *titles[:MOST_SHOWN], *rest])


def _alike(records: Iterable[Any], kind: str) -> list[str]:
    """Each rule and property once, with how often it was, and one of them in words."""
    count: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    for record in records:
        for one in record[kind]:
            key = (one["rule"], one["property"])
            count[key] += 1
            first.setdefault(key, one["sentence"])
    return [f"{number} x {first[key]}" for key, number in count.most_common(3 * MOST_SHOWN)]


def _keep(call: Call, taken: Sequence[Any], source: str, name: str | None) -> dict[str, Any]:
    """Give records to the node, some at a time. Raises `CommandError`."""
    if name and len(taken) != 1:
        raise CommandError(
            either(
                f"{len(taken)} records could be taken from it; --as is for one. Use --assets, or --anyway for one that "
                "a portal would refuse.",
                f"{len(taken)} Datensätze könnten übernommen werden; --as ist für einen. Nehmen Sie --assets, oder "
                "--anyway für einen, den ein Portal ablehnen würde.",
            ),
            "catalog.records",
            {"count": str(len(taken))},
        )
    items = [{"id": one.id, "nodes": list(one.graph.values())} for one in taken]
    kept: dict[str, Any] = {"items": [], "added": 0, "changed": 0, "same": 0, "refused": 0}
    for at in range(0, len(items), BATCH):
        body = {"records": items[at : at + BATCH], "source": source[:1000], "asset": name or ""}
        done = call.remote.post("/imports", body)
        kept = {key: held + done[key] for key, held in kept.items()}
    return kept


# --- export -----------------------------------------------------------------------------------------------------------


@click.command(
    cls=Leaf,
    examples=["allmende catalog export catalog.ttl", "allmende catalog export --format jsonld"],
)
@click.argument("file", required=False, default="-")
@click.option("--profile", type=click.Choice(["dcat-ap.de"]), default="dcat-ap.de", help="By whose rules.")
@click.option(
    "--format", "form", type=click.Choice(["ttl", "rdf", "jsonld", "nt"]), help="Default: as FILE ends, else ttl."
)
@click.pass_obj
def export(call: Call, file: str, profile: str, form: str | None) -> None:
    """Write this node's catalogue as portals harvest it: what is offered to everybody, in DCAT-AP.de 3.0."""
    graph = _own(call)
    text = _rendered(graph, form or _ending(file, "ttl"))
    if file == "-":
        sys.stdout.buffer.write(text)
        return
    Path(file).write_bytes(text)
    count = sum("dcat:Dataset" in node.get("@type", ()) for node in graph.values())
    answer = {"file": file, "datasets": count, "bytes": len(text)}
    call.answer(
        answer, lambda: either(f"{count} datasets written to {file}", f"{count} Datensätze in {file} geschrieben")
    )


def _own(call: Call) -> dict[str, Any]:
    """What this node shows, page by page."""
    return {node["@id"]: node for node in call.remote.every("/catalog-graph")}


def _write(file: str, found: Sequence[Any]) -> None:
    """The records as one graph."""
    from catalog.graph import Graph

    graph: Graph = {}
    for one in found:
        graph |= one.graph
    Path(file).write_bytes(_rendered(graph, _ending(file, "ttl")))
    remark(either(f"Written: {file}", f"Geschrieben: {file}"))


def _rendered(graph: Any, form: str) -> bytes:
    from catalog.portal import jsonld, ntriples, rdfxml, turtle

    writers = {"ttl": turtle.write, "rdf": rdfxml.write, "jsonld": jsonld.write, "nt": ntriples.write}
    return writers[form](graph)


def _ending(file: str, otherwise: str) -> str:
    end = file.rpartition(".")[2].lower()
    end = {"xml": "rdf", "json": "jsonld"}.get(end, end)
    return end if end in ("ttl", "rdf", "jsonld", "nt") else otherwise


# --- reading ----------------------------------------------------------------------------------------------------------


def _graph(source: str) -> Any:
    """What a file or an address says. Raises `CommandError`."""
    from catalog.rdf.opening import open_document
    from catalog.rdf.worker import Worker, WorkerError

    remote = source.startswith(("http://", "https://"))
    document, media_type, base = _fetched(source) if remote else _read(source)
    worker = Worker.of_portals()
    try:
        graph = open_document(worker, document, media_type, base)
    except WorkerError as error:
        raise _unread(error, source) from None
    finally:
        worker.close()
    if any(name in node for node in graph.values() for name in ("hydra:next", "hydra:nextPage")):
        remark(
            either(
                "This is one page of several. All of them: allmende catalog harvest add",
                "Das ist eine Seite von mehreren. Alle: allmende catalog harvest add",
            )
        )
    return graph


def _read(source: str) -> tuple[bytes, str, str]:
    from catalog.rdf.opening import ENDINGS

    try:
        document = sys.stdin.buffer.read(MOST_BYTES + 1) if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise CommandError(
            either(f"{source} cannot be read: {error.strerror}", f"{source} ist nicht lesbar: {error.strerror}"),
            "file.unreadable",
            {"file": source},
        ) from None
    known = ENDINGS.get(source.rpartition(".")[2].lower())
    return document, known or _guessed(document), ""


def _guessed(document: bytes) -> str:
    """By how it begins, where its name says nothing."""
    start = document[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return "application/ld+json"
    return "application/rdf+xml" if start.startswith((b"<?xml", b"<rdf:", b"<!--")) else "text/turtle"


def _fetched(url: str) -> tuple[bytes, str, str]:
    """One answer of a portal, asked from where the command runs: no node is needed to look at it, and what a person
    names here is reached as by their browser. Portals that a node asks by itself are asked under its own guard
    (`harvesting`). Raises `CommandError`."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    remark(
        either(
            f"Asking {url} from this computer, not through the node.",
            f"{url} wird von diesem Rechner aus gefragt, nicht über den Knoten.",
        )
    )
    if url.startswith("http://"):
        remark(
            either(
                "The address is not encrypted: what comes may have been changed on the way.",
                "Die Adresse ist unverschlüsselt: was kommt, kann unterwegs geändert worden sein.",
            )
        )
    asked = Request(url, headers={"Accept": ACCEPT})  # noqa: S310 - http or https
    try:
        with urlopen(asked, timeout=60) as answer:  # noqa: S310 - http or https, named by the person
            document, kind = answer.read(MOST_BYTES + 1), answer.headers.get("Content-Type", "")
    except (URLError, OSError, ValueError) as error:
        why = plain(str(getattr(error, "reason", error)))[:200]
        raise CommandError(
            either(f"{url} does not answer: {why}", f"{url} antwortet nicht: {why}"), "portal.silent"
        ) from None
    if len(document) > MOST_BYTES:
        raise CommandError(either(f"{url} is larger than 50 MB.", f"{url} ist größer als 50 MB."), "portal.large")
    base = url.partition("/api/")[0] if "/api/" in url else url
    return document, kind if kind and "octet" not in kind and "text/plain" not in kind else _guessed(document), base


def _unread(error: Any, source: str) -> CommandError:
    from connector.sentences import sentence

    language: Language = "de" if either("en", "de") == "de" else "en"
    return CommandError(
        f"{source}: {sentence(error.reason, language)}", error.reason.code, {**error.reason.params, "file": source}
    )
