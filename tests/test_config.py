"""Settings: what they mean, and that a wrong one is refused with one line that names it."""

from __future__ import annotations

import re
import stat
from ipaddress import ip_network
from pathlib import Path

import pytest

from gallery import config
from gallery.config.given import dotenv
from gallery.errors import ConfigError

SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = {"OWNER_PASSWORD": "correct horse"}
OWN_MONGO = {"MONGO_URI": "mongodb://db:27017/vitrine", "SECRET_KEY": SECRET}
CLOUDINARY = "cloudinary://123:s%2Fecret@demo"
BUCKET = {"S3_BUCKET": "photos"}
CLOUDFLARE = {
    "CLOUDFLARE_ACCOUNT_ID": "023e105f",
    "CLOUDFLARE_IMAGES_TOKEN": "a-token",
    "CLOUDFLARE_IMAGES_HASH": "cheeW4oKsx5ljh8e8BoL2A",
}
PRIVATE = {"GALLERY_VISIBILITY": "private"}


def read(folder: Path, **given: str) -> config.Settings:
    return config.read({"GALLERY_DATA": str(folder), **given})


def test_defaults_are_local_mode_on_loopback_with_the_embedded_database(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.mongo_uri, settings.owner_password, settings.media_store) == ("", "", "local")
    assert (settings.max_upload_bytes, settings.max_pixels) == (25 * 1024 * 1024, 100_000_000)
    assert settings.gallery_data == tmp_path
    assert settings.public_url is None


def test_an_empty_value_counts_as_not_set(tmp_path: Path) -> None:
    assert read(tmp_path, PORT="", MONGO_URI=" ", CLOUDINARY_URL="") == read(tmp_path)


def test_keys_are_made_once_for_the_owners_eyes_alone(tmp_path: Path) -> None:
    first, again, other = read(tmp_path), read(tmp_path), read(tmp_path / "other")
    assert len(first.secret_key) >= 32
    assert first == again
    assert len({first.secret_key, first.cdn_api_secret, other.secret_key}) == 3
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["keys.json"]


def test_given_keys_win_over_those_that_were_made(tmp_path: Path) -> None:
    settings = read(tmp_path, SECRET_KEY=SECRET, CDN_API_KEY="42", CDN_API_SECRET="s3")
    assert (settings.secret_key, settings.cdn_api_key, settings.cdn_api_secret) == (
        SECRET,
        "42",
        "s3",
    )


def test_nodes_with_one_secret_key_sign_alike_without_a_shared_disk(tmp_path: Path) -> None:
    one, two = (read(tmp_path / name, **OWN_MONGO) for name in ("one", "two"))
    assert one.cdn_api_secret == two.cdn_api_secret
    assert one.cdn_api_key == two.cdn_api_key
    assert one.cdn_api_secret != one.secret_key
    assert not (tmp_path / "one").exists()


def test_damaged_keys_are_refused_rather_than_replaced(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"SECRET_KEY": ')
    with pytest.raises(ConfigError, match=r"^GALLERY_DATA: .*keys.json is damaged"):
        read(tmp_path)


def test_data_that_cannot_be_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^GALLERY_DATA: .*/file cannot be used"):
        read(tmp_path / "file")


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "OWNER_PASSWORD", "CDN_API_SECRET", "CLOUDINARY_URL", "MONGO_URI"]
)
def test_secrets_can_come_from_files(name: str, tmp_path: Path) -> None:
    values = {"CLOUDINARY_URL": CLOUDINARY, "MONGO_URI": OWN_MONGO["MONGO_URI"]}
    (tmp_path / "secret").write_text(f"{values.get(name, SECRET)}\n")
    more = {} if name == "SECRET_KEY" else {"SECRET_KEY": SECRET}
    from_file = read(tmp_path, **{f"{name}_FILE": str(tmp_path / "secret")}, **more)
    assert from_file == read(tmp_path, **{name: values.get(name, SECRET)}, **more)


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAOURS", "AWS_SECRET_ACCESS_KEY": "of-the-bucket"}
    settings = read(
        tmp_path,
        OWNER_PASSWORD="pa55word",
        CLOUDINARY_URL=CLOUDINARY,
        **BUCKET,
        **keys,
        **OWN_MONGO,
    )
    shown = repr(settings)
    for secret in (
        "pa55word",
        "s%2Fecret",
        *keys.values(),
        SECRET,
        "mongodb://",
        settings.cdn_api_secret,
    ):
        assert secret not in shown


def test_cloudinary_is_read_as_its_sdk_does(tmp_path: Path) -> None:
    url = f"{CLOUDINARY}?upload_prefix=http://127.0.0.1:9/cdn/&cname=127.0.0.1:9/cdn"
    settings = read(tmp_path, CLOUDINARY_URL=url)
    assert settings.media_store == "cloudinary"
    assert settings.cloudinary == config.CloudinaryAccount(
        cloud_name="demo",
        api_key="123",
        api_secret="s%2Fecret",
        upload_prefix="http://127.0.0.1:9/cdn",
        cname="127.0.0.1:9/cdn",
        secure=False,
    )
    three = {
        "CLOUDINARY_CLOUD_NAME": "demo",
        "CLOUDINARY_API_KEY": "123",
        "CLOUDINARY_API_SECRET": "s%2Fecret",
    }
    assert (
        read(tmp_path, **three).cloudinary == read(tmp_path, CLOUDINARY_URL=CLOUDINARY).cloudinary
    )
    assert read(tmp_path, MEDIA_STORE="local", **three).media_store == "local"


def test_a_path_in_the_cloudinary_url_names_a_private_cdn(tmp_path: Path) -> None:
    account = read(tmp_path, CLOUDINARY_URL=f"{CLOUDINARY}/images.example.org").cloudinary
    assert account is not None
    assert (account.private_cdn, account.secure_distribution) == (True, "images.example.org")


def test_public_url_and_proxies_come_in_one_spelling(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        PUBLIC_URL="https://Photos.example.org/",
        TRUSTED_PROXIES="10.0.0.0/8, ::1",
        HOST="0.0.0.0",
        **PASSWORD,
    )
    assert settings.public_url == "https://photos.example.org"
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    "given",
    [
        {"HOST": "0.0.0.0", "PUBLIC_URL": "http://localhost:8000"},
        {"HOST": "localhost"},
        {"HOST": "::1"},
        {"PUBLIC_URL": "http://[::1]:8000"},
        {**PASSWORD, "GALLERY_VISIBILITY": "private"},
        {**PASSWORD, "HOST": "0.0.0.0", "PUBLIC_URL": "https://photos.example.org"},
        {**PASSWORD, "PUBLIC_URL": "http://nas.local", "ALLOW_PLAIN_HTTP": "true"},
        {**PASSWORD, "PUBLIC_URL": "http://gallery.localhost:8000"},
    ],
)
def test_settings_that_can_work_together(given: dict[str, str], tmp_path: Path) -> None:
    read(tmp_path, **given)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"PORT": "http"}, "PORT: must be a whole number from 1 to 65535, not 'http'."),
        ({"PORT": "0"}, "PORT: must be a whole number from 1 to 65535, not '0'."),
        ({"PORT": "65536"}, "PORT: must be a whole number from 1 to 65535, not '65536'."),
        ({"PORT": "\uff18"}, "PORT: must be a whole number"),
        ({"MAX_UPLOAD_BYTES": "25 MiB"}, "MAX_UPLOAD_BYTES: must be a whole number"),
        ({"MAX_PIXELS": "-1"}, "MAX_PIXELS: must be a whole number"),
        ({"GALLERY_TITLE": "two\nlines"}, "GALLERY_TITLE: must be one line"),
        ({"HOST": "photos.example.org"}, "HOST: must be an IP address"),
        ({"HOST": "0.0.0.0"}, "HOST: others could reach it; set OWNER_PASSWORD and PUBLIC_URL"),
        ({"HOST": "0.0.0.0", **PASSWORD}, "PUBLIC_URL: must name the address people use"),
        ({"PUBLIC_URL": "https://photos.example.org"}, "PUBLIC_URL: others can reach that host"),
        ({"PUBLIC_URL": "photos.example.org"}, "PUBLIC_URL: must be scheme and host"),
        ({"PUBLIC_URL": "https://a.example/gallery"}, "PUBLIC_URL: must be scheme and host"),
        ({"PUBLIC_URL": "https://u:p@a.example"}, "PUBLIC_URL: must be scheme and host"),
        ({"PUBLIC_URL": "https://a.example:port"}, "PUBLIC_URL: must be scheme and host"),
        ({"PUBLIC_URL": "ftp://a.example"}, "PUBLIC_URL: must be scheme and host"),
        ({"PUBLIC_URL": "http://nas.local", **PASSWORD}, "PUBLIC_URL: http:// would send"),
        ({"GALLERY_VISIBILITY": "secret"}, "GALLERY_VISIBILITY: must be public or private"),
        ({"GALLERY_VISIBILITY": "private"}, "GALLERY_VISIBILITY: private needs OWNER_PASSWORD"),
        ({"ALLOW_PLAIN_HTTP": "yes"}, "ALLOW_PLAIN_HTTP: must be false or true"),
        ({"TRUSTED_PROXIES": "proxy"}, "TRUSTED_PROXIES: 'proxy' does not appear"),
        ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "TRUSTED_PROXIES: 10.0.0.1/8 has host bits set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY: must have at least 32 characters"),
        ({"MONGO_URI": "mongodb://db/vitrine"}, "SECRET_KEY: must be given with MONGO_URI"),
        ({"MONGO_URI": "mongodb://db:27017", "SECRET_KEY": SECRET}, "MONGO_URI: must name a data"),
        ({"MONGO_URI": "mongodb://db/?w=1", "SECRET_KEY": SECRET}, "MONGO_URI: must name a data"),
        ({"MONGO_URI": "postgres://db/vitrine", "SECRET_KEY": SECRET}, "MONGO_URI: must name a"),
        ({"MEDIA_STORE": "cloudinary"}, "MEDIA_STORE: cloudinary needs CLOUDINARY_URL"),
        ({"MEDIA_STORE": "s3"}, "MEDIA_STORE: s3 needs S3_BUCKET, the name of the bucket."),
        ({"MEDIA_STORE": "cloudflare"}, "MEDIA_STORE: cloudflare needs CLOUDFLARE_ACCOUNT_ID, "),
        (
            {"MEDIA_STORE": "tape"},
            "MEDIA_STORE: must be local, cloudinary or cloudflare or s3, not 'tape'.",
        ),
        ({"CLOUDFLARE_ACCOUNT_ID": "a"}, "CLOUDFLARE_IMAGES_TOKEN: is missing; set all of"),
        ({**CLOUDFLARE, "CLOUDFLARE_ACCOUNT_ID": "a/b"}, "CLOUDFLARE_ACCOUNT_ID: copy it from"),
        ({**CLOUDFLARE, "CLOUDFLARE_IMAGES_HASH": "a b"}, "CLOUDFLARE_IMAGES_HASH: copy it from"),
        ({**CLOUDFLARE, "CLOUDFLARE_API_URL": "ftp://h"}, "CLOUDFLARE_API_URL: must be an address"),
        ({**CLOUDFLARE, "CLOUDFLARE_DELIVERY_URL": "h"}, "CLOUDFLARE_DELIVERY_URL: must be an"),
        ({**CLOUDFLARE, "CLOUDFLARE_FLEXIBLE_VARIANTS": "1"}, "CLOUDFLARE_FLEXIBLE_VARIANTS: must"),
        (
            {**CLOUDFLARE, **PASSWORD, **PRIVATE},
            "CLOUDFLARE_IMAGES_KEY: a private gallery needs it",
        ),
        ({"S3_ENDPOINT_URL": "https://s3.example.org"}, "S3_BUCKET: is missing"),
        ({"S3_BUCKET": "a/b"}, "S3_BUCKET: must be the name of a bucket, not 'a/b'."),
        ({"S3_BUCKET": "..."}, "S3_BUCKET: must be the name of a bucket"),
        ({**BUCKET, "AWS_ACCESS_KEY_ID": "a"}, "AWS_SECRET_ACCESS_KEY: is missing; set both"),
        ({**BUCKET, "AWS_SECRET_ACCESS_KEY": "a"}, "AWS_ACCESS_KEY_ID: is missing; set both"),
        ({**BUCKET, "S3_ENDPOINT_URL": "s3.example.org"}, "S3_ENDPOINT_URL: must be an address"),
        ({**BUCKET, "S3_ENDPOINT_URL": "https://h/photos"}, "S3_ENDPOINT_URL: must be an address"),
        ({**BUCKET, "S3_ENDPOINT_URL": "https://k:s@h"}, "S3_ENDPOINT_URL: must be an address"),
        ({**BUCKET, "S3_ENDPOINT_URL": "https://h:port"}, "S3_ENDPOINT_URL: must be an address"),
        (
            {**BUCKET, "AWS_DEFAULT_REGION": "Frankfurt am Main"},
            "AWS_DEFAULT_REGION: must be a region such as",
        ),
        ({**BUCKET, "S3_ADDRESSING": "dns"}, "S3_ADDRESSING: must be auto or path or virtual"),
        ({**BUCKET, "S3_PUBLIC_URL": "//images"}, "S3_PUBLIC_URL: must be an address such as"),
        (
            {**BUCKET, **PASSWORD, "S3_PUBLIC_URL": "https://i.example", **PRIVATE},
            "S3_PUBLIC_URL: everybody can fetch from there; leave it empty in a private gallery.",
        ),
        ({"CLOUDINARY_CLOUD_NAME": "demo"}, "CLOUDINARY_API_KEY: is missing; set all of"),
        ({"CLOUDINARY_URL": "https://demo"}, "CLOUDINARY_URL: copy it from the console"),
        ({"CLOUDINARY_URL": "cloudinary://123@demo"}, "CLOUDINARY_URL: copy it from the console"),
        ({"CLOUDINARY_URL": f"{CLOUDINARY}?color=red"}, "CLOUDINARY_URL: the option color is not"),
        ({"CLOUDINARY_URL": f"{CLOUDINARY}?secure=1"}, "CLOUDINARY_URL: the option secure must be"),
        ({"CLOUDINARY_URL": f"{CLOUDINARY}?upload_prefix=x"}, "CLOUDINARY_URL: upload_prefix must"),
        ({"CDN_CLOUD_NAME": "My Cloud"}, "CDN_CLOUD_NAME: must be lower-case letters"),
        (
            {"CLOUDINARY_EAGER": "card,Poster!"},
            "CLOUDINARY_EAGER: must be names of presets such as card, not 'Poster!'.",
        ),
        ({"PRESETS_FILE": "/nowhere.toml"}, "PRESETS_FILE: there is no file /nowhere.toml."),
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE: /nowhere cannot be read as text."),
        ({"SECRET_KEY_FILE": "/dev/null"}, "SECRET_KEY_FILE: /dev/null must hold the value alone"),
        ({"SECRET_KEY": SECRET, "SECRET_KEY_FILE": "/x"}, "SECRET_KEY: set either SECRET_KEY or"),
    ],
)
def test_refuses_with_one_line_that_names_the_setting(
    given: dict[str, str], line: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, **given)
    assert caught.value.detail.startswith(line)
    assert "\n" not in caught.value.detail


def test_a_bucket_of_amazon_needs_its_name_alone(tmp_path: Path) -> None:
    settings = read(tmp_path, **BUCKET)

    assert settings.media_store == "s3"
    assert read(tmp_path, AWS_ACCESS_KEY_ID="of another program").s3 is None
    assert settings.s3 == config.S3Bucket(name="photos")
    assert read(tmp_path, MEDIA_STORE="local", **BUCKET).media_store == "local"
    assert read(tmp_path, CLOUDINARY_URL=CLOUDINARY, **BUCKET).media_store == "cloudinary"


def test_a_bucket_elsewhere_is_named_in_the_path_of_addresses(tmp_path: Path) -> None:
    given = {
        **BUCKET,
        "S3_ENDPOINT_URL": "http://127.0.0.1:9000/",
        "AWS_DEFAULT_REGION": "auto",
        "AWS_ACCESS_KEY_ID": "minio",
        "AWS_SECRET_ACCESS_KEY": "s%2Fecret",
        "AWS_SESSION_TOKEN": "for-an-hour",
        "S3_PUBLIC_URL": "https://images.example.org/photos/",
    }

    assert read(tmp_path, **given).s3 == config.S3Bucket(
        name="photos",
        endpoint_url="http://127.0.0.1:9000",
        region="auto",
        access_key_id="minio",
        secret_access_key="s%2Fecret",
        session_token="for-an-hour",
        path_style=True,
        public_url="https://images.example.org/photos",
    )
    virtual = read(tmp_path, S3_ADDRESSING="virtual", **given).s3
    assert virtual is not None
    assert not virtual.path_style


def test_two_cloudinary_accounts_at_once_are_refused(tmp_path: Path) -> None:
    three = ("CLOUDINARY_CLOUD_NAME", "CLOUDINARY_API_KEY", "CLOUDINARY_API_SECRET")
    with pytest.raises(ConfigError, match=r"^CLOUDINARY_URL: differs from CLOUDINARY_CLOUD_NAME"):
        read(tmp_path, CLOUDINARY_URL=CLOUDINARY, **dict.fromkeys(three, "other"))


def test_dotenv_is_read_as_written(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# comment\nPORT=8001\nexport OWNER_PASSWORD='pa$$ #1'\n\nGALLERY_TITLE = Ours\n"
    )
    assert dotenv(file) == {
        "PORT": "8001",
        "OWNER_PASSWORD": "pa$$ #1",
        "GALLERY_TITLE": "Ours",
    }
    assert dotenv(tmp_path / "missing") == {}


@pytest.mark.parametrize("text", ["PORT=8001\nHOST\n", "PORT=8001\nHOST='127.0.0.1\n"])
def test_a_line_of_dotenv_that_cannot_be_read_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(text)
    with pytest.raises(ConfigError, match=r"^\.env: line 2 cannot be read"):
        dotenv(tmp_path / ".env")


def test_the_environment_wins_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(f"GALLERY_DATA={tmp_path}/data\nPORT=8001\nGALLERY_TITLE=Ours\n")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("PORT", "8002")
    settings = config.load()
    assert (settings.port, settings.gallery_title) == (8002, "Ours")


def names_in_the_example() -> set[str]:
    example = (config.ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#([A-Z][A-Z0-9_]+)=", example, re.M))


def test_every_setting_is_in_the_example() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in (config.ROOT / "gallery/config").glob("*.py")
    )
    assert names_in_the_example() == set(re.findall(r'given\.\w+\(\s*"([A-Z][A-Z0-9_]+)"', source))


def test_compose_passes_every_setting_that_it_does_not_decide() -> None:
    compose = (config.ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    passed = set(re.findall(r"^      ([A-Z][A-Z0-9_]+): \$\{\1:-", compose, re.M))
    decided = {"PORT", "HOST", "GALLERY_DATA", "MONGO_URI", "PRESETS_FILE"}
    assert passed | decided == names_in_the_example()
    assert not passed & decided


def test_hosts_are_trusted_by_name_and_port_and_nobody_at_first(tmp_path: Path) -> None:
    assert read(tmp_path).cdn_trusted_hosts == ()
    assert not read(tmp_path).cdn_remote_uploads
    named = read(tmp_path, CDN_TRUSTED_HOSTS="NAS.local, 10.0.0.5:8080,[fd00::1]")
    assert named.cdn_trusted_hosts == ("nas.local", "10.0.0.5:8080", "[fd00::1]")
    assert read(tmp_path, CDN_REMOTE_UPLOADS="TRUE").cdn_remote_uploads


@pytest.mark.parametrize("value", ["http://nas.local", "nas.local/x", "me@nas", "10.0.0.0/8", "*"])
def test_what_is_no_host_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^CDN_TRUSTED_HOSTS: "):
        read(tmp_path, CDN_TRUSTED_HOSTS=value)


def test_an_account_of_cloudflare_takes_the_new_images(tmp_path: Path) -> None:
    settings = read(tmp_path, **CLOUDFLARE)

    assert settings.media_store == "cloudflare"
    assert settings.cloudflare == config.CloudflareAccount(
        account_id="023e105f", token="a-token", hash="cheeW4oKsx5ljh8e8BoL2A"
    )
    assert "a-token" not in repr(settings)


def test_what_stands_in_for_cloudflare_takes_uploads_too(tmp_path: Path) -> None:
    account = read(
        tmp_path, CLOUDFLARE_API_URL="http://127.0.0.1:9000/client/v4/", **CLOUDFLARE
    ).cloudflare

    assert account is not None
    assert account.api_url == "http://127.0.0.1:9000/client/v4"
    assert account.upload_hosts == ("http://127.0.0.1:9000",)
    assert account.batch_url is None
