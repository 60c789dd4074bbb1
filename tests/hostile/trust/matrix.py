"""The hostile cases around identity and credentials: 69 rows and the domain that was taken over, and what shows each.

What lives here: every row with its attack, the answer that is expected, and the tests that show it. What does not: the
tests. `test_matrix` checks that every test that is named here is there. A name is `path::function`, below `tests`.

A row is `quiet` where the refusal must come before anybody outside is looked up or called; its tests record every
look-up and every connection of the node.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

HERE = "hostile/trust"


class Row(Struct, frozen=True):
    """One case. `missing` says what of it is not shown, "" where nothing is missing."""

    attack: str
    answer: str
    shown_by: tuple[str, ...] = ()
    quiet: bool = False
    missing: str = ""


def _tokens(attack: str, answer: str = "401", *, quiet: bool = True) -> Row:
    names = ("test_S_of_a_pinned_peer", "test_S_of_a_stranger")
    return Row(attack, answer, tuple(f"{HERE}/test_tokens.py::{name}" for name in names), quiet)


def _here(file: str, attack: str, answer: str, *names: str, quiet: bool = False, missing: str = "") -> Row:
    return Row(attack, answer, tuple(f"{HERE}/test_{file}.py::{name}" for name in names), quiet, missing)


def _lists(attack: str, *more: str) -> Row:
    return _here("lists", attack, "401", "test_R", *more)


def _shown(attack: str, answer: str = "401", *more: str) -> Row:
    return _here("presentations", attack, answer, "test_V", *more)


MATRIX: Mapping[str, Row] = {
    "S1": _here("tokens", "no Authorization, or no Bearer", "401", "test_S1", quiet=True),
    "S2": _tokens("alg none"),
    "S3": _tokens("HS256 with the public key as secret"),
    "S4": Row(
        "the header's algorithm is not the key's",
        "401",
        (f"{HERE}/test_tokens.py::test_S_of_a_stranger", f"{HERE}/test_tokens.py::test_S4_of_the_published_key"),
    ),
    "S5": _tokens("a key, or where to fetch one, in the header"),
    "S6": _tokens("unknown crit, b64 false"),
    "S7": _tokens("iss is not sub"),
    "S8": _tokens("aud is another, many, or our URL"),
    "S9": _tokens("kid is another's"),
    "S10": _here("tokens", "no kid, two methods", "401", "test_S10"),
    "S11": _here("tokens", "a key for other uses", "401", "test_S11"),
    "S12": _tokens("expired, early, from the future, too long"),
    "S13": _tokens("exp that is no instant"),
    "S14": _tokens("no jti"),
    "S15": _here(
        "replays",
        "a replay, also after a restart, also at once",
        "one 2xx, else 401",
        "test_S15_again",
        "test_S15_at_once",
        "test_S15_at_once_with_an_effect",
        "test_S15_after_a_restart",
    ),
    "S16": _here("replays", "the same jti of another issuer", "accepted", "test_S16"),
    "S17": _here("replays", "a flood of jti", "429 or 503, none forgotten", "test_S17"),
    "S18": _tokens("a credential, presentation or data token as message token", quiet=False),
    "S19": _tokens("other spellings, keys twice, 1 MB, nesting", "400, 401, 413"),
    "S20": _here("tokens", "no access token where credentials are needed", "401", "test_S20", quiet=True),
    "D1": _here(
        "dids", "did:web that leads inside", "401", "test_D1_addresses", "test_D1_names_that_lead_inside", quiet=True
    ),
    "D2": _here(
        "dids",
        "one public and one private address; rebinding",
        "401",
        "test_D2_one_address_outside_and_one_inside",
        "test_D2_a_name_that_changes_between_judging_and_connecting",
    ),
    "D3": _here("dids", "names that can be read in two ways", "400", "test_D3", quiet=True),
    "D4": _here("dids", "redirects of a DID's host", "401", "test_D4"),
    "D5": _here("dids", "a document about another", "401", "test_D5"),
    "D6": _here("dids", "large, slow, packed, no document", "401 in time", "test_D6", "test_D6_nobody_answers_at_all"),
    "D7": _here("dids", "an id twice, a foreign controller", "401", "test_D7"),
    "D8": _here("dids", "a key that was taken out", "401 after five minutes", "test_D8"),
    "D9": _here("dids", "keys that must not be used", "401", "test_D9"),
    "D10": _here("dids", "other DID methods", "403", "test_D10"),
    "V1": _shown("a presentation for another verifier"),
    "V2": _shown("a presentation of another holder"),
    "V3": _shown("another's credential"),
    "V4": _shown("a credential that its issuer has not signed"),
    "V5": _here("presentations", "an issuer not believed for this type", "403", "test_V5"),
    "V6": _shown("a type of a similar name", "403"),
    "V7": _shown("nothing, or another type", "403"),
    "V8": Row(
        "expired, early, unreadable dates, outliving the issuer's certificate",
        "401",
        (
            f"{HERE}/test_presentations.py::test_V",
            "certs/test_trust.py::test_without_any_one_link_it_is_refused",
        ),
        missing="the last of these is judged, but a node does not look up yet until when its issuers are certified",
    ),
    "V9": _shown("a wrapper in 2.0; token and document contradict each other"),
    "V10": _shown("both data models in one presentation"),
    "V11": _shown("a schema to fetch"),
    "V12": _shown("10,000 credentials", "413"),
    "R1": _lists("revoked, suspended", "test_R1_of_a_member_that_is_known"),
    "R2": _lists("a list that its issuer has not signed"),
    "R3": _lists("no list to be had", "test_R3_the_last_good_copy_counts_until_it_ends"),
    "R4": _lists("another purpose, type or place"),
    "R5": _lists("an index that is none"),
    "R6": _lists("too short, too large"),
    "R7": _lists("an expired list, an older list", "test_R7_an_older_list_undoes_no_revocation"),
    "J1": Row(
        "an unknown remote @context",
        "400",
        ("catalog/rdf/test_contexts.py::test_j1_an_unknown_context_is_refused_and_never_fetched",),
        quiet=True,
    ),
    "J2": Row(
        "a known context with other bytes, a term redefined inline",
        "400",
        (
            "catalog/rdf/test_contexts.py::test_j2_a_known_url_with_changed_bytes_is_refused",
            "catalog/rdf/test_contexts.py::test_j2_a_context_of_its_own_that_redefines_anything_is_refused",
        ),
    ),
    "J3": Row(
        "an RDF graph that never ends",
        "400 within a second",
        ("catalog/rdf/test_worker.py::test_j3_a_poison_graph_ends_the_worker_and_not_the_node",),
    ),
    "J4": Row(
        "a term dropped or mapped anew",
        "400",
        (
            "catalog/rdf/test_contexts.py::test_j4_what_would_be_lost_on_the_way_to_rdf_is_refused",
            "catalog/rdf/test_contexts.py::test_j4_what_is_evaluated_is_what_was_canonicalised",
        ),
    ),
    "U1": _here("outbound", "a callback that is not the sender's", "400", "test_U1", quiet=True),
    "U2": _here(
        "outbound",
        "answers sent to somebody else, a thousand requests",
        "400, 429",
        "test_U2_nobody_is_made_to_knock_at_anothers_door",
        "test_U2_a_thousand_requests",
    ),
    "U3": _here("outbound", "a data address that names our secrets", "400", "test_U3"),
    "U4": Row(
        "redirects, 100 MB, our token in an error",
        "stop, nothing written down",
        (f"{HERE}/test_outbound.py::test_U4", f"{HERE}/test_presentations.py::test_U4_of_a_credential_service"),
    ),
    "I1": Row(
        "a delivery that nobody has asked for",
        "4xx, nothing stored",
        (
            "connector/services/trust/test_wallet.py::test_I1_a_delivery_that_nobody_asked_for_is_refused_and_nothing_is_kept",
            "connector/services/trust/test_wallet.py::test_I1_a_request_that_was_given_up_is_answered_by_nobody",
        ),
    ),
    "I2": Row(
        "an offer in another issuer's name",
        "4xx",
        ("connector/services/trust/test_wallet.py::test_I2_an_offer_in_the_name_of_another_is_refused",),
    ),
    "I3": Row(
        "the state of another's request",
        "404",
        ("connector/services/region/test_issuing.py::test_only_the_requester_reads_the_status",),
    ),
    "I4": Row(
        "more scopes than the access token holds",
        "2xx with those alone",
        (
            "connector/services/trust/test_presenting.py::test_I4_more_scopes_than_the_pass_has_get_only_those_that_it_has",
        ),
    ),
    "I5": Row(
        "an access token of another, twice, after the end",
        "401",
        (
            "connector/services/trust/test_presenting.py::test_I5_a_pass_opens_for_whom_it_was_given",
            "connector/services/trust/test_presenting.py::test_I5_a_pass_opens_once_also_for_two_at_the_same_time_and_after_a_new_start",
            "connector/services/trust/test_presenting.py::test_I5_a_pass_that_has_ended_opens_nothing",
        ),
    ),
    "I6": Row(
        "scope and definition, unknown definition, no scope",
        "400, 501, 400",
        ("connector/services/trust/test_presenting.py::test_I6_a_query_is_by_scopes_and_by_nothing_else",),
    ),
    "X1": Row(
        "a client certificate that does not count",
        "refused",
        (
            "connector/http/test_est.py::test_x1_a_certificate_of_another_region_opens_nothing",
            "connector/http/test_est.py::test_x1_an_expired_certificate_renews_nothing",
            "connector/http/test_est.py::test_x1_a_revoked_certificate_renews_nothing",
            "connector/services/trust/test_chains.py::test_x1_what_was_revoked_counts_as_soon_as_the_list_is_had",
            "connector/services/trust/test_chains.py::test_x1_without_a_list_that_counts_nobody_gets_in",
            "certs/test_revocation.py::test_x1_a_list_that_has_ended_is_none",
            "connector/identity/test_mutual_tls.py::test_x1_a_certificate_that_is_not_good_opens_nothing",
            "connector/identity/test_mutual_tls.py::test_x1_without_a_list_that_counts_nobody_gets_in",
        ),
    ),
    "X2": Row(
        "a chain that is none",
        "refused",
        (
            "certs/test_x509.py::test_x2_an_authority_has_no_more_levels_below_it_than_it_may",
            "certs/test_x509.py::test_x2_an_end_certificate_certifies_nobody",
            "certs/test_x509.py::test_x2_the_authority_for_devices_names_no_host",
            "certs/test_x509.py::test_who_may_certify",
        ),
    ),
    "X3": Row(
        "A's certificate with B's token",
        "401",
        (
            "connector/identity/test_mutual_tls.py::test_x3_a_token_on_the_connection_of_another_proves_nothing",
            "connector/identity/test_mutual_tls.py::test_x3_a_certificate_has_to_be_the_callers_alone",
            "connector/identity/test_mutual_tls.py::test_x3_a_certificate_that_is_about_two_parties_is_nobodys",
        ),
    ),
    "X4": Row(
        "an enrolment that must not be",
        "4xx, nothing issued",
        (
            "connector/http/test_est.py::test_x4_nothing_is_issued",
            "connector/http/test_est.py::test_x4_a_code_alone_gets_nothing_in_the_name_of_a_node",
            "connector/http/test_est.py::test_x4_while_a_document_is_away_nothing_is_given_and_no_code_used_up",
            "connector/services/region/test_certificates.py::test_x4_a_code_that_was_used_gives_nothing_to_another_key_and_nothing_to_another_party",
            "connector/services/region/test_certificates.py::test_x4_a_key_serves_one_member_and_one_purpose",
            "connector/services/region/test_certificates.py::test_x4_names_that_are_not_the_members_are_refused",
            "connector/services/region/test_certificates.py::test_x4_a_renewal_with_the_same_key_is_refused",
            "certs/test_enrol.py::test_x4_a_request_that_its_key_has_not_signed_is_refused",
            "certs/test_enrol.py::test_x4_a_weak_or_foreign_key_is_refused",
        ),
    ),
    "X5": Row(
        "a chain that does not belong to the key",
        "401",
        (
            "catalog/descriptions/test_verifier.py::test_x5_the_chain_is_of_just_this_key_trusted_and_not_revoked",
            "connector/services/trust/test_chains.py::test_x5_a_chain_whose_key_is_another_or_whose_root_is_unknown_proves_nothing",
        ),
    ),
    "X6": Row(
        "a device that is pending or stolen",
        "403",
        (
            "connector/http/test_est.py::test_x6_a_device_that_is_no_member_any_more_renews_nothing",
            "connector/services/region/test_certificates.py::test_x6_whoever_is_suspended_gone_or_stolen_renews_nothing",
            "connector/services/region/test_certificates.py::test_x6_a_device_that_still_waits_renews_nothing",
        ),
    ),
    "T70": _here("takeover", "the domain was taken over: all keys are new", "401, no data flows", "test_T70"),
}
