"""Leads as files: the list on the screen as a CSV, safe in a spreadsheet; the import of a file, checked first."""

from collections.abc import Iterator

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.lead_filters import read_filters, valid_id
from service.admin.pages.lead_list import form_titles
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.permissions import current_actor, requires
from service.forms import Form
from service.i18n import N_, MessageTable, _
from service.lead import Status
from service.operations.acts import LEADS, record_export
from service.operations.exports import matches_as_csv
from service.operations.imports.jobs import MAX_FILE_BYTES, STALE, add_import, begin
from service.platforms.registry import PLATFORMS
from service.store import ImportJob, JobState

FATES = MessageTable(
    {
        "new": N_("new: sent to Nexudus after leads that arrive now"),
        Status.PARKED.value: N_("new, but need attention"),
        Status.QUARANTINED.value: N_("new, but held as spam"),
        Status.TEST.value: N_("tests, never sent"),
        "known": N_("known already"),
        "left_out": N_("left out"),
        "unread": N_("could not be read"),
    }
)
"""Fate of a row, as the outcome names it -> its label."""

MAX_REMARKS = 20
"""Rows with a remark that the page shows."""


def add(routes: Blueprint, deps: AdminDeps, _renderer: Renderer) -> None:
    """/admin/leads/export."""

    @routes.get("/leads/export")
    @requires(Scope.READ)
    def export_matches() -> Response:
        """All leads that match the filters, written while they are read."""
        now = clock.now()
        filters = read_filters(request.args)
        query = filters.query(now, deps.zone)
        plain = {name: value for name, value in filters.values.items() if name != "q"}
        record_export(deps.store, current_actor(), LEADS, now, filters.account, format="csv", filters=plain)
        name = f"leads-{now.astimezone(deps.zone):%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        written = matches_as_csv(deps.store.as_now(), query)  # read after the view has returned
        return Response(_encoded(written), mimetype="text/csv", headers=headers)


def _encoded(parts: Iterator[str]) -> Iterator[bytes]:
    return (part.encode("utf-8", "replace") for part in parts)  # an old lead may hold a lone surrogate


# -- import


def add_import_pages(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/import, and /admin/leads/import/ID for one file: checked, then imported."""

    @routes.get("/leads/import")
    @requires(Scope.LEADS)
    def choose_file() -> Response:
        return renderer.page(
            "import.html",
            here="leads",
            forms=sorted(form_titles(deps).items(), key=lambda pair: pair[1].casefold()),
            platforms=[(name, platform.title) for name, platform in PLATFORMS.items()],
            max_mb=MAX_FILE_BYTES / 1e6,
        )

    @routes.post("/leads/import")
    @requires(Scope.LEADS)
    def check_file() -> Response:
        file, sender = request.files.get("file"), _sender()
        form = _form(deps, request.form.get("form", ""))
        contents = file.stream.read(MAX_FILE_BYTES + 1) if file else b""
        if file is None or not contents:
            raise BadRequest(_("Choose a file with leads."))
        if len(contents) > MAX_FILE_BYTES:
            raise BadRequest(_("The file is too large for this page. The command lead-capture import takes any size."))
        actor = current_actor()
        job_id = add_import(deps.store, actor, form, sender, file.filename or "", contents, clock.now())
        return renderer.go(f"{PREFIX}/leads/import/{job_id}")

    @routes.get("/leads/import/<job_id>")
    @requires(Scope.LEADS)
    def show_import(job_id: str) -> Response:
        job, now = _job(deps, job_id), clock.now()
        return renderer.page(
            "import_job.html",
            here="leads",
            job=job,
            form_title=form_titles(deps).get(job.form, job.form),
            is_running=job.state.is_running and now - job.seen_at < STALE,
            is_cut_off=job.state.is_running and now - job.seen_at >= STALE,
            fates=[(FATES[name], job.result[name]) for name in FATES if job.result.get(name)],
            new=sum(job.result.get(name, 0) for name in ("new", Status.PARKED.value, Status.QUARANTINED.value)),
            remarks=list(job.result.get("remarks", ()))[:MAX_REMARKS],
            is_export_of=_origin(job),
        )

    @routes.post("/leads/import/<job_id>/run")
    @requires(Scope.LEADS)
    def run_import(job_id: str) -> Response:
        job = _job(deps, job_id)
        is_unchecked = job.state in (JobState.CHECKING, JobState.FAILED)
        following = JobState.CHECKING if is_unchecked else JobState.IMPORTING
        begin(deps.store, current_actor(), _form(deps, job.form), job.id, following, clock.now())
        return renderer.go(f"{PREFIX}/leads/import/{job.id}")

    @routes.post("/leads/import/<job_id>/remove")
    @requires(Scope.LEADS)
    def remove_import(job_id: str) -> Response:
        job = _job(deps, job_id)
        deps.store.write(lambda tx: tx.imports.remove([job.id]))
        return renderer.go(f"{PREFIX}/leads/import", _("The file was removed; nothing more is imported."))


def _form(deps: AdminDeps, name: str) -> Form:
    form = deps.forms.get(name)
    if form is None:
        raise BadRequest(_("Choose the form that the leads belong to."))
    return form


def _sender() -> str:
    """The sender chosen on the page, whose export the file is; "" to recognise it."""
    name = request.form.get("sender", "")
    return name if name in {*PLATFORMS, "none"} else ""


def _job(deps: AdminDeps, job_id: str) -> ImportJob:
    with deps.store.read() as tx:
        job = tx.imports.get(job_id) if valid_id(job_id) else None
    if job is None:
        raise NotFound(_("There is no such import. Files are kept for a day."))
    return job


def _origin(job: ImportJob) -> str:
    """The program whose export a file is, "" for none that is known."""
    exporter = job.result.get("export_of") or ""
    return "Lead Capture" if exporter == "lead-capture" else labels.sender_name(exporter) if exporter else ""
