"""The address a command listens on: --host and --port, else HOST and PORT, else the command's own default."""

import argparse
import errno
import socket
from dataclasses import dataclass
from ipaddress import ip_address

from service.cli.commands import Failed
from service.cli.terminal import port_number
from service.settings import Settings
from service.settings.values import read_host

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 (the default of `web`, whose proxy may be another machine)
"""Only this machine, and all of its addresses."""

_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host, which is a name or an IP address without brackets, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """HOST:PORT, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local_url(self) -> str:
        """The URL for a browser or a process on this machine."""
        if self.host in ("localhost", LOOPBACK, EVERYWHERE, "::"):  # for `::`, the kernel accepts IPv4 as well
            return f"http://localhost:{self.port}"
        return f"http://{self}"

    @property
    def reachable_host(self) -> str:
        """The host to connect to from this machine, as "all addresses" cannot be connected to."""
        return {EVERYWHERE: LOOPBACK, "::": "::1"}.get(self.host, self.host)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def check_free(self, option: str) -> None:
        """Check that nothing else listens there: the answers of another program would pass for ours.

        option: the one that sets the port.
        Raises: Failed.
        """
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
        except OSError as error:
            raise self.unusable(error, option) from error

    def unusable(self, error: OSError, option: str = "--port") -> Failed:
        """Return the failure to listen there, in one sentence."""
        reason = error.strerror or str(error)
        if isinstance(error, socket.gaierror) or error.errno in _NO_SUCH_ADDRESS:
            return Failed(f"cannot listen on {self.host} ({reason}): set --host or HOST to an address of this machine")
        return Failed(f"port {self.port} cannot be used ({reason}): choose another with {option}")


def host_address(text: str) -> str:
    """Return an address to listen on."""
    try:
        return read_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_arguments(parser: argparse.ArgumentParser, default: ListenAddress) -> None:
    """--host and --port. default: of the command."""
    parser.add_argument("--host", type=host_address, help=f"the address to listen on (HOST, then {default.host})")
    parser.add_argument("--port", type=port_number, help=f"the port to listen on (PORT, then {default.port})")


def listen_address(
    settings: Settings, default: ListenAddress, arguments: argparse.Namespace | None = None
) -> ListenAddress:
    """Return the address of a command; arguments override settings."""
    host, port = (None, None) if arguments is None else (arguments.host, arguments.port)
    return ListenAddress(host or settings.host or default.host, port or settings.port or default.port)
