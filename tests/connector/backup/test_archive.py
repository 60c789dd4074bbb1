"""connector/backup/archive.py: nothing of a sealed file can be changed, moved, left out or cut off unnoticed."""

from __future__ import annotations

import base64
import io

import msgspec
import pytest

from connector.backup import archive
from connector.backup.archive import MAGIC, PIECE, Header, opened, seal
from connector.errors import InputError

SECRET = b"a passphrase for tests"
QUICK = Header(salt=bytes(range(16)), n=1 << 14, r=1, p=1)
TAG = 16


def sealed(plain: bytes) -> bytes:
    target = io.BytesIO()
    assert seal(target, SECRET, [plain], header=QUICK) == len(target.getvalue())
    return target.getvalue()


def read(content: bytes, secret: bytes = SECRET) -> bytes:
    return b"".join(opened(io.BytesIO(content), secret))


def code(content: bytes, secret: bytes = SECRET) -> str:
    with pytest.raises(InputError) as refused:
        read(content, secret)
    return refused.value.reason.code


def start_of_pieces(content: bytes) -> int:
    return content.index(b"\n", len(MAGIC)) + 1 + 32


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_comes_back(size: int) -> None:
    plain = bytes(n % 251 for n in range(size))
    assert read(sealed(plain)) == plain


def test_another_passphrase_is_said_to_be_one() -> None:
    assert code(sealed(b"x"), b"another passphrase") == "backup.passphrase"


def test_every_byte_counts() -> None:
    content = sealed(b"some rows")
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        found = code(bytes(changed))
        assert found in ("backup.format", "backup.header", "backup.passphrase", "backup.changed"), (place, found)
        if place >= start_of_pieces(content):
            assert found == "backup.changed"
        if place < content.index(b"\n", len(MAGIC)):
            assert found in ("backup.format", "backup.header"), "no slip of the disk is blamed on the passphrase"


def test_cut_anywhere_and_longer_by_anything() -> None:
    content = sealed(bytes(2 * PIECE + 5))
    for end in (*range(0, start_of_pieces(content), 7), *range(start_of_pieces(content), len(content), 4099)):
        assert code(content[:end]).startswith("backup.")
    assert code(content[: start_of_pieces(content) + PIECE + TAG]) == "backup.changed", "cut between two pieces"
    assert code(content + b"\0") == "backup.changed"
    assert code(content + content[start_of_pieces(content) :]) == "backup.changed"


def test_pieces_cannot_be_moved_or_taken_from_another_file() -> None:
    content = sealed(bytes(3 * PIECE))
    start, piece = start_of_pieces(content), PIECE + TAG
    first, second = content[start : start + piece], content[start + piece : start + 2 * piece]
    assert code(content[:start] + second + first + content[start + 2 * piece :]) == "backup.changed"
    assert code(content[:start] + first + content[start + 2 * piece :]) == "backup.changed"
    target = io.BytesIO()
    seal(target, SECRET, [bytes(3 * PIECE)])
    other = target.getvalue()
    with pytest.raises(InputError):
        read(other[: start_of_pieces(other)] + content[start:])


@pytest.mark.parametrize(
    "worse",
    [
        {"n": 1 << 30},
        {"n": 2},
        {"n": 3 << 13},
        {"r": 33},
        {"p": 10**6},
        {"p": 0},
        {"n": 1 << 16, "r": 32},
    ],
)
def test_a_header_can_ask_for_no_more_than_a_small_machine_has(worse: dict[str, int]) -> None:
    header = archive._checked(msgspec.structs.replace(QUICK, **worse))
    assert code(MAGIC + msgspec.json.encode(header) + b"\n" + bytes(100)) == "backup.header"


def test_the_header_has_one_spelling_and_a_length() -> None:
    content = sealed(b"x")
    line, rest = content[len(MAGIC) :].split(b"\n", 1)
    assert code(MAGIC + line.replace(b":", b": ", 1) + b"\n" + rest) == "backup.header"
    assert code(MAGIC + b"[" * 100_000) == "backup.header"
    assert code(b"PK\3\4") == "backup.format"


def test_the_defaults_take_no_more_than_64_mib() -> None:
    header = Header(salt=bytes(16))
    assert 128 * header.n * header.r <= 64 * 1024 * 1024
    assert archive._bearable(header)


def test_a_file_of_this_version_stays_readable() -> None:
    """Sealed once and kept: whoever changes the form has to give it a new first line."""
    assert read(base64.b64decode("".join(KEPT))) == b"kept"


KEPT = (
    "YWxsbWVuZGUgYmFja3VwIDEKeyJzYWx0IjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9Edz09IiwibiI6MTYzODQsInIiOjEsInAiOjEs"
    "ImNoZWNrIjoiZDQ3MWY0ZTA0Zjc5NTVjNCJ9Cndx/M+QeiLFtt5RJpMXkzIrrKnobNP76aOG9rdRkZKBgKp8VOAFQko1+lV7Sncv"
    "Ly1n+uM="
)
