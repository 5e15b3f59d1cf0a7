"""`lead-capture doctor --live`: creates records in Nexudus, and stores the answers as facts of the account."""

import argparse
import threading
from collections.abc import Iterable, Sequence

from service import clock
from service.cli.commands import Failed, Misused
from service.cli.configuration import NO_CREDENTIALS
from service.cli.installation import Installation, database_problem, open_installation
from service.cli.terminal import operator, print_json
from service.delivery.context import AccountContext
from service.delivery.live import LiveAnswer, Trial, TrialFailed, answer_all, begin_trial
from service.delivery.setup_check.problem import form_variants, mark_cause, notes_cause
from service.store import Act, StoreUnavailable, Subject, SubjectKind, Transaction

SOURCE = "live"

CONSENT = (
    "doctor --live creates one contact and one opportunity in Nexudus, on the stage that you name. Choose a stage of a "
    "test board that sends no message on arrival, and delete both records afterwards. To go on, add --stage ID --yes."
)


def run_live(arguments: argparse.Namespace) -> int:
    """Create the records, print the answers and what to delete.

    Raises: Misused without a stage and an explicit yes; Failed.
    """
    if not arguments.stage or not arguments.yes:
        raise Misused(CONSENT)
    with open_installation(demo="trying") as installation:
        context = _context(installation, arguments.account or "default")
        type_id = arguments.type or _type_of(context, arguments.stage)
        try:
            trial = begin_trial(context.nexudus, arguments.stage, type_id, clock.sleep)
        except TrialFailed as error:
            sentence = f"the trial failed: {error}"
            raise Failed(" ".join([f"{sentence.rstrip('.')}.", *_left(error.remains)])) from error
        answers = answer_all(trial)
        if arguments.json:
            rows = [answer.as_row() for answer in answers]
            account = context.behaviours.tenant.account
            print_json({"account": account, "answers": rows, "delete": list(trial.remains)})
        else:
            _print(answers, trial)
        try:
            context.store.write(lambda tx: _keep(tx, context, trial, answers))
        except StoreUnavailable as error:
            raise Failed(f"the findings could not be saved: {database_problem(error)}") from error
        if not arguments.json:
            print("The findings are saved for the account; running workers use them within a minute.")
        return 0


def _context(installation: Installation, name: str) -> AccountContext:
    from service.nexudus_accounts import account_contexts, accounts

    settings, setup = installation.settings, installation.setup
    known = {account.name: account for account in accounts(settings, setup)}
    if name not in known:
        raise Failed(f"there is no account {name!r}: choose from {', '.join(known)}")
    if not known[name].has_login:
        raise Failed(f"account {name}: {NO_CREDENTIALS}")
    return account_contexts(installation.settings, installation.setup, installation.store, threading.Event())[name]


def _type_of(context: AccountContext, stage_id: int) -> int | None:
    """Return the type of leads on this stage, else on any, because the type's template may replace the notes."""
    forms = [variant.form for variant in form_variants(context.forms.values(), context.behaviours.tenant.account)]
    here = [form for form in forms if form.destination.stage_id == stage_id]
    types = (form.destination.opportunity_type_id for form in (*here, *forms))
    return next((type_id for type_id in types if type_id), None)


def _keep(tx: Transaction, context: AccountContext, trial: Trial, answers: Iterable[LiveAnswer]) -> None:
    """Store the answers. Complete notes close an earlier alert; lost notes open none, because the table shows them."""
    values = {answer.fact: answer.value for answer in answers if answer.value is not None}
    tx.crm.learn_facts(context.behaviours.tenant, values, SOURCE, clock.now())
    account, after = context.behaviours.tenant.account, {"made": list(trial.remains), "facts": values}
    tx.acts.record(operator(), Act.TEST, Subject(SubjectKind.CONNECTION, account), account, None, after, clock.now())
    tx.alerts.resolve(mark_cause(context.behaviours.tenant.account), clock.now())
    if any(answer.value == "kept" for answer in answers if answer.fact.startswith("notes:")):
        tx.alerts.resolve(notes_cause(context.behaviours.tenant.account, trial.type_id), clock.now())


def _print(answers: Sequence[LiveAnswer], trial: Trial) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, ratio in (("Question", 3), ("Answer", 2), ("What the service does", 3)):
        table.add_column(title, ratio=ratio, overflow="fold")
    for answer in answers:
        table.add_row(*map(Text, (answer.question, answer.answer, answer.effect)))
    console.print(table)
    for line in (*_checks_by_eye(trial), *_left(trial.remains)):
        console.print(Text(line))


def _left(remains: Sequence[str]) -> list[str]:
    return [f"Delete by hand in Nexudus: {', '.join(remains)}."] if remains else []


def _checks_by_eye(trial: Trial) -> list[str]:
    acts = (
        f", and whether the stage ran its actions ({'; '.join(trial.stage.warnings)})" if trial.stage.warnings else ""
    )
    return [f"Before you delete them, check in Nexudus whether the notes read well{acts}."]
