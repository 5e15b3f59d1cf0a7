"""Slow clients around the running service: alone, behind nginx, behind Caddy."""

import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from subprocess import DEVNULL

import pytest

from tests.front import sqlite_store
from tests.processes import CHECKOUT, Process, bare_environ, free_port, wait_until
from tests.programs import PATH, installed
from tests.server.slow_clients import CROWD, health_s, post_lead, slow_clients

pytestmark = pytest.mark.journey

DEPLOY = CHECKOUT / "deploy"


class Service:
    """`lead-capture web` as for one proxy, so that the address of the tests may have many connections."""

    def __init__(self, folder: Path) -> None:
        self.port, self.database = free_port(), folder / "leads.db"
        environ = bare_environ(
            DATABASE_URL=f"sqlite:///{self.database}", TRUSTED_PROXIES="1", SUBMIT_LIMIT="off", LOG_FORMAT="json"
        )
        self.process = Process(["web", "--port", str(self.port)], environ, folder)
        self.process.wait_until(lambda: is_listening(self.port), 30, "it listens")

    def emails(self) -> set[str]:
        """Of all leads in the store."""
        with closing(sqlite3.connect(self.database)) as database:
            return {email for (email,) in database.execute("SELECT email FROM leads")}


def is_listening(port: int) -> bool:
    """Whether a connection is accepted."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests."""
    folder = tmp_path_factory.mktemp("service")
    with sqlite_store(folder):
        pass
    running = Service(folder)
    yield running
    running.process.kill()


@pytest.fixture(scope="module")
def proxies(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Name -> port of each proxy that is installed, with the configuration of deploy/, and of none."""
    folder = tmp_path_factory.mktemp("proxies")
    ports = {"alone": service.port}
    with ExitStack() as running:
        for name, command in (("nginx", nginx), ("caddy", caddy)):
            if shutil.which(name, path=PATH):
                ports[name] = free_port()
                words = command(folder, ports[name], service.port)
                process = running.enter_context(subprocess.Popen(words, cwd=folder, env=bare_environ(), stderr=DEVNULL))
                running.callback(process.terminate)
                wait_until(partial(is_listening, ports[name]), 15, f"{name} listens")
        yield ports


def nginx(folder: Path, port: int, upstream: int) -> list[str]:
    """Its command."""
    locations = (
        (DEPLOY / "nginx/lead-capture-proxy.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_rlimit_nofile 4096;"
        f"events {{ worker_connections 2000; }}\nhttp {{ access_log off; client_body_temp_path {folder}/body;"
        f" proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;"
        f" scgi_temp_path {folder}/s;\nserver {{ listen 127.0.0.1:{port};\n{locations}\n}} }}\n"
    )
    return [installed("nginx"), "-e", "error.log", "-p", str(folder), "-c", "nginx.conf"]


def caddy(folder: Path, port: int, upstream: int) -> list[str]:
    """Its command."""
    site = (DEPLOY / "caddy/Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    site = site.replace("leads.example.com", f"http://127.0.0.1:{port}")
    (folder / "Caddyfile").write_text(f"{{\n    admin off\n}}\n{site}")
    return [installed("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]


@pytest.mark.parametrize("kinds", [["heads"], ["bodies"], ["idle"], list(CROWD)], ids="+".join)
@pytest.mark.parametrize("name", ["alone", "nginx", "caddy"])
def test_the_service_answers_and_takes_leads_among_slow_clients(
    service: Service, proxies: dict[str, int], name: str, kinds: list[str]
) -> None:
    if name != "alone":
        installed(name, package={"nginx": "nginx-light"}.get(name, ""))
    first = len(service.emails())

    with slow_clients(proxies[name], kinds):
        times_s = [health_s(proxies[name]) for _ in range(5)]
        statuses = [post_lead(proxies[name], first + number) for number in range(20)]
        direct_s = health_s(service.port)

    assert statuses == [200] * 20
    assert {f"ann{first + number}@example.com" for number in range(20)} <= service.emails()
    assert max([*times_s, direct_s]) < 1, times_s


def test_a_malformed_chunk_is_no_error_of_the_service(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as client:
        client.sendall(b"POST /f/contact HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n")
        answer = client.recv(4096)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "request_failed" not in service.process.output


def test_the_health_check_answers_while_every_thread_waits_for_a_locked_database(service: Service) -> None:
    with ExitStack() as opened:
        blocker = opened.enter_context(closing(sqlite3.connect(service.database, isolation_level=None)))
        blocker.execute("BEGIN IMMEDIATE")
        clients = [opened.enter_context(posting(service.port, f"locked{number}@example.com")) for number in range(40)]

        assert max(health_s(service.port) for _ in range(10)) < 1

        blocker.execute("ROLLBACK")
        assert {client.recv(4096).partition(b" ")[2][:3] for client in clients} == {b"200"}
    assert {f"locked{number}@example.com" for number in range(40)} <= service.emails()


def posting(port: int, email: str) -> socket.socket:
    """A connection on which a whole post has been sent."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    body = f"email={email}".encode()
    client.sendall(
        b"POST /f/contact HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/json\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    return client
