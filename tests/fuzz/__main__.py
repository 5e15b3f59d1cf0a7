"""`make fuzz`: mutated bytes for every reader of strangers' bytes, guided by the lines that they reach.

Each reader gets its share of the time. Findings are in build/fuzz/findings, each as bytes and as a report; inputs that
reached new lines are in build/fuzz/corpus, where the next run begins.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.readers import READERS

BUILD = Path("build/fuzz")
MAX_BYTES = 4096
HANG_S = 120  # seconds of wall time: on a busy machine, twenty are few

SHARES = {
    "form": 6,
    "webhook": 6,
    "long-form": 3,
    "made-json": 5,
    "fetched": 2,
    "json": 2,
    "pairs": 2,
    "connection": 2,
    "handshake": 1,
}
"""Reader -> its share of the time, by the amount that it has to read."""


def main() -> int:
    """Run each reader; return 1 where there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="of all readers together (default: 600)")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer's random numbers")
    parser.add_argument("--reader", choices=READERS, action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    readers = options.reader or list(READERS)
    whole = sum(SHARES[name] for name in readers)
    findings = 0
    for name in readers:
        findings += _fuzz(name, max(1, options.seconds * SHARES[name] // whole), options.seed)
    print(f"{findings} findings in {BUILD / 'findings'}" if findings else "nothing found")
    return 1 if findings else 0


def _fuzz(name: str, seconds: int, seed: int) -> int:
    """Run one reader; return the number of findings."""
    corpus, findings = BUILD / "corpus" / name, BUILD / "findings" / name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, sent in enumerate(READERS[name].seeds()):
        (corpus / f"seed-{number:03}").write_bytes(sent)
    before = _count(findings)
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.guided", name, str(findings), str(corpus)),
            *(f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", f"-timeout={HANG_S}", f"-seed={seed}"),
            *("-rss_limit_mb=2048", f"-dict={Path(__file__).parent / 'tokens.txt'}", "-print_final_stats=1"),
            f"-artifact_prefix={findings}/",
        ],
        check=False,
    )
    return _count(findings) - before or min(1, ended.returncode)


def _count(findings: Path) -> int:
    """Count our findings, and those that libFuzzer writes when the process hangs or ends."""
    return sum(1 for file in findings.iterdir() if file.suffix != ".txt")


if __name__ == "__main__":
    sys.exit(main())
