"""Orders: taken from the node alone, never older ones, there again after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from certs import cose, jwk
from connector.data.readings.orders import Orders
from edge_node.contracts.orders import CONTENT, Book
from edge_node.errors import OrderError
from tests.edge_node.duties import Kept

NODE, DEVICE = "did:web:city.example", "did:web:city.example:edge:mast-7"
KEY = ec.generate_private_key(ec.SECP256R1())
KID = cose.kid_of(KEY.public_key())
KEYS = {KID: jwk.of(KEY.public_key())}


def book(kept: Kept, directory: Path | None = None) -> Book:
    return Book(kept, keys=KEYS, node=NODE, device=DEVICE, directory=directory)


def orders(number: int = 1, issued: int = 5, **changes: Any) -> Orders:
    made = Orders(number=number, node=NODE, device=DEVICE, issued=issued)
    return msgspec.structs.replace(made, **changes)


def sealed(one: Orders, key: Any = KEY, kid: bytes = KID, content: str | None = CONTENT) -> bytes:
    return cose.sign(key, kid, msgspec.json.encode(one), content=content)


async def test_kept_and_there_again() -> None:
    kept = Kept()
    first = book(kept)
    assert first.current is None
    assert await first.take(sealed(orders(3)))
    assert first.current == orders(3)
    assert book(kept).current == orders(3)


async def test_the_same_orders_with_a_later_date_are_no_others() -> None:
    kept = Kept()
    one = book(kept)
    await one.take(sealed(orders(3, issued=5)))
    assert not await one.take(sealed(orders(3, issued=9)))
    assert one.current is not None
    assert one.current.issued == 9
    assert book(kept).current == one.current
    assert await one.take(sealed(orders(4, issued=9)))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (sealed(orders(2, issued=99)), "orders.old"),
        (sealed(orders(3, issued=4)), "orders.old"),
        (sealed(orders(9), key=ec.generate_private_key(ec.SECP256R1())), "orders.seal"),
        (sealed(orders(9), key=ed25519.Ed25519PrivateKey.generate()), "orders.seal"),
        (sealed(orders(9), kid=b"x"), "orders.seal"),
        (sealed(orders(9), content=None), "orders.seal"),
        (sealed(orders(9))[:-1] + b"?", "orders.seal"),
        (b"", "orders.seal"),
        (cose.sign(KEY, KID, b'{"number": 9}', content=CONTENT), "orders.form"),
        (cose.sign(KEY, KID, b"\xff", content=CONTENT), "orders.form"),
        (cose.sign(KEY, KID, b'{"x":' + b"[" * 100_000, content=CONTENT), "orders.form"),
        (sealed(orders(9, node="did:web:other.example")), "orders.stranger"),
        (sealed(orders(9, device=DEVICE + "8")), "orders.stranger"),
    ],
    ids=lambda one: "message" if isinstance(one, bytes) else one,  # signatures differ each time
)
async def test_what_is_not_taken_changes_nothing(message: bytes, code: str) -> None:
    kept = Kept()
    one = book(kept)
    await one.take(sealed(orders(3)))
    with pytest.raises(OrderError) as refused:
        await one.take(message)
    assert refused.value.code == code
    assert one.current == orders(3)
    assert book(kept).current == orders(3)


async def test_orders_that_were_changed_on_the_disk_give_nothing() -> None:
    kept = Kept()
    await book(kept).take(sealed(orders(3)))
    kept["orders"] = kept["orders"].replace(b'"number":3', b'"number":4')
    found = book(kept)
    assert found.current is None
    assert found.trouble is not None
    assert found.trouble.code == "orders.seal"
    assert await found.take(sealed(orders(3)))
    assert found.trouble is None


async def test_an_index_that_is_lost_loses_no_orders(tmp_path: Path) -> None:
    kept = Kept()
    one = book(kept, tmp_path)
    for number in (3, 4):
        await one.take(sealed(orders(number)))
    assert book(Kept(), tmp_path).current == orders(4)
    (tmp_path / "orders.cose").write_bytes(sealed(orders(3)))
    assert book(kept, tmp_path).current == orders(4), "the newer of the two"
    assert (tmp_path / "orders.cose").stat().st_mode & 0o077 == 0


async def test_no_orders_yet_are_not_orders_that_were_lost(tmp_path: Path) -> None:
    assert book(Kept(), tmp_path).trouble is None
    (tmp_path / "orders.cose").write_bytes(b"")
    lost = book(Kept(), tmp_path)
    assert (lost.current, lost.trouble is None) == (None, False)


async def test_a_directory_that_takes_nothing(tmp_path: Path) -> None:
    one = book(Kept(), tmp_path / "gone")
    with pytest.raises(OrderError) as refused:
        await one.take(sealed(orders(3)))
    assert refused.value.code == "orders.disk"
    assert one.current is None
