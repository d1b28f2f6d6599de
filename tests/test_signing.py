"""Signatures of delivery URLs, and sealed values."""

import hashlib
from base64 import urlsafe_b64encode

import cloudinary.utils
import pytest

from gallery.signing import (
    delivery_signature_matches,
    new_id,
    seal,
    sign_delivery,
    unseal,
)

SECRET = "a secret of the tests"
TO_SIGN = "c_limit,f_auto,h_400,q_auto,w_400/9fQ2abcdefghijklmnopqr"


def test_signs_as_cloudinarys_own_sdk_does():
    url, _ = cloudinary.utils.cloudinary_url(
        "9fQ2abcdefghijklmnopqr",
        cloud_name="c",
        api_secret=SECRET,
        sign_url=True,
        long_url_signature=True,
        raw_transformation="c_limit,f_auto,h_400,q_auto,w_400",
    )

    assert f"/s--{sign_delivery(SECRET, TO_SIGN)}--/" in url


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_accepts_the_short_signatures_of_the_sdks(algorithm):
    digest = hashlib.new(algorithm, (TO_SIGN + SECRET).encode()).digest()
    short = urlsafe_b64encode(digest).decode()[:8]

    assert delivery_signature_matches(SECRET, TO_SIGN, short)


def test_refuses_a_signature_with_any_character_changed():
    signature = sign_delivery(SECRET, TO_SIGN)

    for index, character in enumerate(signature):
        other = "A" if character != "A" else "B"
        forged = signature[:index] + other + signature[index + 1 :]
        assert not delivery_signature_matches(SECRET, TO_SIGN, forged)


@pytest.mark.parametrize("signature", ["", "a", "é" * 8, "a" * 31, "a" * 33])
def test_refuses_signatures_of_another_length(signature):
    assert not delivery_signature_matches(SECRET, TO_SIGN, signature)


def test_unseals_what_it_sealed():
    sealed = seal(SECRET, "cursor", {"o": "64", "t": None})

    assert unseal(SECRET, "cursor", sealed) == {"o": "64", "t": None}


def test_a_seal_does_not_open_for_another_purpose_or_secret():
    sealed = seal(SECRET, "cursor", {"o": "64"})

    assert unseal(SECRET, "ticket", sealed) is None
    assert unseal("another secret", "cursor", sealed) is None


def test_a_seal_with_any_character_changed_does_not_open():
    sealed = seal(SECRET, "cursor", {"o": "64"})

    for index, character in enumerate(sealed):
        other = "A" if character != "A" else "B"
        assert unseal(SECRET, "cursor", sealed[:index] + other + sealed[index + 1 :]) is None


@pytest.mark.parametrize("text", ["", "!", "ü", "AAAA", "a" * 5000])
def test_text_that_was_never_sealed_does_not_open(text):
    assert unseal(SECRET, "cursor", text) is None


def test_ids_are_22_characters_and_never_the_same():
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert {len(each) for each in ids} == {22}
