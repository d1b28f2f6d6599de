"""The account itself: who may ask, what is said of it, and the headers of every answer."""

from __future__ import annotations

import datetime
import time

import cloudinary
import pytest
import urllib3
from cloudinary import api
from cloudinary.exceptions import AuthorizationRequired

from tests.sdk.admin.conftest import Account
from tests.sdk.conftest import SECRET


def test_answers_a_ping(account: Account) -> None:
    assert api.ping()["status"] == "ok"


def test_tells_the_limits_that_the_sdk_reads(account: Account) -> None:
    answer = api.ping()

    assert answer.rate_limit_allowed == answer.rate_limit_remaining == 1_000_000
    assert len(answer.request_id) == 32
    assert time.gmtime() < answer.rate_limit_reset_at


def test_takes_the_secret_as_a_bearer_too(account: Account) -> None:
    token = SECRET
    assert api.ping(oauth_token=token)["status"] == "ok"
    with pytest.raises(AuthorizationRequired):
        api.ping(oauth_token=token[:-1])


@pytest.mark.parametrize("wrong", [{"api_key": "1"}, {"api_secret": "2"}, {"cloud_name": "other"}])
def test_refuses_whoever_is_not_the_account(account: Account, wrong: dict[str, str]) -> None:
    for call in (api.ping, api.resources, api.usage, api.transformations, api.delete_all_resources):
        with pytest.raises(AuthorizationRequired):
            call(**wrong)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("ping", "usage", "config", "resources", "resources/image")),
        *(("GET", path) for path in ("tags/image", "folders", "transformations")),
        *(("GET", path) for path in ("resources/image/upload/x", "resources/" + "0" * 32)),
        *(("DELETE", path) for path in ("resources", "resources/image/upload", "transformations")),
        *(("POST", path) for path in ("resources/image/upload/x", "transformations")),
    ],
)
def test_nothing_is_told_without_credentials(account: Account, method: str, path: str) -> None:
    answer = urllib3.request(method, f"{account.api}/{path}")

    assert answer.status == 401
    assert answer.json()["error"]["message"]
    assert answer.headers["X-FeatureRateLimit-Limit"]
    assert answer.headers["X-Request-Id"]


def test_usage_tells_what_there_is(account: Account) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    before = api.usage(date=today - datetime.timedelta(days=1))
    image = account.add("a")

    now = api.usage(date=today)

    assert before["objects"]["usage"] == 0
    assert now["objects"]["usage"] == now["resources"] == 1
    assert now["storage"]["usage"] == image["bytes"]
    assert now["bandwidth"]["usage"] == 0
    assert now["media_limits"]["image_max_px"] == 100_000_000
    assert "objects" in api.usage()
    with pytest.raises(cloudinary.exceptions.BadRequest):
        api.usage(date="yesterday")


def test_config_tells_the_cloud(account: Account) -> None:
    assert api.config()["cloud_name"] == "vitrine"
    assert "settings" not in api.config()
    assert api.config(settings=True)["settings"] == {"folder_mode": "fixed"}


def test_resource_types_are_those_that_are_kept(account: Account) -> None:
    assert api.resource_types()["resource_types"] == ["image", "raw"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "search"),
        ("POST", "resources/search"),
        ("GET", "folders/search"),
        ("POST", "resources/visual_search"),
        ("GET", "metadata_fields"),
        ("GET", "metadata_rules"),
        ("GET", "streaming_profiles"),
        ("GET", "upload_mappings"),
        ("POST", "triggers"),
        ("POST", "resources/image/publish_resources"),
        ("POST", "resources/related_assets/image/upload/a"),
        ("DELETE", "resources/backup/" + "0" * 32),
        ("POST", "folders/a"),
        ("DELETE", "folders/a"),
        ("PUT", "folders/a"),
    ],
)
def test_what_is_not_spoken_says_so(account: Account, method: str, path: str) -> None:
    answer = account.call(method, path)

    assert answer.status == 501
    assert "not spoken" in answer.json()["error"]["message"]
