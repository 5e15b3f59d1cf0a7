"""Forms set up in the dashboard, where no forms file holds the set-up: drafted, tried on the newest leads, published.

keys.py       every key of a form with its label, help and widget; widgets.py: how each kind is typed
questions.py  the rows of questions; target.py: stage, type and owner, as the worker last read them in Nexudus
reading.py    converts keys to the texts of the page, and back
withholding.py: secrets that never reach a browser; drafts.py: one change of one form, on its way
workspace.py  shared by the pages: the newest set-up, who may change what, looks at Nexudus
brand.py      the operator's name, colour and logo, with a preview of the visitors' page
editor.py     the page of a form; review.py: the effect of a draft, publishing, undoing
senders.py    platforms and tools with their steps (steps.py); links.py: links and QR codes; trial.py: test leads
"""

from flask import Blueprint

from service.admin import AdminDeps
from service.admin.pages.form_editing import brand, editor, links, review, senders, trial
from service.admin.pages.form_editing.workspace import Workspace
from service.admin.pages.rendering import Renderer


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/forms/..."""
    workspace = Workspace(deps, renderer)
    for part in (editor, brand, review, senders, links, trial):
        part.add(routes, workspace)
    editor.add_parts(routes, workspace)
    review.add_versions(routes, workspace)
    review.add_refusals(routes, workspace)
