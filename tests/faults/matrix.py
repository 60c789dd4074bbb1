"""The fault matrix: which tests show each row, or why nothing does.

What lives here: F01 to F40, each with its fault, the tests that show it, and what is not built. What does not: the
tests. `test_matrix` checks that every test named here is there. A name is `path::function`, below `tests`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Row(Struct, frozen=True):
    """One fault. `missing` says what of it is not shown, "" where nothing is missing."""

    fault: str
    shown_by: tuple[str, ...] = ()
    missing: str = ""


MATRIX: Mapping[str, Row] = {
    "F01": Row(
        "kill -9 at each of 54 points, on either side",
        ("faults/test_kill_points.py::test_kill", "faults/test_kill_points.py::test_kill_swapped"),
    ),
    "F02": Row(
        "kill -9 in a loop during 32 parallel negotiations",
        ("faults/test_kill_loop.py::test_kills_during_parallel_negotiations",),
    ),
    "F03": Row(
        "a process that is paused at each of 54 points",
        ("faults/test_pauses.py::test_pause", "faults/test_pauses.py::test_pause_of_ten_seconds"),
        "there is one process a directory, so no lease is taken over",
    ),
    "F04": Row(
        "power loss",
        ("connector/store/test_powerloss.py::test_no_acknowledged_act_is_lost_in_a_power_cut",),
    ),
    "F05": Row(
        "every message twice, ten times",
        (
            "faults/test_repeats.py::test_each_message_again_with_a_fresh_token",
            "faults/test_repeats.py::test_each_request_again_with_its_own_token",
            "simulation/test_faults.py::test_ten_copies_of_every_request_have_the_effect_of_one",
        ),
    ),
    "F06": Row(
        "late messages, old tokens",
        (
            "faults/test_repeats.py::test_messages_behind_the_end",
            "faults/test_repeats.py::test_replay_of_captured_requests",
            "simulation/test_faults.py::test_what_was_captured_is_worth_nothing_a_day_later",
        ),
    ),
    "F07": Row("reordered messages", ("faults/test_repeats.py::test_answers_that_are_overtaken",)),
    "F08": Row(
        "a response that is lost after processing",
        (
            "harness/test_proxy.py::test_a_cut_reply_was_processed_all_the_same",
            "simulation/test_campaign.py::test_some_seeds",
            "connector/data/consuming/test_renewing.py::test_an_answer_that_is_lost_locks_nobody_out",
            "connector/data/delivery/test_delivering.py::test_bad_weather",
            "connector/data/test_broken_answers.py::test_f08_what_is_cut_on_its_way_is_continued",
            "connector/data/signaling/test_plane.py::test_a_start_whose_answer_was_lost_is_the_same_flow",
        ),
    ),
    "F09": Row(
        "a peer that is away for days",
        (
            "connector/services/test_outbox.py::test_a_peer_that_is_away_for_three_days_is_served_soon_after_its_return",
            "connector/services/test_outbox.py::test_a_dead_peer_never_slows_another",
            "connector/data/delivery/test_delivering.py::test_a_consumer_that_is_away_for_three_days",
            "connector/data/consuming/test_subscribing.py::test_a_week_without_a_network_loses_nothing_and_is_not_noisy",
            "connector/data/consuming/test_pull.py::test_patience_ends",
            "connector/data/test_broken_answers.py::test_whoever_comes_back_later_gets_the_rest_as_the_same_use",
        ),
    ),
    "F10": Row(
        "a partition in one direction, a link that flaps",
        (
            "network/test_networks.py::test_a_partition_in_one_direction",
            "network/test_networks.py::test_what_was_begun_before_a_partition_ends_after_it",
            "simulation/test_faults.py::test_one_dead_direction_holds_a_negotiation_up_and_no_longer",
            "simulation/test_faults.py::test_a_link_that_flaps_every_two_seconds_ends_nothing",
            "connector/data/delivery/test_delivering.py::test_only_one_direction_works",
            "connector/data/test_broken_answers.py::test_f10_a_link_that_flaps",
        ),
    ),
    "F11": Row(
        "a slow peer",
        (
            "connector/http/test_client.py::test_a_slow_answer_ends_at_the_deadline",
            "connector/http/test_client.py::test_a_slow_peer_does_not_hold_up_another",
            "connector/data/test_broken_answers.py::test_f11_a_provider_that_falls_silent",
            "connector/data/consuming/test_pull.py::test_who_has_no_room_now_is_asked_again_when_it_says",
            "faults/test_sources.py::test_readers_of_one_byte_a_second",
            "faults/test_sources.py::test_five_hundred_pulls_of_rows",
            "faults/test_sources.py::test_five_hundred_pulls_of_a_file",
            "faults/test_sources.py::test_the_consumers_node_comes_again_by_itself",
        ),
    ),
    "F12": Row(
        "a peer that answers garbage",
        (
            "connector/http/test_client.py::test_garbage_is_no_answer",
            "connector/http/test_client.py::test_redirects_are_not_followed",
            "connector/data/delivery/test_parcels.py::test_nothing_goes_inside_where_it_is_not_allowed_for_this_peer",
            "connector/data/delivery/test_parcels.py::test_an_answer_of_ten_gigabytes_is_cut",
            "connector/http/test_client.py::test_an_endless_answer_is_cut_at_the_limit",
            "connector/services/test_outbox.py::test_unclear_answers_never_add_up_to_a_refusal",
            "connector/data/test_broken_answers.py::test_f12_what_is_no_answer",
            "connector/data/test_broken_answers.py::test_an_end_that_was_none_is_noticed_and_gone_beyond",
            "connector/data/consuming/test_following.py::test_what_is_no_stream",
        ),
    ),
    "F13": Row(
        "a full disk",
        (
            "faults/test_full_disk.py::test_a_full_disk_stops_writing_alone",
            "faults/test_full_disk.py::test_no_room_at_a_point",
            "faults/test_full_disk.py::test_no_room_at_each_point",
            "connector/store/test_writer.py::test_room_is_found_again_without_anybody_asking_for_it",
        ),
    ),
    "F14": Row(
        "an fsync that fails",
        (
            "faults/test_damage.py::test_a_failed_fsync_acknowledges_nothing_and_ends_the_process",
            "connector/store/test_sqlite.py::test_what_a_killed_process_left_in_the_wal_is_brought_into_the_database",
        ),
    ),
    "F15": Row(
        "the n-th write fails, for every n of a negotiation",
        ("simulation/test_writes.py::test_some_writes", "simulation/test_writes.py::test_every_write"),
    ),
    "F16": Row(
        "a database that another process holds",
        (
            "faults/test_damage.py::test_a_database_that_somebody_else_holds",
            "faults/test_damage.py::test_a_database_that_somebody_else_holds_for_ten_seconds",
        ),
    ),
    "F17": Row(
        "a destroyed page header",
        (
            "faults/test_damage.py::test_a_destroyed_page_header",
            "faults/test_damage.py::test_a_lost_database_is_no_new_one",
        ),
        "beyond 16 MiB pages are not looked at before they are read",
    ),
    "F18": Row(
        "bits flipped inside an agreement, inside a leaf of the audit",
        (
            "faults/test_damage.py::test_bits_flipped_in_the_terms_of_an_agreement",
            "faults/test_damage.py::test_bits_flipped_in_an_agreement_as_it_was_sent",
            "faults/test_damage.py::test_bits_flipped_in_a_leaf_of_the_audit",
        ),
    ),
    "F19": Row(
        "a database that went back",
        ("faults/test_backup.py::test_F19_a_database_that_went_back_binds_nobody_and_gives_nothing",),
    ),
    "F20": Row(
        "a clock that is wrong, or jumps",
        (
            "faults/test_clocks.py::test_a_difference_that_is_allowed_for",
            "faults/test_clocks.py::test_a_clock_that_jumps_in_mid_run",
            "faults/test_clocks.py::test_the_logs_order_is_that_of_its_entries",
            "simulation/test_clocks.py::test_what_was_captured_is_worth_nothing_when_the_clock_goes_back",
        ),
    ),
    "F21": Row(
        "PostgreSQL is killed",
        (
            "faults/test_sources.py::test_a_database_that_dies_in_mid_stream",
            "faults/test_sources.py::test_a_map_service_that_dies_in_mid_stream",
            "connector/data/test_broken_answers.py::test_a_silo_that_stays_dead_is_told_at_both_ends",
        ),
        "as a silo: the node's own store is SQLite",
    ),
    "F22": Row(
        "a credential for data that ends in mid-transfer",
        (
            "connector/data/consuming/test_renewing.py::test_a_token_that_ends_in_mid_stream",
            "connector/data/consuming/test_renewing.py::test_the_consumer_renews_before_the_end_and_after_a_401",
            "connector/data/consuming/test_renewing.py::test_ten_at_once_renew_once",
        ),
    ),
    "F23": Row(
        "a contract that ends in mid-stream",
        (
            "faults/test_ends.py::test_an_end_for_cause_cuts_the_stream",
            "faults/test_ends.py::test_terms_that_end_cut_the_stream",
            "connector/proxy/test_streams.py::test_a_large_file_is_cut",
            "faults/test_sources.py::test_a_contract_that_is_held_in_the_midst_of_rows",
            "connector/http/test_answers.py::test_a_cut_ends_at_once_also_while_the_silo_says_nothing",
            "connector/http/test_live.py::test_two_hundred_streams_are_cut_by_one_revocation",
            "connector/http/test_sendfile.py::test_what_the_kernel_has_taken_goes_no_further_once_the_outlet_is_closed",
        ),
    ),
    "F24": Row(
        "a change between decision and first byte",
        (
            "connector/http/test_data.py::test_a_change_between_decision_and_first_byte",
            "connector/http/test_answers.py::test_f24_a_change_between_decision_and_first_byte",
        ),
    ),
    "F25": Row(
        "a peer's keys change, its DID document cannot be had",
        (
            "connector/identity/test_pinned.py::test_a_new_pin_counts_at_once_and_the_old_key_no_more",
            "connector/services/test_peers.py::test_a_pin_is_never_moved",
            "connector/identity/test_resolver.py::test_a_document_serves_on_while_it_cannot_be_had_and_then_no_more",
            "connector/identity/test_resolver.py::test_unknown_keys_make_it_fetch_once_in_a_while",
            "hostile/trust/test_dids.py::test_a_document_that_cannot_be_had_is_used_for_its_while_and_no_longer",
            "hostile/trust/test_dids.py::test_a_document_is_asked_for_once_however_many_ask",
            "connector/data/consuming/test_renewing.py::test_another_grant_key_ends_what_is_out_and_another_transfer_follows",
        ),
    ),
    "F26": Row(
        "slow, half and silent clients",
        (
            "faults/test_exhaustion.py::test_two_thousand_slow_clients",
            "connector/http/test_server.py::test_slow_connections_are_closed",
            "hostile/test_bodies.py::test_many_slow_requests_are_ended_and_others_served",
            "hostile/test_data_port.py::test_f26_slow_heads_and_bodies_are_ended",
        ),
    ),
    "F27": Row(
        "bodies that are too large, too deep, too many-valued",
        (
            "hostile/test_bodies.py::test_what_cannot_be_read_is_refused_and_audited",
            "hostile/test_bodies.py::test_what_is_too_long_is_refused_before_it_is_read",
            "connector/protocol/test_plain.py::test_memory_for_a_mebibyte_is_bounded",
            "hostile/test_data_port.py::test_f27_questions_that_are_too_much",
            "hostile/test_data_port.py::test_f27_a_question_longer_than_a_line_may_be",
        ),
    ),
    "F28": Row(
        "bombs in a request and in an answer",
        (
            "hostile/test_bodies.py::test_a_bomb_is_cut_and_memory_stays_flat",
            "connector/http/test_client.py::test_a_bomb_is_cut_at_the_limit",
            "connector/http/test_inflate.py::test_a_bomb_costs_one_piece_at_a_time",
            "hostile/test_data_port.py::test_f28_a_bomb_is_not_unpacked",
        ),
        "there are no stored batches yet",
    ),
    "F29": Row(
        "addresses that lead inside",
        (
            "hostile/test_addresses.py::test_a_callback_that_leads_inside_is_never_connected_to",
            "hostile/test_addresses.py::test_a_peer_that_would_be_inside_is_not_looked_up",
            "hostile/test_addresses.py::test_data_that_would_lie_inside_is_not_fetched",
            "hostile/test_addresses.py::test_permission_is_the_peers_alone",
            "connector/http/test_client.py::test_nothing_inside_is_touched",
            "connector/http/test_client.py::test_the_address_connected_to_is_the_one_that_was_judged",
            "connector/http/test_client.py::test_redirects_are_not_followed",
            "hostile/test_data_port.py::test_f29_an_address_in_a_request_is_never_fetched",
            "connector/data/delivery/test_parcels.py::test_nothing_goes_inside_where_it_is_not_allowed_for_this_peer",
            "connector/data/signaling/test_plane.py::test_who_may_bring_an_address",
        ),
    ),
    "F30": Row(
        "paths that lead out of what is shared",
        (
            "hostile/test_contracts.py::test_no_path_leads_out_of_what_is_shared",
            "connector/data/sources/test_files.py::test_nothing_else_is_reached",
            "connector/data/sources/test_files.py::test_a_device_is_no_file",
            "hostile/test_data_port.py::test_f30_no_path_leads_out",
            "connector/data/delivery/test_receiving.py::test_a_pid_is_no_path",
        ),
    ),
    "F31": Row(
        "requests hidden behind others, directly and behind a proxy",
        (
            "hostile/test_bodies.py::test_a_smuggled_request_is_never_executed",
            "hostile/test_bodies.py::test_a_target_that_means_two_things_is_refused",
            "connector/proxy/test_hostile.py::test_a_smuggled_request_is_never_executed",
            "hostile/test_data_port.py::test_f31_a_smuggled_request_is_never_executed",
            "hostile/test_data_port.py::test_f31_what_follows_an_answered_request_with_a_body_is_not_executed",
            "hostile/test_data_port.py::test_f31_a_target_that_means_two_things_is_refused",
            "connector/http/test_live.py::test_over_the_listener_websocket_is_for_data_alone",
        ),
    ),
    "F32": Row(
        "forged tokens",
        (
            "certs/test_jwt.py::test_hostile_tokens_are_refused",
            "hostile/test_callers.py::test_whatever_proves_nothing_gets_one_constant_answer",
            "hostile/trust/test_tokens.py::test_S_of_a_pinned_peer",
            "hostile/trust/test_tokens.py::test_S_of_a_stranger",
            "hostile/trust/test_replays.py::test_S15_again",
        ),
    ),
    "F33": Row(
        "hostile COSE and CBOR",
        (
            "certs/cose/test_sign1.py::test_messages_that_are_refused",
            "certs/cose/test_mutants.py::test_twenty_thousand_mutants",
            "certs/test_cbor.py::test_everything_else_is_refused",
            "certs/test_cbor.py::test_depth_is_bounded",
        ),
    ),
    "F34": Row(
        "RDF and SHACL that blow up",
        (
            "catalog/rdf/test_worker.py::test_j3_a_poison_graph_ends_the_worker_and_not_the_node",
            "catalog/rdf/test_worker.py::test_memory_is_bounded",
            "catalog/rdf/test_worker.py::test_f34_a_million_statements_are_refused_before_they_are_read",
            "catalog/rdf/test_worker.py::test_f34_an_expression_that_never_ends_ends_the_worker",
            "catalog/rdf/test_contexts.py::test_j1_an_unknown_context_is_refused_and_never_fetched",
            "catalog/rdf/test_contexts.py::test_too_much_is_refused",
        ),
    ),
    "F35": Row(
        "a broker that restarts, a flood of retained messages, repeats of QoS 1, a day without it",
        (
            "connector/data/sources/test_mqtt.py::test_a_broker_that_is_started_again_loses_nothing_and_repeats_nothing",
            "connector/data/sources/test_mqtt.py::test_a_flood_of_retained_messages_is_bounded",
            "connector/data/sources/test_mqtt.py::test_what_its_sender_calls_the_same_is_kept_once",
            "connector/data/sources/test_mqtt.py::test_a_day_without_the_broker",
            "connector/data/sources/test_spool.py::test_what_comes_twice_is_kept_once",
            "edge_node/sources/test_killed.py::test_f35_a_device_that_is_killed_while_readings_flow",
            "edge_node/sources/test_kept.py::test_f35_a_broker_that_dies_again_and_again",
            "edge_node/sources/test_kept.py::test_f35_a_day_without_the_device",
            "edge_node/sources/test_kept.py::test_f35_a_device_that_dies_before_it_acknowledges_keeps_everything_once",
            "edge_node/sources/test_kept.py::test_f35_a_retained_flood_with_every_connection_is_kept_once",
            "faults/test_bridge.py::test_a_bridge_over_dying_nodes_and_brokers",
        ),
    ),
    "F36": Row(
        "a power cut of an edge node",
        (
            "edge_node/losses/test_power_cuts.py::test_no_acknowledged_reading_is_lost_in_a_power_cut",
            "edge_node/losses/test_kills.py::test_no_acknowledged_reading_is_lost_when_the_process_is_killed",
            "edge_node/buffer/test_damage.py::test_the_open_segment_with_other_bytes_in_the_middle",
            "edge_node/buffer/test_damage.py::test_a_closed_segment_that_is_gone_and_one_that_is_cut",
            "edge_node/test_agent.py::test_what_any_source_has_given_is_kept_at_the_end",
            "edge_node/test_whole.py::test_a_device_that_is_told_to_stop_loses_nothing_and_goes_on_with_its_numbers",
        ),
    ),
    "F37": Row(
        "memory or descriptors run out",
        (
            "faults/test_exhaustion.py::test_no_more_memory",
            "faults/test_exhaustion.py::test_no_more_descriptors",
        ),
    ),
    "F38": Row(
        "two nodes on one directory", ("faults/test_second_node.py::test_second_node_on_a_directory_is_refused",)
    ),
    "F39": Row(
        "two versions, a migration that is killed",
        (
            "faults/test_versions.py::test_two_versions_agree_and_exchange_data",
            "faults/test_versions.py::test_a_migration_that_is_killed_half_way_is_done_again",
            "faults/test_versions.py::test_the_version_before_does_not_touch_a_newer_database",
        ),
    ),
    "F40": Row(
        "a peer that shows different heads",
        (
            "connector/services/proof/test_audit.py::test_who_shows_two_logs_is_convicted_by_two_signed_statements",
            "connector/services/proof/test_audit.py::test_a_log_rebuilt_with_the_same_key_is_found_by_what_a_peer_keeps",
            "hostile/test_contracts.py::test_an_altered_agreement_is_never_verified",
        ),
    ),
}
