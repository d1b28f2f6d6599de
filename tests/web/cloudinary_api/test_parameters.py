"""Parameters mean what their signature covers, however they came."""

import pytest
from flask import Flask, request

from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import MAX_BODY_BYTES, Parameters, of_request


def of(path="/", **options):
    with Flask("tests").test_request_context(path, **options):
        return of_request(request)


def test_reads_query_form_and_json_alike():
    told = [
        of("/?public_ids[]=a&public_ids[]=b,c&overwrite=1&type="),
        of("/", method="POST", data="public_ids[]=a&public_ids[]=b%2Cc&overwrite=true",
           content_type="application/x-www-form-urlencoded"),
        of("/", method="DELETE", json={"public_ids": ["a", "b,c"], "overwrite": True,
                                       "type": None}),
    ]  # fmt: skip

    for params in told:
        assert params.list("public_ids") == ("a", "b,c")
        assert params.flag("overwrite")
        assert "type" not in params


def test_a_list_may_be_one_text_or_repeated():
    assert Parameters([("tags", "a, b,,c")]).list("tags") == ("a", "b", "c")
    assert Parameters([("tags", "a"), ("tags", "b")]).list("tags") == ("a", "b")
    assert Parameters([("tags[]", "a,b"), ("tags[]", "a")]).tags("tags") == ("a", "b")


def test_a_text_that_came_in_parts_is_read_as_it_was_signed():
    params = Parameters([("public_id[]", "a"), ("public_id[]", "b")])

    assert params.text("public_id") == "a,b"
    assert params.string_to_sign() == "public_id=a,b"


@pytest.mark.parametrize(
    "pairs",
    [
        [("public_id", "a"), ("public_id", "b")],
        [("public_id", "a"), ("public_id", "a")],
        [("public_id[]", "a"), ("public_id", "b")],
        [("signature", "a"), ("signature", "b")],
        [("public_id", ""), ("public_id", "b")],
    ],
)
def test_refuses_a_parameter_that_comes_twice(pairs):
    with pytest.raises(RefusedError, match="Duplicate parameter") as refusal:
        Parameters(pairs)

    assert refusal.value.status == 400


@pytest.mark.parametrize("text", ["a\0", "\0", "\ud800"])
def test_refuses_what_no_database_holds(text):
    for pair in (("public_id", text), (text, "a")):
        with pytest.raises(RefusedError, match="Invalid characters"):
            Parameters([pair])


def test_refuses_more_than_a_hundred():
    Parameters([(f"p{number}", "1") for number in range(100)])
    with pytest.raises(RefusedError, match="At most 100"):
        Parameters([(f"p{number}", "1") for number in range(101)])
    with pytest.raises(RefusedError, match="At most 100"):
        of("/?" + "&".join(f"p{number}=1" for number in range(101)))


@pytest.mark.parametrize("value", ["yes", "2", "on", "tru"])
def test_a_flag_is_one_or_zero(value):
    with pytest.raises(RefusedError, match="Invalid value"):
        Parameters([("overwrite", value)]).flag("overwrite")


@pytest.mark.parametrize("value", ["-1", "1.5", "0", "501", "x", "1" * 17])
def test_a_number_keeps_its_bounds(value):
    with pytest.raises(RefusedError, match="Invalid value"):
        Parameters([("max_results", value)]).number("max_results", 10, low=1, high=500)


@pytest.mark.parametrize("body", ["[1]", "{", '"a"', "[" * 100_000])
def test_refuses_a_body_that_is_no_object(body):
    with pytest.raises(RefusedError, match="JSON"):
        of("/", method="POST", data=body, content_type="application/json")


def test_refuses_what_is_no_utf8():
    with pytest.raises(RefusedError, match="UTF-8"):
        of("/?a=%ff")


def test_a_body_has_a_limit():
    with pytest.raises(Exception, match="413"):
        of("/", method="POST", data="a=" + "x" * MAX_BODY_BYTES,
           content_type="application/x-www-form-urlencoded")  # fmt: skip


def test_unknown_parameters_stay_in_the_signature():
    params = Parameters(
        [("b", "2&c=3"), ("a[]", "x"), ("a[]", "y"), ("empty", ""), ("api_key", "k"),
         ("signature", "s"), ("cloud_name", "c"), ("resource_type", "image"), ("file", "f")]
    )  # fmt: skip

    assert params.string_to_sign() == "a=x,y&b=2%26c=3"
