"""The pages: the gallery, one photo over it, the plain upload form. All of it works without
scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby
from typing import Any, cast
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Flask,
    flash,
    g,
    get_flashed_messages,
    redirect,
    render_template,
    request,
)
from pydantic import ValidationError
from werkzeug.wrappers import Response

from gallery.config import Settings
from gallery.errors import GalleryError
from gallery.model import Counts, Filter, Page, Sort, Status
from gallery.services.ingest import Ingest
from gallery.services.library import Library, filter_of
from gallery.services.live import LiveFeed
from gallery.services.plans import Plans
from gallery.services.trash import KEPT
from gallery.stores.abilities import SupportsLimits
from gallery.stores.base import MediaStore
from gallery.stores.registry import Stores
from gallery.web import schemas
from gallery.web.access import Access, content_security_policy, new_nonce
from gallery.web.errors import invalid
from gallery.web.events import Places
from gallery.web.images import months_of, naming, the_file
from gallery.web.presenter import Presenter, Shown, drawn
from gallery.web.receive import Receiver
from gallery.web.trash import waits_of

FIRST_PAGE = 40
"""Images that the template renders: two screens of a laptop, and still a small page."""

FORMATS = ("JPEG", "PNG", "GIF", "WebP", "AVIF", "HEIC", "TIFF")


def blueprint(**parts: Any) -> Blueprint:
    """Every address that a person visits. Takes the parts of ``PageViews``."""
    views = PageViews(**parts)
    routes = Blueprint("pages", __name__)
    routes.get("/")(views.gallery)
    routes.get("/gallery/")(views.old_address)
    routes.get("/i/<image_id>")(views.image)
    routes.post("/i/<image_id>/edit")(views.edit)
    routes.post("/i/<image_id>/delete")(views.delete)
    routes.get("/upload/")(views.upload_form)
    routes.post("/upload/")(views.upload)
    return routes


class PageViews:
    """The views of pages. Those that change something redirect, and tell the outcome there."""

    def __init__(
        self,
        *,
        plans: Plans,
        access: Access,
        receiver: Receiver,
        ingest: Ingest,
        library: Library,
        feed: LiveFeed,
        places: Places,
        presenter: Presenter,
        stores: Stores,
    ) -> None:
        self._plans = plans
        self._access = access
        self._receiver = receiver
        self._ingest = ingest
        self._library = library
        self._feed = feed
        self._places = places
        self._presenter = presenter
        self._stores = stores

    def gallery(self) -> str | Response:
        if self._must_sign_in():
            return redirect("/sign-in")
        asked = schemas.query(schemas.PageQuery)
        if asked.status is Status.TRASHED and not self._access.may_write():
            return redirect("/sign-in")
        return render_template("gallery.html", **self._gallery_context(asked))

    def old_address(self) -> Response:
        return redirect("/", code=301)

    def image(self, image_id: str) -> str | Response:
        if self._must_sign_in():
            return redirect("/sign-in")
        shown = self._presenter.image(self._library.find_ready(image_id))
        asked = schemas.query(schemas.PageQuery)
        context = self._gallery_context(asked.model_copy(update={"status": Status.READY}))
        context["image"] = context["island"]["image"] = shown
        context["island"]["images"] = context["page"]["images"]  # Here are no cards.
        return render_template("image.html", **context)

    def edit(self, image_id: str) -> Response:
        self._access.require_writer()
        told = schemas.form_fields(schemas.EditForm, request.form.items(multi=True))
        self._library.edit(image_id, told.told(), version=told.version)
        flash("Saved.", "good")
        return redirect(f"/i/{image_id}", code=303)

    def delete(self, image_id: str) -> Response:
        self._access.require_writer()
        self._library.trash(image_id, version=None)
        flash("The photo is in the trash now.", "good")
        return redirect("/", code=303)

    def upload_form(self) -> str | Response:
        if not self._access.may_write():
            return redirect("/sign-in")
        return self._form(_told(), values={})

    def _form(self, flash: list[dict[str, str]], values: dict[str, str]) -> str:
        return render_template("upload.html", flash=flash, limits=self._limits(), values=values)

    def upload(self) -> Response | tuple[str, int]:
        self._access.require_writer()
        values: dict[str, str] = {}
        try:
            with self._receiver.form(request.environ, file_field="image") as form:
                values.update(form.fields)
                told = schemas.form_fields(schemas.UploadForm, form.fields).told()
                received = the_file(form.received)
                with naming(received):
                    outcome = self._ingest.take(received, told)
        except GalleryError as error:
            return self._form([{"kind": "bad", "text": error.detail}], values), error.status
        except ValidationError as error:
            refused = invalid(error)
            return self._form([{"kind": "bad", "text": refused.detail}], values), refused.status
        flash("This photo was here already." if outcome.duplicate else "Added.", "good")
        return redirect(f"/i/{outcome.image.id}", code=303)

    def _must_sign_in(self) -> bool:
        return self._access.private and not self._access.signed_in()

    def _gallery_context(self, asked: schemas.PageQuery) -> dict[str, Any]:
        """The context of the gallery page: a filter, and perhaps a cursor."""
        wanted = filter_of(q=asked.q, tags=asked.tag, status=asked.status)
        position = self._feed.position  # Before the list, so that nothing falls between the two.
        page, next_cursor = self._library.page(
            wanted, Sort.NEWEST, cursor=asked.cursor, limit=FIRST_PAGE
        )
        counts = self._library.counts(wanted, months_of(page.images))
        images = [self._presenter.image(each, base="") for each in page.images]
        trashed = asked.status is Status.TRASHED
        found = {"q": asked.q, "tag": asked.tag, "status": asked.status.value if trashed else ""}
        return {
            "page": {
                "groups": _by_month(page, images, counts),
                "images": images,
                "next_cursor": next_cursor,
                "older_url": _address(found, cursor=next_cursor) if next_cursor else None,
                "newest_url": _address(found) if asked.cursor else None,
                "total": counts.total,
                "capped": counts.capped,
            },
            "q": asked.q,
            "chips": [] if trashed else self._chips(asked.q, asked.tag),
            "filtered": wanted != Filter(status=asked.status),
            "trash": trashed,
            "waits": waits_of(page.images),
            "kept_days": KEPT.days,
            "flash": _told(),
            "island": {
                "images": [drawn(shown) for shown in images],
                "next_cursor": next_cursor,
                "counts": self._presenter.counts(counts),
                "limits": self._limits(),
                "can_write": self._access.may_write(),
                "sends_to": self._stores.for_new.name if self._stores.for_tickets else None,
                "image": None,
                "position": self._places.shown(position),
            },
        }

    def _limits(self) -> dict[str, Any]:
        """What a file may be here, and in the store for new images as far as we know it."""
        return {
            "max_upload_bytes": self._plans.max_bytes(),
            "max_pixels": self._plans.max_pixels(),
            "formats": list(FORMATS),
            "store": _limits_of(self._stores.for_new),
        }

    def _chips(self, q: str, selected: list[str]) -> list[dict[str, Any]]:
        """Every tag in use, and those selected though nothing has them."""
        known = dict(self._library.tags())
        names = [*known, *(tag for tag in selected if tag not in known)]
        return [
            {
                "tag": tag,
                "count": known.get(tag, 0),
                "selected": tag in selected,
                "url": _address({"q": q, "tag": _toggled(selected, tag)}),
            }
            for tag in names
        ]


def _limits_of(store: MediaStore) -> dict[str, Any] | None:
    """What the store for new images takes of one, besides what we do."""
    if not isinstance(store, SupportsLimits):
        return None
    return {"name": store.name, **asdict(store.limits())}


def _toggled(selected: list[str], tag: str) -> list[str]:
    return [each for each in selected if each != tag] + ([] if tag in selected else [tag])


def register_context(
    app: Flask,
    settings: Settings,
    access: Access,
    *,
    asset: Callable[[str], str],
    variant: Callable[[Mapping[str, Any], str], str],
    image_hosts: Iterable[str],
    upload_hosts: Iterable[str],
) -> None:
    """What every template may use, and the headers of every page."""
    hosts = {"image_hosts": tuple(image_hosts), "upload_hosts": tuple(upload_hosts)}
    app.jinja_env.filters["variant"] = variant

    @app.context_processor
    def context() -> dict[str, Any]:
        g.nonce = g.get("nonce") or new_nonce()
        return {
            "title": settings.gallery_title,
            "nonce": g.nonce,
            "asset": asset,
            "can_write": access.signed_in(),
            "signed_in": access.sign_in_needed and access.signed_in(),
            "sign_in_needed": access.sign_in_needed,
        }

    @app.after_request
    def headers(response: Response) -> Response:
        if response.mimetype == "text/html":
            policy = content_security_policy(g.get("nonce") or new_nonce(), **hosts)
            response.headers["Content-Security-Policy"] = policy
            response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response


def _by_month(page: Page, images: Sequence[Shown], counts: Counts) -> list[dict[str, Any]]:
    """The images of the page in groups of one month of arrival."""
    together = zip(page.images, images, strict=True)
    return [
        {
            "month": month,
            "label": date.fromisoformat(f"{month}-01").strftime("%B %Y"),
            "count": counts.months.get(month, 0),
            "capped": counts.capped and counts.months.get(month, 0) >= counts.total,
            "images": [shown for _, shown in group],
        }
        for month, group in groupby(together, key=lambda pair: pair[0].created_at.strftime("%Y-%m"))
    ]


def _address(found: dict[str, Any], **more: str) -> str:
    pairs = [(name, value) for name, value in {**found, **more}.items() if value]
    query = urlencode(pairs, doseq=True)
    return f"/?{query}" if query else "/"


def _told() -> list[dict[str, str]]:
    told = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    return [{"kind": kind, "text": text} for kind, text in told]
