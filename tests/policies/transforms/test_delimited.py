"""policies/transforms/delimited.py: tables as offices write them."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from policies.model import Operator, PolicyError
from policies.transforms import media
from tests.policies.transforms.duties import at_least, duty, left, pieces, policy, summed, suppress

GERMAN = 'Zähler;Straße;kWh\r\nA;"Am Markt 1\r\nHinterhaus; links";1.234,5\r\nB;Bürgerstr. 7;2,25\r\n'


@pytest.mark.parametrize(
    ("media_type", "encoding", "mark"),
    [
        ("text/csv", "utf-8", b""),
        ("text/csv", "utf-8", codecs.BOM_UTF8),
        ("text/csv", "cp1252", b""),
        ("text/csv; charset=iso-8859-1", "iso-8859-1", b""),
        ("text/csv; charset=ISO-8859-15; header=present", "iso-8859-15", b""),
        ("text/csv;charset=utf-8", "utf-8", codecs.BOM_UTF8),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_leaves_is_written_as_it_was(media_type: str, encoding: str, mark: bytes, size: int) -> None:
    data = mark + GERMAN.encode(encoding)
    made = left(data, media_type, policy(suppress("kWh")), size=size)
    rows = 'Zähler;Straße\r\nA;"Am Markt 1\r\nHinterhaus; links"\r\nB;Bürgerstr. 7\r\n'
    assert made == mark + rows.encode(encoding)
    assert left(data, media_type, policy(suppress("Straße")), size=size) == mark + "".join(
        ["Zähler;kWh\r\n", "A;1.234,5\r\n", "B;2,25\r\n"]
    ).encode(encoding)


@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), ("\t", "\r\n"), ("|", "\n"), (";", "\n")])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    rows = [["a", "b,c;d|e", "f"], ["1", "2", "3"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    assert left(out.getvalue(), "text/csv", policy(suppress("a"))).decode().count(end) == 2


def test_headings_may_be_quoted_over_lines() -> None:
    assert left('"Name\n(alt)",Ort\nx,y\n', "text/csv", policy(suppress("Ort"))) == b'"Name\n(alt)"\nx\n'


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        (["1,5", "2"], "3,5"),
        (["1.234,5", "2,25"], "1236,75"),
        (["10", "20"], "30"),
        (["-1,5", "", "2"], "0,5"),
    ],
)
def test_sums_with_a_decimal_comma(rows: list[str], total: str) -> None:
    text = "Ort;kWh\n" + "".join(f"Nord;{row}\n" for row in rows)
    assert left(text, "text/csv", policy(summed("Ort", field="kWh"))).decode() == (
        f"Ort;count;sum_kWh\nNord;{len(rows)};{total}\n"
    )


def test_a_number_that_could_be_two_is_refused() -> None:
    for rows in (["1.234"], ["1.234", "5"], ["1,5", "1.5"]):
        text = "Ort;kWh\n" + "".join(f"Nord;{row}\n" for row in rows)
        with pytest.raises(PolicyError, match=r"transform\.row"):
            left(text, "text/csv", policy(summed("Ort", field="kWh")))
    assert b"1236.5" in left("Ort,kWh\nN,1234.5\nN,2\n", "text/csv", policy(summed("Ort", field="kWh")))


def test_a_filter_reads_numbers_as_the_column_writes_them() -> None:
    few = duty("filterRows", ("fieldNumber", Operator.LTEQ, "2.5"), field="kWh")
    assert left("Ort;kWh\na;2,25\nb;2,75\n", "text/csv", policy(few)) == b"Ort;kWh\na;2,25\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "transform.shape"),
        (b"\r\n\r\n", "transform.shape"),
        (b"a,b\n1,2,3\n", "transform.row"),
        (b'a,b\n1,"2\n', "transform.shape"),
        (b'a,b\n1,"2"x\n', "transform.shape"),
        (codecs.BOM_UTF16_LE + "a;b\n".encode("utf-16-le"), "transform.encoding"),
        (codecs.BOM_UTF8 + b"a,b\n\xff,1\n", "transform.encoding"),
        (b"x,b\n1,2\n", "transform.column"),
        (b"a,b\n\x81\xff,2\n", "transform.encoding"),
        (b"a,b\n1,2\n" * 20_000 + b"\x81,1\n", "transform.row"),
        (b"a,b\n" + b"x" * (1 << 23), "transform.shape"),
        (b"a,b\n1,2\n" + b"x" * (1 << 23), "transform.row"),
    ],
)
def test_what_is_no_such_table_refuses(data: bytes, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        left(data, "text/csv", policy(suppress("a")), size=1 << 16)
    assert caught.value.reason.code == code


def test_an_encoding_that_is_not_known_or_not_enough() -> None:
    with pytest.raises(PolicyError, match=r"transform\.encoding"):
        media.body("text/csv; charset=ebcdic", lambda: pieces(b"a\n1\n", 9))
    euro = duty("replace", field="a", replaceWith="€")
    with pytest.raises(PolicyError, match=r"transform\.encoding"):
        left(b"a\n1\n", "text/csv; charset=latin-1", policy(euro))


def test_a_heading_that_occurs_twice() -> None:
    text = "a,b,a\n1,2,3\n"
    assert left(text, "text/csv", policy(suppress("a"))) == b"b\n2\n"
    with pytest.raises(PolicyError, match=r"transform\.ambiguous"):
        left(text, "text/csv", policy(at_least(2, "a")))


VALUES = st.text(
    st.characters(codec="cp1252", min_codepoint=32, exclude_characters="\x7f\x81\x8d\x8f\x90\x9d") | st.just("\n"),
    max_size=6,
) | st.sampled_from(["\r", "a\rb", "\r\n", '"\r', "x\r1,2,3"])


@drawn(rows=st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=8), delimiter=st.sampled_from(";,\t|"))
def test_a_suppressed_column_is_gone_and_the_others_stay(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["one", "two", "three"], *rows])
    made = left(out.getvalue().encode("cp1252"), "text/csv; charset=cp1252", policy(suppress("two"))).decode("cp1252")
    found = list(csv.reader(io.StringIO(made, newline=""), delimiter=delimiter))
    assert found == [["one", "three"], *([row[0], row[2]] for row in rows)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_carriage_return_within_a_cell_begins_no_row(end: str) -> None:
    text = end.join(['name,"no\rte",c', '1,"x\r9,9,9",3', '2,"",3', ""])
    made = left(text, "text/csv", policy(suppress("c"))).decode()
    assert list(csv.reader(io.StringIO(made, newline=""))) == [["name", "no\rte"], ["1", "x\r9,9,9"], ["2", ""]]


def test_what_does_not_leave_does_not_leave_within_documents_in_cells() -> None:
    document = '"{""Name"":""Hidden"",""list"":[{""name"":""Hidden"",""n"":1.50}]}"'
    text = f'id,name,about\n1,Hidden,{document}\n2,Hidden,a remark\n3,Hidden,\n4,Hidden,"[{document[1:-1]}]"\n'
    made = list(csv.reader(io.StringIO(left(text, "text/csv", policy(suppress("name"))).decode(), newline="")))
    kept = '{"list":[{"n":1.50}]}'
    assert made == [["id", "about"], ["1", kept], ["2", "a remark"], ["3", ""], ["4", f"[{kept}]"]]
    with pytest.raises(PolicyError, match=r"transform\.row"):
        left(text + '5,x,"{""name"":"\n', "text/csv", policy(suppress("name")))
    assert left(text, "text/csv", policy(suppress("about"))) == b"id,name\n1,Hidden\n2,Hidden\n3,Hidden\n4,Hidden\n"


def test_rows_in_groups_leave_only_where_enough_stand_together() -> None:
    text = "Ort,id\n" + "Nord,1\nSüd,2\n" * 2 + "Nord,3\n"
    assert left(text, "text/csv", policy(at_least(3, "Ort"))).decode() == "Ort,id\nNord,1\nNord,1\nNord,3\n"
    by_unit = policy(at_least(3, "Ort", unitField="id"), suppress("id"))
    assert left(text, "text/csv", by_unit).decode() == "Ort\n", "one who comes twice is one"
