"""What must be so with a bucket, and how it comes about: ``gallery prepare``.

Services differ in what they know and in what they say of it, so what can be tried is tried: two
objects of a few bytes are put there for a moment, under names that are nobody's key. Rules of
others for the same bucket are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import urllib3

from gallery.errors import KeyTakenError, ObjectMissingError, StoreError, StoreUnavailableError
from gallery.stores.abilities import Preparation
from gallery.stores.patience import Deadline
from gallery.stores.s3.objects import Objects
from gallery.stores.s3.wire import Client, code_of

ORIGINALS, ARRIVALS, DERIVED = "originals/", "arrivals/", "derived/"

PROBE = "vitrine-probe"

RULE = "vitrine"
"""The id of our rules."""

LOOK_S = 10.0

_UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})


class Setup:
    """Looks what is there and what is missing in one bucket."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._bucket = objects.bucket

    def preparations(self, *, origin: str | None) -> Iterator[Preparation]:
        """Everything that must be so. Some of it only a person can bring about."""
        bucket = self._existing()
        yield bucket
        if not bucket.is_done and not self._existing().is_done:
            return  # The rest cannot be looked up.
        yield from self._tried()
        yield from self._blocked()
        if origin is not None:
            yield self._uploads_from(origin)
        yield self._emptied()

    def _existing(self) -> Preparation:
        what = f"bucket {self._bucket.name}"
        try:
            self._objects.ask("head_bucket")
        except ObjectMissingError:
            return Preparation(what=what, is_done=False, do=self._create)
        return Preparation(what=what, is_done=True, do=None)

    def _create(self) -> None:
        # Amazon alone wants to be told once more where; and not where it began.
        is_told = self._bucket.endpoint_url is None and self._bucket.region != "us-east-1"
        where = {"LocationConstraint": self._bucket.region}
        given: dict[str, Any] = {"CreateBucketConfiguration": where} if is_told else {}
        self._objects.ask("create_bucket", **given)

    def _tried(self) -> Iterator[Preparation]:
        with self._probing():
            found = [self._never_overwritten(), self._closed(), *self._public()]
        yield from found

    @contextmanager
    def _probing(self) -> Iterator[None]:
        names = [f"{folder}{PROBE}" for folder in (ORIGINALS, DERIVED)]
        try:
            for name in names:
                self._objects.write(name, b"probe", ContentType="text/plain")
            yield
        finally:
            for name in names:
                self._objects.delete(name)

    def _never_overwritten(self) -> Preparation:
        try:
            self._objects.write(f"{ORIGINALS}{PROBE}", b"probe", IfNoneMatch="*")
        except KeyTakenError:
            return _told("what is there is never overwritten (If-None-Match)")
        mend = "this service does not heed it; use another, or give the gallery keys of its own"
        return _told("what is there is never overwritten (If-None-Match)", mend)

    def _closed(self) -> Preparation:
        anybody = Client(self._bucket, request_s=LOOK_S, anonymous=True)
        named = {"Bucket": self._bucket.name}
        is_open = _succeeds(
            lambda: anybody.ask("get_object", Deadline(LOOK_S), Key=f"{ORIGINALS}{PROBE}", **named)
        ) or _succeeds(
            lambda: anybody.ask("list_objects_v2", Deadline(LOOK_S), Prefix=ORIGINALS, **named)
        )
        mend = "take away the policy or the ACL that lets everybody in" if is_open else ""
        return _told("originals are closed to everybody", mend)

    def _public(self) -> Iterator[Preparation]:
        url = self._bucket.public_url
        if url is None:
            return
        is_read = _status("GET", f"{url}/{DERIVED}{PROBE}") == 200
        mend = "" if is_read else f"let everybody read {DERIVED}"
        yield _told(f"variants are read at {url}", mend)
        is_open = _status("GET", f"{url}/{ORIGINALS}{PROBE}") == 200
        mend = f"let nothing be read there but {DERIVED}" if is_open else ""
        yield _told(f"originals are not read at {url}", mend)

    def _blocked(self) -> Iterator[Preparation]:
        """Amazon's own switches. Most other services have none."""
        try:
            found = self._objects.ask("get_public_access_block")
        except StoreError as error:
            if code_of(error) in _UNKNOWN:
                return
            if not isinstance(error, ObjectMissingError):
                raise
            found = {}
        now = found.get("PublicAccessBlockConfiguration", {})
        # Not BlockPublicAcls: it adds nothing, and Ceph then refuses every put.
        wanted = {"IgnorePublicAcls": True}
        if self._bucket.public_url is None:
            wanted |= {"BlockPublicPolicy": True, "RestrictPublicBuckets": True}
        do = partial(
            self._objects.ask,
            "put_public_access_block",
            PublicAccessBlockConfiguration={**now, **wanted},
        )
        is_done = all(now.get(name) for name in wanted)
        yield _made("public access is blocked", is_done=is_done, do=do)

    def _uploads_from(self, origin: str) -> Preparation:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        form = self._objects.client.form(Bucket=self._bucket.name, Key=f"{ARRIVALS}{PROBE}")
        is_done = _let_in(form["url"], asked) in ("*", origin)
        do = partial(self._let_in, origin)
        return _made(f"uploads by pages of {origin} (CORS)", is_done=is_done, do=do)

    def _let_in(self, origin: str) -> None:
        ours = {
            "ID": RULE,
            "AllowedOrigins": [origin],
            "AllowedMethods": ["POST"],
            "AllowedHeaders": ["*"],
            "MaxAgeSeconds": 3600,
        }
        others = self._rules_of_others("get_bucket_cors", "CORSRules")
        self._objects.ask("put_bucket_cors", CORSConfiguration={"CORSRules": [*others, ours]})

    def _emptied(self) -> Preparation:
        rules = self._rules("get_bucket_lifecycle_configuration", "Rules")
        is_done = any(_empties_arrivals(rule) for rule in rules)
        return _made(f"{ARRIVALS} is emptied after a day", is_done=is_done, do=self._empty)

    def _empty(self) -> None:
        ours = {
            "ID": RULE,
            "Filter": {"Prefix": ARRIVALS},
            "Status": "Enabled",
            "Expiration": {"Days": 1},
        }
        others = self._rules_of_others("get_bucket_lifecycle_configuration", "Rules")
        self._objects.ask(
            "put_bucket_lifecycle_configuration",
            LifecycleConfiguration={"Rules": [*others, ours]},
        )

    def _rules(self, operation: str, name: str) -> list[dict[str, Any]]:
        try:
            return list(self._objects.ask(operation).get(name, ()))
        except ObjectMissingError:  # Nobody has made any.
            return []

    def _rules_of_others(self, operation: str, name: str) -> list[dict[str, Any]]:
        return [rule for rule in self._rules(operation, name) if rule.get("ID") != RULE]


def _told(what: str, mend: str = "") -> Preparation:
    """Something that only a person can bring about, as ``mend`` says where it is missing."""
    return Preparation(what=f"{what}: {mend}" if mend else what, is_done=not mend, do=None)


def _made(what: str, *, is_done: bool, do: Callable[[], object]) -> Preparation:
    def make() -> None:
        do()

    return Preparation(what=what, is_done=is_done, do=None if is_done else make)


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except StoreUnavailableError:
        raise
    except StoreError:
        return False
    return True


def _empties_arrivals(rule: dict[str, Any]) -> bool:
    prefix = rule.get("Filter", {}).get("Prefix", rule.get("Prefix"))
    days = rule.get("Expiration", {}).get("Days", 0)
    return rule.get("Status") == "Enabled" and prefix == ARRIVALS and 1 <= days <= 7


def _status(method: str, url: str) -> int:
    """What an address answers; 0 when nobody does."""
    with urllib3.PoolManager(retries=False, timeout=LOOK_S) as pool:
        try:
            return pool.request(method, url).status
        except urllib3.exceptions.HTTPError:
            return 0


def _let_in(url: str, asked: dict[str, str]) -> str:
    """Whom an address lets in that asks as browsers do before they send; empty for nobody."""
    with urllib3.PoolManager(retries=False, timeout=LOOK_S) as pool:
        try:
            answer = pool.request("OPTIONS", url, headers=asked)
        except urllib3.exceptions.HTTPError as error:
            raise StoreUnavailableError("The bucket does not answer at the moment.") from error
    return answer.headers.get("Access-Control-Allow-Origin", "") if answer.status < 300 else ""
