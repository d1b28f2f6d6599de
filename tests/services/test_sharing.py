"""Variants that lie in the bucket beside their originals, for every node."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gallery.config import S3Bucket
from gallery.errors import ObjectMissingError
from gallery.imaging.formats import identify
from gallery.imaging.sandbox import Engine
from gallery.model import Image
from gallery.services.delivered import ElsewhereError
from gallery.services.sharing import KNOWN_FOR_S, SharedVariants
from gallery.stores.abilities import KeepsVariants
from gallery.stores.registry import Stores
from gallery.stores.s3.store import S3Store
from gallery.transformation import parse
from tests import pictures
from tests.s3_server import Fail, S3Server
from tests.s3_server.server import client_of
from tests.services.conftest import SMALL, Parts, asked

PUBLIC = "https://images.example.org"

MakeParts = Callable[..., Parts]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server) -> Iterator[S3Bucket]:
    yield server.bucket()
    server.forgive()


def stores_on(bucket: S3Bucket) -> Stores:
    store = S3Store(bucket, cloud_name="vitrine", secret="k" * 32, sleep=lambda _: None)
    return Stores([store], for_new="s3")


@pytest.fixture
def parts(make_parts: MakeParts, bucket: S3Bucket) -> Parts:
    return make_parts(others=stores_on(bucket))


@pytest.fixture
def public(make_parts: MakeParts, bucket: S3Bucket) -> Parts:
    """Everybody may fetch there what lies under ``derived/``."""
    return make_parts(others=stores_on(replace(bucket, public_url=PUBLIC)))


@pytest.fixture
def derivations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine was asked for."""
    told: list[str] = []
    derive = Engine.derive

    def noting(engine: Engine, path: Any, wanted: Any, **options: Any) -> Any:
        told.append(str(wanted))
        return derive(engine, path, wanted, **options)

    monkeypatch.setattr(Engine, "derive", noting)
    return told


def lies_there(bucket: S3Bucket) -> dict[str, str]:
    """The variants in the bucket, and the content type of each."""
    client = client_of(bucket)
    found = client.list_objects_v2(Bucket=bucket.name, Prefix="derived/").get("Contents", ())
    return {
        each["Key"]: client.head_object(Bucket=bucket.name, Key=each["Key"])["ContentType"]
        for each in found
    }


def content(parts: Parts, image: Image, wanted: str = SMALL, **options: Any) -> bytes:
    made = parts.delivery.deliver(asked(image, wanted, **options)).content
    assert made
    return made


def as_another_node(parts: Parts) -> None:
    """Forgets all that is kept on this disk."""
    shutil.rmtree(parts.folder / "derived")


def test_a_bucket_keeps_variants(parts: Parts) -> None:
    assert isinstance(parts.stores.for_new, KeepsVariants)


def test_a_variant_is_made_once_for_all_nodes(
    parts: Parts, bucket: S3Bucket, derivations: list[str]
) -> None:
    image = parts.take().image
    first = content(parts, image)
    as_another_node(parts)

    assert content(parts, image) == first
    assert len(derivations) == 1
    [(name, content_type)] = lies_there(bucket).items()
    assert name.startswith(f"derived/{image.key}/")
    assert content_type == identify(first).content_type


def test_each_class_of_client_has_its_own(parts: Parts, bucket: S3Bucket) -> None:
    image = parts.take().image

    content(parts, image)
    content(parts, image, bucket="webp")

    assert sorted(lies_there(bucket).values()) == ["image/jpeg", "image/webp"]


def test_a_variant_goes_with_its_original(parts: Parts, bucket: S3Bucket) -> None:
    image, other = (parts.take(pictures.photo(seed=seed)).image for seed in range(2))
    content(parts, image)
    content(parts, other)

    parts.stores.for_new.delete(image.key)

    [name] = lies_there(bucket)
    assert name.startswith(f"derived/{other.key}/")


def test_what_was_deleted_for_good_while_it_was_made_leaves_nothing(
    parts: Parts, bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = parts.take().image
    derive = Engine.derive

    def slow(*given: Any, **options: Any) -> Any:
        made = derive(*given, **options)
        parts.library.purge(image.id)
        return made

    monkeypatch.setattr(Engine, "derive", slow)
    with pytest.raises(Exception, match="not found"):
        content(parts, image)

    assert lies_there(bucket) == {}


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_bucket_that_does_not_answer_costs_nobody_the_picture(
    parts: Parts, server: S3Server, derivations: list[str], operation: str
) -> None:
    image = parts.take().image
    content(parts, image)  # The original is on this disk by now.
    server.script(operation, *[Fail(status=403, code="AccessDenied")] * 9)

    assert content(parts, image, bucket="webp")

    assert len(derivations) == 2


def test_without_a_public_address_nobody_is_sent_away(parts: Parts) -> None:
    image = parts.take().image

    assert content(parts, image) == content(parts, image)
    assert parts.stores.delivery_hosts() == ()


def test_where_everybody_may_fetch_it_people_are_sent_there(
    public: Parts, bucket: S3Bucket
) -> None:
    image = public.take().image
    content(public, image)

    with pytest.raises(ElsewhereError) as sent:
        content(public, image)

    [name] = lies_there(bucket)
    assert sent.value.url == f"{PUBLIC}/{name}"
    assert sent.value.varies == {"bucket"}
    assert public.stores.delivery_hosts() == (PUBLIC,)
    assert public.delivery.kept(asked(image)) is None


def test_another_node_sends_people_there_once_it_has_seen_it(
    public: Parts, make_parts: MakeParts, bucket: S3Bucket, derivations: list[str]
) -> None:
    image = public.take().image
    first = content(public, image)
    other = make_parts(others=stores_on(replace(bucket, public_url=PUBLIC)))

    assert content(other, image) == first
    with pytest.raises(ElsewhereError):
        content(other, image)
    assert len(derivations) == 1


def test_what_is_hidden_is_nowhere(public: Parts) -> None:
    image = public.take().image
    content(public, image)

    public.library.trash(image.id, version=None)

    with pytest.raises(Exception, match="not found"):
        content(public, image)


def test_what_is_to_be_saved_under_a_name_comes_from_here(public: Parts) -> None:
    image = public.take().image
    content(public, image)

    assert content(public, image, f"{SMALL}/fl_attachment:beach")


@pytest.mark.parametrize("type", ["private", "authenticated"])
def test_what_is_not_for_everybody_never_lies_where_everybody_fetches(
    public: Parts, bucket: S3Bucket, type: str
) -> None:
    image = replace(public.take().image, type=type)

    shared = SharedVariants(catalog=public.catalog, stores=public.stores, secret="k" * 32)
    shared.keep(image, "any", b"\xff\xd8\xff")

    assert shared.find(image, "any") is None
    assert shared.address_of(image, "any", parse(SMALL)) is None
    assert lies_there(bucket) == {}


def test_the_name_of_a_variant_is_not_to_be_thought_up(public: Parts, bucket: S3Bucket) -> None:
    image = public.take().image
    for secret in ("a" * 32, "b" * 32):
        shared = SharedVariants(catalog=public.catalog, stores=public.stores, secret=secret)
        shared.keep(image, "any", b"\xff\xd8\xff")

    assert len(lies_there(bucket)) == 2


def test_it_is_not_believed_for_ever_that_a_variant_is_there(
    public: Parts, bucket: S3Bucket
) -> None:
    image, now = public.take().image, [0.0]
    shared = SharedVariants(
        catalog=public.catalog, stores=public.stores, secret="k" * 32, now=lambda: now[0]
    )
    shared.keep(image, "any", b"\xff\xd8\xff")
    assert shared.address_of(image, "any", parse(SMALL))

    now[0] = KNOWN_FOR_S + 1

    assert shared.address_of(image, "any", parse(SMALL)) is None
    assert shared.find(image, "any")
    assert shared.address_of(image, "any", parse(SMALL))


def test_forgetting_variants_leaves_the_original(parts: Parts, bucket: S3Bucket) -> None:
    image = parts.take().image
    content(parts, image)
    store = parts.stores.for_new
    assert isinstance(store, S3Store)

    store.forget_variants(image.key)

    assert lies_there(bucket) == {}
    assert store.stat(image.key)
    with pytest.raises(ObjectMissingError):
        store.variant(image.key, "any")
