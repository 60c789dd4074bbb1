"""Files of a town, for the commands on policies: two sets of terms and a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import json

ODRL = "http://www.w3.org/ns/odrl/2/"
DATA = "https://stadt.example/daten/verkehr"
WORKS = "did:web:stadtwerke.example"
PLANNING = "https://w3id.org/dpv#PublicPolicyMaking"
TRAFFIC = f"""
policy = "urn:example:traffic"
target = "{DATA}"
assigner = "did:web:stadt.example"

[[permission]]
action = "use"
purpose.isA = "PublicBenefit"
count.lteq = 3

[[prohibition]]
action = "distribute"
"""
WIDER = TRAFFIC.replace("urn:example:traffic", "urn:example:wider").replace("lteq = 3", "lteq = 5")


def request(**values: Any) -> dict[str, Any]:
    """The works read the data for planning; `values` by the local name of ODRL."""
    known = {"purpose": PLANNING, "count": 1, **values}
    return {
        "action": f"{ODRL}read",
        "assignee": WORKS,
        "target": DATA,
        "now": "2027-06-01T10:00:00Z",
        "values": {f"{ODRL}{name}": value for name, value in known.items()},
    }


def write(folder: Path) -> None:
    """`traffic.toml`, `wider.toml` and `request.json`."""
    (folder / "traffic.toml").write_text(TRAFFIC)
    (folder / "wider.toml").write_text(WIDER)
    (folder / "request.json").write_bytes(json.encode(request()))
