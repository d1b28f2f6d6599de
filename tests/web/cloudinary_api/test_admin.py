"""The Admin API where it needs more than a running program to be seen."""

from __future__ import annotations

import json

import pytest
import urllib3

from gallery.web.cloudinary_api import admin_deletes
from tests.pictures import photo

UPLOADS = "/cdn/v1_1/vitrine/resources/image/upload"


@pytest.fixture
def headers(kept):
    keys = f"{kept.settings.cdn_api_key}:{kept.settings.cdn_api_secret}"
    return dict(urllib3.make_headers(basic_auth=keys))


def test_many_go_page_by_page(owner, headers, monkeypatch):
    monkeypatch.setattr(admin_deletes, "AT_ONCE", 2)
    ids = {owner.uploaded(photo(seed=seed).content)["id"] for seed in range(3)}

    def delete(**more):
        query = {"all": "true", **more}
        return owner.delete(UPLOADS, query_string=query, headers=headers).json

    first = delete()
    assert (len(first["deleted"]), first["partial"]) == (2, True)
    rest = delete(next_cursor=first["next_cursor"])

    assert rest["partial"] is False
    assert {*first["deleted"], *rest["deleted"]} == ids
    assert owner.listed()["images"] == []


def test_who_asks_is_told_of_changed_tags_and_context(owner, kept, headers):
    name = owner.uploaded(tags=["old"])["id"]

    answer = owner.post(
        f"{UPLOADS}/{name}",
        json={
            "tags": "new",
            "context": "alt=A ship",
            "notification_url": "https://listener.example/hook",
        },
        headers=headers,
    )

    assert answer.status_code == 200, answer.text
    waiting = list(kept.database["notifications"].find())
    assert {each["url"] for each in waiting} == {"https://listener.example/hook"}
    told = {json.loads(each["body"])["notification_type"]: each for each in waiting}
    tags = json.loads(told["resource_tags_changed"]["body"])
    assert tags["resources"] == {name: {"added": ["new"], "removed": ["old"], "updated": []}}
    context = json.loads(told["resource_context_changed"]["body"])
    assert context["resources"][name]["added"] == [{"name": "alt", "value": "A ship"}]


def test_who_may_not_be_told_is_refused_before_anything_is_changed(owner, kept, headers):
    name = owner.uploaded(tags=["old"])["id"]

    answer = owner.post(
        f"{UPLOADS}/{name}",
        json={"tags": "new", "notification_url": "ftp://listener.example/"},
        headers=headers,
    )

    assert answer.status_code == 400
    assert owner.get(f"/api/images/{name}").json["tags"] == ["old"]
    assert not list(kept.database["notifications"].find())


def test_what_was_derived_is_gone_from_the_disk(owner, kept, headers):
    image = owner.uploaded()
    assert owner.get(image["variants"]["thumb"]["url"]).status_code == 200
    assert kept.files("derived")

    answer = owner.delete(
        UPLOADS,
        json={"public_ids": [image["id"]], "keep_original": True},
        headers=headers,
    )

    assert answer.json["deleted"] == {image["id"]: "deleted"}
    assert kept.files("derived") == []
    assert owner.get(image["variants"]["thumb"]["url"]).status_code == 200
