"""``DELETE``, restore and purge: hidden at once everywhere, back as it was, gone for good."""

from urllib.parse import urlsplit

import pytest

from gallery.imaging.sandbox import Engine
from gallery.services.delivery import Delivery
from tests import pictures
from tests.web.conftest import client_of


def api(image):
    return f"/api/images/{image['id']}"


def delivery(image):
    return urlsplit(image["variants"]["card"]["url"]).path


@pytest.fixture
def image(owner):
    """An image among others, its card fetched by somebody."""
    owner.uploaded(pictures.photo(seed=2).content, description="Another")
    image = owner.uploaded(description="The old cherry", tags=["garden"])
    assert owner.get(delivery(image)).status_code == 200
    return image


def test_a_deleted_image_is_hidden_everywhere_at_once(owner, image):
    etag = owner.get(delivery(image)).headers["ETag"]

    assert owner.delete(api(image)).status_code == 204

    assert owner.listed("?q=cherry")["images"] == []
    assert owner.listed("?tag=garden")["images"] == []
    assert len(owner.listed()["images"]) == 1
    assert owner.get("/api/tags").json == {"tags": []}
    assert image["id"] not in owner.get("/").text
    assert owner.get(image["page"]).status_code == 404
    assert owner.get(f"{image['page']}/card").status_code == 404
    for headers in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
        for method in ("GET", "HEAD"):
            assert owner.open(delivery(image), method=method, headers=headers).status_code == 404


def test_the_trash_keeps_it_for_its_owner(owner, image):
    owner.delete(api(image))

    [trashed] = owner.listed("?status=trashed")["images"]
    assert trashed["status"] == "trashed"
    assert owner.get(api(image)).json == trashed
    assert owner.get(f"{api(image)}/original").status_code == 200


def test_the_trash_is_the_owners_alone(guarded, signed_in):
    image = signed_in.uploaded()
    signed_in.delete(api(image))

    stranger = client_of(guarded)

    assert stranger.get(api(image)).status_code == 404
    assert stranger.get("/api/images?status=trashed").status_code == 401
    assert signed_in.get(api(image)).status_code == 200


def test_a_restored_image_is_as_it_was(owner, image):
    owner.delete(api(image))

    answer = owner.post(f"{api(image)}/restore")

    assert answer.status_code == 200
    restored = answer.json
    assert restored == image | {"version": 3, "updated_at": restored["updated_at"]}
    assert owner.listed("?q=cherry&tag=garden")["images"] == [restored]
    assert owner.get(delivery(image)).status_code == 200
    assert owner.get(image["page"]).status_code == 200
    assert owner.post(f"{api(image)}/restore").json == restored


def test_bytes_that_were_uploaded_anew_meanwhile_do_not_hinder_a_restore(owner, image):
    owner.delete(api(image))
    anew = owner.uploaded()

    assert owner.post(f"{api(image)}/restore").status_code == 200
    assert {each["id"] for each in owner.listed()["images"]} >= {image["id"], anew["id"]}


@pytest.mark.parametrize("trashed_before", [False, True])
def test_a_purge_leaves_nothing(owner, kept, trashed_before):
    image = owner.uploaded()
    owner.get(delivery(image))
    assert [kept.files(folder) != [] for folder in ("originals", "derived")] == [True, True]
    if trashed_before:
        owner.delete(api(image))

    assert owner.delete(f"{api(image)}?permanent=true").status_code == 204

    assert kept.everything() == []
    for path in (api(image), image["page"], delivery(image), f"{api(image)}/original"):
        assert owner.get(path).status_code == 404
    assert owner.post(f"{api(image)}/restore").status_code == 404
    assert owner.delete(f"{api(image)}?permanent=true").status_code == 404


def test_the_same_bytes_may_come_again_after_a_purge(owner):
    image = owner.uploaded()
    owner.delete(f"{api(image)}?permanent=true")

    assert owner.uploaded()["id"] != image["id"]


@pytest.mark.parametrize("query", ["", "?permanent=true"])
def test_deletes_only_the_version_that_was_seen(owner, image, query):
    owner.patch(api(image), json={"alt": "Changed meanwhile"})

    stale = owner.delete(f"{api(image)}{query}", headers={"If-Match": '"1"'})

    assert (stale.status_code, stale.json["code"]) == (412, "version_mismatch")
    assert owner.get(image["page"]).status_code == 200
    assert owner.delete(f"{api(image)}{query}", headers={"If-Match": '"2"'}).status_code == 204


@pytest.mark.parametrize(
    ("query", "status"),
    [("?permanent=perhaps", 422), ("?force=1", 422), ("?permanent=true&permanent=false", 400)],
)
def test_refuses_parameters_that_mean_nothing(owner, image, query, status):
    assert owner.delete(f"{api(image)}{query}").status_code == status
    assert owner.get(image["page"]).status_code == 200


def test_what_is_in_the_trash_is_neither_edited_nor_trashed_again(owner, image):
    owner.delete(api(image))

    assert owner.patch(api(image), json={"alt": "x"}).status_code == 404
    assert owner.delete(api(image)).status_code == 404
    assert len(owner.listed("?status=trashed")["images"]) == 1


def test_a_variant_that_was_being_made_while_its_image_was_deleted_is_not_kept(
    owner, kept, monkeypatch
):
    image = owner.uploaded()
    derive = Engine.derive

    def deleted_meanwhile(engine, *args, **options):
        assert owner.delete(api(image)).status_code == 204
        return derive(engine, *args, **options)

    monkeypatch.setattr(Engine, "derive", deleted_meanwhile)

    assert owner.get(delivery(image)).status_code == 404
    assert kept.files("derived") == []


def test_a_variant_that_was_forgotten_while_it_was_sent_is_not_remembered(owner, monkeypatch):
    image = owner.uploaded()
    deliver = Delivery.deliver

    def deleted_meanwhile(delivery, asked):
        delivered = deliver(delivery, asked)
        assert owner.delete(api(image)).status_code == 204
        return delivered

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "deliver", deleted_meanwhile)
        owner.get(delivery(image))

    assert owner.get(delivery(image)).status_code == 404


def test_strangers_delete_nothing(guarded, signed_in):
    image = signed_in.uploaded()
    stranger = client_of(guarded)

    assert stranger.delete(api(image)).status_code == 401
    assert stranger.delete(f"{api(image)}?permanent=true").status_code == 401
    assert stranger.get(image["page"]).status_code == 200
