"""The page behind a link that sets a password: of an invitation, or because the old one was forgotten."""

from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import clock
from service.admin import AdminDeps
from service.admin.pages import second_step
from service.admin.pages.entrance import Entrance
from service.admin.pages.passwords import MAX_LENGTH, MIN_LENGTH, find_weakness, hash_password
from service.admin.pages.rendering import PREFIX
from service.admin.permissions import Entry, requires
from service.i18n import _
from service.operations.invitations import person_of_link, use_link


def add(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    """/admin/invitation/TOKEN."""
    renderer = entrance.renderer

    def gone() -> Response:
        sentence = _(
            "It has already been used, was replaced by a newer one, or has expired. Ask the person who gave it to you."
        )
        return renderer.message(HTTPStatus.NOT_FOUND, _("This link is no longer valid"), sentence)

    def page(token: str, status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> Response:
        person = person_of_link(deps.store, token, clock.now())
        if person is None:
            return gone()
        return renderer.page(
            "invitation.html",
            status,
            person=person,
            link=f"{PREFIX}/invitation/{token}",
            min_length=MIN_LENGTH,
            max_length=MAX_LENGTH,
            problem=problem,
        )

    @routes.get("/invitation/<token>")
    @requires(Entry.OPEN)
    def invitation(token: str) -> Response:
        return page(token)

    @routes.post("/invitation/<token>")
    @requires(Entry.OPEN)
    def accept_invitation(token: str) -> Response:
        now, password = clock.now(), request.form.get("password", "")
        person = person_of_link(deps.store, token, now)
        if person and (weakness := find_weakness(password, person.email)):
            return page(token, HTTPStatus.UNPROCESSABLE_ENTITY, weakness)
        person = use_link(deps.store, token, lambda: hash_password(password), request.remote_addr or "", now)
        signed_in = entrance.signed_in(person.id) if person else None
        if signed_in is None:
            return gone()
        if second_step.is_required_of(entrance, signed_in):
            return second_step.ask(entrance, signed_in, now, f"{PREFIX}/")
        return entrance.let_in(signed_in, now, f"{PREFIX}/", "invitation")
