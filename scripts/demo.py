"""The demo: a city, its utility and a neighbouring town share data under contracts, told step by step.

They belong to two regions with a border between them. What lives here: the story and what it proves. What does not:
nodes and commands (`lib.stage`), made-up data (`lib.figures`). Three nodes run as processes on loopback; everything is
done by the public command line. The last line of `--json` is one object with figures; the exit status is 0 only where
everything came out as told.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lib import figures
from lib.cabinet import Cabinet
from lib.stage import Actor, Refused, Screen, StageError

PATIENCE = 20.0
AT_ONCE = ("--at-once", "open-data")
REGIONS = {"city": "Region Elbland", "town": "Region Grenzland"}
"""Who keeps a region, and what it is called."""


class Story:
    """The three parties, and what has been shown so far."""

    def __init__(self, home: Path, data: Path | None, lang: str) -> None:
        self.screen = Screen(lang)
        self.home, self.data = home, data or Path("data")
        self.made_up = data is None
        self.city, self.utility, self.town = (
            Actor(name, home / name, self.screen) for name in ("city", "utility", "town")
        )
        self.actors = (self.city, self.utility, self.town)
        self.cabinet = Cabinet(home / "cabinet", self.screen)
        self.readings: dict[str, Any] = {}
        self.catalog: dict[str, Any] = {}
        self.negotiations: list[dict[str, Any]] = []
        self.transfers: list[dict[str, Any]] = []
        self.refusals: list[dict[str, str]] = []
        self.audit: dict[str, Any] = {"entries": 0, "ok": False}
        self.year = datetime.now(UTC).year + 1

    def tell(self) -> None:
        """All of it, in order."""
        self.begin()
        self.meet()
        self.publish()
        self.utility_asks()
        self.town_asks_for_more()
        self.town_counts()
        self.city_is_killed()
        self.cabinet_by_the_road()
        self.a_clerk_searches()
        self.everybody_checks()

    # --- chapters -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Data, three directories, three processes."""
        screen = self.screen
        screen.chapter("1. Three nodes", "1. Drei Knoten")
        if self.made_up:
            self.data.mkdir()
            figures.write_all(self.data)
            screen.tell(
                f"The city's data is made up, from the fixed seed {figures.SEED}; nothing in it was measured.",
                f"Die Daten der Stadt sind erfunden, aus dem festen Startwert {figures.SEED}; nichts ist gemessen.",
            )
        else:
            screen.tell(f"The city shares what lies in {self.data}.", f"Die Stadt teilt, was in {self.data} liegt.")
        for actor in self.actors:
            actor.make(region=REGIONS.get(actor.name, ""))
            actor.start()
        for actor in self.actors:
            actor.ready()
        screen.tell(
            "City, utility and town each run a node of their own, a process with its own keys and its own database.",
            "Stadt, Stadtwerke und Gemeinde haben je einen Knoten: eigener Prozess, eigene Schlüssel und Datenbank.",
        )

    def meet(self) -> None:
        """All three join regions; whoever believes the other's region needs no words, whoever does not refuses."""
        screen, city, utility, town = self.screen, self.city, self.utility, self.town
        screen.chapter("2. Two regions, and a border", "2. Zwei Regionen und eine Grenze")
        screen.tell(
            "The city keeps a region, the town across the border another one. Each invites by one-time codes.",
            "Die Stadt führt eine Region, die Gemeinde jenseits der Grenze eine andere. Es laden Einmalcodes ein.",
        )
        self._join(utility, city, "Stadtwerke Elbstadt", show=True)
        self._join(city, city, "Stadt Elbstadt", show=False)
        self._join(town, town, "Gemeinde Grenzdorf", show=False)
        screen.tell(
            "City and utility are in one region now: neither compares any words.",
            "Stadt und Stadtwerke sind nun in einer Region: Wörter vergleicht niemand.",
        )
        self._add(utility, city, show=True)
        self._add(city, utility, show=False)
        screen.tell(
            "The city and the town believe each other's region: two calls by telephone, once for all members.",
            "Stadt und Gemeinde glauben der Region der anderen: zwei Anrufe, einmal für alle Mitglieder.",
        )
        self._believe(city, town, show=True)
        self._believe(town, city, show=False)
        self._add(town, city, show=False)
        self._add(city, town, show=False)
        links = city.types("trust", "explain", "town")["links"]
        for link in links[-3:]:
            screen.quote(link["sentence"])
        screen.tell(
            "The utility has not decided that, so the town gets nothing there:",
            "Die Stadtwerke haben das nicht entschieden, also bekommt die Gemeinde dort nichts:",
        )
        self._refused(
            "a member of a region that is not believed",
            lambda: town.types("peer", "add", utility.url, "--name", "utility", "--private"),
        )

    def publish(self) -> None:
        """What the city shares, and on which terms."""
        city, (smallest, largest) = self.city, self._ends()
        self.screen.chapter("3. The city publishes, on terms", "3. Die Stadt veröffentlicht, zu Bedingungen")
        self._council_decides()
        city.types("asset", "add", "everything", str(self.data), "--title", "everything of the city")
        city.types("policy", "add", "public", "--purpose", "PublicBenefit", "--until", f"{self.year}-12-31")
        city.types("offer", "publish", "everything", "public", *AT_ONCE)
        city.types("asset", "add", "largest", str(largest), "--title", largest.name, show=False)
        city.types("offer", "publish", "largest", "public", *AT_ONCE, show=False)
        city.types("asset", "add", "trial", str(smallest), "--title", f"trial of {smallest.name}", show=False)
        city.types("policy", "add", "three-times", "--count", "3")
        city.types("offer", "publish", "trial", "three-times", *AT_ONCE)
        city.types("asset", "add", "machine", "--kind", "live", "--title", "machine")
        city.types("policy", "add", "utility-only", "--assignee", "utility", "--until", f"{self.year}-06-30")
        city.types("offer", "publish", "machine", "utility-only", "--outside", "ask", "--persons", "2")
        self.screen.tell(
            "The last one is live: load, memory and temperature of this machine. Two people decide there.",
            "Das letzte ist lebendig: Last, Speicher, Temperatur dieser Maschine. Dort entscheiden zwei Menschen.",
        )

    def _council_decides(self) -> None:
        """What lets the city's node answer at once: a decision on paper."""
        self.screen.tell(
            "A node binds itself at once only under a contract on paper; here it is the council's, for open data.",
            "Sofort bindet sich ein Knoten nur unter einem Papier; hier ist es der Ratsbeschluss über offene Daten.",
        )
        paper = self.home / "council-decision.txt"
        paper.write_text("The council has decided to share its open data with every neighbour. Signed: The council.\n")
        decision = ("--title", "Council decision on open data", "--file-number", "2026/117")
        self.city.types(
            *("frame", "add", "open-data", *decision, "--document", paper.name, "--signatory", "The council"),
            "--anybody",
        )

    def utility_asks(self) -> None:
        """Within the terms: agreed at once; the hash is the same at both ends."""
        screen, utility = self.screen, self.utility
        screen.chapter("4. The utility asks within the terms", "4. Die Stadtwerke fragen innerhalb der Bedingungen")
        for dataset in utility.types("catalog", "list", "city"):
            screen.quote(f"{dataset['title']}:")
            for sentence in dataset["offers"][0]["sentences"]:
                screen.quote(f"  {sentence}")
        contract = self._negotiate(utility, "city", "everything", "--purpose", "ImprovePublicServices")
        screen.tell(
            "The purpose lies below the published one: agreed without anybody's help, FINALIZED.",
            "Der Zweck liegt unter dem veröffentlichten: ohne fremde Hilfe geschlossen, FINALIZED.",
        )
        got = self._get(utility, contract, "everything.tar")
        self._complete(utility, got, self._same_files(self.home / "utility-everything.tar"))
        if self.transfers[-1]["matches"]:
            screen.tell(
                "City and utility both logged the hash of what went over the line, and it is the same.",
                "Stadt und Stadtwerke haben beide den Hash dessen protokolliert, was floss, und er ist derselbe.",
            )
        self._refused(
            "use for another purpose",
            lambda: utility.types("get", contract[-8:], "-o", "ads.tar", "--purpose", "CommercialPurpose"),
        )

    def town_asks_for_more(self) -> None:
        """Outside the terms: a counter-offer, the difference, acceptance."""
        screen, town, begun = self.screen, self.town, time.monotonic()
        screen.chapter("5. The town asks for more than is offered", "5. Die Gemeinde will mehr als angeboten")
        asked = ("--purpose", "PublicPolicyMaking", "--until", f"{self.year + 4}-12-31")
        _, largest = self._ends()
        try:
            town.types("negotiate", "city", "largest", *asked, "--wait")
        except Refused as counter:
            screen.quote(counter.sentence)
        (one,) = town.types("negotiation", "list", "--state", "OFFERED", show=False)
        shown = town.types("negotiation", "show", one["id"][-8:])
        for difference in shown["differences"]:
            screen.quote(difference["reason"]["sentence"])
        if not shown["differences"]:
            raise StageError("The counter-offer shows no difference.")
        done = town.types("negotiation", "approve", one["id"][-8:], "--wait")
        self._finished(done, begun)
        got = self._get(town, done["contract"], largest.name, "--purpose", "PublicPolicyMaking")
        self._complete(town, got, _sha256(largest) == got["sha256"])

    def town_counts(self) -> None:
        """Three uses, and not a fourth; and what is not for the town it cannot even see."""
        self.screen.chapter("6. Three times, and no fourth", "6. Dreimal, und kein viertes Mal")
        contract = self._negotiate(self.town, "city", "trial")
        for _ in range(3):
            got = self._get(self.town, contract, "trial")
        self._refused("fourth access of three", lambda: self.town.types("get", contract[-8:], "-o", "town-trial"))
        self._complete(self.town, got, _sha256(self._ends()[0]) == got["sha256"])
        self.screen.tell(
            "What is meant for the utility alone does not exist for the town:",
            "Was nur für die Stadtwerke bestimmt ist, gibt es für die Gemeinde nicht:",
        )
        self._refused(
            "a dataset for somebody else",
            lambda: self.town.types("negotiate", "city", f"{self.city.url}/datasets/machine"),
        )

    def city_is_killed(self) -> None:
        """kill -9 between decision and delivery; what was decided is delivered after the restart."""
        screen, city, utility, begun = self.screen, self.city, self.utility, time.monotonic()
        screen.chapter("7. kill -9 in the middle", "7. kill -9 mittendrin")
        asked = utility.types("negotiate", "city", "machine", "--until", f"{self.year}-12-31")
        screen.tell(
            "Longer than published: here the city wants two people to decide. The mayor has a credential of her own.",
            "Länger als angeboten: da entscheiden bei der Stadt zwei. Die Bürgermeisterin hat einen eigenen Zugang.",
        )
        token = self.home / "mayor.token"
        city.types("operator", "add", "mayor", "--role", "approver", "--token-file", str(token), show=False)
        waiting = self._until(lambda: self._of(city, asked, "REQUESTED"))
        city.types("negotiation", "approve", waiting["id"][-8:])
        screen.quote(self._until(lambda: self._told(asked, given=1)))
        with utility.frozen():
            city.types("negotiation", "approve", waiting["id"][-8:], token=token)
            city.kill()
        screen.tell(
            "Just then the utility does not answer (its process is halted), and the city's node is killed with -9.",
            "Da schweigen die Stadtwerke (ihr Prozess ist angehalten), und der Knoten der Stadt wird mit -9 getötet.",
        )
        before = utility.types("negotiation", "show", asked["id"][-8:], show=False)["state"]
        screen.tell(
            f"At the utility it stands at {before}. The city starts again.",
            f"Bei den Stadtwerken steht sie bei {before}. Die Stadt startet neu.",
        )
        if before == "FINALIZED":
            raise StageError("The negotiation was not in the middle.")
        city.start()
        city.ready()
        done = utility.types("negotiation", "show", asked["id"][-8:], "--wait")
        self._finished(done, begun)
        got = self._get(utility, done["contract"], "machine.json")
        screen.quote((self.home / "utility-machine.json").read_text())
        self._complete(utility, got, True)

    def cabinet_by_the_road(self) -> None:
        """A device delivers to the utility under a contract; no line and no power lose a reading."""
        screen, city, utility, cabinet = self.screen, self.city, self.utility, self.cabinet
        screen.chapter("8. The cabinet by the road", "8. Der Kasten an der Straße")
        made = city.types("edge", "invite", "Cabinet at the bridge")
        place = ("edge", "enrol", f"{made['code']}@{city.url}", cabinet.directory.name)
        screen.command("cabinet", " ".join(("allmende", *place)))
        city.types(*place, show=False)
        cabinet.settle()
        cabinet.start()
        cabinet.report(2)
        if cabinet.broker:
            screen.tell(
                "Five sensors report over LoRaWAN to a broker; the cabinet acknowledges what is on disk.",
                "Fünf Sensoren melden über LoRaWAN an einen Broker; der Kasten bestätigt, was auf der Platte ist.",
            )
        else:
            screen.tell(
                "Five sensors report over HTTP (mosquitto is not installed); the cabinet answers when it is on disk.",
                "Fünf Sensoren melden über HTTP (mosquitto fehlt); der Kasten antwortet, wenn es auf der Platte ist.",
            )
        city.types("asset", "add", "air", "--from", f"edge:{made['place']['name']}", "--select", "air")
        city.types("offer", "publish", "air", "public", *AT_ONCE)
        contract = self._negotiate(utility, "city", "air", "--purpose", "ImprovePublicServices")
        utility.types("subscribe", contract[-8:], "--push", "inbox")
        self._until(lambda: True if self._has(contract, len(cabinet.reported)) else None)
        screen.tell(
            "The cabinet has the contract from its city, decides by it itself, and delivers straight to the utility.",
            "Der Kasten kennt den Vertrag, entscheidet selbst danach und liefert direkt an die Stadtwerke.",
        )
        with utility.frozen(), city.frozen():
            cabinet.report(20)
            cabinet.kill()
            cabinet.start()
            cabinet.report(4)
        screen.tell(
            "The line is dead, readings pile up, the power fails (kill -9); then all is back: "
            f"{len(cabinet.reported)} readings.",
            "Die Leitung ist tot, es staut sich, der Strom fällt aus (kill -9); dann ist alles zurück: "
            f"{len(cabinet.reported)} Messungen.",
        )
        self._until(lambda: True if self._has(contract, len(cabinet.reported)) else None)
        source, there = _hash_of(cabinet.reported), _hash_of(self._received(contract))
        screen.quote(f"SHA-256 {source}")
        self.readings = {"count": len(cabinet.reported), "sha256": there, "matches": source == there}
        if self.readings["matches"]:
            screen.tell(
                "What the sensors said and what the utility holds has the same hash: each reading once.",
                "Was die Sensoren sagten und was die Stadtwerke haben, hat denselben Hash: jede Messung einmal.",
            )
        else:
            screen.tell(
                "FAILED: the utility does not hold what the sensors said.",
                "FEHLGESCHLAGEN: Die Stadtwerke haben nicht, was die Sensoren sagten.",
            )

    def _has(self, contract: str, count: int) -> bool:
        """Does the utility hold so many readings?"""
        try:
            return len(self._received(contract)) >= count
        except Refused:
            return False

    def _received(self, contract: str) -> list[dict[str, Any]]:
        file = self.home / "utility-air.ndjson"
        self.utility.types("get", contract[-8:], "--received", "-o", file.name, show=False)
        return [json.loads(line) for line in file.read_text().splitlines()]

    def a_clerk_searches(self) -> None:
        """What the city publishes is found at the utility by another word for it, and harvested by a portal."""
        screen, city, utility = self.screen, self.city, self.utility
        screen.chapter("9. Finding each other's data", "9. Die Daten der anderen finden")
        path = self.data / "charging_stations.csv" if self.made_up else self._ends()[0]
        city.types("asset", "add", "charging", str(path), "--title", "Nutzung der Ladepunkte")
        city.types(
            *("asset", "portray", "charging", "--in", "de", "--theme", "ENER", "--keyword", "Elektromobilität"),
            *("--description", "Geladene Kilowattstunden je Ladepunkt", "--frequency", "DAILY"),
        )
        city.types("offer", "publish", "charging", "public", *AT_ONCE)
        begun = time.monotonic()
        wanted = ("search", "ladesäulen", "--theme", "ENER", "--mine-to-use")
        self._until(lambda: utility.types(*wanted, show=False)["items"] or None)
        visible = _since(begun)
        found = utility.types(*wanted, "--purpose", "ImprovePublicServices")
        for hit in found["items"]:
            screen.quote(f"{hit['title']} ({hit['peer_name']})")
            screen.quote(f"  {hit['terms']}")
        screen.tell(
            "The city has told that something is new; the utility has read one entry, signed.",
            "Die Stadt hat gesagt, dass es Neues gibt; die Stadtwerke haben einen signierten Eintrag gelesen.",
        )
        other = utility.types(*wanted, "--purpose", "CommercialPurpose", "--why")
        for hit in (other["others"] or {}).get("items", []):
            screen.quote(hit["use"]["reasons"][0]["sentence"])
        self._harvested(visible, len(found["items"]))

    def _harvested(self, visible: int, found: int) -> None:
        """What a portal gets that knows nothing of data spaces."""
        screen, city = self.screen, self.city
        address, file = f"{city.url}/dcat/catalog.ttl", self.home / "harvest.ttl"
        screen.command("portal", f"curl {address}")
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            file.write_bytes(answer.read())
        checked = city.types("catalog", "check", file.name)
        count = len(checked["records"])
        self.catalog = {"visible_ms": visible, "found": found, "harvested": count, "clean": checked["clean"]}
        screen.tell(
            f"A portal without a line of code for it harvests {count} datasets; it would refuse none.",
            f"Ein Portal ohne eine Zeile Code dafür erntet {count} Datensätze; ablehnen würde es keinen.",
        )

    def went_well(self) -> bool:
        """Did everything that was meant to finish do so, with the right bytes and whole logs?"""
        concluded = all(one["state"] == "FINALIZED" for one in self.negotiations)
        delivered = all(one["matches"] and one["state"] == "COMPLETED" for one in self.transfers)
        harvested = self.catalog.get("found") and self.catalog["clean"] == self.catalog["harvested"] > 0
        return bool(self.audit["ok"] and concluded and delivered and self.readings.get("matches") and harvested)

    def everybody_checks(self) -> None:
        """All logs are whole, also by what the neighbours remember of them."""
        self.screen.chapter("10. Everybody checks the logs", "10. Alle prüfen die Protokolle")
        self._until(lambda: True if all(map(self._remembered, self.actors)) else None)
        verdicts = [actor.types("audit", "verify") for actor in self.actors]
        self.audit = {
            "entries": sum(verdict["entries"] for verdict in verdicts),
            "ok": all(verdict["ok"] for verdict in verdicts),
        }
        count = self.audit["entries"]
        if self.audit["ok"]:
            self.screen.tell(
                f"{count} entries; every log is whole, also by the signed heads that the neighbours keep.",
                f"{count} Einträge; jedes Protokoll ist vollständig, auch nach den Ständen, die die Nachbarn aufheben.",
            )
        else:
            self.screen.tell("FAILED: a log is not whole.", "FEHLGESCHLAGEN: Ein Protokoll ist nicht vollständig.")

    # --- acts that come again -----------------------------------------------------------------------------------------

    def _join(self, actor: Actor, keeper: Actor, title: str, *, show: bool) -> None:
        """Take a place in the region that `keeper` keeps."""
        made = keeper.types("region", "invite", title, "--private", show=show)
        joined = actor.types("join", keeper.url, made["code"], "--private", show=show)
        if show:
            for step in joined["steps"]:
                self.screen.quote(step["sentence"])

    def _believe(self, actor: Actor, keeper: Actor, *, show: bool) -> None:
        """Believe the region that `keeper` keeps, once its words are compared."""
        actor.types("trust", "add", keeper.url, "--fingerprint", keeper.words, "--private", show=show)

    def _add(self, actor: Actor, other: Actor, *, show: bool) -> None:
        actor.types("peer", "add", other.url, "--name", other.name, "--private", show=show)

    def _negotiate(self, actor: Actor, *args: str) -> str:
        begun = time.monotonic()
        done = actor.types("negotiate", *args, "--wait")
        self._finished(done, begun)
        return str(done["contract"])

    def _finished(self, done: Any, begun: float) -> None:
        self.negotiations.append({"id": done["id"], "state": done["state"], "ms": _since(begun)})

    def _get(self, actor: Actor, contract: str, name: str, *args: str) -> dict[str, Any]:
        """Fetch a contract's data into a file of the actor's."""
        begun = time.monotonic()
        got: dict[str, Any] = actor.types("get", contract[-8:], "-o", f"{actor.name}-{name}", *args)
        self.screen.quote(f"{got['bytes']} bytes, SHA-256 {got['sha256']}")
        return {**got, "ms": _since(begun)}

    def _complete(self, actor: Actor, got: dict[str, Any], same: bool) -> None:
        """End the transfer, and note whether what came is what the city has and what both logs say."""
        transfer = got["transfer"]
        actor.types("transfer", "complete", transfer[-8:])
        done = self._until(lambda: self._ended(actor, transfer))
        matches = bool(same and got["matches"] and all(self._logged(one, got["sha256"]) for one in (self.city, actor)))
        if not matches:
            self.screen.tell(
                f"FAILED: what came by transfer {transfer} is not what both logs say.",
                f"FEHLGESCHLAGEN: Was mit Übertragung {transfer} kam, ist nicht das, was beide Protokolle sagen.",
            )
        self.transfers.append(
            {
                "id": transfer,
                "state": done["state"],
                "ms": got["ms"],
                "bytes": got["bytes"],
                "sha256": got["sha256"],
                "matches": matches,
            }
        )

    def _refused(self, what: str, act: Callable[[], Any]) -> None:
        try:
            act()
        except Refused as refusal:
            self.screen.quote(refusal.sentence)
            self.refusals.append({"what": what, "reason": refusal.code})
        else:
            raise StageError(f"This should have been refused: {what}.")

    def _until(self, look: Callable[[], Any]) -> Any:
        """What `look` finds, as soon as it finds something."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(0.05)
        raise StageError("Something that was expected did not happen.")

    def _of(self, actor: Actor, other: Any, state: str) -> Any:
        """The actor's side of a negotiation that the other side calls `other`, once it is in a state."""
        every = actor.types("negotiation", "list", "--state", state, show=False)
        return next((one for one in every if one["peer_pid"] == other["id"]), None)

    def _told(self, asked: Any, given: int) -> str | None:
        """What the utility knows of the people at the city, once so many of them have agreed."""
        waiting = self.utility.types("negotiation", "show", asked["id"], show=False)["waiting"]
        return str(waiting["sentence"]) if waiting and waiting["given"] == given else None

    def _ended(self, actor: Actor, transfer: str) -> Any:
        one = actor.types("transfer", "show", transfer, show=False)
        return one if one["state"] in ("COMPLETED", "TERMINATED") else None

    def _remembered(self, actor: Actor) -> bool:
        """Do all neighbours keep a head of this actor's log that bears it out?"""
        neighbours = 2 if actor is self.city else 1
        return len(actor.types("audit", "verify", show=False)["agreeing"]) == neighbours

    def _logged(self, actor: Actor, sha256: str) -> bool:
        entries = actor.types("audit", "log", "--limit", "1000", show=False)
        return any(entry["params"].get("sha256") == sha256 for entry in entries)

    def _ends(self) -> tuple[Path, Path]:
        """The smallest and the largest file that the city shares."""
        files = sorted((path for path in self.data.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
        if not files:
            raise StageError(f"There are no files in {self.data}.")
        return files[0], files[-1]

    def _same_files(self, archive: Path) -> bool:
        """Does the archive hold files of the folder, each byte for byte?"""
        with tarfile.open(archive) as tar:
            held = {
                member.name: hashlib.sha256(opened.read()).hexdigest()
                for member in tar
                if member.isfile() and (opened := tar.extractfile(member))
            }
        return bool(held) and all(_sha256(self.data / name) == sha256 for name, sha256 in held.items())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of(readings: list[dict[str, Any]]) -> str:
    """SHA-256 of readings in the order of time and thing, whoever holds them."""
    lines = sorted(json.dumps([one[name] for name in ("at", "thing", "pm25", "temperature")]) for one in readings)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def arguments() -> argparse.Namespace:
    """The options of the demo."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Three neighbours share data under contracts.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="share this folder instead of made-up data")
    parser.add_argument("--keep", action="store_true", help="leave the nodes up and say how to reach them")
    parser.add_argument("--json", action="store_true", help="print one object with all figures as the last line")
    parser.add_argument("--lang", choices=("en", "de"), default="en", help="language of the story")
    parser.add_argument("--begun", type=float, default=time.time(), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.data is not None and not given.data.is_dir():
        parser.error(f"{given.data} is not a folder")
    return given


def main() -> int:
    """Tell the story, print its figures, clean up."""
    given = arguments()
    setup = max(0.0, time.time() - given.begun)
    begun = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="allmende-demo-"))
    data = given.data.resolve() if given.data else None
    os.chdir(home)
    signal.signal(signal.SIGTERM, _stopped)
    story = Story(home, data, given.lang)
    ok = False
    try:
        story.tell()
        ok = story.went_well()
    except (StageError, Refused) as failure:
        print(f"\nThe demo stopped: {failure}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
    finally:
        close(story, keep=given.keep)
    elapsed = time.monotonic() - begun + setup
    story.screen.tell(f"\n  {elapsed:.1f} s.", f"\n  {elapsed:.1f} s.")
    if given.json:
        told = {
            "ok": ok,
            "elapsed_s": round(elapsed, 2),
            "setup_s": round(setup, 2),
            "negotiations": story.negotiations,
            "transfers": story.transfers,
            "readings": story.readings,
            "catalog": story.catalog,
            "refusals": story.refusals,
            "audit": story.audit,
        }
        print(json.dumps(told), flush=True)
    return 0 if ok else 1


def _stopped(number: int, frame: object) -> None:
    """SIGTERM ends the demo as Ctrl-C does: nodes stopped, folder removed."""
    raise KeyboardInterrupt


def close(story: Story, *, keep: bool) -> None:
    """Stop the nodes and remove everything, or say how to go on with them."""
    story.cabinet.stop()
    if not keep:
        for actor in story.actors:
            actor.stop()
        shutil.rmtree(story.home)
        return
    story.screen.chapter("The nodes are still up", "Die Knoten laufen weiter")
    for actor in story.actors:
        story.screen.tell(f"allmende status --node {actor.directory}", f"allmende status --node {actor.directory}")
    pids = " ".join(str(actor.process.pid) for actor in story.actors if actor.process)
    stop = f"kill {pids}; rm -r {story.home}"
    story.screen.tell(f"To stop them: {stop}", f"Zum Beenden: {stop}")


if __name__ == "__main__":
    sys.exit(main())
