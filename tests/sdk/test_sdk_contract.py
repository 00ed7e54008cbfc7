"""The contract of the engine holds through official SDKs and our server as well: the same tests, another database."""

from __future__ import annotations

import inspect

import pytest

from engine import test_contract
from sdk.remote import RemoteDatabase, Worker

NO_WORDS: dict[str, str] = {
    "test_a_query_explains_itself_when_asked": "plans are our own",
    "test_arrays_of_any_layout_and_number_type_are_taken": "arrays do not travel; the SDKs take lists",
    "test_the_callers_array_may_change_after_an_upsert": "arrays do not travel",
    "test_a_row_matrix_of_one_query_is_a_query": "arrays do not travel",
    "test_metadata_columns_mean_the_same_as_metadata_objects": "columns are our own",
    "test_every_write_that_changes_something_has_a_higher_lsn": "told in headers only: see sdk10_calls.check_lsn",
    "test_a_namespace_has_the_lsn_of_its_last_write": "told in headers only: see sdk10_calls.check_lsn",
    "test_a_batch_commits_as_one": "batches are our own",
    "test_an_exception_in_a_batch_discards_all_of_it": "batches are our own",
    "test_an_operation_that_fails_at_the_end_of_a_batch_undoes_the_others": "batches are our own",
    "test_bad_input_to_a_batch_is_refused_at_the_call": "batches are our own",
    "test_conditions_in_a_batch_see_what_came_before_them_in_it": "batches are our own",
    "test_a_namespace_can_be_emptied_and_filled_again_in_one_batch": "batches are our own",
    "test_a_batch_copies_the_callers_array": "batches are our own",
    "test_an_empty_batch_is_no_write": "batches are our own",
    "test_fetch_gives_known_records_in_the_order_asked_for": "an answer to fetch is a map without order",
    "test_iterating_gives_every_record_once_in_order_of_id": "no call iterates over records",
    "test_writing_while_iterating_disturbs_nothing": "no call iterates over records",
    "test_a_namespace_is_made_described_and_deleted_by_name": "its last step looks inside a namespace",
    "test_a_namespace_describes_what_it_looks_like_inside": "looks inside a namespace",
    "test_an_index_is_described_as_it_was_made": "kind and recall target are our own",
    "test_a_definition_is_configured_part_by_part": "kind and recall target are our own",
    "test_what_was_said_about_an_index_is_echoed_and_configured": "uses the engine's own words",
    "test_an_entry_has_the_uuid_and_the_time_of_creation": "the catalog is our own",
    "test_an_unknown_index_is_named_together_with_the_known_ones": "names of other indexes are not for every key",
    "test_an_index_is_bound_to_a_model_that_fits": "identities of models are our own",
    "test_a_restored_index_says_what_its_source_said_unless_told_otherwise": "uses the engine's own words",
    "test_an_exported_file_is_imported_elsewhere": "files are our own",
    "test_a_healthy_database_verifies_without_findings": "verifying is our own",
    "test_a_closed_database_says_so": "a server is not closed by its clients",
    "test_a_database_on_disk_remembers_everything": "opens directories itself",
    "test_another_process_reads_what_was_written": "opens directories itself",
    "test_a_read_only_database_reads_and_refuses_to_write": "opens directories itself",
}
"""Tests of the contract that the API has no words for."""

NOT_EVERYWHERE = {
    "test_metadata_comes_back_with_its_types": (
        ("sdk7-http", "sdk7-grpc", "sdk10-grpc"),
        "SDK 7 and gRPC make floats of all numbers in metadata",
    ),
    "test_fetch_by_filter_pages_in_order_of_id": (("sdk10-grpc",), "a page over gRPC is a map without order"),
}
"""Tests of the contract that hold in some places only: where they do not, and why."""

CONTRACT = {
    name: function
    for name, function in vars(test_contract).items()
    if name.startswith("test_") and inspect.isfunction(function)
}

vectors = test_contract.vectors
index = test_contract.index


@pytest.fixture
def database(request: pytest.FixtureRequest, worker: Worker) -> RemoteDatabase:
    """An empty database behind each SDK and transport in turn."""
    places, reason = NOT_EVERYWHERE.get(request.function.__name__, ((), ""))
    if request.node.callspec.params["worker"] in places:
        pytest.skip(reason)
    return RemoteDatabase(worker)


globals().update({name: function for name, function in CONTRACT.items() if name not in NO_WORDS})


def test_every_exception_to_the_contract_is_a_test_of_it() -> None:
    assert set(NO_WORDS) | set(NOT_EVERYWHERE) <= set(CONTRACT)
