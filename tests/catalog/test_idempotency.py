"""Requests that come again with their key."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.idempotency import Answer, Begun, IdempotencyKeys
from gallery.errors import InProgressError, InvalidInputError, KeyReusedError
from tests.catalog.making import at_once

ANSWER = Answer(status=201, body={"id": "9fQ2", "$odd.name": [1, None, "ü"]})


def begin(
    keys: IdempotencyKeys,
    *,
    scope: str = "me",
    key: str = "key 1",
    fingerprint: str = "f",
    holder: str = "first",
    lease_s: float = 60,
) -> Answer | None:
    begun = keys.begin(
        scope, key, fingerprint, makes=f"of {holder}", holder=holder, lease_s=lease_s
    )
    return begun.answer


def test_a_request_that_comes_again_is_answered_alike(keys: IdempotencyKeys) -> None:
    assert begin(keys) is None
    assert keys.finish("me", "key 1", "first", ANSWER)
    for holder in ("second", "third"):
        assert begin(keys, holder=holder) == ANSWER


@pytest.mark.parametrize("holder", ["first", "second"])
def test_one_that_still_runs_is_not_begun_again(real_keys: IdempotencyKeys, holder: str) -> None:
    begin(real_keys)
    with pytest.raises(InProgressError) as refused:
        begin(real_keys, holder=holder)
    assert refused.value.retry_after_s


@pytest.mark.parametrize("answered", [False, True])
def test_a_key_is_for_one_payload(keys: IdempotencyKeys, *, answered: bool) -> None:
    begin(keys)
    if answered:
        keys.finish("me", "key 1", "first", ANSWER)
    with pytest.raises(KeyReusedError):
        begin(keys, fingerprint="another", holder="second")


def test_a_key_is_its_senders_own(keys: IdempotencyKeys) -> None:
    assert begin(keys) is None
    assert begin(keys, scope="you") is None
    assert begin(keys, key="key 2") is None


def test_a_request_that_failed_may_be_tried_again(real_keys: IdempotencyKeys) -> None:
    begin(real_keys)
    real_keys.abandon("me", "key 1", "another")
    with pytest.raises(InProgressError):
        begin(real_keys, holder="second")
    real_keys.abandon("me", "key 1", "first")
    assert begin(real_keys, fingerprint="another", holder="second") is None


def test_an_answer_is_final(keys: IdempotencyKeys) -> None:
    begin(keys)
    keys.finish("me", "key 1", "first", ANSWER)
    keys.abandon("me", "key 1", "first")
    assert not keys.finish("me", "key 1", "first", Answer(status=500, body={}))
    assert begin(keys, holder="second") == ANSWER


def test_what_a_crash_left_is_taken_over_and_its_holder_cannot_answer(
    real_keys: IdempotencyKeys,
) -> None:
    assert begin(real_keys, lease_s=0) is None
    assert begin(real_keys, holder="second") is None
    with pytest.raises(InProgressError):
        begin(real_keys, holder="third")
    assert not real_keys.finish("me", "key 1", "first", Answer(status=500, body={}))
    assert real_keys.finish("me", "key 1", "second", ANSWER)
    assert begin(real_keys, holder="third") == ANSWER


def test_whoever_takes_over_makes_what_the_first_would_have_made(
    real_keys: IdempotencyKeys,
) -> None:
    def made_by(holder: str) -> Begun:
        return real_keys.begin("me", "k", "f", makes=f"of {holder}", holder=holder, lease_s=60)

    assert made_by("first") == Begun(makes="of first", again=False)
    real_keys.give_back("me", "k", "first")
    assert made_by("second") == Begun(makes="of first", again=True)
    real_keys.give_back("me", "k", "first")
    with pytest.raises(InProgressError):
        made_by("third")
    assert real_keys.finish("me", "k", "second", ANSWER)
    assert made_by("third") == Begun(makes="of first", again=True, answer=ANSWER)


def test_of_many_at_once_one_does_it(real_keys: IdempotencyKeys) -> None:
    results = at_once(8, lambda index: begin(real_keys, holder=str(index)))
    assert results.count(None) == 1
    assert sum(isinstance(each, InProgressError) for each in results) == 7


def test_of_many_that_take_over_at_once_one_does_it(real_keys: IdempotencyKeys) -> None:
    begin(real_keys, lease_s=0)
    results = at_once(8, lambda index: begin(real_keys, holder=str(index)))
    assert results.count(None) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t", "line\n", "ü", "\0", "\x7f"])
def test_what_is_no_key_is_refused(keys: IdempotencyKeys, key: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        begin(keys, key=key)
    assert refused.value.fields.keys() == {"Idempotency-Key"}


def test_an_object_as_a_key_never_reaches_a_query(keys: IdempotencyKeys) -> None:
    operator: Any = {"$ne": ""}
    with pytest.raises(TypeError):
        begin(keys, key=operator)
    with pytest.raises(TypeError):
        begin(keys, scope=operator)
    with pytest.raises(TypeError):
        begin(keys, fingerprint=operator)
    with pytest.raises(TypeError):
        keys.finish("me", "key 1", operator, ANSWER)


def test_answers_are_kept_for_a_day_at_least(
    keys: IdempotencyKeys, either_database: Database[dict[str, Any]]
) -> None:
    index = either_database["idempotency"].index_information()["forget"]
    assert dict(index["key"]) == {"used_at": 1}
    assert index["expireAfterSeconds"] >= 24 * 3600
    begin(keys)
    begun = either_database["idempotency"].find_one()
    keys.finish("me", "key 1", "first", ANSWER)
    finished = either_database["idempotency"].find_one()
    assert begun is not None
    assert finished is not None
    assert begun["used_at"] <= finished["used_at"]
