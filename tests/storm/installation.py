"""One installation: its database and backup, its forms file, its processes, and the Nexudus and Meta that it knows."""

import random
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from service import clock
from service.lead import Lead
from service.settings import read_settings
from service.store import Query, Store
from service.store.backups.backup import back_up, restore
from tests.storm.network import META, TIMEOUT_S, Network
from tests.storm.processes import DeliveryWorker, Web
from tests.storm.simulated_time import SimulatedTime

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TOKEN, SECRET = "a-token-of-the-storm", "a-secret-of-meta"
ADDRESSES = {"default": "crm.storm.example", "harbour": "harbour.storm.example"}
LOGIN = {"username": "simulator@leadcapture.example", "password": "simulator"}

ACCOUNT = f"""
[accounts.harbour]
base_url = "https://{ADDRESSES["harbour"]}"
username = "{LOGIN["username"]}"
password = "{LOGIN["password"]}"
"""
PLACE = "contact = { business_id = 55, country_id = 1, time_zone_id = 2 }\n"
CONTACT = f"[forms.contact]\nstage_id = 1001\nopportunity_type_id = 8\nduplicate_window = 600\n{PLACE}"
TOUR = f"""
[forms.tour]
stage_id = 1001
{PLACE}
[forms.tour.webhooks.meta]
app_secret = "{SECRET}"
access_token = "meta-token-1"
"""
ROUTE = f"""
[[forms.contact.routes]]
when = {{ location = "harbour" }}
account = "harbour"
stage_id = 1001
{PLACE}"""

FORMS = {
    "as ever": ACCOUNT + CONTACT + ROUTE + TOUR,
    "with another stage": ACCOUNT + CONTACT.replace("stage_id = 1001", "stage_id = 1002") + ROUTE + TOUR,
    "with all leads for the harbour": ACCOUNT + CONTACT.replace("stage_id", 'account = "harbour"\nstage_id') + TOUR,
    "without the tour": ACCOUNT + CONTACT + ROUTE,
    "without the harbour": CONTACT + TOUR,
    "faulty": CONTACT + "nonsense = 1\n",
}
"""Versions of the forms file by name; the last one is refused."""


class Installation:
    """Everything of one installation, in a folder."""

    def __init__(self, folder: Path, simulated: SimulatedTime, chance: random.Random, crm: Mapping[str, Any]) -> None:
        """Nothing runs yet. crm: how Nexudus behaves."""
        self._folder, self._simulated = folder, simulated
        self.network = Network(simulated, chance, dict.fromkeys(ADDRESSES.values(), crm))
        self.backup = folder / "backup.db"
        self.settings = read_settings(
            {
                "DATABASE_URL": f"sqlite:///{folder / 'leads.db'}",
                "FORMS_FILE": str(folder / "forms.toml"),
                "NEXUDUS_BASE_URL": f"https://{ADDRESSES['default']}",
                "NEXUDUS_USERNAME": LOGIN["username"],
                "NEXUDUS_PASSWORD": LOGIN["password"],
                "NEXUDUS_LIMITS": "60w/min",
                "NEXUDUS_TIMEOUT_S": f"{TIMEOUT_S:g}",
                "META_GRAPH_URL": f"https://{META}/v26.0",
                "ADMIN_TOKEN": TOKEN,
                "SUBMIT_LIMIT": "off",
                "LOG_LEVEL": "error",
            }
        )
        self.write_forms("as ever")
        self.web = Web("web", "web host", self.settings, simulated, self.network)
        self.workers = [
            DeliveryWorker(f"worker {number}", "worker host", self.settings, simulated, self.network)
            for number in (1, 2)
        ]

    @property
    def processes(self) -> list[Web | DeliveryWorker]:
        """All processes."""
        return [self.web, *self.workers]

    @cached_property
    def reader(self) -> Store:
        """The database for reading only."""
        return Store(self.settings.database_url)

    def write_forms(self, name: str) -> None:
        """Save a version of the forms file."""
        self.forms_version = name
        self.settings.forms_file.write_text(FORMS[name])

    def back_up(self) -> None:
        """Take a backup of the running installation."""
        back_up(self.settings.database_url, self.backup, overwrite=True)

    def restore(self) -> None:
        """Stop everything and put the last backup back."""
        self.close()
        restore(self.settings.database_url, self.backup, clock.now())
        for kept in self._folder.glob("leads.db.before*"):
            kept.unlink()

    def leads(self) -> list[Lead]:
        """Return all leads, oldest first."""
        with self.reader.read() as tx:
            return list(reversed(tx.search.leads(Query(), 1000)))

    def close(self) -> None:
        """Stop every process."""
        for process in self.processes:
            if process.is_up:
                process.end()
        if "reader" in vars(self):
            self.reader.close()
            del self.reader

    @staticmethod
    def install(template: Path, folder: Path) -> None:
        """Put a migrated, empty database into a folder."""
        shutil.copy(template, folder / "leads.db")
