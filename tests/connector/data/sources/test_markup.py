"""XML of foreign services: nothing that XML could make a reader do is done."""

from __future__ import annotations

import pytest

from connector.data.sources.markup import local, parsed, text

LAUGHS = b"".join(
    [b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">']
    + [b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20)]
    + [b"]><a>&u;</a>"]
)
_HIDDEN = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a b="&x;"/>'
ATTACKS = {
    "an entity of a file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "a document type elsewhere": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "a parameter entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a/>',
    "a billion laughs": LAUGHS,
    "utf-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4APA-a/+AD4-',
    "utf-16": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
    "utf-16 without a mark": "<!DOCTYPE a []><a/>".encode("utf-16-le"),
    "utf-16 without a mark, declared as nothing": _HIDDEN.encode("utf-16-le"),
    "utf-32 without a mark": _HIDDEN.encode("utf-32-le"),
    "utf-7 behind a long declaration": b'<?xml version="1.0"' + b" " * 3000 + b'encoding="UTF-7"?>'
    b'+ADwAIQ-DOCTYPE a +AFsAPAAh-ENTITY x "y"+AD4AXQA+-+ADw-a b+AD0AIg-+ACY-x+ADsAIg-/+AD4-',
    "an encoding of mainframes": '<?xml version="1.0" encoding="cp037"?><a/>'.encode("cp037"),
    "too deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "cut": b"<a><b></b>",
    "nothing": b"",
    "json": b"{}",
    "an entity nobody knows": b"<a>&nbsp;</a>",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"XML|document type|encoding"):
        parsed(ATTACKS[name])


def test_what_is_read() -> None:
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><g:a xmlns:g="urn:x">S\xf6<!-- x -->fl<?x y?>ingen</g:a>'
    root = parsed(body.encode("latin-1"))
    assert (local(root), text(root)) == ("a", "S\xf6flingen")
    nil = parsed(b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>')
    assert text(nil) is None
