"""certs/checkpoint.py: signed notes are read strictly."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from certs import checkpoint
from certs.checkpoint import Checkpoint, CheckpointError, ed25519, key_id, opened, parse, signed, text

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
ORIGIN = "did:web:city.example%3A8181"
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))


def test_a_note_holds_the_checkpoint_and_verifies() -> None:
    note = signed(HEAD, PUBLIC, KEY.sign)
    assert opened(note, ORIGIN, PUBLIC, ed25519) == HEAD
    root = base64.b64encode(HEAD.root).decode()
    assert note.startswith(f"{ORIGIN}\n42\n{root}\n\n— {ORIGIN} ")


def test_key_id_and_signature_of_the_published_example() -> None:
    """The verifier key and note of golang.org/x/mod/sumdb/note, whose format C2SP signed-note is."""
    name, identity = "PeterNeumann", "c74f20a3"
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert key_id(name, public).hex() == identity
    body = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    binary = base64.b64decode(line)
    assert binary[:4].hex() == identity
    assert ed25519(public, binary[4:], body.encode())


def test_other_signatures_are_skipped_and_ours_must_verify() -> None:
    note = signed(HEAD, PUBLIC, KEY.sign)
    other = "— witness.example " + base64.b64encode(b"abcd" + b"s" * 64).decode() + "\n"
    assert opened(note + other, ORIGIN, PUBLIC, ed25519) == HEAD
    forged = note[: note.rindex("\n—")] + "\n— " + ORIGIN + " "
    forged += base64.b64encode(key_id(ORIGIN, PUBLIC) + b"s" * 64).decode() + "\n"
    for bad, code in ((forged, "note.signature"), (note.replace("42", "43"), "note.signature")):
        with pytest.raises(CheckpointError) as caught:
            opened(bad, ORIGIN, PUBLIC, ed25519)
        assert caught.value.code == code


def test_what_is_no_key_verifies_nothing() -> None:
    assert ed25519(PUBLIC, KEY.sign(b"m"), b"m")
    assert not ed25519(PUBLIC, KEY.sign(b"m"), b"n")
    assert not ed25519(b"short", KEY.sign(b"m"), b"m")
    assert not ed25519(PUBLIC, b"short", b"m")


def test_another_key_or_name_does_not_count() -> None:
    note = signed(HEAD, PUBLIC, KEY.sign)
    for origin, public in (("did:web:town.example", PUBLIC), (ORIGIN, b"p" * 32)):
        with pytest.raises(CheckpointError, match=r"note\.unsigned"):
            opened(note, origin, public, ed25519)


def test_a_log_of_somebody_else_signed_by_us_is_refused() -> None:
    body = text(Checkpoint("did:web:town.example", 1, b"r" * 32))
    line = base64.b64encode(key_id(ORIGIN, PUBLIC) + KEY.sign(body.encode())).decode()
    with pytest.raises(CheckpointError, match=r"checkpoint\.origin"):
        opened(f"{body}\n— {ORIGIN} {line}\n", ORIGIN, PUBLIC, ed25519)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "checkpoint.lines"),
        ("o\n1\n", "checkpoint.lines"),
        ("o\n1\nAA==", "checkpoint.lines"),
        ("o\n01\n" + "A" * 43 + "=\n", "checkpoint.size"),
        ("o\n-1\n" + "A" * 43 + "=\n", "checkpoint.size"),
        ("o\n١\n" + "A" * 43 + "=\n", "checkpoint.size"),
        ("o\n1\nAA==\n", "checkpoint.root"),
        ("o\n1\n" + "A" * 42 + "B=\n", "checkpoint.root"),
        ("o\n1\n" + "A" * 43 + "\n", "checkpoint.root"),
        ("o o\n1\n" + "A" * 43 + "=\n", "checkpoint.origin"),
        ("o+o\n1\n" + "A" * 43 + "=\n", "checkpoint.origin"),
        ("o\n1\n" + "A" * 43 + "=\n\n", "checkpoint.lines"),
    ],
)
def test_a_checkpoint_has_one_spelling(body: str, code: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        parse(body)
    assert caught.value.code == code


def test_extension_lines_are_read_over() -> None:
    assert parse(text(HEAD) + "something else\n") == HEAD


def test_an_origin_that_a_note_cannot_hold_is_not_written() -> None:
    for origin in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(CheckpointError, match=r"checkpoint\.origin"):
            text(Checkpoint(origin, 0, b"r" * 32))


@given(st.integers(0), st.text(max_size=3))
def test_a_note_changed_anywhere_is_refused_or_the_same(at: int, put: str) -> None:
    note = signed(HEAD, PUBLIC, KEY.sign)
    at %= len(note)
    changed = note[:at] + put + note[at + 1 :]
    try:
        assert opened(changed, ORIGIN, PUBLIC, ed25519) == HEAD
        assert changed == note or len(put) != 1
    except CheckpointError:
        assert changed != note


@given(st.text())
def test_any_text_at_all_is_refused_in_the_same_way(note: str) -> None:
    with pytest.raises(CheckpointError):
        opened(note, ORIGIN, PUBLIC, ed25519)


@pytest.mark.parametrize("number", [0, 1, 1_795_243_595])
def test_an_origin_names_its_log_and_generation(number: int) -> None:
    name = "did:web:city.example%3A8180"
    assert checkpoint.generation(checkpoint.origin(name, number), name) == number


@pytest.mark.parametrize(
    "origin",
    [
        "did:web:other.example",
        "did:web:city.example#log-",
        "did:web:city.example#log-0",
        "did:web:city.example#log-01",
        "did:web:city.example#log-x",
        "did:web:city.example#log-1#log-1",
        "did:web:city.example#log-1234567890123456",
        "",
    ],
)
def test_what_is_no_origin_of_a_log(origin: str) -> None:
    assert checkpoint.generation(origin, "did:web:city.example") is None
