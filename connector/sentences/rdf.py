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
        "Das Dokument ist weder in UTF-8 noch in der Kodierung {what}, die es nennt.",
        "The document is neither in UTF-8 nor in the charset {what} that it names.",
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
}
