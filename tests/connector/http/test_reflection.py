"""The node looking at itself: who does not know the word learns nothing."""

from __future__ import annotations

from connector.http.exchange import Request
from connector.http.reflection import Reflection


def ask(word: str) -> Request:
    return Request("GET", "/probe", "", {"authorization": word} if word else {}, b"")


async def test_without_a_look_under_way_nobody_is_answered() -> None:
    one = Reflection(lambda: "word")
    for word in ("", "Bearer ", "Bearer word", "Bearer "):
        answer = one.serve(ask(word))
        assert (answer.status, answer.body, answer.chunks) == (401, b"", None)


async def test_only_the_word_of_this_look_is_answered() -> None:
    one = Reflection(lambda: "word", patience=0.01)
    one._word = "Bearer word"
    assert one.serve(ask("Bearer other")).status == 401
    assert one.serve(ask("")).status == 401
    answer = one.serve(ask("Bearer word"))
    assert answer.chunks is not None
    assert [piece async for piece in answer.chunks] == [b"arrived\n", b"gathered\n"]
