"""Graph -> Turtle 1.1, a block a node.

What lives here: the text. What does not: choosing what is said. The graph is made fit first (`fitness`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from catalog.graph import PREFIXES, Graph, Node, Value, full
from catalog.portal.fitness import fit

MEDIA_TYPE: Final = "text/turtle"
_NAME = re.compile(r"([a-z]+):([A-Za-z_][A-Za-z0-9_-]*)", re.ASCII)
_NEXT: Final = " ;\n  "
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def write(graph: Graph) -> bytes:
    """The graph as text."""
    nodes = fit(graph)
    blocks = [block for node in nodes.values() if (block := _block(node))]
    body = "\n".join(blocks)
    used = {name for name in PREFIXES if f"{name}:" in body}
    head = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in sorted(used))
    return f"{head}\n{body}".encode()


def _quoted(text: str) -> str:
    """A text between quotation marks, escaped for Turtle and N-Triples."""
    return f'"{text.translate(_ESCAPES)}"'


def _block(node: Node) -> str:
    lines = [f"a {', '.join(_name(one) for one in node['@type'])}"] if node["@type"] else []
    lines += [
        f"{_name(name)} {', '.join(valued(one, _name) for one in held)}"
        for name, held in node.items()
        if not name.startswith("@")
    ]
    return f"{named(node['@id'])} {_NEXT.join(lines)} .\n" if lines else ""


def named(id: str) -> str:
    """A node: a blank one by its label, any other by its IRI."""
    return id if id.startswith("_:") else f"<{id}>"


def _name(name: str) -> str:
    """A name with its prefix, where it can stand so without escapes; an IRI elsewhere."""
    found = _NAME.fullmatch(name)
    return name if found and found[1] in PREFIXES else f"<{full(name)}>"


def valued(value: Value, name: Callable[[str], str]) -> str:
    """A value; `name` writes the type of a literal."""
    if "@id" in value:
        return named(value["@id"])
    text = _quoted(value["@value"])
    if "@language" in value:
        return f"{text}@{value['@language']}"
    return f"{text}^^{name(value['@type'])}" if "@type" in value else text
