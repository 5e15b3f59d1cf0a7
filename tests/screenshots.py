"""`make screenshots`: the dashboard over the made-up history, photographed for docs/dashboard.md."""

import struct
import subprocess
import sys
import tempfile
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import time_machine

from service import clock
from service.forms import Form
from service.lead import Status
from service.store import UNPUBLISHED, Query, Store
from tests.admin.dashboard import PASSWORD
from tests.admin.served import Screen, served
from tests.admin.test_pages_form_editing import LOOK
from tests.browser import chromium
from tests.builders import a_form
from tests.front import Front, count_days
from tests.processes import bare_environ, lead_capture

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


MOMENT = datetime(2026, 10, 6, 15, 30, tzinfo=UTC)
"""The time shown, a Tuesday afternoon: pictures are the same whenever they are taken, and never of an empty Sunday."""

SET_UP = """\
[forms.tour]
title = "Book a tour"
stage_id = 1001
responsible_id = 9
questions = [{ name = "desks", label = "How many desks do you need?", kind = "number", required = true }]

[forms.contact]

[forms.day-pass]
title = "Day pass"

[forms.meeting-room]
title = "Book a meeting room"
"""
"""The set-up that the page of a form shows."""

SIZES = {"": (1280, 860), "-phone": (390, 844)}
SCHEMES = {"": "light", "-dark": "dark"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the file's name, the page, how it is shown. size: width and height in pixels."""

    name: str
    path: str
    scheme: str
    size: tuple[int, int]


def main() -> None:
    """Take all of them, or those of the pages named."""
    with (
        time_machine.travel(MOMENT),
        tempfile.TemporaryDirectory() as folder,
        chromium("--hide-scrollbars") as driver,
    ):
        store = _history(Path(folder))
        front = Front(store, *_forms(), ADMIN_PASSWORD=PASSWORD, PUBLIC_URL="https://leads.example.com")
        with served(front) as address:
            screen = Screen(driver, address)
            screen.prefer("light", 1280)
            screen.sign_in()
            for shot in _shots(store):
                if not sys.argv[1:] or shot.name.split("-")[0] in sys.argv[1:]:
                    _take(screen, shot)
        store.close()


def _history(folder: Path) -> Store:
    """A database with a made-up quarter, counted."""
    url = f"sqlite:///{folder / 'leads.db'}"
    story = ("demo-data", "--leads", "4000", "--days", "90", "--until", MOMENT.isoformat(), "--seed", "4")
    for arguments in (("migrate",), story):
        subprocess.run(lead_capture(*arguments), env=bare_environ(DATABASE_URL=url), cwd=folder, check=True)
    store = Store(url)
    count_days(store)
    store.write(lambda tx: tx.crm.save_look("default", "https://spaces.nexudus.com", LOOK, clock.now()))
    store.write(lambda tx: tx.setups.publish(SET_UP, "the tour form", "ann@example.com", clock.now(), UNPUBLISHED))
    return store


def _forms() -> list[Form]:
    webhooks = {"meta": {"app_secret": "a"}, "google-ads": {"key": "b"}, "typeform": {"secret": "c"}}
    stages = {"toured": "Tour", "proposal sent": "Proposal"}
    return [
        a_form("tour", title="Book a tour", webhooks=webhooks, conversions=stages),
        a_form(),
        a_form("day-pass", title="Day pass"),
        a_form("meeting-room", title="Book a meeting room"),
    ]


def _shots(store: Store) -> Iterator[Shot]:
    with store.read() as tx:
        lead = tx.search.leads(Query(status=Status.DELIVERED), 1)[0]
    pages = {
        "today": "/admin/",
        "leads": "/admin/leads",
        "lead": f"/admin/leads/{lead.id}",
        "pictures": "/admin/reports?period=30",
        "setup": "/admin/setup",
        "form": "/admin/forms/edit/tour",
    }
    for name, path in pages.items():
        for (device, size), (look, scheme) in product(SIZES.items(), SCHEMES.items()):
            yield Shot(f"{name}{device}{look}", path, scheme, size)


def _take(screen: Screen, shot: Shot) -> None:
    width, height = shot.size
    screen.prefer(shot.scheme, width)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    screen.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    screen.open(shot.path)
    png = b64decode(screen.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    packed = smaller(png)
    (FOLDER / f"{shot.name}.png").write_bytes(packed)
    print(f"{shot.name}: {len(packed) // 1024} KB")  # noqa: T201 (for the person who runs it)


def smaller(png: bytes) -> bytes:
    """Return the picture compressed as well as zlib can: browsers compress for speed."""
    chunks = list(_chunks(png))
    pixels = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    kept = [(kind, content) for kind, content in chunks if kind in (b"IHDR", b"PLTE")]
    return SIGNATURE + b"".join(
        _chunk(kind, content) for kind, content in (*kept, (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        yield kind, png[place + 8 : place + 8 + length]
        place += length + 12


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main()
