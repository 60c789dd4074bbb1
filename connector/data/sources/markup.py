"""XML of foreign services, read without anything that XML could make a reader do.

What lives here: bytes to a tree. What does not: what stands in it. No document type, and so no entities, neither
internal nor external; no schema and no network; nothing deeper or longer than libxml2 takes by itself.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

_HEAD = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_LONGEST_HEAD: Final = 1024
# Of these the signs of markup are those of ASCII, so nothing can hide from who looks for them.
_ENCODINGS: Final = re.compile(r"(?i)utf-?8|us-ascii|ascii|iso-8859-(1|2|9|15)|latin1|windows-125[0-9]|cp125[0-9]")


def parsed(body: bytes) -> Any:
    """The root element. Raises `ValueError` for what is no XML, or more than that."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    _check_encoding(text)
    # A NUL is no character of XML: whoever sends one has letters of several octets, and would hide markup in them.
    if not text.lstrip()[:1] == b"<" or b"\0" in text:
        raise ValueError("no XML")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("a document type, which is not read")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise ValueError("no XML") from None


def _check_encoding(text: bytes) -> None:
    """Raises `ValueError` for a declaration of another encoding, and for one whose end is out of sight."""
    if not text.lstrip().startswith(b"<?xml"):
        return
    declared, end, _ = text[:_LONGEST_HEAD].partition(b"?>")
    head = _HEAD.match(declared)
    if not end or (head is None and b"encoding" in declared):
        raise ValueError("an encoding that is not read")
    if head is not None and not _ENCODINGS.fullmatch(head[1].decode("ascii")):
        raise ValueError("an encoding that is not read")


def local(element: Any) -> str:
    """The name of an element without its namespace."""
    return str(etree.QName(element).localname)


def text(element: Any) -> str | None:
    """What stands in an element; None where it says that there is nothing (`xsi:nil`)."""
    if element.get("{http://www.w3.org/2001/XMLSchema-instance}nil") in ("true", "1"):
        return None
    return "".join(element.itertext())
