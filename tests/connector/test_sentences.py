"""Every code that the connector raises has a German and an English sentence."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from string import Formatter

import pytest

import certs
import connector
from connector import errors
from connector.sentences import SUBJECTS, TEMPLATES, language_of, sentence
from policies.model import Reason
from policies.sentences import REASONS

ROOT = Path(connector.__file__).parent
TREE = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.NodeError)}
OWN = {"HttpError", "MovedError", "Reason"}
NOT_TOLD = {"cli"}
"""The command line has sentences of its own."""
PASSED_ON = {
    "enrol.py": "EnrolError",
    "jwt.py": "TokenError",
    "revocation.py": "CertificateError",
    "rollover.py": "KeyFileError",
    "x509.py": "CertificateError",
    "keys.py": "KeyFileError",
    "vcdm.py": "CredentialError",
    "credentials.py": "CredentialError",
    "presentations.py": "CredentialError",
    "status.py": "CredentialError",
}
"""Errors of `certs` whose codes the connector raises as its own."""


def raised() -> dict[str, str]:
    """Every literal code in a call of an error of the tree or of Reason, and where it stands."""
    found: dict[str, str] = {}
    for path in ROOT.rglob("*.py"):
        if path.relative_to(ROOT).parts[0] in NOT_TOLD:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in TREE | OWN:
                found |= {code: f"{path.relative_to(ROOT)}:{node.lineno}" for code in _codes(node.args)}
    for file, kind in PASSED_ON.items():
        for node in ast.walk(ast.parse((Path(certs.__file__).parent / file).read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == kind:
                found |= dict.fromkeys(_codes(node.args), f"certs/{file}:{node.lineno}")
    return found


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _codes(args: list[ast.expr]) -> list[str]:
    """String constants of the first argument (second for a status), including both ends of a choice."""
    found: list[str] = []
    for arg in args[:2]:
        options = [arg.body, arg.orelse] if isinstance(arg, ast.IfExp) else [arg]
        found += [one.value for one in options if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if found:
            break
    return found


def linked() -> list[str]:
    """Every code of a link in a chain of trust."""
    tree = ast.parse((Path(certs.__file__).parent / "trust.py").read_text("utf-8"))
    return sorted(
        {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("trust.")
        }
    )


@pytest.mark.parametrize("code", linked())
def test_every_link_of_a_chain_of_trust_is_told(code: str) -> None:
    assert code in TEMPLATES


@pytest.mark.parametrize("what", ["credential", "presentation"])
@pytest.mark.parametrize(
    "detail",
    ["too_large", "malformed", "header", "algorithm", "kind", "wrapper", "date", "key", "signature"],
)
def test_every_refusal_of_a_signed_document_is_told(what: str, detail: str) -> None:
    assert f"{what}.{detail}" in TEMPLATES


def test_the_search_finds_what_is_there() -> None:
    assert {
        "token.replayed",
        "transition.illegal",
        "http.target",
        "unavailable",
        "token.expired",
        "key.mode",
    } <= raised().keys()


@pytest.mark.parametrize(("code", "where"), sorted(raised().items()))
def test_every_code_has_both_sentences(code: str, where: str) -> None:
    assert code in TEMPLATES or code in REASONS, f"{where} raises {code}, which has no sentence"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (Reason("terms.unreadable", {"term": "until", "value": "31.12.2027"}), "Ein Tag schreibt sich 2027-12-31"),
        (Reason("terms.unreadable", {"term": "purposes", "value": "x", "near": "DataAltruism"}), "Ähnlich: DataAlt"),
        (Reason("peer.refused", {"status": "401"}), "allmende peer add"),
        (Reason("peer.refused", {"status": "502"}), "Webserver vor einem Knoten"),
        (Reason("peer.unknown", {"peer": "stdt"}), "„stdt“"),
    ],
)
def test_what_helps_is_said_where_a_parameter_tells(reason: Reason, told: str) -> None:
    assert told in sentence(reason, "de")


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_both_languages_differ_and_name_the_same_parameters(code: str) -> None:
    german, english = TEMPLATES[code]
    assert german.strip()
    assert english.strip()
    assert german != english
    assert _fields(german) == _fields(english)


def _fields(template: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(template) if field}


def test_parameters_are_shown_as_values_never_as_templates() -> None:
    told = sentence(Reason("asset.unknown", {"name": "{name} {0} {limit}"}), "en")
    assert told == 'There is no asset "{name} {0} {limit}".'


def test_a_difference_is_told_with_its_own_sentence() -> None:
    told = sentence(Reason("terms.outside", {"difference": "no_permission"}), "de")
    assert told == "Die Anfrage liegt außerhalb der Bedingungen. Die Bedingungen erlauben nichts."


def test_an_unknown_code_is_shown() -> None:
    assert sentence(Reason("never.heard", {"a": "b"}), "en") == "never.heard (a: b)"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("de", "de"), ("de-AT,de;q=0.9", "de"), ("en,de", "en"), ("fr,de,en", "de"), ("*", "en")],
)
def test_language(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def test_no_code_stands_in_two_subjects() -> None:
    assert len(TEMPLATES) == sum(len(subject.TEMPLATES) for subject in SUBJECTS)
