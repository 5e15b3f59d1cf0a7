"""`make storm`: ten thousand histories. `python -m tests.storm --seed 4711` prints what happens in one."""

import argparse
import gc
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from service.store import Store
from tests import compiled_once
from tests.storm.history import History
from tests.storm.installation import Installation

HISTORIES = 10_000
PROGRESS_EVERY = 250


def main() -> int:
    """Run the histories, and print what was lost or duplicated; 1 if anything was."""
    arguments = _arguments()
    compiled_once.share()
    gc.freeze()  # the modules are no garbage
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with TemporaryDirectory(dir=folder) as name:
        if arguments.seed is not None:
            return _replay(arguments.seed, Path(name), arguments.actions)
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.histories)
        return _run_all(seeds, Path(name), arguments.actions)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seed", type=int, help="one history, printed")
    parser.add_argument("--histories", type=int, default=HISTORIES)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--actions", type=int, help="of each history, instead of as many as its seed decides")
    return parser.parse_args()


def _replay(seed: int, folder: Path, actions: int | None) -> int:
    history = _prepared(seed, _template(folder), folder / "history", actions)
    verdict = history.run()
    print("\n".join(history.lines))
    for sentence in [*(f"lost: {each}" for each in verdict.lost), *(f"doubled: {each}" for each in verdict.doubled)]:
        print(sentence)
    print(", ".join(f"{number} {end}" for end, number in verdict.ends.items()))
    return int(not verdict.is_good)


def _run_all(seeds: range, folder: Path, actions: int | None) -> int:
    template, began = _template(folder), time.process_time()
    ends, lost, doubled, bad = Counter[str](), 0, 0, list[int]()
    for number, seed in enumerate(seeds, 1):
        with TemporaryDirectory(dir=folder) as name:
            verdict = _prepared(seed, template, Path(name) / "history", actions).run()
        ends += verdict.ends
        lost, doubled = lost + len(verdict.lost), doubled + len(verdict.doubled)
        if not verdict.is_good:
            bad.append(seed)
            print(f"seed {seed}: lost {verdict.lost}, doubled {verdict.doubled}", flush=True)
        if number % PROGRESS_EVERY == 0:
            print(f"{number:,} histories, {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"\n| {len(seeds):,} histories | |\n|---|---|")
    for end, count in [*sorted(ends.items()), ("**lost**", lost), ("**doubled**", doubled)]:
        print(f"| {end} | {count:,} |")
    print(f"\n{time.process_time() - began:.0f} s of one core; seeds {seeds[0]} to {seeds[-1]}")
    return int(bool(bad))


def _template(folder: Path) -> Path:
    store = Store(f"sqlite:///{folder / 'template.db'}")
    store.migrate()
    store.close()
    return folder / "template.db"


def _prepared(seed: int, template: Path, folder: Path, actions: int | None) -> History:
    folder.mkdir()
    Installation.install(template, folder)
    return History(seed, folder, actions)


if __name__ == "__main__":
    sys.exit(main())
