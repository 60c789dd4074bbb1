"""Addresses as people write them -> IRIs: of the web, of mail, of telephones; and IRIs with characters that none has.

What lives here: reading an address where it is certain that one is meant. What does not: finding out whether anybody
answers there. Sources: RFC 3986 and 3987, RFC 6068 (mailto), RFC 3966 (tel).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_UNSAFE = re.compile(r"[\x00-\x20<>\"{}|\\^`\x7f]")
_WEB = re.compile(r"(?:https?|ftps?)://[^\s/?#]+\S*", re.IGNORECASE)
_BARE = re.compile(r"www\.[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?", re.IGNORECASE)
_SPACED = re.compile(r"https?://[^\s/?#]+/[^\s?#]*(?: [^\s?#]+){1,8}\.[A-Za-z0-9]{1,5}", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?:urn:[a-z0-9][a-z0-9-]{1,31}|doi|geo):\S+", re.IGNORECASE | re.ASCII)
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`~-]+@[\w-]+(?:\.[\w-]+)+")
_OBSCURED = re.compile(r"\s*[\[({]\s*(?:at|ät)\s*[\])}]\s*", re.IGNORECASE)
_TELEPHONE = re.compile(r"\+?[\d\s()/.–-]{5,30}")
_SCHEMES: Final = ("mailto:", "tel:")


def tidy(iri: str) -> str:
    """The same IRI with characters percent-encoded that no IRI has: spaces, quotes, angle brackets."""
    return _UNSAFE.sub(lambda found: quote(found[0]), iri.strip())


def web(text: str) -> str:
    """The address on the web (or the URN) that a text is, "" for any other text. A name that begins with `www.` is one
    of http, as browsers take it."""
    said = text.strip().strip("<>").strip()
    if _BARE.fullmatch(said):
        return tidy(f"http://{said}")
    if _WEB.fullmatch(said) or _ABSOLUTE.fullmatch(said):
        return tidy(said)
    # Blanks within the path of one address that ends in the name of a file.
    return tidy(said) if _SPACED.fullmatch(said) and said.count("://") == 1 else ""


def webs(text: str) -> list[str]:
    """The addresses of a text that is a list of them; none where it holds anything else."""
    parts = [part for part in re.split(r"[\s,;|]+", text.strip()) if part]
    found = [web(part) for part in parts]
    return found if found and all(found) else []


def mail(text: str) -> str:
    """The `mailto:` IRI of a text that is one address of mail."""
    said = _OBSCURED.sub("@", _bare(text))
    return f"mailto:{tidy(said)}" if _MAIL.fullmatch(said) else ""


def mail_in(text: str) -> str:
    """The `mailto:` IRI of the one address that a text holds; "" where it holds none or several."""
    found = set(_MAIL.findall(text))
    return f"mailto:{tidy(found.pop())}" if len(found) == 1 else ""


def telephone(text: str) -> str:
    """The `tel:` IRI of a number, as it is dialled from where it was written."""
    said = _bare(text)
    if not _TELEPHONE.fullmatch(said) or sum(one.isdigit() for one in said) < 5:
        return ""
    digits = re.sub(r"[\s()/.–-]+", "-", said.replace("(0)", "")).strip("-")
    return f"tel:{digits}"


def _bare(text: str) -> str:
    """Without the scheme, however often it was put before it, and brackets around it."""
    said = re.sub(r"^e-?mail:\s*", "", text.strip().strip("<>").strip(), flags=re.IGNORECASE)
    while (scheme := next((one for one in _SCHEMES if said.lower().startswith(one)), "")) != "":
        said = said[len(scheme) :].strip()
    return said
