"""Shared by the pages of form editing: the newest set-up, who may change which form, and looks at Nexudus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import request
from werkzeug.exceptions import Forbidden, NotFound

from service import clock
from service.admin import AdminDeps
from service.admin.pages.form_editing.drafts import BRAND, Draft, is_form, is_of_form, keys_in, place_of
from service.admin.pages.form_editing.target import TargetChoices, choices_of
from service.admin.pages.rendering import Renderer
from service.admin.pages.stored_sentences import translated
from service.admin.permissions import current_actor
from service.forms import DEFAULT_ACCOUNT, Form, SetupProblems
from service.forms.problems import PlacedProblem, write_place
from service.i18n import _
from service.operations.setup_effect import SetupEffect, effect_of
from service.setup.editing import EditRefused, default_keys
from service.setup.publishing import Proposal, StaleVersion, StandingSetup
from service.setup.withholding import added_variables, restored, with_references, withheld

PATIENCE = timedelta(seconds=10)
"""How long a page waits for a published version; a process that has not taken it up by then has refused it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest set-up in the database, as these pages need it."""

    document: str
    version: int


@dataclass(frozen=True, slots=True)
class DraftTrial:
    """The effect of a draft. draft: moved onto the newest version. overtaken: the version published in between."""

    draft: Draft
    document: str
    proposal: Proposal
    effect: SetupEffect
    overtaken: int | None = None


class Workspace:
    """The set-up as the editing pages read and try it."""

    def __init__(self, deps: AdminDeps, renderer: Renderer) -> None:
        self.deps, self.renderer = deps, renderer
        self.publisher = deps.publisher

    def standing(self) -> Standing:
        """Return the newest version. Raises: ManagedByFile."""
        newest = self.publisher.editable()
        return Standing(newest.toml, newest.version)

    # -- who may change what

    def check_form(self, document: str, name: str) -> None:
        """Refuse a form that does not exist, or is not in the accounts that the actor sees.

        Raises: NotFound, Forbidden.
        """
        account = name.partition(":")[2]
        if not is_of_form(name) and not account:
            self.check_everything()
        elif not is_of_form(name):
            if account not in self.accounts():
                raise NotFound
        elif not is_form(document, name) or not self._sees_all(self.deps.forms.get(name)):
            raise NotFound(_("There is no form with this name."))

    def check_everything(self) -> None:
        """Refuse an actor who does not see all accounts. Raises: Forbidden."""
        if current_actor().accounts is not None:
            raise Forbidden

    def _sees_all(self, form: Form | None) -> bool:
        actor = current_actor()
        return actor.accounts is None or (form is not None and all(map(actor.sees, form.accounts)))

    def accounts(self) -> list[str]:
        """Return the accounts to which the actor may assign a form."""
        return list(filter(current_actor().sees, self.deps.setup().account_names))

    # -- keys with their secrets apart

    def shown_keys(self, document: str, name: str) -> dict[str, Any]:
        """Return a form's keys without the secrets that are written out."""
        return withheld(keys_in(document, name))

    def kept_keys(self, keys: Mapping[str, Any], form: str) -> dict[str, Any]:
        """Return the typed values with their secrets encrypted; those written out in the document stay `kept:N`."""
        who, now, store = current_actor().who, clock.now(), self.deps.store

        def keep(purpose: str, text: str) -> str:
            return store.write(lambda tx: tx.secrets.keep(purpose, text, who, now))

        return with_references(keys, form, keep)

    def document_of(self, draft: Draft, document: str) -> str:
        """Return the document with a draft. Raises: EditRefused."""
        keys = draft.keys
        if keys is not None:
            base = document if self.is_newest(draft) else self.publisher.version(draft.version).toml
            keys = restored(keys, keys_in(base, draft.form))
        return Draft(draft.form, draft.version, keys).applied_to(document)

    def is_newest(self, draft: Draft) -> bool:
        """Whether nothing has been published since the draft was begun."""
        return self.standing().version == draft.version

    # -- trying

    def try_out(self, draft: Draft) -> DraftTrial:
        """Check a draft on the newest version, and on the newest leads.

        Raises: SetupProblems, EditRefused, SetupRefusal, ManagedByFile, Forbidden, NotFound.
        """
        standing = self.standing()
        if not is_of_form(draft.form) or is_form(standing.document, draft.form):  # a page sends what it likes
            self.check_form(standing.document, draft.form)
        overtaken = None
        if draft.version != standing.version:
            overtaken = standing.version
            draft = self._moved(draft, standing)
        self._check_variables(draft, standing)
        document = self.document_of(draft, standing.document)
        proposal = self.publisher.propose(document, standing.version)
        is_kept = draft.keys is not None and is_of_form(draft.form)
        if is_kept and not self._sees_all(proposal.after.forms[draft.form]):
            raise Forbidden
        if current_actor().accounts is not None:  # they must not learn of other forms
            own = f"{write_place(place_of(draft.form))}."
            proposal = replace(proposal, warnings=[each for each in proposal.warnings if each.path.startswith(own)])
        effect = effect_of(self.deps.store, proposal.before.forms, proposal.after.forms)
        return DraftTrial(draft, document, proposal, effect, overtaken)

    def _check_variables(self, draft: Draft, standing: Standing) -> None:
        """Refuse environment variables added by an editor of some accounts: they may belong to other accounts.

        Raises: SetupProblems.
        """
        if current_actor().accounts is None or draft.keys is None:
            return
        places = added_variables(keys_in(standing.document, draft.form), draft.keys)
        if places:
            sentence = _("Only people who see all accounts can refer to environment variables.")
            placed = tuple(PlacedProblem(f"{write_place(place_of(draft.form))}.{place}", sentence) for place in places)
            raise SetupProblems(tuple(each.message for each in placed), placed)

    def _moved(self, draft: Draft, standing: Standing) -> Draft:
        """Return the draft on top of the version that was published meanwhile."""
        base = self.publisher.version(draft.version).toml
        if draft.keys is None:
            return draft.moved_onto(base, standing.document, standing.version)
        whole = Draft(draft.form, draft.version, restored(draft.keys, keys_in(base, draft.form)))
        moved = whole.moved_onto(base, standing.document, standing.version)
        hidden = withheld(moved.keys or {}, keys_in(standing.document, moved.form))
        return Draft(moved.form, moved.version, hidden)

    # -- Nexudus, as the worker last saw it

    def account_of(self, keys: Mapping[str, Any], document: str) -> str:
        """Return the account of a form with these keys."""
        return str(keys.get("account") or default_keys(document).get("account") or DEFAULT_ACCOUNT)

    def names(self) -> dict[str, dict[str, str]]:
        """Return key -> number -> name, for the numbers of Nexudus in changes."""
        with self.deps.store.read() as tx:
            seen = [choices_of(tx.crm.last_look(account)) for account in self.accounts()]
        stages = {
            each.value: choices.stage_text(each.value)
            for choices in seen
            for rows in choices.stages.values()
            for each in rows
        }
        types = {each.value: each.text for choices in seen for each in choices.types}
        owners = {each.value: each.text for choices in seen for each in choices.owners}
        return {"stage_id": stages, "stage": stages, "opportunity_type_id": types, "responsible_id": owners}

    def title_of(self, draft: Draft) -> str:
        """Return the name by which people know a form, or the words for another table."""
        if draft.form.startswith(BRAND):
            return _("Name, colour and logo")
        form = self.deps.forms.get(draft.form)
        return str((draft.keys or {}).get("title", "")) or (form.title if form else "") or draft.form

    def choices(self, account: str, *, look_again: bool = False) -> TargetChoices:
        """Return the choices in an account; if no worker has read them yet, one is asked to."""
        if not current_actor().sees(account):
            raise NotFound
        with self.deps.store.read() as tx:
            look = tx.crm.last_look(account)
        is_new = look.looked_at is None and not look.problem
        if look.requested_at is None and (look_again or is_new):
            now = clock.now()
            self.deps.store.write(lambda tx: tx.crm.request_look(account, now))
            with self.deps.store.read() as tx:
                look = tx.crm.last_look(account)
        return choices_of(look)


def published_setup(deps: AdminDeps) -> StandingSetup | None:
    """The newest version where the set-up can be changed here; None where a forms file holds it."""
    standing = deps.publisher.standing()
    return None if standing.version is None else standing


def is_awaited(deps: AdminDeps, published: StandingSetup | None) -> bool:
    """Whether this process has yet to take up the newest version."""
    if published is None or published.updated_at is None or request.args.get("version") != str(published.version):
        return False
    return deps.setup().version != published.version and clock.now() - published.updated_at < PATIENCE


def sentences_of(error: Exception) -> Sequence[tuple[str, str]]:
    """Return the place and the sentence of every problem found when publishing."""
    if isinstance(error, SetupProblems):
        return [(each.path, translated(each.message)) for each in error.placed]
    if isinstance(error, EditRefused):
        return [("", _("This page cannot edit the set-up the way it is written: edit it as text."))]
    if isinstance(error, StaleVersion):
        return [("", _("Someone else has just published a version: try again."))]
    return [("", str(error))]
