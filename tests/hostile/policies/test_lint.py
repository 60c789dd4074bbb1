"""Files that make lint work: little text that stands for a lot. It ends, keeps little, and finds them invalid."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from policies import forms
from policies.forms import Form
from policies.lint import lint
from policies.lint.document import Document
from policies.model import ODRL, PolicyError
from policies.nodes import Node
from policies.normalise import ANCESTORS

MOST = 10_000


def _naming(policy: Node, key: str) -> list[Node]:
    """A policy, and a dozen of nodes of which each names all of them."""
    names = [{"@id": f"urn:x:{n}"} for n in range(12)]
    rule: Node = {"@id": "_:rule", ODRL + "action": [{"@id": ODRL + "use"}], key: names}
    return [{**policy, ODRL + "permission": [{"@id": "_:rule"}]}, rule, *({**name, key: names} for name in names)]


POLICY: Node = {"@id": "urn:x:y", "@type": [ODRL + "Set"]}
CIRCLES: dict[str, Sequence[Node]] = {
    "duties": _naming(POLICY, ODRL + "duty"),
    "constraints": [
        {**node, ODRL + "constraint": node.pop(ODRL + "and")} if node["@id"] == "_:rule" else node
        for node in _naming(POLICY, ODRL + "and")
    ],
}


@pytest.mark.parametrize("name", CIRCLES)
def test_few_nodes_do_not_make_many_rules(name: str) -> None:
    document = Document(CIRCLES[name])
    assert max(len(document.rules), len(document.members)) == MOST


def test_a_long_line_of_ancestors_is_not_climbed_to_its_end() -> None:
    parent = ODRL + "inheritFrom"
    heirs: list[Node] = [{**POLICY, "@id": f"urn:x:{n}", parent: [{"@id": f"urn:x:{n + 1}"}]} for n in range(500)]
    document = Document(heirs)
    assert len(document.ancestors(document.policies[0])) == ANCESTORS + 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"a":' * 50 + "[" * 13 + "0," * 200_000, Form.JSONLD),
        (
            '{"@type":"Offer","@id":"urn:x:y","permission":[{"action":"use","constraint":['
            + ",".join(['{"leftOperand":"count","operator":"lteq","rightOperand":3}'] * 3_000)
            + "]}]}",
            Form.DSP,
        ),
        ("[" + "a." * 100_000 + "a]\n" + "#" * (1 << 20), Form.TOML),
    ],
    ids=["items", "constraints", "tables"],
)
def test_what_is_large_is_invalid(text: str, form: Form) -> None:
    with pytest.raises(PolicyError) as refused:
        forms.read(text.encode(), form)
    found = lint(text.encode(), form, refused.value)
    assert not found.valid
    assert all(one.line is not None for one in found.findings)
