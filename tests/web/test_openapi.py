"""``/api/openapi.json`` describes every call, and what is answered is what it describes."""

import re
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests import pictures
from tests.web.conftest import PASSWORD, client_of
from tests.web.page import Page
from tests.web.tus import PHOTO, SIZE, Tus

TUS_CREATION = ("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Checksum")
TUS_PIECE = ("Tus-Resumable", "Upload-Offset", "Upload-Checksum")


@pytest.fixture
def document(owner):
    return owner.get("/api/openapi.json").json


def routes(gallery):
    """Every rule and method under ``/api``, as Flask serves them."""
    app = gallery._wsgi._app
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield re.sub("<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower()


def test_it_is_valid(document):
    assert document["openapi"] == "3.1.0"

    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_it_describes_every_call_and_no_other(document, gallery):
    described = {
        (path, method) for path, operations in document["paths"].items() for method in operations
    }

    assert described == set(routes(gallery))


def test_every_call_says_what_it_takes_and_how_it_fails(document):
    names = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            assert operation["summary"]
            taken = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert taken == {part[1:-1] for part in path.split("/") if part.startswith("{")}
            problem = operation["responses"]["default"]["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert len(set(names)) == len(names)


def test_it_names_the_headers_that_change_what_a_call_does(document):
    named = {
        (path, method, each["name"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for each in operation["parameters"]
        if each["in"] == "header"
    }

    assert named == {
        ("/api/images", "post", "Idempotency-Key"),
        ("/api/images/{image_id}", "patch", "If-Match"),
        ("/api/images/{image_id}", "delete", "If-Match"),
        ("/api/images/{image_id}/original", "put", "If-Match"),
        ("/api/events", "get", "Last-Event-ID"),
        *(("/api/tus", "post", name) for name in TUS_CREATION),
        *(("/api/tus/{upload_id}", "patch", name) for name in TUS_PIECE),
        ("/api/tus/{upload_id}", "delete", "Tus-Resumable"),
    }


def test_it_says_how_such_a_header_looks(document):
    [match] = (
        each["schema"]["pattern"]
        for each in document["paths"]["/api/images/{image_id}"]["patch"]["parameters"]
        if each["name"] == "If-Match"
    )
    assert [text for text in ('"3"', "*", "", '"three"') if re.search(match, text)] == ['"3"', "*"]
    begun = document["paths"]["/api/tus"]["post"]["parameters"]
    assert {each["name"] for each in begun if each["required"]} == {
        "Tus-Resumable",
        "Upload-Length",
    }


def test_it_says_that_a_tag_is_not_empty(document):
    tags = document["components"]["schemas"]["EditIn"]["properties"]["tags"]["anyOf"][0]
    assert [text for text in ("garden", "", " ") if re.search(tags["items"]["pattern"], text)] == [
        "garden"
    ]


def test_the_words_for_people_list_every_call(owner, document):
    page = Page(owner.get("/api/docs"))

    operations = [
        operation["operationId"]
        for each in document["paths"].values()
        for operation in each.values()
    ]
    assert [call["id"] for call in page.all("details")] == operations


def call(client, method, template, **values):
    query = values.pop("query", "")
    path = template.format(
        image_id=values.pop("id", ""),
        upload_id=values.pop("upload", ""),
        store=values.pop("store", ""),
        preset=values.pop("preset", ""),
        width=values.pop("width", ""),
    )
    return template, method, client.open(path + query, method=method.upper(), **values)


def journey(client):
    """A call of every kind, each with its answer."""
    photo = pictures.photo(metadata=True)
    taken = client.upload(photo.content, description="x", tags=["a"], album="b")
    yield "/api/images", "post", taken
    yield "/api/images", "post", client.upload(photo.content)
    yield "/api/images", "post", client.upload(b"text")
    one = {"id": taken.json["id"]}
    yield call(client, "get", "/api/images", query="?counts=true")
    yield call(client, "get", "/api/images", query="?limit=0")
    yield call(client, "get", "/api/images/{image_id}", **one)
    yield call(client, "patch", "/api/images/{image_id}", json={"alt": "x"}, **one)
    yield call(client, "patch", "/api/images/{image_id}", json={"alt": 5}, **one)
    yield call(client, "get", "/api/images/{image_id}/original", **one)
    yield "/api/images/{image_id}/original", "put", client.replace(taken.json, photo.content)
    tagged = {"ids": [taken.json["id"], "nobody"], "action": "tag", "tags": ["b"]}
    yield call(client, "post", "/api/images/batch", json=tagged)
    yield call(client, "post", "/api/images/batch", json=tagged | {"action": "delete"})
    ordered = client.post("/api/archives", json={"ids": [taken.json["id"]]})
    yield "/api/archives", "post", ordered
    yield "/api/archives/{archive_id}", "get", client.get(ordered.json["url"])
    yield call(client, "get", "/api/tags")
    yield call(client, "delete", "/api/images/{image_id}", **one)
    yield call(client, "delete", "/api/images/{image_id}", **one)
    variant = {"preset": "card", "width": taken.json["variants"]["card"]["width"]}
    yield call(client, "get", "/api/images/{image_id}/variants/{preset}/{width}", **one, **variant)
    yield call(client, "post", "/api/images/{image_id}/restore", **one)
    yield call(client, "delete", "/api/images/{image_id}", query="?permanent=true", **one)
    yield call(client, "delete", "/api/trash")
    yield from uploads_in_pieces(client)
    yield call(client, "get", "/api/session")
    yield call(client, "post", "/api/session", json={"password": PASSWORD})
    yield call(client, "delete", "/api/session")
    yield call(client, "get", "/api/status")
    yield call(client, "get", "/api/docs")
    yield call(client, "get", "/api/openapi.json")
    yield call(client, "post", "/api/hooks/{store}", store="s3", json={})
    yield "/api/events", "get", client.head("/api/events")


def uploads_in_pieces(client):
    asked = {"filename": "a.jpg", "bytes": SIZE}
    given = call(client, "post", "/api/uploads", json=asked)
    yield given
    yield call(client, "post", "/api/uploads", json=asked | {"method": "form"})
    yield call(client, "post", "/api/uploads", json={"files": [asked, {"bytes": 0}]})
    tus, one = Tus(client), {"upload": given[2].json["id"]}
    yield call(client, "get", "/api/uploads/{upload_id}", **one)
    yield "/api/tus/{upload_id}", "patch", tus.append(given[2].json["url"], PHOTO)
    yield call(client, "post", "/api/uploads/{upload_id}/complete", **one)
    yield call(client, "delete", "/api/uploads/{upload_id}", **one)
    created = tus.create(5)
    yield "/api/tus", "post", created
    yield "/api/tus", "post", tus.create(None)
    path = created.headers["Location"]
    yield "/api/tus/{upload_id}", "patch", tus.append(path, b"hello")
    yield call(client, "get", "/api/uploads/{upload_id}", upload=path.rpartition("/")[2])
    yield "/api/tus/{upload_id}", "delete", tus.delete(path)


def test_every_answer_is_what_it_describes(document, guarded):
    client = client_of(guarded)
    assert client.post("/api/session", json={"password": PASSWORD}).status_code == 200

    called = set()
    for path, method, answer in journey(client):
        called.add((path, method))
        described = document["paths"][path][method]["responses"]
        response = described.get(str(answer.status_code), described["default"])
        if answer.status_code == 204 or "content" not in response:
            assert answer.data == b""
            continue
        content = response["content"]
        family = answer.mimetype.partition("/")[0]
        kind = answer.mimetype if answer.mimetype in content else f"{family}/*"
        assert kind in content, (path, method, answer.mimetype)
        if "schema" in content[kind]:
            schema = content[kind]["schema"] | {"components": document["components"]}
            Draft202012Validator(schema).validate(answer.json)

    assert called == {(path, method) for path, each in document["paths"].items() for method in each}


def test_an_upload_as_described_is_taken(owner, document):
    form = document["paths"]["/api/images"]["post"]["requestBody"]["content"]
    schema = form["multipart/form-data"]["schema"]

    assert schema["required"] == ["image"]
    assert schema["properties"].keys() == {"image", "description", "alt", "tags", "album"}
    assert schema["additionalProperties"] is False
    assert schema["properties"]["description"]["maxLength"] == 2000
    assert schema["properties"]["tags"]["maxItems"] == 20


def test_the_addresses_in_an_answer_lead_somewhere(owner):
    image = owner.uploaded()

    for address in (image["url"], image["page"], image["variants"]["avatar"]["url"]):
        assert owner.get(urlsplit(address).path).status_code == 200
