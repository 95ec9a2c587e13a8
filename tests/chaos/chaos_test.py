#!/usr/bin/env python3
"""Breaks a cluster in every way there is, and proves that nothing was lost or done twice.

    chaos_test.py --carillon PROGRAM --command APPEND_RUN [--clock-library FILE]
                  [--seed N] [--minutes M] [--nodes N] [--schedules N] [--data DIRECTORY]

Daemons share a private PostgreSQL and a private mosquitto. Hundreds of schedules fire from once a
second on, and clients add and cancel jobs at whichever node answers, while the seed chooses what
breaks: nodes killed, frozen, cut off, started with a wrong clock; the stores stopped, killed, made
to forget their connections. In the end ledger_check.py compares what was due, what ran and what the
log says, and the nodes are compared with each other.
Exit 0: nothing wrong. The folder of a failed test is kept and named.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "faults"))

import verdict
from cluster import Cluster
from daemon import Refused, Unavailable, now_ms, text_of
from faults import Faults
from history import Expected
from load import Load

TTL_SECONDS = 5
GRACE_SECONDS = 1        # disconnect_grace of the tasks
EPSILON_MS = 4_000       # a start this late is no fault: the machine may be busy with other tests
RECOVERY_MS = 4_000      # after a fault is mended and all nodes see each other again
CALM_SECONDS = 3         # after that, in which nothing excuses lateness
MEND_SECONDS = 90
DRAIN_SECONDS = 180
SAMPLE_SECONDS = 0.3
SET_UP_MS, SCHEDULE_MS = 3_000, 60


class Sampler(threading.Thread):
    """Asks all nodes again and again where they are."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.ending = cluster, threading.Event()
        self.states = []  # (node, position, state hash)

    def sample(self):
        for node in self.cluster.nodes:
            try:
                _, status = node.ask("GET", "/v1/status", seconds=2)
                self.states.append((node.node, status["position"], status["state_hash"]))
            except (Unavailable, KeyError):
                continue

    def run(self):
        while not self.ending.wait(SAMPLE_SECONDS):
            self.sample()

    def end(self):
        self.ending.set()
        self.join()


class Test:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.ledger = os.path.join(folder, "ledger.jsonl")
        self.cluster = self.expected = self.load = self.sampler = self.faults = None
        self.created, self.problems = [], []
        self.ttl_seconds, self.grace_seconds = TTL_SECONDS, GRACE_SECONDS
        self.recovery_ms = RECOVERY_MS

    # ------------------------------------------------------------------------------------- set-up
    def schedule(self, number):
        """The first ones often, the others seldom; some with runs that faults will meet."""
        name = f"s{number:03}"
        is_cron = number % 50 == 7  # such as s007
        every_ms = 1000 * (1 if number < 10 or is_cron else 5 if number < 30
                           else self.random.randint(20, 60))
        phase_ms = 0 if is_cron else self.random.randrange(every_ms)
        coalesce = self.random.choice(("latest", "earliest", "all"))
        running_max = 3 if coalesce == "all" else self.random.choice((1, 1, 3, None))
        run_ms = self.random.choice((0, 100, 300, 3000 if every_ms > 20_000 else 200))
        trigger = {"kind": "interval", "spec": {"seconds": every_ms / 1000},
                   "start_time": text_of(self.begin + phase_ms)}
        if is_cron:
            trigger = {"kind": "cron", "spec": {"second": "*"}, "timezone": "Europe/Berlin",
                       "start_time": text_of(self.begin)}
        self.cluster.done("POST", "/v1/schedules", {
            "id": name, "args": [self.ledger, str(run_ms)], "coalesce": coalesce,
            "misfire_grace_time": None, "trigger": trigger, "task_settings": {
                "executor": "process", "argv": [self.options.command],
                "max_running_jobs": running_max, "disconnect_grace": GRACE_SECONDS,
                "on_lease_lost": "fail" if number % 20 == 13 else "retry"}})
        self.expected.schedule(name, self.begin + phase_ms, every_ms, None, running_max)
        self.created.append(f"schedule/{name}")

    def set_up(self):
        self.cluster = Cluster(
            self.options.carillon, self.folder, self.options.nodes,
            ["--session-ttl", f"{TTL_SECONDS}s", "--snapshot-every", "2000",
             "--cleanup-interval", "0"], self.options.clock_library)
        if self.cluster.why_no_cables:
            print("no network is cut:", self.cluster.why_no_cables)
        if not self.options.clock_library:
            print("no clock is wrong: there is no --clock-library")
        self.cluster.start()
        self.faults = Faults(self.cluster, self.random, TTL_SECONDS, GRACE_SECONDS)
        ready = now_ms() + SET_UP_MS + SCHEDULE_MS * self.options.schedules
        self.begin = (ready // 1000 + 1) * 1000
        self.expected = Expected(self.begin, EPSILON_MS)
        self.cluster.nodes[0].done("PUT", "/v1/tasks/adhoc", {
            "executor": "process", "argv": [self.options.command], "max_running_jobs": None,
            "disconnect_grace": GRACE_SECONDS})
        for number in range(self.options.schedules):
            self.schedule(number)
        assert now_ms() < self.begin, "too slow to set up"
        self.wait_until_well()
        self.load = Load(self.cluster, self.options.seed, self.ledger)
        self.load.start()
        self.sampler = Sampler(self.cluster)
        self.sampler.start()
        time.sleep(max(0, self.begin / 1000 + CALM_SECONDS - time.time()))

    # ------------------------------------------------------------------------------------ the story
    def wait_until_well(self):
        until = time.monotonic() + MEND_SECONDS
        while trouble := self.cluster.trouble():
            for node in self.cluster.nodes:
                assert node.is_running(), f"{node.node} ended by itself, see {node.stderr}"
            assert time.monotonic() < until, f"not well after {MEND_SECONDS} s: {trouble}"
            time.sleep(0.1)

    def step(self, step):
        """Faults, until they are mended; then some seconds in which nothing excuses lateness."""
        what = " + ".join(act.__name__ for act in step)
        begin = now_ms()
        self.faults.play(step)
        self.wait_until_well()
        self.expected.fault(what, begin)
        print(f"{text_of(begin)} {what}: {(now_ms() - begin) / 1000:.1f} s", flush=True)
        time.sleep(RECOVERY_MS / 1000 + CALM_SECONDS)
        if self.load.problem:
            raise AssertionError(self.load.problem)

    def go(self):
        until = time.monotonic() + 60 * self.options.minutes
        while time.monotonic() < until:
            for step in self.faults.deck():
                if time.monotonic() >= until:
                    return
                self.step(step)

    def drain(self):
        """No more new jobs; those that are there have to come to their end, on all nodes."""
        for name, *_ in self.expected.schedules:
            self.cluster.done("POST", f"/v1/schedules/{name}/pause")
        until = time.monotonic() + DRAIN_SECONDS
        while True:
            said = [node.done("GET", "/v1/status") for node in self.cluster.nodes]
            left = sum(status["jobs_waiting"] + status["jobs_running"] for status in said)
            if left == 0 and len({status["position"] for status in said}) == 1:
                return
            assert time.monotonic() < until, f"jobs do not end: {said}"
            time.sleep(0.2)

    def judge(self):
        self.load.end()
        time.sleep(EPSILON_MS / 1000)
        end = now_ms()
        self.drain()
        self.sampler.end()
        self.sampler.sample()
        self.problems += self.faults.problems
        verdict.judge(self, end)


def parse():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--carillon", required=True, type=os.path.abspath, help="the program")
    ap.add_argument("--command", required=True, type=os.path.abspath,
                    help="the program append_run")
    ap.add_argument("--clock-library", type=os.path.abspath,
                    help="clock_offset, for nodes whose clock is wrong")
    ap.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    ap.add_argument("--minutes", type=float, default=2, help="of faults (default: 2)")
    ap.add_argument("--nodes", type=int, default=3)
    ap.add_argument("--schedules", type=int, default=200)
    ap.add_argument("--data", help="a new folder, kept; default: a temporary one, removed")
    return ap.parse_args()


def main():
    options = parse()
    folder = options.data or tempfile.mkdtemp(prefix="carillon-chaos-")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o711)  # PostgreSQL runs as another user, in a folder below
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    test = Test(options, folder)
    is_good = False
    try:
        test.set_up()
        test.go()
        test.judge()
        is_good = not test.problems
    except (AssertionError, Refused, Unavailable, KeyboardInterrupt) as e:
        test.problems.append(f"{type(e).__name__}: {e}")
    finally:
        if test.cluster:
            test.cluster.close()
        if is_good and not options.data:
            shutil.rmtree(folder)
        else:
            print(f"everything is kept in {folder}")
    for problem in test.problems[:50]:
        print("PROBLEM", problem)
    if not is_good:
        print(f"again: scripts/chaos --seed {options.seed} --minutes {options.minutes} "
              f"--nodes {options.nodes} --schedules {options.schedules}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
