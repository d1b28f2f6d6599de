"""The signature of a call, as Cloudinary's own SDK writes it; everything else is refused."""

import base64

import pytest
from cloudinary import utils

from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

KEY, SECRET = "123456789012345", "a-secret-of-the-tests"


@pytest.fixture
def account(clock):
    return Account(cloud_name="vitrine", api_key=KEY, api_secret=SECRET, now=clock)


@pytest.fixture
def signed(clock):
    """The pairs that the SDK sends for some parameters."""

    def sign(*, algorithm="sha1", version=2, **params):
        params = {"timestamp": int(clock().timestamp()), **params}
        given = utils.cleanup_params(params)
        signature = utils.api_sign_request(given, SECRET, algorithm, version)
        sent = {**given, "signature": signature, "api_key": KEY}
        return [
            pair
            for name, value in sent.items()
            for pair in (
                [(f"{name}[]", each) for each in value]
                if isinstance(value, list)
                else [(name, str(value))]
            )
        ]

    return sign


def refused(account, pairs, **options):
    with pytest.raises(RefusedError) as refusal:
        account.check_signed(Parameters(pairs), **options)
    assert refusal.value.status == 401
    return str(refusal.value)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"public_id": "garden/röse & co=1", "overwrite": False, "tags": "a,b"},
        {"public_ids": ["one", "two, three"], "tag": ["x", "y"], "command": "add"},
        {"context": r"caption=a\|b|alt=a\=b&type=private", "folder": ""},
    ],
)
def test_takes_what_the_sdk_signs(account, signed, algorithm, params):
    account.check_signed(Parameters(signed(algorithm=algorithm, **params)))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_refuses_a_signature_with_any_byte_changed(account, signed, algorithm):
    *pairs, (_, signature), key = signed(algorithm=algorithm, public_id="rose")

    for at, digit in enumerate(signature):
        other = signature[:at] + ("0" if digit != "0" else "1") + signature[at + 1 :]
        message = refused(account, [*pairs, ("signature", other), key])
        assert message.startswith(f"Invalid Signature {other}. String to sign - 'public_id=rose&")
        assert SECRET not in message


@pytest.mark.parametrize(
    "change",
    [lambda s: s[:-1], lambda s: s + "0", str.upper, lambda s: "é" * 40, lambda s: " " + s],
)
def test_refuses_a_signature_in_another_spelling(account, signed, change):
    pairs = [
        (name, change(value) if name == "signature" else value)
        for name, value in signed(public_id="rose")
    ]

    assert refused(account, pairs).startswith("Invalid Signature")


def test_refuses_what_was_added_changed_or_left_out(account, signed):
    pairs = signed(public_id="rose", type="private")

    refused(account, [*pairs, ("overwrite", "1")])
    refused(account, [(n, "lily" if n == "public_id" else v) for n, v in pairs])
    refused(account, [(n, v) for n, v in pairs if n != "type"])


def test_refuses_a_parameter_smuggled_in_another(account, signed):
    """Version 1 signs both of these alike; an attacker splits one value into two parameters."""
    smuggled = signed(version=1, public_id="rose&tags=x")

    refused(account, smuggled)
    split = [pair for pair in smuggled if pair[0] != "public_id"]
    account.check_signed(Parameters([*split, ("public_id", "rose"), ("tags", "x")]))
    whole = signed(public_id="rose&tags=x")
    split = [pair for pair in whole if pair[0] != "public_id"]
    refused(account, [*split, ("public_id", "rose"), ("tags", "x")])


def test_a_signature_holds_for_an_hour(account, signed, clock):
    pairs = signed(public_id="rose")

    clock.advance(3600)
    account.check_signed(Parameters(pairs))
    clock.advance(1)

    assert refused(account, pairs) == (
        "Stale request - reported time is 2026-11-21 12:00:00 UTC which is more than 1 hour ago"
    )


def test_clocks_may_differ_by_five_minutes(account, signed, clock):
    now = int(clock().timestamp())

    account.check_signed(Parameters(signed(timestamp=now + 300)))
    assert "yet to come" in refused(account, signed(timestamp=now + 301))


def test_an_expiry_that_was_signed_takes_the_place_of_the_hour(account, signed, clock):
    pairs = signed(expires_at=int(clock().timestamp()) + 7200)

    clock.advance(7199)
    account.check_signed(Parameters(pairs))
    clock.advance(1)
    assert "expires_at" in refused(account, pairs)


@pytest.mark.parametrize("timestamp", ["-1", "1e9", "0x10", "١٢", "99999999999", "now"])
def test_a_moment_is_a_number(account, signed, timestamp):
    with pytest.raises(RefusedError, match="Invalid value"):
        account.check_signed(Parameters(signed(timestamp=timestamp)))


def test_refuses_another_key_even_with_the_right_secret(account, signed):
    pairs = [(name, "1" if name == "api_key" else value) for name, value in signed()]

    assert refused(account, pairs) == "unknown api_key"


@pytest.mark.parametrize("missing", ["api_key", "signature", "timestamp"])
def test_names_what_is_missing(account, signed, missing):
    pairs = [(name, value) for name, value in signed(public_id="x") if name != missing]
    if missing == "timestamp":
        signature = utils.api_sign_request({"public_id": "x"}, SECRET)
        pairs = [("public_id", "x"), ("api_key", KEY), ("signature", signature)]

    with pytest.raises(RefusedError, match=f"Missing required parameter - {missing}") as refusal:
        account.check_signed(Parameters(pairs))
    assert refusal.value.status == 400


def test_some_calls_leave_where_to_tell_out_of_the_signature(account, signed):
    pairs = [*signed(tag="x"), ("notification_url", "http://localhost/")]

    account.check_signed(Parameters(pairs), unsigned=("notification_url", "batch_id"))
    refused(account, pairs)
    refused(account, [*pairs, ("type", "private")], unsigned=("notification_url", "batch_id"))


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_takes_key_and_secret_in_the_header(account):
    account.check_basic(basic(f"{KEY}:{SECRET}"))
    account.check_basic(f"Bearer {SECRET}")
    account.check(Parameters([]), basic(f"{KEY}:{SECRET}"))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic é",
        basic(""),
        basic(KEY),
        basic(f"{KEY}:"),
        basic(f"{KEY}:{SECRET}x"),
        basic(f"1:{SECRET}"),
        basic(f":{SECRET}"),
        "Bearer ",
        f"Bearer {KEY}",
        f"Digest {SECRET}",
        SECRET,
    ],
)
def test_refuses_other_headers(account, header):
    with pytest.raises(RefusedError) as refusal:
        account.check_basic(header)

    assert refusal.value.status == 401
    assert SECRET not in str(refusal.value)


def test_answers_are_signed_as_the_sdk_checks_them(account):
    answer = {"public_id": "garden/a&b", "version": 1763726400}

    signature = account.signature_of(answer)

    assert signature == utils.api_sign_request(answer, SECRET, signature_version=1)
