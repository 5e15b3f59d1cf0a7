"""The files for nginx and Caddy: read by the programs themselves where they are installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY
from tests.programs import installed

NGINX, CADDY = DEPLOY / "nginx", DEPLOY / "caddy"


def test_nginx_accepts_its_files(tmp_path: Path) -> None:
    nginx, openssl = installed("nginx", package="nginx-light"), installed("openssl")
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    made = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*made, "-subj", "/CN=x", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    site = (NGINX / "lead-capture.conf").read_text()
    (tmp_path / "snippets").mkdir()
    shutil.copy(NGINX / "lead-capture-proxy.conf", tmp_path / "snippets")
    (tmp_path / "site.conf").write_text(site.replace("/etc/letsencrypt/live/leads.example.com", str(tmp_path)))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ access_log off; include {tmp_path}/site.conf; }}"
    )

    ended = subprocess.run(
        [nginx, "-t", "-e", "error.log", "-p", tmp_path, "-c", "nginx.conf"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "test is successful" in ended.stderr, ended.stderr


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.scaled"])
def test_caddy_accepts_its_files(tmp_path: Path, name: str) -> None:
    command = [installed("caddy"), "validate", "--adapter", "caddyfile", "--config", str(CADDY / name)]
    environ = {**os.environ, "HOME": str(tmp_path)}

    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert "Valid configuration" in ended.stdout + ended.stderr, ended.stderr


def test_each_proxy_keeps_the_metrics_from_the_world_and_overwrites_the_host() -> None:
    passed_on = (NGINX / "lead-capture-proxy.conf").read_text()

    assert "location = /metrics {\n    deny all;" in passed_on
    assert "proxy_set_header X-Forwarded-Host $host;" in passed_on
    for name in ("Caddyfile", "Caddyfile.scaled"):
        assert "respond /metrics 404" in (CADDY / name).read_text()
