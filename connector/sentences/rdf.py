"""RDF of portals, and questions about the public catalogue in SPARQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "rdf.media_type": (
        "Die Form {what} wird nicht gelesen; gelesen werden Turtle, N-Triples, RDF/XML und JSON-LD.",
        "The form {what} is not read; Turtle, N-Triples, RDF/XML and JSON-LD are.",
    ),
    "rdf.charset": (
        "Das Dokument ist kein Text in der Kodierung {what}.",
        "The document is no text in the charset {what}.",
    ),
    "rdf.form": (
        "Das Dokument lässt sich nicht lesen ({what}).",
        "The document cannot be read ({what}).",
    ),
    "rdf.context": (
        "Das Dokument verweist auf den JSON-LD-Kontext {what}, der hier nicht bekannt ist; es wird nie einer geholt. "
        "Dasselbe in Turtle oder RDF/XML, oder mit dem Kontext im Dokument, wird gelesen.",
        "The document refers to the JSON-LD context {what}, which is not known here; none is ever fetched. "
        "The same in Turtle or RDF/XML, or with the context in the document, is read.",
    ),
    "rdf.entity": (
        "Das Dokument erklärt die XML-Entität {what}; solche Dokumente werden nicht gelesen.",
        "The document declares the XML entity {what}; such documents are not read.",
    ),
    "rdf.large": (
        "Das Dokument ist zu groß: {what}. Portale teilen große Kataloge in Seiten.",
        "The document is too large: {what}. Portals divide large catalogues into pages.",
    ),
    "rdf.time": (
        "Das Dokument braucht mehr Zeit oder Speicher, als es darf.",
        "The document takes more time or memory than it may.",
    ),
    "rdf.worker": (
        "Der Prozess, der RDF liest, startet nicht; allmende doctor sagt, was der Maschine fehlt.",
        "The process that reads RDF does not start; allmende doctor says what the machine lacks.",
    ),
    "rdf.shapes": (
        "Die amtlichen Shapes sind unvollständig: {what} fehlt.",
        "The official shapes are incomplete: {what} is missing.",
    ),
    "sparql.package": (
        "Für SPARQL fehlt diesem Knoten ein Paket; sein Betreiber kann es nachrüsten: pip install '{package}'.",
        "This node lacks a package for SPARQL; its operator can add it: pip install '{package}'.",
    ),
    "sparql.syntax": (
        "Das ist keine Abfrage in SPARQL 1.1; sie lässt sich ab Zeile und Spalte {what} nicht lesen.",
        "This is no query in SPARQL 1.1; it cannot be read from line and column {what} on.",
    ),
    "sparql.failed": (
        "Die Abfrage lässt sich hier nicht beantworten.",
        "The query cannot be answered here.",
    ),
    "sparql.service": (
        "Abfragen an andere (SERVICE) werden nicht weitergegeben.",
        "Queries to others (SERVICE) are not passed on.",
    ),
    "sparql.long": (
        "Die Abfrage ist zu lang: höchstens {what} Zeichen.",
        "The query is too long: {what} characters at most.",
    ),
    "sparql.large": (
        "Die Antwort ist zu groß ({what}); LIMIT und OFFSET teilen sie.",
        "The answer is too large ({what}); LIMIT and OFFSET divide it.",
    ),
    "sparql.time": (
        "Die Abfrage braucht mehr Zeit oder Speicher, als eine Abfrage bekommt.",
        "The query takes more time or memory than a query gets.",
    ),
    "sparql.busy": (
        "Es warten schon zu viele Abfragen; in ein paar Sekunden geht es wieder.",
        "Too many queries are waiting already; try again in a few seconds.",
    ),
    "sparql.empty": (
        "Der Katalog wird gerade geladen; in ein paar Sekunden geht es wieder.",
        "The catalogue is being loaded; try again in a few seconds.",
    ),
    "sparql.worker": (
        "Der Prozess, der Abfragen beantwortet, startet nicht.",
        "The process that answers queries does not start.",
    ),
    "sparql.missing": (
        "Die Anfrage enthält keine Abfrage: ?query=... oder ein POST mit application/sparql-query.",
        "The request holds no query: ?query=... or a POST with application/sparql-query.",
    ),
    "sparql.update": (
        "Der Katalog wird hier gelesen und nicht geändert.",
        "The catalogue is read here and not changed.",
    ),
    "sparql.dataset": (
        "Es gibt hier nur einen Graphen; {parameter} wird nicht beachtet und darum abgelehnt.",
        "There is one graph here; {parameter} would not be heeded, so it is refused.",
    ),
    "sparql.form": (
        "Eine Abfrage kommt als application/sparql-query oder application/x-www-form-urlencoded, nicht als {form}.",
        "A query comes as application/sparql-query or application/x-www-form-urlencoded, not as {form}.",
    ),
}
