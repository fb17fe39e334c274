"""How others leaked, one line each: where it is told, and which tests try it here, or why it can not be tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bypass:
    """One way. Every test named must exist; `not_here` says what there is no such thing of."""

    what: str
    sources: tuple[str, ...]
    tests: tuple[str, ...] = ()
    not_here: str = ""


def _way(what: str, sources: str, *tests: str, not_here: str = "") -> Bypass:
    return Bypass(what, tuple(sources.split(", ")), tests, not_here)


_DECLARED = "bypasses/test_schema_declarations.py::"
_CHOSEN = "bypasses/test_filters_and_sorting.py::"
_PAGED = "bypasses/test_paging_and_counting.py::"
_ASKED = "bypasses/test_aliases_and_fragments.py::"
_WAYS_IN = "bypasses/test_other_ways_in.py::"
_CHANGED = "bypasses/test_changes.py::"
_LIVE = "bypasses/test_subscriptions.py::"
_WRONG = "bypasses/test_errors.py::"
_SHARED = "bypasses/test_shared_state.py::"
_DENY = "schema/test_default_deny.py::"
_LOCK = "schema/test_second_lock.py::"
_DOORS = "schema/test_parcel_doors.py::"
_SOCKET = "server/test_websocket.py::"

BYPASSES = (
    # The rule and the schema.
    _way(
        "a rule on an interface's field, read through what implements it",
        "GHSA-mx7m-j9xf-62hw",
        _DECLARED + "test_a_rule_on_an_interface_holds_through_every_fragment_on_what_implements_it",
        _DENY + "test_a_field_inherited_from_an_interface_keeps_its_policy",
        _DENY + "test_a_field_that_overrides_an_interface_s_does_not_lose_its_policy",
    ),
    _way(
        "a rule on one implementer, read through the interface",
        "GHSA-x33c-7c2v-mrj9",
        _DECLARED + "test_a_rule_on_one_implementer_only_does_not_build",
        _DENY + "test_a_field_that_overrides_an_interface_s_is_classified_as_that_is",
    ),
    _way(
        "a rule under another name, or twice",
        "GHSA-g8jh-vg5j-4h3f, CVE-2025-64347",
        _DECLARED + "test_no_name_makes_a_rule_and_no_other_class_of_its_name_is_one",
        _DENY + "test_a_field_is_declared_as_it_is_classified",
        _DENY + "test_nothing_answers_in_the_place_of_the_policy",
    ),
    _way(
        "a public field computed from a protected one",
        "GHSA-m8jr-fxqx-8xx6",
        _WAYS_IN + "test_nothing_public_is_computed_from_what_is_personal_however_many_hops_away",
    ),
    _way(
        "a coarse rule that hides a strict one",
        "CVE-2026-19869",
        "schema/test_merchant_doors.py::test_each_door_shows_settings_to_whom_may_see_them_and_protected_ones_to_no_agent",
        "schema/test_forbidden_for_ever.py::test_no_path_shows_an_agent_direct_debit_access_log_history_or_protected_settings",
    ),
    _way(
        "a field of an unusual kind",
        "CVE-2026-92681",
        _DECLARED + "test_a_field_of_any_kind_is_withheld_before_its_resolver_runs",
        _DECLARED + "test_a_personal_field_whose_resolver_is_a_coroutine_does_not_build",
        _LOCK + "test_every_personal_field_has_the_lock",
    ),
    _way(
        "only the first of several conditions",
        "CVE-2026-92683",
        "policy/test_decision.py::test_a_claim_opens_its_parcel_only_from_the_support_section_and_while_open",
        "policy/test_decision.py::test_a_claim_without_a_parcel_opens_nothing_of_the_account",
        "resolvers/test_admission.py::test_the_rows_that_are_read_are_those_the_policy_allows",
    ),
    _way(
        "a rule with a not in it, turned round",
        "CVE-2026-92682",
        "policy/test_decision.py::test_the_table",
        "policy/test_decision.py::test_the_table_has_every_action_in_every_situation",
    ),
    _way(
        "an empty list of rules",
        "CVE-2026-48744, GHSA-xqqq-qhgq-gx53",
        _DECLARED + "test_a_field_with_an_empty_list_of_rules_does_not_build",
        _DECLARED + "test_what_is_listed_as_nothing_finds_nothing",
        _LOCK + "test_anything_else_is_not_an_allowance",
        "policy/test_decision.py::test_a_merchant_s_user_without_a_role_may_nothing",
        "policy/test_decision.py::test_an_action_without_a_rule_that_can_be_read_is_undecided",
    ),
    _way(
        "whatever is truthy",
        "CVE-2026-107728",
        _DECLARED + "test_an_allowance_is_true_and_nothing_that_only_looks_like_it",
        _DECLARED + "test_a_rule_that_raises_shows_nothing",
        _LOCK + "test_anything_else_is_not_an_allowance",
        "resolvers/test_gate.py::test_only_true_is_an_allowance",
    ),
    _way(
        "a decision remembered for a field, whatever the row",
        "CVE-2025-31485",
        _WAYS_IN + "test_of_many_rows_each_is_decided_by_its_own_facts",
        "resolvers/test_gate.py::test_the_gate_remembers_no_decision",
    ),
    _way(
        "two questions under one key of a cache",
        "GHSA-hx78-272p-mqqh",
        _SHARED + "test_callers_at_once_get_each_their_own",
        _SHARED + "test_a_link_s_parts_can_not_be_taken_apart_otherwise",
        "resolvers/test_gate.py::test_the_gate_remembers_no_decision",
    ),
    # Other doors to the same.
    _way(
        "another door to the same row, or one with an unknown name on it",
        "CVE-2025-31481, FraiseQL #1030, CVE-2026-81633",
        _DOORS + "test_each_door_shows_each_caller_what_they_may_see_and_nothing_else",
        "schema/test_relay.py::test_an_id_finds_its_row_again_for_whoever_may_know_of_it",
        "schema/test_relay.py::test_one_bad_id_costs_only_its_own_place",
    ),
    _way(
        "another type on the same row",
        "CVE-2025-22151",
        _WAYS_IN + "test_a_row_is_found_by_the_id_of_its_own_type_and_by_no_other_s",
        _WAYS_IN + "test_a_fragment_on_a_type_that_the_row_is_not_of_shows_nothing_of_it",
        "schema/test_relay.py::test_a_field_of_one_type_takes_no_id_of_another",
    ),
    _way(
        "in a list what is withheld in a single row",
        "CVE-2023-25575",
        _DOORS + "test_each_door_shows_each_caller_what_they_may_see_and_nothing_else",
        "schema/test_claim_doors.py::test_each_door_shows_each_caller_what_they_may_read_and_nothing_else",
    ),
    _way(
        "a page refilled after filtering",
        "CVE-2023-44401, CVE-2020-6165",
        _PAGED + "test_a_page_is_as_long_wherever_something_on_it_is_withheld",
        "resolvers/test_withheld_is_never_read.py::test_the_row_after_a_page_is_not_read_and_not_recorded",
        "resolvers/test_ledger.py::test_beyond_the_limit_parcels_are_withheld_in_the_order_of_the_page",
    ),
    _way(
        "a subclass without its parent's rule",
        "CVE-2021-28661",
        _DECLARED + "test_a_subclass_keeps_the_rule_of_its_field_and_can_not_declare_it_away",
    ),
    _way(
        "under an alias",
        "CVE-2024-34708",
        _DOORS + "test_each_door_shows_each_caller_what_they_may_see_and_nothing_else",
        "schema/test_privacy_extension.py::test_paths_are_of_response_keys_with_a_star_for_each_place_in_a_list",
    ),
    # Choosing, ordering, counting.
    _way(
        "the least, the greatest, the groups",
        "CVE-2026-35442, CVE-2026-92771, Neo4j #4702",
        _PAGED + "test_nothing_is_aggregated_grouped_or_made_distinct_but_rows_that_are_counted",
        _PAGED + "test_an_aggregate_there_is_not_is_refused",
    ),
    _way(
        "the total of a filtered list",
        "Graphcool #250, Neo4j #4840",
        _PAGED + "test_a_total_is_of_rows_and_the_same_whatever_is_on_them",
        "schema/test_search.py::test_a_refused_search_answers_alike_whether_it_would_have_found_anything",
    ),
    _way(
        "a filter that answers yes or no",
        "GHSA-2mxr-89gf-rc4v, CVE-2023-22894, Drupal GraphQL #814",
        _CHOSEN + "test_nothing_is_chosen_by_but_the_outline_and_three_searches",
        "schema/test_search.py::test_without_a_live_consent_an_agent_is_refused_before_anything_is_read",
        "schema/test_search.py::test_the_search_itself_admits_again",
    ),
    _way(
        "a filter inside and, or, not",
        "CVE-2026-30962",
        _CHOSEN + "test_there_is_no_and_or_not_to_hide_a_filter_in",
        _CHOSEN + "test_a_filter_of_another_shape_is_refused_before_anything_is_read",
    ),
    _way(
        "a filter that is not of the shape that is checked",
        "CVE-2026-34595",
        _CHOSEN + "test_a_filter_of_another_shape_is_refused_before_anything_is_read",
        _CHOSEN + "test_a_list_of_one_filter_is_that_filter_and_refused_like_it",
    ),
    _way(
        "a filter through a relation",
        "CVE-2026-27886, CVE-2023-34235, GHSA-495j-h493-42q2",
        _CHOSEN + "test_no_filter_leads_to_another_row_or_to_another_filter",
        _CHOSEN + "test_a_filter_of_another_shape_is_refused_before_anything_is_read",
    ),
    _way(
        "a filter by a computed relation",
        "CVE-2026-54698",
        _CHOSEN + "test_whether_a_claim_is_open_is_asked_of_ones_own_accounts_only",
    ),
    _way(
        "sorting",
        "CVE-2026-57954",
        _CHOSEN + "test_no_list_is_ordered_by_anything_but_its_time",
        _CHOSEN + "test_an_order_there_is_not_is_refused",
    ),
    _way(
        "free-text search",
        "GHSA-7wq3-jr35-275c",
        _CHOSEN + "test_the_directory_is_searched_by_company_and_by_nobody_s_name_or_address",
        "schema/test_search.py::test_without_a_live_consent_an_agent_is_refused_before_anything_is_read",
    ),
    _way(
        "a unique value beside the id, or as a cursor",
        "CVE-2025-46720, CVE-2026-33326",
        _CHOSEN + "test_a_row_is_named_by_its_id_and_by_nothing_beside_it",
        _CHOSEN + "test_a_filter_stands_where_its_list_is_and_nowhere_else",
        _CHOSEN + "test_a_cursor_is_a_place_in_time_and_can_not_be_a_value",
        "schema/test_relay.py::test_a_cursor_is_the_place_of_its_row_and_tells_nothing_personal",
    ),
    _way(
        "an error where another answer would be empty",
        "Neo4j #1079",
        "schema/test_search.py::test_a_refused_search_answers_alike_whether_it_would_have_found_anything",
        "schema/test_parcel_changes.py::test_the_version_tells_an_agent_nothing_of_a_parcel_they_may_not_see",
    ),
    # Writing.
    _way(
        "an input of another kind",
        "CVE-2022-39322",
        _CHANGED + "test_the_rule_on_an_input_holds_however_its_value_gets_there",
        _CHANGED + "test_the_rule_on_an_input_holds_in_a_variable_that_holds_it_all",
        _DENY + "test_a_permission_or_extension_on_an_input_does_not_build",
        _DENY + "test_what_is_protected_stands_in_a_mutation_s_own_input",
    ),
    _way(
        "changing many",
        "CVE-2022-46792",
        _CHANGED + "test_no_mutation_takes_more_than_one_row_or_a_condition",
        "schema/test_whole_operation.py::test_one_account_s_consent_does_not_help_with_another",
    ),
    _way(
        "what a mutation answers with",
        "CVE-2020-7964",
        _DOORS + "test_each_mutation_answers_each_caller_with_what_they_may_see_and_nothing_else",
        "schema/test_merchant_doors.py::test_an_update_s_answer_shows_no_more_than_a_query_s",
    ),
    _way(
        "moving what is withheld to where it is not",
        "GHSA-fpxg-5xmv-922m, CVE-2026-109341",
        _CHANGED + "test_whatever_text_is_written_is_personal_or_is_a_setting_of_a_known_form",
        _CHANGED + "test_what_an_agent_wrote_under_consent_is_not_read_after_it",
    ),
    _way(
        "old values in a log of changes",
        "CVE-2026-109959",
        "resolvers/test_ledger.py::test_a_parcel_s_row_names_the_fields_that_were_asked_for_and_never_a_value",
        "resolvers/test_ledger.py::test_what_an_agent_changes_is_written_down_by_field",
        "schema/test_access_log.py::test_owners_and_admins_read_it_nobody_else",
    ),
    # Live.
    _way(
        "a socket that never began, or of the legacy protocol",
        "CVE-2026-35523",
        _SOCKET + "test_an_operation_before_the_acknowledgement_closes_4401",
        _SOCKET + "test_only_graphql_transport_ws_is_spoken",
    ),
    _way(
        "who the client says it is",
        "CVE-2026-5423",
        _LIVE + "test_what_a_client_says_of_itself_when_it_connects_is_nothing",
    ),
    _way(
        "whether an event comes",
        "CVE-2026-32098",
        _LIVE + "test_a_subscription_takes_an_account_and_no_condition",
        _LIVE + "test_a_change_of_what_is_withheld_is_no_event",
    ),
    _way(
        "one event for two, filtered in place",
        "CVE-2026-34363",
        _LIVE + "test_of_two_who_are_told_of_one_change_each_is_told_what_they_may_know",
    ),
    _way(
        "a copy filtered, the original sent",
        "CVE-2026-33163",
        _LIVE + "test_of_two_who_are_told_of_one_change_each_is_told_what_they_may_know",
        "live/test_claim_changed.py::test_each_change_is_told_to_both_sides",
    ),
    _way(
        "of a batch of events only the first decided",
        "CVE-2026-81643, CVE-2026-80223, CVE-2026-82367",
        _LIVE + "test_of_many_events_each_is_decided_for_its_own_account",
        "live/test_agent_login_changed.py::test_each_event_is_decided_and_recorded_by_itself",
    ),
    _way(
        "decided once, when it began",
        "HarperDB #1535",
        "schema/test_privacy_extension.py::test_each_event_of_a_subscription_tells_of_itself",
        "live/test_many_processes.py::test_no_event_shows_anything_of_a_time_when_nothing_was_granted",
    ),
    _way(
        "limits that do not hold over a socket",
        "Apollo Server's advisory on subscriptions",
        _LIVE + "test_what_is_too_much_over_http_is_too_much_over_a_socket",
        _SOCKET + "test_what_is_not_executed_is_told_why",
    ),
    _way(
        "a socket answered before who is calling is known",
        "Quarkus #36961",
        _SOCKET + "test_a_bad_bearer_is_refused_with_401",
        _SOCKET + "test_a_page_of_another_site_is_refused_with_403",
        _SOCKET + "test_nobody_is_nobody",
    ),
    # Answers and errors.
    _way(
        "a mark of what was denied that holds the value",
        "CVE-2026-82730",
        _DOORS + "test_what_is_withheld_is_null_and_no_empty_list",
        _LOCK + "test_every_row_with_a_personal_field_says_what_it_shows_and_prints_none_of_it",
        "schema/test_privacy_extension.py::test_whether_there_is_a_value_makes_no_difference",
    ),
    _way(
        "a column not selected that the rule needed",
        "Ridu 0.22.0",
        _ASKED + "test_a_field_asked_for_alone_is_decided_as_it_is_among_all_the_others",
    ),
    _way(
        "what one handler took out and another put back",
        "CVE-2026-78693",
        _WRONG + "test_an_error_told_again_says_no_more",
    ),
    _way(
        "a handler of errors that fails",
        "CVE-2026-77950",
        _WRONG + "test_if_telling_an_error_goes_wrong_nothing_is_told",
        "server/test_headers.py::test_an_error_nobody_expected_tells_nothing",
    ),
    _way(
        "the text of an exception",
        "CVE-2023-47639, CVE-2021-22249",
        _WRONG + "test_nothing_of_an_error_nobody_expected_is_told_or_logged",
        "server/test_logs.py::test_a_database_that_fails_is_told_by_type_and_place",
    ),
    _way(
        "a value said again, a guess put right",
        "GHSA-9g8f-h8f3-hjcm, GHSA-2fgh-8j2g-w354, graphql-js #2629",
        _WRONG + "test_a_guess_is_not_put_right",
        "server/test_bad_input.py::test_a_value_of_any_kind_is_not_said_again",
        "server/test_bad_input.py::test_nor_is_one_sent_over_a_socket",
    ),
    _way(
        "the schema by another way, where introspection is off",
        "CVE-2026-35413",
        "server/test_health.py::test_the_schema_is_served_as_it_is_committed",
        "server/test_production.py::test_there_is_nothing_of_development",
        not_here="introspection is on and the schema is served: it is public, and nothing in it is secret",
    ),
    _way(
        "masked in one mode, told in another",
        "Strawberry 0.323.0, 0.323.2",
        _WRONG + "test_nothing_of_an_error_nobody_expected_is_told_or_logged",
    ),
    _way(
        "the wrong cache headers of a batch",
        "GHSA-8r69-3cvp-wxc3",
        "server/test_graphql_over_http.py::test_what_is_no_request_gets_400",
        "server/test_headers.py::test_nothing_that_depends_on_who_asks_is_kept",
        not_here="batches are refused, and no answer of `/graphql` may be kept",
    ),
    # What callers share.
    _way(
        "a plan that keeps its first caller's variables or rights",
        "GHSA-rr4x-crhf-8886, FraiseQL's warning on persisted queries",
        _SHARED + "test_a_trusted_document_remembers_nobody_s_variables_or_rights",
    ),
    _way(
        "one instance of an extension for all",
        "Strawberry 0.316.0",
        _SHARED + "test_callers_at_once_get_each_their_own",
        "schema/test_privacy_extension.py::test_answers_at_the_same_time_are_told_apart",
    ),
    _way(
        "a grant of a field that was removed and added again",
        "GHSA-9x5g-62gj-wqf2",
        _DENY + "test_what_is_classified_but_gone_does_not_build",
        _DENY + "test_an_argument_or_input_field_that_is_gone_does_not_build",
        not_here="nobody is granted a field by its name: a consent is of the account, a claim of the parcel",
    ),
    _way(
        "a second check that replaces the first",
        "CVE-2025-23204",
        _LOCK + "test_a_parcel_full_of_data_shows_nothing_unless_it_says_so",
        _LOCK + "test_the_parts_of_a_parcel_have_each_their_own_lock",
        "schema/test_forbidden_for_ever.py::test_the_resolvers_refuse_by_themselves_whoever_calls_them",
    ),
    _way(
        "an action allowed on any row",
        "CVE-2019-1000011",
        _CHANGED + "test_a_mutation_asks_about_the_row_it_changes_and_about_no_other",
        "schema/test_parcel_changes.py::test_a_parcel_of_another_merchant_and_one_that_never_was_answer_alike",
        "schema/test_claims.py::test_a_claim_that_does_not_exist_and_one_of_another_merchant_answer_alike",
    ),
    _way(
        "the same data from another root",
        "CVE-2026-44010, GitLab #347467, CVE-2020-26413, CVE-2021-4191",
        _DOORS + "test_each_door_shows_each_caller_what_they_may_see_and_nothing_else",
        _DOORS + "test_the_doors_ask_for_every_personal_field_of_a_parcel",
        "schema/test_merchant_doors.py::test_each_door_names_who_granted_to_whom_may_know",
    ),
    _way(
        "a read-only token, or a read-only address, that changes something",
        "BIT-gitlab-2026-12664, CVE-2025-14592",
        _CHANGED + "test_asking_changes_nothing",
        "server/test_graphql_over_http.py::test_a_mutation_by_get_does_nothing",
        not_here="a token is its user's, with all they may: there are none for reading only",
    ),
    _way(
        "all denied, answered by another path",
        "Apollo Router #9022",
        _ASKED + "test_where_all_is_denied_every_key_is_there_and_null",
        "schema/test_whole_operation.py::test_an_allowed_mutation_beside_a_refused_one_does_not_run",
    ),
    _way(
        "a compiled path that leaves extensions out",
        "Strawberry's prototype that compiles queries",
        not_here="one executor runs every operation; whoever adds a second owes a test that compares both over every classified field",
    ),
    _way(
        "a personal field that can't be null",
        "AWS re:Post on required fields",
        _DENY + "test_personal_data_that_can_t_be_null_does_not_build",
        "schema/test_sdl.py::test_what_is_classified_prints_its_directive_and_what_is_personal_is_nullable",
    ),
)
