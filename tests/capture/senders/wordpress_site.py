"""A WordPress of the test's own: Debian's PHP and MariaDB run it, on this machine alone.

`WORDPRESS_DIR` says where WordPress lies (Debian's package puts it into /usr/share/wordpress), `WORDPRESS_PLUGINS`
the folder with the unpacked plug-ins.
"""

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import bare_environ, free_port, wait_until

FILES = Path(__file__).parent / "clients" / "wordpress"
_START_TIMEOUT_S = 60
_STEP_TIMEOUT_S = 300


@dataclass(frozen=True)
class WordPress:
    """pages: by their names, each with its `address` and the `version` of its plug-in."""

    folder: Path
    environ: dict[str, str]
    pages: dict[str, dict[str, str]]

    def run(self, script: str, *words: str) -> str:
        """Return what one of our PHP scripts prints."""
        return _php(self.environ, script, str(self.folder), *words)


@contextmanager
def wordpress(folder: Path, leads_url: str, token: str, plugin: str) -> Iterator[WordPress]:
    """Run a site with a form of each plug-in that is there. plugin: the text of one that posts to `leads_url`."""
    for program in ("php", "mariadbd", "mariadb", "mariadb-install-db"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install wordpress php-cli mariadb-server")
    core = Path(os.environ.get("WORDPRESS_DIR", "/usr/share/wordpress"))
    if not (core / "wp-includes" / "version.php").is_file():
        pytest.skip(f"no WordPress lies in {core}: apt install wordpress, or set WORDPRESS_DIR")
    site = _unpacked(core, folder / "site", plugin)
    with _database(folder) as host:
        url = f"http://127.0.0.1:{free_port()}"
        environ = {"SITE_URL": url, "SITE_DATABASE": host, "SITE_LEADS_URL": leads_url}
        for step in ("install", "activate"):
            _php(environ, "site.php", str(site), step)
        printed = _php(environ, "site.php", str(site), "forms", leads_url, token)
        with _served(site, url, environ, folder / "php.log"):
            yield WordPress(site, environ, json.loads(printed.splitlines()[-1]))


def _unpacked(core: Path, site: Path, plugin: str) -> Path:
    """Return a copy: WordPress looks for everything beside its files, where Debian's have their configuration."""
    content = site / "wp-content"
    shutil.copytree(core, site, ignore=shutil.ignore_patterns("wp-config.php", "wp-content"))
    shutil.copy(FILES / "wp-config.php", site)
    shutil.copytree(FILES / "plain", content / "themes" / "plain")
    plugins, always = content / "plugins", content / "mu-plugins"
    plugins.mkdir()
    always.mkdir()
    for each in Path(os.environ.get("WORDPRESS_PLUGINS", core / "wp-content" / "plugins")).iterdir():
        (plugins / each.name).symlink_to(each.resolve())
    shutil.copy(FILES / "loopback.php", always)
    (always / "lead-capture.php").write_text(plugin)
    return site


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """Run MariaDB on files of its own and yield what WordPress calls its host."""
    data, path, user = folder / "database", folder / "database.sock", f"--user={getpass.getuser()}"
    files = ["--no-defaults", user, f"--datadir={data}"]
    _run(["mariadb-install-db", *files, "--auth-root-authentication-method=normal", "--skip-test-db"], bare_environ())
    create = ["mariadb", "--no-defaults", "--user=root", f"--socket={path}", "-e", "create database wordpress"]
    with _running(
        ["mariadbd", *files, f"--socket={path}", "--skip-networking"], bare_environ(), folder / "mariadb.log"
    ):
        wait_until(lambda: _succeeds(create), _START_TIMEOUT_S, "MariaDB")
        yield f"localhost:{path}"


@contextmanager
def _served(site: Path, url: str, environ: Mapping[str, str], log: Path) -> Iterator[None]:
    """Let PHP's own server answer at `url`, several visitors at a time."""
    words = ["php", "-S", url.removeprefix("http://"), "-t", str(site), str(FILES / "router.php")]
    with _running(words, bare_environ(PHP_CLI_SERVER_WORKERS="4", **environ), log):
        wait_until(lambda: _listens(int(url.rpartition(":")[2])), _START_TIMEOUT_S, "WordPress")
        yield


@contextmanager
def _running(words: list[str], environ: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        running = subprocess.Popen(words, env=environ, stdout=output, stderr=output, start_new_session=True)
        try:
            yield
        finally:
            # PHP's workers are children that outlive a parent that is ended alone.
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(_START_TIMEOUT_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _php(environ: Mapping[str, str], script: str, *words: str) -> str:
    return _run(["php", "-d", "display_errors=stderr", str(FILES / script), *words], bare_environ(**environ))


def _succeeds(words: list[str]) -> bool:
    return subprocess.run(words, check=False, env=bare_environ(), capture_output=True).returncode == 0


def _run(words: list[str], environ: Mapping[str, str]) -> str:
    """Return what a program prints; what it says when it fails is in the test's report."""
    done = subprocess.run(words, check=False, env=environ, capture_output=True, text=True, timeout=_STEP_TIMEOUT_S)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
