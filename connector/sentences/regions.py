"""Regions: keeping one, joining one, believing some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # a region that this node keeps
    "region.not_kept": (
        "Dieser Knoten führt keine Region. Anlegen mit: allmende region init VERZEICHNIS --name NAME",
        "This node keeps no region. Make one with: allmende region init DIR --name NAME",
    ),
    "invite.title": (
        "Eine Einladung braucht einen Namen in einer Zeile, höchstens 200 Zeichen.",
        "An invitation needs a name in one line, of 200 characters at most.",
    ),
    "invite.name_taken": (
        "Den Platz „{name}“ gibt es schon. Wählen Sie mit --name einen anderen Kurznamen.",
        'There is a place "{name}" already. Choose another short name with --name.',
    ),
    "invite.role": (
        "„{role}“ gibt es nicht: ein Platz ist für node oder device.",
        '"{role}" will not do: a place is for a node or a device.',
    ),
    "invite.key": (
        "„{key}“ ist kein amtlicher Schlüssel: ein AGS hat 8 Ziffern, ein ARS 12.",
        '"{key}" is no official municipality key: an AGS has 8 digits, an ARS 12.',
    ),
    "invite.days": (
        "{days} Tage gehen nicht: mehr als 0 und höchstens {most}.",
        "{days} days will not do: more than 0 and {most} at most.",
    ),
    "invite.none": (
        "Eine Einladung „{name}“ gibt es nicht. Alle Plätze: allmende region members",
        'There is no invitation "{name}". All places: allmende region members',
    ),
    "invite.taken_up": (
        "Die Einladung „{name}“ ist schon eingelöst, von {did}. Beenden: allmende region remove {name}",
        'The invitation "{name}" has been taken up, by {did}. To end it: allmende region remove {name}',
    ),
    "invite.unknown": (
        "Diesen Code gibt es hier nicht; er ist vertippt, zurückgenommen oder von einer anderen Region.",
        "There is no such code here; it is mistyped, withdrawn, or another region's.",
    ),
    "invite.late": (
        "Dieser Code ist abgelaufen. Bitten Sie die Region um eine neue Einladung.",
        "This code is too late. Ask the region for another invitation.",
    ),
    "invite.used": (
        "Dieser Code ist schon verwendet. Bitten Sie die Region um eine neue Einladung.",
        "This code has been used. Ask the region for another invitation.",
    ),
    "invite.other_role": (
        "Dieser Code ist für einen anderen Platz bestimmt: {role}.",
        "This code is meant for another kind of place: {role}.",
    ),
    "member.unknown": (
        "Ein Mitglied „{name}“ gibt es nicht. Alle: allmende region members",
        'There is no member "{name}". All of them: allmende region members',
    ),
    "member.state": (
        "Das geht nicht: {name} ist zurzeit „{state}“.",
        'That will not do: {name} is "{state}" at the moment.',
    ),
    "member.suspended": (
        "Diese Mitgliedschaft ruht. Nur die Region kann sie wieder in Kraft setzen: allmende region restore",
        "This membership is suspended. Only the region can restore it: allmende region restore",
    ),
    "member.stolen": (
        "Die Schlüssel unter diesem Namen sind als gestohlen gemeldet; er bekommt hier nichts mehr.",
        "The keys under this name have been reported stolen; it gets nothing here any more.",
    ),
    "vouch.self": ("Für sich selbst bürgt keine Region.", "No region vouches for itself."),
    "vouch.many": ("Eine Region bürgt für höchstens {most} andere.", "A region vouches for {most} others at most."),
    "vouch.unknown": (
        "Für {region} bürgt diese Region nicht. Für wen sie bürgt: allmende region status",
        "This region does not vouch for {region}. For whom it does: allmende region status",
    ),
    # regions of others
    "region.place": (
        "„{place}“ ist weder die Adresse einer Region (https://…) noch ihre Kennung (did:web:…).",
        '"{place}" is neither the address of a region (https://…) nor its identifier (did:web:…).',
    ),
    "region.none": (
        "Unter {place} ist keine Region, die Nachweise ausstellt ({why}).",
        "There is no region at {place} that issues credentials ({why}).",
    ),
    "region.document": (
        "Was {region} über sich als Region mitteilt, ist nicht zu lesen.",
        "What {region} says of itself as a region cannot be read.",
    ),
    "region.no_root": (
        "{region} hat kein Stammzertifikat; ein Code lässt sich damit nicht vergleichen.",
        "{region} has no root certificate; there is nothing to compare a code with.",
    ),
    "region.unproved": (
        "Was unter {url} antwortet, kann nicht beweisen, dass es die Region ist, deren Stammzertifikat es zeigt. "
        "Es ist nichts geschehen, und kein Code wurde gesendet. Fragen Sie bei der Region nach der Adresse.",
        "What answers at {url} cannot prove that it is the region whose root certificate it shows. Nothing has been "
        "done, and no code was sent. Ask the region for its address.",
    ),
    "region.unknown": (
        "Einer Region „{region}“ glaubt dieser Knoten nicht. Welchen er glaubt: allmende trust list",
        'This node believes no region "{region}". Those that it does: allmende trust list',
    ),
    "region.name": (
        "„{name}“ geht nicht als Kurzname: Kleinbuchstaben, Ziffern, Bindestriche.",
        '"{name}" does not do as a short name: small letters, digits, hyphens.',
    ),
    "region.name_taken": (
        "Der Name „{name}“ ist für eine andere Region vergeben. Wählen Sie mit --name einen anderen.",
        'The name "{name}" belongs to another region. Choose another one with --name.',
    ),
    "region.types": (
        "„{type}“ ist keine Art von Nachweis; gemeint ist etwa MembershipCredential.",
        '"{type}" is no type of credential; say for example MembershipCredential.',
    ),
    "region.scopes": ("Erlauben lässt sich: {known}.", "What can be allowed: {known}."),
    "region.words": (
        "Die Wörter stimmen nicht überein: genannt wurde „{told}“, gefunden wurde „{found}“. Fragen Sie nach.",
        'The words do not match: told were "{told}", found were "{found}". Ask before you believe it.',
    ),
    "region.keys_changed": (
        "{region} hat andere Schlüssel als die, denen hier geglaubt wird: bekannt „{pinned}“, gefunden „{found}“. "
        "Fragen Sie dort nach; dann: allmende trust remove {region} und neu hinzufügen.",
        '{region} has other keys than those that are believed here: known "{pinned}", found "{found}". '
        "Ask there; then: allmende trust remove {region}, and add it again.",
    ),
    "region.many": ("Ein Knoten glaubt höchstens {most} Regionen.", "A node believes {most} regions at most."),
    "region.exists": (
        "In diesem Verzeichnis wird schon eine Region geführt: {name}.",
        "A region is kept in this directory already: {name}.",
    ),
    "region.title": (
        "Der Name einer Region steht in einer Zeile und hat höchstens 56 Zeichen.",
        "The name of a region stands in one line and has 56 characters at most.",
    ),
    # what has happened
    "event.credential_ending": (
        "Der Nachweis {kind} von {title} endet am {ends:time} und ist nicht erneuert. Warum: allmende doctor",
        "The {kind} from {title} ends on {ends:time} and has not been renewed. Why: allmende doctor",
    ),
    "event.peer_admitted": (
        "{peer} nimmt teil: eine Region, der dieser Knoten glaubt, bürgt dafür.",
        "{peer} takes part: a region that this node believes vouches for it.",
    ),
    "event.peer_refused": (
        "{peer} wird nicht mehr vertraut; nichts fließt mehr. Warum: allmende trust explain {peer}",
        "{peer} is not trusted any more; nothing flows. Why: allmende trust explain {peer}",
    ),
    "event.peer_vouched": ("{peer} wird wieder vertraut.", "{peer} is trusted again."),
    "event.certificate_revoked": (
        "Ein Zertifikat eines Mitglieds ist widerrufen.",
        "A certificate of a member has been revoked.",
    ),
    "event.certificate_restored": (
        "Ein Zertifikat eines Mitglieds gilt wieder.",
        "A certificate of a member counts again.",
    ),
    "event.compliance_attested": (
        "Die Region hat einem Mitglied bescheinigt, dass seine Selbstbeschreibung die Regeln erfüllt.",
        "The region has attested to a member that its description meets the rules.",
    ),
    "event.description_published": (
        "Die Selbstbeschreibung dieses Knotens ist veröffentlicht.",
        "This node's description of itself has been published.",
    ),
    "event.description_withdrawn": (
        "Die Selbstbeschreibung dieses Knotens ist zurückgenommen.",
        "This node's description of itself has been withdrawn.",
    ),
    "event.authority_renewed": (
        "Die Region hat eine neue ausstellende Stelle; was die alte ausgestellt hat, gilt bis zu seinem Ende.",
        "The region has a new authority; what the old one has issued counts until its end.",
    ),
    "event.root_renewed": (
        "Die Region hat ein neues Stammzertifikat; Mitglieder folgen von selbst. Offene Einladungen neu ausstellen.",
        "The region has a new root certificate; members follow by themselves. Make open invitations anew.",
    ),
    "event.root_list_renewed": (
        "Die Liste dessen, was die Wurzel der Region widerrufen hat, ist erneuert.",
        "The list of what the region's root has revoked has been renewed.",
    ),
    "event.root_followed": (
        "Eine Region hat ein neues Stammzertifikat; dieser Knoten folgt ihm, denn das alte bürgt dafür.",
        "A region has a new root certificate; this node follows it, since the old one vouches for it.",
    ),
    "event.trust_added": ("Dieser Knoten glaubt jetzt {title}.", "This node now believes {title}."),
    "event.trust_removed": ("Dieser Knoten glaubt {title} nicht mehr.", "This node believes {title} no more."),
    "event.trust_vouched": (
        "Dieser Knoten glaubt jetzt {title}, weil {voucher} dafür bürgt.",
        "This node now believes {title}, since {voucher} vouches for it.",
    ),
    "event.trust_vouch_ended": (
        "{voucher} bürgt nicht mehr für {title}; dieser Knoten glaubt ihr nicht mehr.",
        "{voucher} vouches for {title} no more; this node does not believe it any more.",
    ),
    "event.region_joined": ("Dieser Knoten ist Mitglied von {title}.", "This node is a member of {title}."),
    "event.region_invited": ("„{title}“ ist in die Region eingeladen.", '"{title}" has been invited to the region.'),
    "event.region_withdrawn": (
        "Die Einladung von „{title}“ ist zurückgenommen.",
        'The invitation of "{title}" has been withdrawn.',
    ),
    "event.region_vouched": ("Die Region bürgt jetzt für {title}.", "The region now vouches for {title}."),
    "event.region_unvouched": ("Die Region bürgt nicht mehr für {title}.", "The region vouches for {title} no more."),
    "event.member_joined": ("{title} ist der Region beigetreten.", "{title} has joined the region."),
    "event.member_suspended": ("Die Mitgliedschaft von {title} ruht.", "The membership of {title} is suspended."),
    "event.member_restored": ("{title} ist wieder Mitglied der Region.", "{title} is a member of the region again."),
    "event.member_left": (
        "{title} ist nicht mehr Mitglied der Region.",
        "{title} is no member of the region any more.",
    ),
    "event.member_stolen": (
        "Die Schlüssel von {title} sind als gestohlen gemeldet; alles ist widerrufen.",
        "The keys of {title} have been reported stolen; everything is revoked.",
    ),
    # joining
    "code.form": (
        "Das ist kein Code einer Einladung: er hat 25 Zeichen in fünf Gruppen. Bitte prüfen Sie die Schreibweise.",
        "That is no code of an invitation: it has 25 characters in five groups. Check the spelling.",
    ),
    "code.form.why.check": (
        "Ein Zeichen ist falsch, oder zwei sind vertauscht.",
        "A character is wrong, or two have changed places.",
    ),
    "code.form.why.length": ("Gezählt wurden: {part}.", "Counted were: {part}."),
    "code.form.why.character": ("„{part}“ kommt in keinem Code vor.", '"{part}" is in no code.'),
    "code.root": (
        "Dieser Code ist nicht von {region}, oder unter der Adresse antwortet jemand anderes. "
        "Es ist nichts geschehen. Fragen Sie bei der Region nach Adresse und Code.",
        "This code is not one of {region}, or somebody else answers at the address. Nothing has been done. Ask the "
        "region for its address and a code.",
    ),
    "join.refused": ("{region} lehnt ab.", "{region} refuses."),
    "join.waiting": (
        "{region} hat die Bitte, und der Nachweis ist noch nicht hier: die Region bringt ihn an die Adresse dieses "
        "Knotens. Dauert es: Ist der Knoten unter ihr zu erreichen (allmende doctor)? Liegt sie in einem privaten "
        "Netz, lädt die Region mit --private ein.",
        "{region} has the request, and the credential is not here yet: the region brings it to this node's address. If "
        "it takes long: can the node be reached there (allmende doctor)? If that is in a private network, the region "
        "invites with --private.",
    ),
    "join.trust": ("Dieser Knoten glaubt der Region {region}.", "This node believes the region {region}."),
    "join.certificates": (
        "Zertifikate der Region sind geholt; die Schlüssel dazu sind hier entstanden und bleiben hier.",
        "Certificates of the region have been fetched; their keys were made here and stay here.",
    ),
    "join.credential": (
        "Der Nachweis der Mitgliedschaft ist da.",
        "The membership credential is here.",
    ),
    "join.description": (
        "Die Selbstbeschreibung dieses Knotens ist veröffentlicht.",
        "This node's description of itself is published.",
    ),
}
