"""All that can be done within one transaction, by subject."""

from functools import cached_property

from sqlalchemy import Connection

from service.store.accounts import Accounts
from service.store.arrivals import LeadArrivals
from service.store.claims import Claims
from service.store.concerns import AlertLog
from service.store.connections import Connections
from service.store.conversions import Conversions
from service.store.corrections import Corrections
from service.store.engines import Database
from service.store.erasure import Erasure
from service.store.exports import Exports
from service.store.facts import Facts
from service.store.fetches import Fetches
from service.store.finished import Finished
from service.store.flags import Flags
from service.store.histories import Histories
from service.store.holds import CallPauses
from service.store.known import Known
from service.store.leads import StoredLeads
from service.store.ledgers import Ledgers
from service.store.notices import Notices
from service.store.outbox import Outbox
from service.store.overview import Overview
from service.store.persons import Persons
from service.store.refusals import Refusals
from service.store.reports import Reports
from service.store.sales import Sales
from service.store.search import LeadSearch
from service.store.sessions import Sessions
from service.store.tally import Tallies
from service.store.untold import Untold
from service.store.verdicts import Verdicts
from service.store.watching import Watching
from service.store.word_index import WordIndex


class Leads(
    LeadArrivals, StoredLeads, Known, Finished, Untold, Corrections, Verdicts, Erasure, Persons, Exports, Histories
):
    """Leads: stored once, found, changed, exported, erased."""


class Queue(Outbox, Claims, CallPauses):
    """Deliveries to the CRM: enqueued with their lead, claimed with a lease, settled once."""


class Platforms(Notices, Fetches, Connections, Refusals):
    """What platforms announce, how it is fetched, and how each connection stands."""


class Search(LeadSearch, WordIndex):
    """Leads found by words and filters."""


class Statistics(Reports, Tallies, Overview):
    """Leads counted, for reports and the dashboard."""


class Crm(Sales, Ledgers, Conversions, Facts):
    """What became of leads in the CRM, and what is known of each account there."""


class Alerts(AlertLog, Watching):
    """What somebody must be told of, and the figures that it is judged by."""


class Transaction:
    """One transaction; each subject is made when it is first used."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._unit = (connection, database)

    @cached_property
    def leads(self) -> Leads:
        """Leads: stored once, found, changed, exported, erased."""
        return Leads(*self._unit)

    @cached_property
    def queue(self) -> Queue:
        """Deliveries to the CRM."""
        return Queue(*self._unit)

    @cached_property
    def platforms(self) -> Platforms:
        """Announced leads, their fetches, and the connections to platforms."""
        return Platforms(*self._unit)

    @cached_property
    def search(self) -> Search:
        """Leads found by words and filters."""
        return Search(*self._unit)

    @cached_property
    def statistics(self) -> Statistics:
        """Leads counted, for reports and the dashboard."""
        return Statistics(*self._unit)

    @cached_property
    def crm(self) -> Crm:
        """Sales, conversions, reconciliations, facts of an account."""
        return Crm(*self._unit)

    @cached_property
    def alerts(self) -> Alerts:
        """Alerts, and the figures that they are judged by."""
        return Alerts(*self._unit)

    @cached_property
    def accounts(self) -> Accounts:
        """Tokens, pauses and pace of each Nexudus account."""
        return Accounts(*self._unit)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions of the dashboard."""
        return Sessions(*self._unit)

    @cached_property
    def flags(self) -> Flags:
        """Small values that all processes agree on."""
        return Flags(*self._unit)
