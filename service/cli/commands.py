"""Every command: its summary for the help, and the module that is loaded to run it; how a command fails.

Little but text is here: the general help, a typing error and every other command need load no module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class Failed(Exception):
    """The command cannot do its work; the text says why, and what to do about it."""


class Misused(Failed):
    """Wrong usage that argparse cannot detect; the text says what is right."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. example: for its help.

    module: defines add_arguments(parser) and run(arguments) -> exit code. Where it has several commands, it ends with
    ":NAME", for add_NAME_arguments and run_NAME.
    """

    module: str
    summary: str
    example: str


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "up": Command(
            "service.cli.up",
            "start everything on this machine: database, web, worker and, without Nexudus credentials, the simulator",
            "lead-capture up --port 8000",
        ),
        "web": Command(
            "service.cli.processes:web",
            "accept leads: the web process, under gunicorn",
            "lead-capture web --port 8000",
        ),
        "worker": Command(
            "service.cli.processes:worker",
            "deliver leads to Nexudus: the worker process; run as many as you like",
            "lead-capture worker",
        ),
        "simulator": Command(
            "service.cli.simulator",
            "simulate Nexudus, with a board to look at; nothing in it is real or saved",
            "lead-capture simulator --port 8010",
        ),
        "migrate": Command(
            "service.cli.installation:migrate",
            "migrate the database to the newest schema; safe to run on several hosts at once",
            "lead-capture migrate",
        ),
        "doctor": Command(
            "service.cli.doctor",
            "check settings, forms file and database, and every id in the forms against the live Nexudus",
            "lead-capture doctor",
        ),
        "boards": Command(
            "service.cli.boards",
            "list locations, boards, stages, types and owners with their ids, ready to paste into the forms file",
            "lead-capture boards --account harbour",
        ),
        "preview": Command(
            "service.cli.preview",
            "show what a submission would become; nothing is stored or sent",
            "lead-capture preview contact --field email=ann@example.com --page-url 'https://example.com/?utm_source=google'",
        ),
        "forms": Command(
            "service.cli.forms",
            "export, publish, compare and revert the set-up in the database",
            "lead-capture forms apply forms.toml --dry-run",
        ),
        "leads": Command(
            "service.cli.leads",
            "list, show, retry, release, discard or correct leads",
            "lead-capture leads list --status parked --since 2026-11-01",
        ),
        "fields": Command(
            "service.cli.fields",
            "show what a form's senders sent last, how it was understood, and forms-file lines for the rest",
            "lead-capture fields tour --sender gravity-forms",
        ),
        "alerts": Command(
            "service.cli.alerts",
            "list the open alerts; with --test, send a message to each of ALERT_URLS",
            "lead-capture alerts --test",
        ),
        "pull": Command(
            "service.cli.pull",
            "fetch leads that the webhooks of ad platforms did not deliver",
            "lead-capture pull tour --since 2026-11-01",
        ),
        "reconcile": Command(
            "service.cli.reconcile",
            "compare leads with opportunities in Nexudus and leads at ad platforms; list missing and duplicated ones",
            "lead-capture reconcile --since 2026-11-01",
        ),
        "conversions": Command(
            "service.cli.conversions",
            "report the outcomes of leads to ad platforms: a file for Google Ads, events for Meta",
            "lead-capture conversions google --out conversions.csv",
        ),
        "reattribute": Command(
            "service.cli.reattribute",
            "recompute attribution after the rules or the set-up changed",
            "lead-capture reattribute --since 2026-11-01 --dry-run",
        ),
        "report": Command(
            "service.cli.report",
            "show where the leads of a period came from, what they brought, and which of their tags need attention",
            "lead-capture report attribution --since 2026-11-01",
        ),
        "costs": Command(
            "service.cli.costs",
            "import what campaigns cost, from the exports of ad platforms",
            "lead-capture costs import google-ads.csv --dry-run",
        ),
        "import": Command(
            "service.cli.imports",
            "import leads from a CSV or Excel file exported by an ad platform, a tool or this service",
            "lead-capture import leads.csv --form tour --dry-run",
        ),
        "acts": Command(
            "service.cli.acts",
            "show who did what: the record of acts, and whether it is intact",
            "lead-capture acts --since 2026-11-01 --who ann@example.com",
        ),
        "forget": Command(
            "service.cli.leads:forget",
            "erase a person's data from all of their leads",
            "lead-capture forget ann@example.com",
        ),
        "people": Command(
            "service.cli.people",
            "invite, list, change and remove the people of the dashboard",
            "lead-capture people add ann@example.com --role agent --account harbour",
        ),
        "tokens": Command(
            "service.cli.tokens",
            "make, list and revoke keys of the API",
            "lead-capture tokens create Zapier --scope read --account harbour --until 2027-06-30",
        ),
        "backup": Command(
            "service.cli.database:backup",
            "write a checked copy of the database to a file, while the service runs",
            "lead-capture backup /var/backups/leads-2026-11-30.db",
        ),
        "restore": Command(
            "service.cli.database:restore",
            "replace the database by a backup; leads delivered since are not created again in Nexudus",
            "lead-capture restore /var/backups/leads-2026-11-30.db --reconcile",
        ),
        "copy-to": Command(
            "service.cli.database:copy",
            "copy everything into another, empty database, such as from SQLite to PostgreSQL",
            "lead-capture copy-to postgresql://leads@db.example.com/leads",
        ),
        "rotate-keys": Command(
            "service.cli.database:rotate",
            "re-encrypt the tokens in the database under the newest ENCRYPTION_KEY, while the service runs",
            "lead-capture rotate-keys",
        ),
        "secrets": Command(
            "service.cli.typed_secrets",
            "list the secrets that people typed in the dashboard, and type one again that was lost",
            "lead-capture secrets set nexudus-default-password-1f3a9c < password.txt",
        ),
        "demo-data": Command(
            "service.cli.demo",
            "fill the database with invented leads, for screenshots and trials; none of them can reach Nexudus",
            "lead-capture demo-data --leads 5000 --days 180",
        ),
        "completion": Command(
            "service.cli.main:completion",
            "print a script that lets your shell complete the commands of lead-capture",
            "lead-capture completion bash > ~/.local/share/bash-completion/completions/lead-capture",
        ),
    }
)
"""In the order of the help."""
