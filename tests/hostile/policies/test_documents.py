"""Documents whose author wants the reader to work for ever, to fall over, or to read something else than is seen.

Each of these took minutes, gigabytes or a traceback once the bounds were taken away. There is no clock in these tests:
a bound that is missing makes itself felt.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog.rdf.turtle import read_graph
from policies import forms
from policies.forms import Form
from policies.model import PolicyError

MUNICIPAL = "urn:allmende:profile:municipal:1"
HEAD = f'{{"@id":"urn:x:y","@type":"Set","profile":"{MUNICIPAL}",'
TOML = 'policy = "urn:x:y"\n[[permission]]\naction = "use"\n'
TURTLE = f"@prefix o: <http://www.w3.org/ns/odrl/2/> .\n<urn:x:y> a o:Set ; o:profile <{MUNICIPAL}> ;\n"


def refused(text: str, form: Form) -> tuple[str, str]:
    with pytest.raises(PolicyError) as error:
        forms.read(text.encode(), form, graph=read_graph)
    return error.value.reason.code, error.value.where


def _many(one: str, times: int) -> str:
    return ",".join([one] * times)


def _numbered(one: str, times: int) -> str:
    return ",".join(one.replace("#", str(n)) for n in range(times))


def _counted(number: str) -> str:
    """A permission that says `count lteq` and that number."""
    constraint = f'{{"leftOperand":"count","operator":"lteq","rightOperand":{number}}}'
    return f'{HEAD}"permission":[{{"action":"use","constraint":[{constraint}]}}]}}'


def _wide() -> Iterator[tuple[str, Form, str, str]]:
    """Many of one thing, each of them small: name, form, text, code."""
    rules = _many('{"action":"use"}', 60_000)
    yield "rules", Form.JSONLD, f'{HEAD}"permission":[{rules}]}}', "form.many"
    yield "rules of TOML", Form.TOML, TOML + '[[permission]]\naction="use"\n' * 2_100, "constraint.many"
    yield (
        "rules of Turtle",
        Form.TURTLE,
        f"{TURTLE}o:permission {_many('[o:action o:use]', 2_100)} .",
        "constraint.many",
    )
    targets = _numbered('"urn:x:#"', 60_000)
    yield "targets", Form.JSONLD, f'{HEAD}"permission":{{"action":"use","target":[{targets}]}}}}', "form.many"
    policies = _numbered('{"@id":"urn:x:#","permission":{"action":"use"}}', 2_100)
    yield "policies", Form.JSONLD, f'{{"@graph":[{policies}]}}', "constraint.many"
    assets = _numbered('{"@id":"urn:x:a#","hasPolicy":"urn:x:y"}', 5_100)
    whole = f'{HEAD}"permission":{{"action":"use"}}}}'
    yield "assets that name their policy", Form.JSONLD, f'{{"@graph":[{assets},{whole}]}}', "form.many"
    same = _many('"use"', 49_000)
    yield (
        "one action again and again",
        Form.JSONLD,
        f'{HEAD}"permission":{{"action":[{same}],"x:y":1}}}}',
        "term.unknown",
    )
    few, others = _numbered('"urn:a:#"', 300), _numbered('"urn:b:#"', 300)
    rules = _many('{"action":"use"}', 9)
    yield (
        "products",
        Form.JSONLD,
        f'{HEAD}"target":[{few}],"assignee":[{others}],"permission":[{rules}]}}',
        "rules.many",
    )
    yield "statements", Form.TURTLE, f"<urn:x:y> <urn:p:q> {_many('1', 50_100)} .", "turtle.large"
    prefixes = _numbered('"p#":"urn:x:"', 40_000)
    yield "prefixes", Form.JSONLD, f'{{"@context":{{{prefixes}}},"@id":"p0:y"}}', "policy.missing"
    yield "one long word", Form.TOML, "a" * 1_000_000, "form.toml"
    yield "a megabyte and more", Form.TOML, "#" * (1 << 20) + "\n", "form.large"
    yield "tables", Form.TOML, "policy = 'urn:x:y'\n" + "\n".join(f"[a.b{n}.c.d]" for n in range(4_000)), "term"


def _deep() -> Iterator[tuple[str, Form, str, str]]:
    """One thing within another, and so on."""
    yield "arrays", Form.JSONLD, "[" * 500_000, "form.deep"
    yield "arrays that end", Form.DSP, "[" * 4_000 + "]" * 4_000, "form.deep"
    yield "duties", Form.JSONLD, HEAD + '"permission":{' + '"duty":{' * 3_000 + "}" * 3_002, "form.deep"
    yield "sets", Form.JSONLD, HEAD + '"permission":' + '{"@set":' * 100 + "1" + "}" * 101, "form.deep"
    yield "keys with many parts", Form.TOML, TOML + ".".join(["any"] * 20_000) + " = 1\n", "form.deep"
    yield "quoted keys with many parts", Form.TOML, TOML + ".".join(["'a'"] * 90) + " = 1\n", "form.deep"
    yield "tables in tables", Form.TOML, TOML + "any = " + "{ any = " * 90 + "1" + " }" * 90, "form.deep"
    yield "lists in lists", Form.TOML, TOML + "any = " + "[" * 5_000 + "]" * 5_000, "form.toml"
    yield "nodes of Turtle", Form.TURTLE, TURTLE + "o:permission " + "[ o:duty " * 5_000, "turtle.unreadable"
    yield "lists of Turtle", Form.TURTLE, TURTLE + "o:permission " + "(" * 5_000, "turtle.unreadable"


def _heavy() -> Iterator[tuple[str, Form, str, str]]:
    """Little text that stands for a lot."""
    yield "an exponent", Form.JSONLD, _counted("1e999999999"), "value"
    yield "an exponent beyond exponents", Form.JSONLD, _counted("1e99999999999999999999"), "form.json"
    yield "an exponent downwards", Form.JSONLD, _counted("1e-999999999"), "value"
    yield "an exponent in TOML", Form.TOML, TOML + "count.lteq = 1e999999999\n", "value.unreadable"
    constraint = "[ o:leftOperand o:count ; o:operator o:lteq ; o:rightOperand 1e999999999 ]"
    turtle = f"{TURTLE}o:permission [ o:action o:use ; o:constraint {constraint} ] ."
    yield "an exponent in Turtle", Form.TURTLE, turtle, "value"
    yield "digits", Form.JSONLD, _counted("9" * 900_000), "form.json"
    yield "digits in TOML", Form.TOML, f"{TOML}count.lteq = {'9' * 900_000}\n", "form.toml"
    yield "digits in base sixteen", Form.TOML, f"{TOML}count.lteq = 0x{'f' * 900_000}\n", "value.form"
    yield "digits in a text", Form.JSONLD, _counted(f'"{"9" * 900_000}"'), "value.unreadable"
    yield "a period", Form.TOML, f'{TOML}elapsedTime.lteq = "P{"9" * 900_000}Y"\n', "value.unreadable"
    yield "a period of reason", Form.TOML, f'{TOML}elapsedTime.lteq = "P999999Y"\n', "value.unreadable"
    yield "a period of notice", Form.TOML, f'notice = "P{"9" * 9_000}D"\n{TOML}', "value.unreadable"
    lead = "urn:" + "y" * 100_000 + ":"
    terms = _numbered('"t#":"p:x"', 1_000)
    yield "terms of a long prefix", Form.JSONLD, f'{{"@context":{{"p":"{lead}",{terms}}}}}', "iri.unfit"
    yield "words of a long vocabulary", Form.JSONLD, f'{{"@context":{{"@vocab":"{lead}"}},"a":1}}', "iri.unfit"
    names = "p:a p:b p:c .\n" * 300
    yield "names of a long prefix", Form.TURTLE, f"@prefix p: <{lead}> .\n{names}no Turtle", "iri.unfit"
    yield "a name", Form.TOML, f'{TOML}target = "urn:x:{"y" * 900_000}"\n', "iri.unfit"


def _short(cases: Iterator[tuple[str, Form, str, str]]) -> list[object]:
    return [pytest.param(form, text, code, id=name) for name, form, text, code in cases]


@pytest.mark.parametrize(("form", "text", "code"), [*_short(_wide()), *_short(_deep()), *_short(_heavy())])
def test_what_would_never_end_is_refused(form: Form, text: str, code: str) -> None:
    assert refused(text, form)[0].startswith(code)


# --- going in circles -------------------------------------------------------------------------------------------------


def _heirs(parents: dict[str, list[str]]) -> str:
    """Policies by name, with what they inherit from."""
    whole = [
        f'{{"@id":"urn:x:{name}","@type":"Set","profile":"{MUNICIPAL}","permission":{{"action":"use","target":"urn:t:{name}"}},'
        f'"inheritFrom":[{",".join(chr(34) + "urn:x:" + one + chr(34) for one in above)}]}}'
        for name, above in parents.items()
    ]
    return f'{{"@graph":[{",".join(whole)}]}}'


def test_two_parents_on_each_level_do_not_double_the_rules() -> None:
    levels = 20
    parents = {f"{side}{n}": [f"a{n + 1}", f"b{n + 1}"] for n in range(levels) for side in "ab"}
    found = forms.read(_heirs({**parents, f"a{levels}": [], f"b{levels}": []}).encode(), Form.JSONLD)
    assert max(len(policy.rules) for policy in found) == 2 * levels + 1


def test_a_line_of_ancestors_ends_somewhere() -> None:
    parents = {str(n): [str(n + 1)] for n in range(3_000)}
    assert refused(_heirs({**parents, "3000": []}), Form.JSONLD)[0] == "inherit.many"


@pytest.mark.parametrize("parents", [{"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"a": ["b"], "b": ["c"], "c": ["b"]}])
def test_inheriting_in_a_circle_is_refused(parents: dict[str, list[str]]) -> None:
    assert refused(_heirs(parents), Form.JSONLD)[0] == "inherit.circular"


@pytest.mark.parametrize(
    "circle",
    [
        "o:permission _:p . _:p o:action o:use ; o:constraint _:c . _:c o:or ( _:c _:c _:c )",
        "o:permission _:p . _:p o:action o:use ; o:constraint _:c . _:c o:and ( _:d _:d ) . _:d o:or ( _:c _:c )",
        "o:permission _:p . _:p o:action o:use ; o:duty _:d . _:d o:action o:inform ; o:consequence _:d",
        "o:permission _:p . _:p o:action o:use ; o:duty _:p",
        "o:permission _:p . _:p o:action [ o:refinement _:c ] . _:c o:xone ( _:c )",
    ],
)
def test_nodes_that_name_themselves_are_refused(circle: str) -> None:
    assert refused(f"{TURTLE}{circle} .", Form.TURTLE)[0] in (
        *("constraint.depth", "constraint.many", "consequence.nested", "term.unknown"),
        "action.unknown",
    )


# --- read something else than is seen ---------------------------------------------------------------------------------


UNSEEN = ("\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\x00", "\x1b", "\x85", " ", "\U000e0041")


@pytest.mark.parametrize("mark", UNSEEN, ids=ascii)
def test_a_name_with_a_character_that_nobody_sees_is_refused(mark: str) -> None:
    name = f"urn:x:a{mark}b"
    for form, text in (
        (Form.JSONLD, f'{HEAD}"permission":{{"action":"use","target":"{_escaped(name)}"}}}}'),
        (
            Form.DSP,
            f'{{"@id":"urn:x:y","@type":"Offer","target":"{_escaped(name)}","permission":[{{"action":"use"}}]}}',
        ),
        (Form.TOML, f'{TOML}target = "{_escaped(name)}"\n'),
        (Form.TURTLE, f"{TURTLE}o:permission [ o:action o:use ; o:target <{_escaped(name)}> ] ."),
    ):
        assert refused(text, form)[0] in ("iri.unfit", "form.identifier", "turtle.unreadable")


def _escaped(text: str) -> str:
    return "".join(one if " " < one < "\x7f" else _escape(one) for one in text)


def _escape(one: str) -> str:
    return f"\\u{ord(one):04x}" if ord(one) < 1 << 16 else one


@pytest.mark.parametrize(
    ("text", "form", "code"),
    [
        (f'{HEAD}"permission":{{"action":"us\u0435"}}}}', Form.JSONLD, "action.unknown"),
        (f'{HEAD}"permission":{{"action":"use"}},"pr\u043ehibition":{{"action":"use"}}}}', Form.JSONLD, "term.unknown"),
        (f'{HEAD}"permission":{{"action":"use"}},"conflict":"p\u0435rm"}}', Form.JSONLD, "conflict.unknown"),
        (
            HEAD.replace("municipal", "mun\u0456cipal") + '"permission":{}}',
            Form.JSONLD,
            "profile.unknown",
        ),
        (TOML + 'purp\u043ese = "x"\n', Form.TOML, "form.toml"),
        (TOML + '"purp\u043ese" = "x"\n', Form.TOML, "term.unknown"),
        (TOML + 'purpose.isA = "PublicB\u0435nefit"\n', Form.TOML, "value.unreadable"),
    ],
)
def test_a_letter_that_looks_like_another_is_another(text: str, form: Form, code: str) -> None:
    assert refused(text, form)[0] == code


def test_names_that_look_alike_stay_two_names() -> None:
    pair = ("https://stadt.example/\u0430", "https://stadt.example/a")
    targets = ",".join(f'"{name}"' for name in pair)
    (found,) = forms.read(f'{HEAD}"permission":{{"action":"use","target":[{targets}]}}}}'.encode(), Form.JSONLD)
    assert [rule.target.iri for rule in found.rules if rule.target] == list(pair)


@pytest.mark.parametrize(
    "text",
    [
        "policy = 'urn:x:y'\npolicy = 'urn:x:z'\n",
        "[[permission]]\naction = 'use'\naction = 'read'\n",
        "[[permission]]\ncount.lteq = 1\ncount.lteq = 9\n",
        "[[permission]]\ncount = { lteq = 1, lteq = 9 }\n",
        "[permission]\n[[permission]]\n",
    ],
)
def test_a_key_that_stands_twice_in_toml_is_refused(text: str) -> None:
    code, place = refused(text, Form.TOML)
    assert (code, place.startswith("line ")) == ("form.toml", True)


@pytest.mark.parametrize(
    "context",
    [
        '"https://evil.example/context.jsonld"',
        '["http://www.w3.org/ns/odrl.jsonld", "file:///etc/passwd"]',
        '{"@import": "https://evil.example/context.jsonld"}',
        '{"@base": "https://evil.example/"}',
        '{"x": {"@id": "urn:x:y", "@context": "https://evil.example/"}}',
        '{"x": {"@reverse": "odrl:permission"}}',
        '{"x": "@nest"}',
        '{"x": {"@id": "@type"}}',
        "7",
    ],
)
def test_a_context_that_is_not_known_is_refused_and_never_fetched(context: str) -> None:
    code, place = refused(f'{{"@context":{context},"@id":"urn:x:y","permission":{{"action":"use"}}}}', Form.JSONLD)
    assert (code, place.startswith("/@context")) == ("context.unknown", True)


@pytest.mark.parametrize("word", ["use", "prohibition", "permission", "odrl"])
def test_a_document_does_not_bend_the_words_of_odrl(word: str) -> None:
    bent = f'["http://www.w3.org/ns/odrl.jsonld",{{"{word}":"http://www.w3.org/ns/odrl/2/transfer#"}}]'
    document = f'{{"@context":{bent},"@id":"urn:x:y","profile":"{MUNICIPAL}","permission":{{"action":"use"}}}}'
    # A word that is no key of ODRL's context may be given a meaning, and then has it.
    assert refused(document, Form.JSONLD)[0] == ("action.unknown" if word == "use" else "context.redefined")
