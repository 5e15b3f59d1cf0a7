"""Where the commands listen: on this machine alone, on one address, or on all."""

import argparse
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from service.cli import listening, up
from service.cli.commands import Failed
from service.cli.configuration import read_configuration
from service.cli.listening import EVERYWHERE, ListenAddress, listen_address
from service.cli.processes import WEB_ADDRESS, server_options
from service.cli.simulator import SIMULATOR_ADDRESS
from service.settings import read_settings
from service.simulator.app import create_app
from service.simulator.server import Server
from service.simulator.world import World
from tests.cli.conftest import Terminal
from tests.processes import Process, bare_environ, contact_forms_file, free_port
from tests.tables import each_row


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@each_row(
    ("default", "host", "words", "address"),
    [
        (up.DEFAULT_ADDRESS, "", [], "127.0.0.1:8000"),
        (WEB_ADDRESS, "", [], "0.0.0.0:8000"),
        (SIMULATOR_ADDRESS, "", [], "127.0.0.1:8010"),
        (WEB_ADDRESS, "127.0.0.1", [], "127.0.0.1:8000"),
        (up.DEFAULT_ADDRESS, "127.0.0.1", ["--host", EVERYWHERE, "--port", "81"], f"{EVERYWHERE}:81"),
        (WEB_ADDRESS, "", ["--host", "::1"], "[::1]:8000"),
        (WEB_ADDRESS, "[::]", [], "[::]:8000"),
    ],
)
def test_the_option_goes_before_the_setting_and_that_before_the_default(
    default: ListenAddress, host: str, words: list[str], address: str
) -> None:
    parser = argparse.ArgumentParser()
    listening.add_arguments(parser, default)

    assert str(listen_address(read_settings({"HOST": host}), default, parser.parse_args(words))) == address


def test_the_web_server_binds_to_that_address() -> None:
    assert server_options(read_settings({}), ListenAddress("::1", 8000))["bind"] == "[::1]:8000"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (EVERYWHERE, "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
    ],
)
def test_the_banner_names_an_address_that_this_machine_reaches(host: str, url: str) -> None:
    assert ListenAddress(host, 8000).local_url == url


def test_a_port_is_looked_for_on_the_address_that_is_used(taken: int) -> None:
    ListenAddress("::1", taken).check_free("--port")

    for host in ("127.0.0.1", EVERYWHERE, "localhost"):
        with pytest.raises(Failed, match=f"port {taken} cannot be used .*: choose another with --port"):
            ListenAddress(host, taken).check_free("--port")


def test_an_address_of_another_machine_is_refused_in_one_sentence(run: Terminal) -> None:
    result = run("up", "--host", "192.0.2.7", "--port", str(free_port()))

    (line,) = result.err.splitlines()
    assert result.code == 1
    assert line.startswith("lead-capture: cannot listen on 192.0.2.7 (")
    assert "set --host or HOST to an address of this machine" in line


def test_a_wrong_host_is_wrong_usage(run: Terminal) -> None:
    result = run("web", "--host", "http://localhost")

    assert result.code == 2
    assert "is not an address to listen on: write one without a port" in result.err.replace("\n", " ")


def test_the_simulator_listens_on_ipv6() -> None:
    server = Server(("::1", 0), create_app(World()))
    try:
        assert server.server_address[0] == "::1"
    finally:
        server.server_close()


def test_up_is_for_this_machine_alone_and_says_so(run: Terminal) -> None:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    forms = read_configuration({})[1]

    here, everywhere = (
        up.banner(up.stack_of(read_settings({}), forms, parser.parse_args(words)), forms)
        for words in ([], ["--host", EVERYWHERE])
    )

    assert "Only this machine can reach it" in here
    assert "It listens on 0.0.0.0: the network can reach it." in everywhere


def test_web_listens_on_one_address_and_on_no_other(tmp_path: Path) -> None:
    folder, port = tmp_path, free_port()
    environ = bare_environ(DATABASE_URL=f"sqlite:///{folder}/leads.db", FORMS_FILE=contact_forms_file(folder))
    process = Process(["web", "--host", "::1", "--port", str(port)], environ, folder)
    try:
        process.wait_until(lambda: _version(f"http://[::1]:{port}"), 20, "/healthz")
        assert not _version(f"http://127.0.0.1:{port}")
    finally:
        process.kill()


def _version(url: str) -> str:
    """What /healthz says; "" where nobody listens."""
    try:
        return requests.get(f"{url}/healthz", timeout=5).text
    except requests.ConnectionError:
        return ""
