"""HTTP and the messages in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # HTTP
    "http.malformed": ("Die Anfrage ist kein gültiges HTTP.", "The request is not valid HTTP."),
    "http.target": (
        "Die Adresse der Anfrage hat eine Form, die hier nicht angenommen wird.",
        "The request's target has a form that is not accepted here.",
    ),
    "http.framing": (
        "Die Länge der Anfrage ist nicht eindeutig angegeben (Transfer-Encoding darf nur „chunked“ sein).",
        'The request\'s length is not stated without doubt (Transfer-Encoding may only be "chunked").',
    ),
    "http.upgrade": ("Ein Wechsel des Protokolls wird nicht angeboten.", "A change of protocol is not offered."),
    "http.host": (
        "Unter diesem Namen ist der Knoten nicht zu erreichen; der Host-Header muss seine Adresse nennen.",
        "The node does not go by this name; the Host header must name its address.",
    ),
    "http.origin": (
        "Anfragen aus Web-Seiten anderer Herkunft werden nicht angenommen.",
        "Requests from web pages of another origin are not accepted.",
    ),
    "http.authorization": (
        "Die Anfrage trägt mehr als einen Authorization-Header.",
        "The request carries more than one Authorization header.",
    ),
    "http.headers": ("Die Kopfzeilen der Anfrage sind zu lang.", "The request's headers are too long."),
    "http.body": (
        "Die Anfrage ist zu groß; angenommen werden höchstens {limit} Bytes.",
        "The request is too large; at most {limit} bytes are accepted.",
    ),
    "http.coding": (
        "Diese Kompression wird nicht angenommen, nur {expected}.",
        "This content coding is not accepted, only {expected}.",
    ),
    "http.gzip": ("Die komprimierte Anfrage ist beschädigt.", "The compressed request is damaged."),
    "http.expect": ("Diese Erwartung kann nicht erfüllt werden.", "This expectation cannot be met."),
    "http.slow": ("Die Anfrage kam nicht in der erlaubten Zeit an.", "The request did not arrive in the time allowed."),
    "http.connections": ("Es bestehen zu viele Verbindungen.", "There are too many connections."),
    "http.path": ("Diese Adresse gibt es hier nicht.", "There is no such address here."),
    "http.method": (
        "Diese Methode gibt es hier nicht; möglich sind: {allowed}.",
        "There is no such method here; possible are: {allowed}.",
    ),
    "http.media_type": (
        "Der Inhalt muss JSON sein (Content-Type: application/json).",
        "The content must be JSON (Content-Type: application/json).",
    ),
    "request.path": ("Die Adresse enthält unlesbare Zeichen.", "The address contains characters that cannot be read."),
    "request.query": (
        "Die Angaben hinter dem Fragezeichen sind nicht lesbar oder doppelt.",
        "The query cannot be read, or names something twice.",
    ),
    "input.choice": (
        "{place}: möglich sind {choices}.",
        "{place}: there are {choices}.",
    ),
    "input.wrong": (
        "Die Angabe bei {place} ist falsch: {problem}.",
        "What is given at {place} is wrong: {problem}.",
    ),
    "input.json": ("Der Inhalt ist kein lesbares JSON.", "The content is not readable JSON."),
    "input.exclusive": (
        "Genau eine dieser Angaben wird gebraucht: {fields}.",
        "Exactly one of these is needed: {fields}.",
    ),
    "name.form": ("„{name}“ geht nicht als Name: {rule}.", '"{name}" does not do as a name: {rule}.'),
    "name.short": (
        "„{id}“ ist zu kurz; gebraucht werden mindestens {least} Zeichen vom Ende der Kennung.",
        '"{id}" is too short; at least {least} characters from the end of the id are needed.',
    ),
    "name.ambiguous": (
        "Mehrere Kennungen enden auf „{id}“; bitte mehr Zeichen angeben.",
        'Several ids end in "{id}"; give more characters.',
    ),
    # messages
    "message.encoding": ("Die Nachricht ist kein UTF-8.", "The message is not UTF-8."),
    "message.json": ("Die Nachricht ist kein gültiges JSON.", "The message is not valid JSON."),
    "message.duplicate": (
        "In der Nachricht kommt ein Schlüssel zweimal vor.",
        "A key occurs twice in the message.",
    ),
    "message.depth": (
        "Die Nachricht ist zu tief verschachtelt (höchstens {limit}).",
        "The message is nested too deeply (at most {limit}).",
    ),
    "message.values": (
        "Die Nachricht enthält zu viele Werte (höchstens {limit}).",
        "The message has too many values (at most {limit}).",
    ),
    "message.number": (
        "Die Nachricht enthält eine Zahl, die nicht eindeutig geschrieben werden kann.",
        "The message has a number that cannot be written without doubt.",
    ),
    "message.context": (
        "Der Kontext der Nachricht ist nicht der des Protokolls ({expected}).",
        "The message's context is not that of the protocol ({expected}).",
    ),
    "message.type": (
        "Die Nachricht ist von einer anderen Art als hier erwartet ({expected}).",
        "The message is of another type than expected here ({expected}).",
    ),
    "message.unexpected": ("Diese Nachricht gehört nicht hierher.", "This message does not belong here."),
    "message.shape": (
        "Die Nachricht hat bei {place} nicht die verlangte Form ({expected}).",
        "At {place} the message does not have the form that is asked for ({expected}).",
    ),
    "message.missing": ("In der Nachricht fehlt {place}.", "The message lacks {place}."),
    "message.exclusive": (
        "Von diesen Angaben muss genau eine in der Nachricht stehen: {fields}.",
        "Exactly one of these must be in the message: {fields}.",
    ),
    "message.pid": (
        "Die Kennung des Vorgangs bei {place} passt nicht zu dem Vorgang.",
        "The process id at {place} is not the one of this process.",
    ),
    "message.callback": (
        "Die Rückrufadresse ist keine brauchbare http(s)-Adresse.",
        "The callback address is not a usable http(s) address.",
    ),
    "message.data_address": (
        "Daten werden hier abgeholt; ein Ziel, an das sie zu schicken wären, wird nicht angenommen.",
        "Data is fetched here; a destination to send it to is not accepted.",
    ),
    "message.callback_elsewhere": (
        "Die Rückrufadresse gehört nicht zu dem Teilnehmer, der sie nennt.",
        "The callback address does not belong to the participant that gives it.",
    ),
}
