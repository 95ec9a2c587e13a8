#!/usr/bin/env python3
"""Runs the shell blocks of docs/cluster.md, in order and to the letter, against private servers.

    page_test.py --carillon PROGRAM PAGE

One shell runs them all, in an empty folder that holds the page's configuration file; the page's own
variables say where the servers are. Any command that fails ends the test.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "faults"))

from cluster import TIED_TO_US, Broker, Postgres

SECONDS_MAX = 180


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def script_of(page):
    """The blocks, each of which says its number, and the end of what they start."""
    parts = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"]
    for number, block in enumerate(blocks(page, "sh"), 1):
        parts += [f"echo '--- block {number}'", "set -x", block.rstrip(), "{ set +x; } 2>/dev/null"]
    return "\n".join(parts) + "\n"


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--carillon", required=True, type=os.path.abspath, help="the program")
    ap.add_argument("page", help="a Markdown file")
    options = ap.parse_args()
    with open(options.page, encoding="utf-8") as f:
        page = f.read()
    assert len(blocks(page, "sh")) > 3, "the page has lost its shell blocks"
    folder = tempfile.mkdtemp(prefix="carillon-page-")
    os.chmod(folder, 0o711)  # PostgreSQL runs as another user, in a folder below
    place = os.path.join(folder, "place")
    os.mkdir(place)
    postgres = broker = None
    try:
        postgres = Postgres(os.path.join(folder, "pg"), ["127.0.0.1"])
        broker = Broker(folder, ["127.0.0.1"])
        with open(os.path.join(place, "carillon.toml"), "w", encoding="utf-8") as f:
            f.write("".join(blocks(page, "toml")))
        environment = {name: text for name, text in os.environ.items()
                       if not name.startswith("CARILLON_")}
        environment.update(
            OWNER=postgres.url(), LOG=postgres.url(role="carillon"), BROKER=broker.url(),
            PATH=os.path.dirname(options.carillon) + ":" + os.environ["PATH"])
        ended = subprocess.run([*TIED_TO_US, "bash", "-c", script_of(page)], cwd=place,
                               env=environment, stdin=subprocess.DEVNULL, timeout=SECONDS_MAX,
                               check=False)
        if ended.returncode != 0:
            print(f"the page failed with exit {ended.returncode}; see {folder}")
            return 1
    finally:
        if broker:
            broker.stop()
        if postgres:
            postgres.stop()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
