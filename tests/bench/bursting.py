"""A burst: a thousand visitors send at once. Is each answered, and how long does the last one wait?"""

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests.bench.databases import ENGINES
from tests.bench.load import Burst, burst, post_for
from tests.bench.servers import NOOP, OURS, Server, all_servers

CLIENTS = 1000
ROUNDS = 3
PROCESSES = 2


def measure() -> None:
    """Interleaved rounds on both engines; the medians, and whether every acknowledged post is kept."""
    print(f"\nA burst: {CLIENTS:,} clients at once, {PROCESSES} web processes, {ROUNDS} rounds, medians\n")
    print(f"{'':28}{'answered':>14}{'kept':>7}{'p50 ms':>9}{'p99 ms':>9}{'last ms':>9}")
    for engine, databases in ENGINES.items():
        with databases() as new_database, tempfile.TemporaryDirectory() as folder, ExitStack() as started:
            servers = all_servers(PROCESSES, new_database, Path(folder))
            del servers[NOOP]
            for server in servers.values():
                started.enter_context(server.running())
                post_for(server.port, 2, 16, "warm")  # each web process loads the application when it is first needed
            time.sleep(1)  # until the last posts of that are kept as well
            bursts: dict[str, list[Burst]] = {name: [] for name in servers}
            kept = {name: -_count(name, server) for name, server in servers.items()}
            for number in range(ROUNDS):
                for name, server in servers.items():
                    bursts[name].append(burst(server.port, CLIENTS, f"burst{number}"))
            for name, server in servers.items():
                _show(f"{engine}: {name}", bursts[name], kept[name] + _count(name, server))


def _count(name: str, server: Server) -> int:
    """Count the posts in a server's database."""
    url = server.environ["DATABASE_URL" if name == OURS else "BENCH_DATABASE"]
    parsed = make_url(url)
    driver = "postgresql+psycopg" if parsed.get_backend_name() == "postgresql" else parsed.drivername
    engine = create_engine(parsed.set(drivername=driver))
    with engine.connect() as connection:
        table = "leads" if name == OURS else "posts"
        rows = int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608 (ours)
    engine.dispose()
    return rows


def _show(title: str, bursts: list[Burst], kept: int) -> None:
    answered = sum(each.answered for each in bursts)
    times = "".join(
        f"{statistics.median(getattr(each, figure) for each in bursts) * 1000:9.0f}"
        for figure in ("p50_s", "p99_s", "last_s")
    )
    print(f"{title:28}{f'{answered} of {len(bursts) * CLIENTS}':>14}{kept:7}{times}", flush=True)
