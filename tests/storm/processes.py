"""The processes of an installation, wired as in service/; each can be killed, and loses its memory then."""

import itertools
from collections.abc import Callable, Mapping
from functools import cache
from threading import Event
from typing import Any, TypeVar

from werkzeug.test import TestResponse

from service import clock
from service.background import is_gone, worker_name
from service.delivery.context import on_startup
from service.delivery.loop import Worker, WorkerConfig
from service.fetching.connection import make_connections
from service.fetching.fetcher import Fetcher, reconnect
from service.forms import Setup, SetupProblems
from service.forms.file import parse_setup
from service.lead import Receipt
from service.nexudus_accounts import account_contexts
from service.settings import Settings
from service.setup.current import CurrentSetup, FormsFile, SetupDocument
from service.setup.watcher import SetupWatcher
from service.store import Identity, Store, Transaction
from service.store.outbox import LIVE
from service.web import create_app
from tests.storm.network import Fate, Killed, Network
from tests.storm.simulated_time import SimulatedStop, SimulatedTime

COMMIT_S = 0.005
MAX_DELIVERIES = 3
"""Deliveries that one worker claims at a time; here it makes them one after the other."""

MAX_TURNS = 4
"""Turns of a worker's loop in one round."""

T = TypeVar("T")


class MortalStore(Store):
    """The database as one process uses it, which can be killed before and after each commit."""

    def __init__(self, url: str, fate: Fate, simulated: SimulatedTime) -> None:
        super().__init__(url)
        self._fate, self._simulated = fate, simulated

    def write(self, job: Callable[[Transaction], T]) -> T:
        """See Store."""
        return self._commit(lambda: super(MortalStore, self).write(job))

    def keep_and_enqueue(self, arrivals: Any, priority: int = LIVE) -> list[Receipt]:
        """See Store."""
        keep: Callable[[], list[Receipt]] = lambda: super(MortalStore, self).keep_and_enqueue(arrivals, priority)  # noqa: E731
        return self._commit(keep)

    def _commit(self, write: Callable[[], T]) -> T:
        self._fate.reach_edge(may_pause=True)
        self._simulated.sleep(COMMIT_S)
        value = write()
        self._fate.reach_edge()
        return value


@cache
def _parse(document: SetupDocument) -> Setup:
    return parse_setup(document.text, "forms.toml", lambda _: None)


class Process:
    """One process: started, given turns to work, killed or ended, started again."""

    _numbers = itertools.count(1)
    _watcher: SetupWatcher

    def __init__(self, name: str, host: str, settings: Settings, simulated: SimulatedTime, network: Network) -> None:
        """name: of its place in the installation. host: where it runs, and whose clock it reads."""
        self.name, self._host, self._settings, self._simulated, self._network = name, host, settings, simulated, network
        self._fate = Fate()
        self._is_up = False

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._is_up

    @property
    def fate(self) -> Fate:
        """The fate of the process."""
        return self._fate

    def start(self) -> bool:
        """Start it unless it runs; return whether it runs now: it may be killed as it starts, or refuse the set-up."""
        if self._is_up:
            return True
        if self._fate.dead:
            self._fate = Fate()
        self._network.fates[self.name] = self._fate
        with self._simulated.of(self.name, self._host):
            self._store = MortalStore(self._settings.database_url, self._fate, self._simulated)
            try:
                file = FormsFile(self._settings.forms_file, _parse)
                self._current = CurrentSetup(file, file.parse(file.load()), clock.now())
                self._is_up = True
                self._begin()
            except (Killed, SetupProblems):
                self.end()
        return self._is_up

    def work(self, job: Callable[[], T]) -> T | None:
        """Let the process work for one turn; None if it is not running, or is killed meanwhile."""
        if not self._is_up:
            return None
        with self._simulated.of(self.name, self._host):
            try:
                return job()
            except Killed:
                self.end()
                return None

    def end(self) -> None:
        """Close everything that the process has open, as the kernel would."""
        self._is_up = False
        self._store.close()

    def follow_setup(self) -> None:
        """Check whether the forms file has changed."""
        if self._watcher.step(clock.now()) is not None:
            self._watcher.step(clock.now())

    def _begin(self) -> None:
        raise NotImplementedError


class Web(Process):
    """The web process and its callers."""

    def _begin(self) -> None:
        app = create_app(self._settings, self._current, store=self._store)
        self._watcher = SetupWatcher(self._current, self._store, "web")
        self._client = app.test_client()

    def post(self, path: str, body: Any, headers: Mapping[str, str]) -> TestResponse | None:
        """Return the response, None if there is none."""

        def call() -> TestResponse:
            self.follow_setup()
            return self._client.post(path, data=body, headers=dict(headers))

        return self.work(call)


class DeliveryWorker(Process):
    """A worker: fetches and delivers, one lead after the other."""

    _identity = Identity("", is_gone)  # until it has begun

    def _begin(self) -> None:
        ended = self._network.ended
        self._identity = Identity(f"{self.name}-{next(self._numbers)}/{worker_name()}", lambda name: name in ended)
        self._ended_known = 0
        stop = SimulatedStop(self._simulated)
        store, settings, setup = self._store, self._settings, self._current.get()
        self._setup = setup
        self._contexts = account_contexts(settings, setup, store, stop)
        connections = make_connections(setup.forms, settings.platform_urls, store, self._identity)
        self._fetcher = Fetcher(store, connections, self._identity, Event())
        self._fetcher._wakes = {"meta": Event()}  # instead of threads
        self._worker = Worker(store, self._contexts, WorkerConfig(MAX_DELIVERIES, settings.lease_s), stop)
        self._worker._name = self._identity.name
        self._stop = stop
        self._watcher = SetupWatcher(self._current, store, "worker", self._follow)
        self._settle(connections)

    def _follow(self, setup: Setup) -> None:
        before = self._setup, self._contexts
        self._contexts = account_contexts(self._settings, setup, self._store, self._stop, before)
        self._setup = setup
        connections = make_connections(setup.forms, self._settings.platform_urls, self._store, self._identity)
        self._worker.follow(self._contexts)
        self._fetcher.follow(connections)
        self._settle(connections)

    def _settle(self, connections: Any) -> None:
        for account, context in self._contexts.items():
            context.nexudus._transport._client = self._network
            on_startup(account, context)
        reconnect(self._store, connections)

    def end(self) -> None:
        """See Process. Its leases are free for those that can know that it is gone."""
        super().end()
        self._network.ended.add(self._identity.name)

    def round(self) -> None:
        """Do all work that is due."""
        self.work(self._do_what_is_due)

    def _do_what_is_due(self) -> None:
        self.follow_setup()
        if self._ended_known != len(self._network.ended):
            self._ended_known = len(self._network.ended)
            self._store.write(lambda tx: tx.queue.free_leases(self._identity.is_gone))
        while self._network.meta_leads and self._fetcher._fetch_next("meta"):
            pass
        for _ in range(MAX_TURNS):
            self._worker._turn()
            if self._worker._work.empty():
                return
            while not self._worker._work.empty():
                delivery = self._worker._work.get()
                try:
                    self._worker._deliver(delivery)
                finally:
                    self._worker._under_way.discard(delivery.lead.id)
