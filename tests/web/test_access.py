"""Who is answered: our own host names, our own pages, and people who signed in."""

from datetime import UTC, datetime, timedelta

import pytest

from gallery.factory import building
from gallery.web.access import host_is_ours, hosts_of
from tests.web.conftest import PASSWORD, client_of

CROSS_SITE_WRITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9999"},
]


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_answers_loopback_names(owner, host):
    assert owner.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.1.4", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/images", "/healthz", "/static/x/css/tokens.css"])
def test_refuses_every_other_host_without_repeating_it(owner, host, path):
    answer = owner.get(path, headers={"Host": host})

    assert answer.status_code == 421
    assert not host or host not in answer.text


def test_answers_the_public_host_when_there_is_one():
    hosts = hosts_of("https://photos.example")

    assert host_is_ours("photos.example", hosts)
    assert host_is_ours("PHOTOS.example:443", hosts)
    assert not host_is_ours("evil.example", hosts)


@pytest.mark.parametrize("headers", CROSS_SITE_WRITES)
@pytest.mark.parametrize("path", ["/api/images", "/upload/", "/sign-out", "/i/x/delete"])
def test_other_sites_cannot_write(owner, headers, path):
    answer = owner.post(path, headers=headers)

    assert answer.status_code == 403
    assert answer.json is None or answer.json["code"] == "cross_site"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {},
    ],
)
def test_our_own_pages_and_programs_can_write(owner, headers):
    answer = owner.upload(headers=headers)

    assert answer.status_code == 201


@pytest.mark.parametrize("destination", ["image", "script", "empty"])
def test_other_sites_cannot_embed_the_api(owner, destination):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": destination}

    assert owner.get("/api/images", headers=headers).status_code == 403


def test_json_must_say_that_it_is_json(owner):
    image = owner.uploaded()

    answer = owner.patch(
        f"/api/images/{image['id']}", data='{"alt": "x"}', content_type="text/plain"
    )

    assert answer.status_code == 400


def test_every_answer_carries_the_headers_that_keep_it_inert(owner):
    for path in ("/", "/healthz", "/api/images", "/nothing", "/api/nothing", "/upload/"):
        headers = owner.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers


def test_pages_carry_a_strict_policy_with_a_fresh_nonce(owner):
    first, second = owner.get("/"), owner.get("/")

    policy = first.headers["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert len(nonce) >= 22
    assert f'nonce="{nonce}"' in first.text
    assert nonce not in second.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in (
        "default-src 'none'",
        "'strict-dynamic'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "connect-src 'self';",
    ):
        assert part in policy
    assert first.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_with_a_password_strangers_look_but_do_not_touch(stranger):
    assert stranger.get("/").status_code == 200
    assert stranger.get("/api/images").status_code == 200
    refused = stranger.upload()
    assert refused.status_code == 401
    assert refused.json["code"] == "sign_in_required"
    assert "WWW-Authenticate" in refused.headers


def test_with_a_password_every_write_needs_the_session(stranger):
    someone = "/api/images/" + "x" * 22
    for method, path in (
        ("PATCH", someone),
        ("DELETE", someone),
        ("POST", f"{someone}/restore"),
        ("GET", f"{someone}/original"),
        ("PUT", f"{someone}/original"),
        ("POST", "/upload/"),
        ("POST", "/i/x/edit"),
        ("POST", "/i/x/delete"),
        ("GET", "/api/images?status=trashed"),
    ):
        assert stranger.open(path, method=method).status_code == 401, (method, path)


def test_the_owner_signs_in_writes_and_signs_out(signed_in):
    assert signed_in.get("/api/session").json == {"signed_in": True, "sign_in_needed": True}
    signed_in.uploaded()

    assert signed_in.delete("/api/session").status_code == 204

    assert signed_in.upload().status_code == 401


def test_a_session_that_was_ended_does_not_open_with_its_old_cookie(guarded, signed_in):
    cookie = signed_in.get_cookie("vitrine").value
    signed_in.delete("/api/session")
    thief = client_of(guarded)
    thief.set_cookie("vitrine", cookie)

    assert thief.upload().status_code == 401


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded):
    answer = client_of(guarded).post("/api/session", json={"password": PASSWORD})

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_behind_tls_the_cookie_is_bound_to_the_host(make_gallery):
    gallery = make_gallery(owner_password=PASSWORD, public_url="https://photos.example")

    answer = client_of(gallery, "https://photos.example").post(
        "/api/session", json={"password": PASSWORD}
    )

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-vitrine=")
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.fixture
def _within_one_window(monkeypatch):
    """The clock stands still; ahead, so that MongoDB does not take what it counts for outlived."""
    moment = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr(building, "now", lambda: moment)


@pytest.mark.usefixtures("_within_one_window")
def test_a_wrong_password_is_refused_and_trying_has_a_limit(stranger):
    answers = [
        stranger.post("/api/session", json={"password": f"guess {n}"}).status_code
        for n in range(12)
    ]

    assert answers[:10] == [401] * 10
    assert answers[10:] == [429] * 2


@pytest.mark.usefixtures("_within_one_window")
def test_a_client_cannot_hide_from_the_limit_behind_a_header(stranger):
    answers = [
        stranger.post(
            "/api/session",
            json={"password": "guess"},
            headers={"X-Forwarded-For": f"10.0.0.{n}"},
        )
        for n in range(11)
    ]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_private_gallery_shows_strangers_nothing(make_gallery):
    client = client_of(make_gallery(owner_password=PASSWORD, gallery_visibility="private"))

    assert client.get("/").headers["Location"] == "/sign-in"
    assert client.get("/api/images").status_code == 401
    assert client.get("/api/events").status_code == 401
    assert client.get("/api/status").status_code == 401
    assert client.get("/sign-in").status_code == 200
