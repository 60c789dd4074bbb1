"""`allmende policy conflicts` and `diff`: what is not understood is unknown, and never compatible or equal."""

from __future__ import annotations

from pathlib import Path

from tests.connector.cli.conftest import Types


def test_of_a_file_that_is_not_understood_nothing_is_known(files: Path, types: Types) -> None:
    (files / "strange.toml").write_text('policy = "urn:example:x"\n[[permission]]\naction = "levitate"\n')
    said = types("policy", "conflicts", "traffic.toml", "strange.toml", "--json")
    assert (said.status, said.json["verdict"], said.json["pairs"]) == (1, "unknown", [])
    assert said.json["error"]["params"]["place"]
    said = types("policy", "diff", "traffic.toml", "strange.toml", "--json")
    assert (said.status, said.json["relation"], said.json["a_only"], said.json["b_only"]) == (1, "unknown", [], [])


def test_what_belongs_to_which_collection_counts_as_the_files_say_it(files: Path, types: Types) -> None:
    """The one permits the collection, the other a thing that it says is in it: no request that only the other permits
    can be shown, and none is made up."""
    permission = "odrl:permission [ odrl:action odrl:use ; odrl:target <urn:example:{}> ]"
    head = (
        "@prefix odrl: <http://www.w3.org/ns/odrl/2/> .\n<urn:example:{0}> a odrl:Set ; odrl:uid <urn:example:{0}> ; "
    )
    kind = " .\n<urn:example:sensors> a odrl:AssetCollection .\n"
    (files / "all.ttl").write_text(head.format("p") + permission.format("sensors") + kind)
    (files / "one.ttl").write_text(head.format("q") + permission.format("bridge") + " .\n")
    assert types("policy", "diff", "all.ttl", "one.ttl", "--json").json["relation"] == "overlap"
    with (files / "all.ttl").open("a") as text:
        text.write("<urn:example:bridge> odrl:partOf <urn:example:sensors> .\n")
    said = types("policy", "diff", "all.ttl", "one.ttl", "--json").json
    assert (said["relation"], said["a_only"], said["b_only"]) == ("unknown", [], [])


def test_a_request_is_shown_in_words(files: Path, types: Types) -> None:
    rule = 'policy = "urn:x:p"\n[[permission]]\naction = "read"\npurpose.isA = "PublicPolicyMaking"\n{}'
    (files / "a.toml").write_text(rule.format('retentionPeriod.lteq = "P90D"\ncount.lteq = 3\n'))
    (files / "b.toml").write_text(rule.format("dateTime.lteq = 2027-12-31\n"))
    said = types("policy", "diff", "a.toml", "b.toml", "--lang", "de").out
    only = [line for line in said.splitlines() if line.startswith("  - ")]
    assert len(only) == 2 and not any("{" in line or "odrl" in line for line in only)
    assert "Zweck: Politik und Planung (PublicPolicyMaking)" in only[0]
    assert "Aufbewahrung: etwas mehr als 90 Tage" in only[1]
    assert "Anzahl der Nutzungen: Nummer" in only[0]


def test_two_rules_that_forbid_each_other_stand_there_once(files: Path, types: Types) -> None:
    rules = '[[permission]]\naction = "use"\n[[prohibition]]\naction = "distribute"\n'
    for name in "ab":
        (files / f"{name}.toml").write_text(f'policy = "urn:x:{name}"\ntarget = "urn:x:t"\n{rules}')
    found = types("policy", "conflicts", "a.toml", "b.toml", "--json").json
    said = types("policy", "conflicts", "a.toml", "b.toml").out
    assert len(found["pairs"]) > said.count("urn:x:a") - said.count("urn:x:b") == 0


def test_a_question_that_is_not_understood_is_answered_without_a_place(files: Path, types: Types) -> None:
    said = types("policy", "prove", "alle Verträge verlangen Löschung", "traffic.toml", "--lang", "de")
    assert said.err.startswith("allmende: In der Frage wird nicht verstanden")
