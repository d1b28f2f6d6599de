"""Signing in and out: one owner, one password, sessions that the server can end."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import Blueprint, Flask, Response, redirect, render_template, request
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from pydantic import Field
from werkzeug.wrappers import Response as BaseResponse

from gallery.catalog.attempts import Attempts
from gallery.catalog.sessions import SessionCatalog
from gallery.config import Settings
from gallery.errors import SignInRequiredError, TooManyRequestsError
from gallery.web import schemas
from gallery.web.openapi import describes

TRIES, TRIES_WITHIN_S = 10, 60
"""To sign in, from one address."""


class SignInIn(schemas.Strict):
    """The owner's password."""

    password: str = Field(min_length=1, max_length=1000)


class SessionOut(schemas.Strict):
    """Whether this caller is signed in, and whether anybody needs to be."""

    signed_in: bool
    sign_in_needed: bool


class Owner(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """The signed-in owner; Flask-Login keeps the session's token as the user's id."""

    def __init__(self, token: str) -> None:
        self.id = token


class Sessions:
    """Checks the password and keeps sessions. Without a password there is nothing to sign in to."""

    def __init__(self, settings: Settings, catalog: SessionCatalog, attempts: Attempts) -> None:
        self._catalog = catalog
        self._attempts = attempts
        self._hasher = PasswordHasher()
        self.needed = bool(settings.owner_password)
        self._hash = self._hashed(settings.owner_password) if self.needed else ""

    def _hashed(self, password: str) -> str:
        """The password's hash; the setting may be one already."""
        return password if password.startswith("$argon2") else self._hasher.hash(password)

    def register(self, app: Flask) -> None:
        """Lets Flask-Login ask the catalog whether a session goes on."""
        manager = LoginManager()
        # Not by init_app: its hook for cookies to be remembered by, which we do not set, looks into
        # the session of every request, and then every answer varies by cookie, pictures too.
        app.login_manager = manager  # type: ignore[attr-defined]  # Flask-Login looks for it there
        manager.user_loader(lambda token: Owner(token) if self._catalog.is_live(token) else None)

    def sign_in(self, password: str) -> None:
        """Begins a session for the right password.

        Raises SignInRequiredError, and TooManyRequestsError before it looks at one more guess.
        """
        who = f"sign-in {request.remote_addr}"
        tried, ends_in_s = self._attempts.count(who, window_s=TRIES_WITHIN_S)
        if tried > TRIES:
            raise TooManyRequestsError(
                f"Too many tries to sign in. Wait {ends_in_s} s, then try again.",
                retry_after_s=ends_in_s,
            )
        try:
            self._hasher.verify(self._hash, password)
        except (VerifyMismatchError, InvalidHashError) as error:
            raise SignInRequiredError("That is not the password.") from error
        self.sign_out()
        login_user(Owner(self._catalog.begin()))

    def sign_out(self) -> None:
        """Ends the caller's session, if there is one."""
        if self.signed_in():
            self._catalog.end(current_user.id)
            logout_user()

    def signed_in(self) -> bool:
        """Whether this request carries a session that goes on."""
        return bool(current_user.is_authenticated)


def blueprint(sessions: Sessions) -> Blueprint:
    """Signing in and out, by form and by JSON."""
    views = SessionViews(sessions)
    routes = Blueprint("sessions", __name__)
    routes.get("/api/session")(views.show)
    routes.post("/api/session")(views.sign_in)
    routes.delete("/api/session")(views.sign_out)
    routes.get("/sign-in")(views.form)
    routes.post("/sign-in")(views.post_form)
    routes.post("/sign-out")(views.post_sign_out)
    return routes


class SessionViews:
    """The views of signing in and out."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def _state(self) -> dict[str, bool]:
        needed = self._sessions.needed
        return {
            "signed_in": not needed or self._sessions.signed_in(),
            "sign_in_needed": needed,
        }

    @describes("Whether you are signed in", answers={200: SessionOut})
    def show(self) -> dict[str, bool]:
        return self._state()

    @describes("Sign in", body=SignInIn, answers={200: SessionOut})
    def sign_in(self) -> dict[str, bool]:
        self._sessions.sign_in(schemas.body(SignInIn).password)
        return self._state()

    @describes("Sign out", answers={204: None})
    def sign_out(self) -> Response:
        self._sessions.sign_out()
        return Response(status=204)

    def form(self) -> str:
        return render_template("signin.html", wrong=False)

    def post_form(self) -> BaseResponse | tuple[str, int]:
        asked = schemas.form_fields(SignInIn, request.form.items(multi=True))
        try:
            self._sessions.sign_in(asked.password)
        except SignInRequiredError:
            return render_template("signin.html", wrong=True), 401
        return redirect("/", code=303)

    def post_sign_out(self) -> BaseResponse:
        self._sessions.sign_out()
        return redirect("/", code=303)
