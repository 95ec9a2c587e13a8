#!/usr/bin/env python3
"""Kills the daemon under load, again and again, and proves that nothing was lost or done twice.

    crash_test.py --carillon PROGRAM --command APPEND_RUN [--seed N] [--kills N] [--minutes M]

Schedules fire each second and ad-hoc jobs come without end while the daemon is killed: at random
moments, at every named crash point, its supervisors too, and stopped by SIGTERM. Commands write
down themselves when they ran. In the end ledger_check.py compares what was due, what ran and what
the log says; acknowledged commands, state hashes, the hash chain and adopted runs are looked at as
well.
Exit 0: nothing wrong. The folder of a failed test is kept and named.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))

import history
from daemon import Daemon, now_ms, text_of
from load import Load

CRASH_POINTS = [
    ("log.before_write", (1, 2, 9)), ("log.after_write", (1, 2, 9)),
    ("publish.before", (1, 2, 9)), ("publish.after", (1, 2, 9)),
    ("snapshot.before_write", (1,)), ("snapshot.after_write", (1,)),
    ("history.before_write", (1, 3)),
    ("run.before_spawn", (1, 5)), ("run.after_spawn", (1, 5)),
    ("run.before_reap", (1, 5)), ("run.after_reap", (1, 5)),
]
SHIM_CRASH_POINTS = ["shim.before_exec", "shim.before_spool", "shim.after_spool"]
POINT_SECONDS = 20
SHIM_SECONDS = 1.5
KILL_AFTER_SECONDS = (0.05, 0.4)
STOP_AFTER_SECONDS = (0.05, 0.6)
SUPERVISOR_KILLS = 6
CALM_SECONDS = 3
DRAIN_SECONDS = 120
LONG_RUN_MS = 3_000
PAUSED_EVERY_MS = 5_000


class Test:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.ledger = os.path.join(folder, "ledger.jsonl")
        self.daemon = Daemon(options.carillon, folder, ["--snapshot-every", "40"])
        self.expected = self.load = None
        self.created, self.samples, self.problems = [], [], []
        self.kills = self.stops = 0
        self.stopped_between = []
        self.paused_since = None

    # ------------------------------------------------------------------------------------- set-up
    def task(self, name, **settings):
        self.daemon.done("PUT", f"/v1/tasks/{name}", {
            "executor": "process", "argv": [self.options.command], **settings})

    def schedule(self, name, every_ms=1000, phase_ms=0, run_ms=100, running_max=1, grace_ms=None,
                 coalesce="latest", trigger=None, count=None):
        start = self.begin + phase_ms
        end = {"end_time": text_of(start + (count - 1) * every_ms)} if count else {}
        self.task(name, max_running_jobs=running_max)
        self.daemon.done("POST", "/v1/schedules", {
            "id": name, "task": name, "args": [self.ledger, str(run_ms)], "coalesce": coalesce,
            "misfire_grace_time": None if grace_ms is None else f"{grace_ms}ms",
            "trigger": {**(trigger or {"kind": "interval", "spec": {"seconds": every_ms / 1000}}),
                        "start_time": text_of(start), **end}})
        self.expected.schedule(name, start, every_ms, grace_ms, running_max, count)
        self.created.append(f"schedule/{name}")

    def set_up(self):
        self.daemon.launch()
        assert self.daemon.ready(), f"did not start, see {self.daemon.stderr}"
        self.begin = (now_ms() // 1000 + 4) * 1000
        self.expected = history.Expected(self.begin)
        self.task("adhoc", max_running_jobs=None)
        self.task("long", max_running_jobs=None)
        self.schedule("short", run_ms=0)
        self.schedule("third", phase_ms=333, run_ms=250)
        self.schedule("many", phase_ms=777, run_ms=300, running_max=3)
        self.schedule("free", phase_ms=501, run_ms=150, running_max=None)
        self.schedule("each", phase_ms=40, run_ms=120, running_max=3, coalesce="all")
        self.schedule("first", phase_ms=612, run_ms=80, coalesce="earliest")
        # Only while daemons alone die: a run lost with its supervisor is retried, late or not.
        self.schedule("strict", phase_ms=250, run_ms=50, grace_ms=400, count=10)
        self.schedule("cron", run_ms=60, trigger={
            "kind": "cron", "spec": {"second": "*"}, "timezone": "Europe/Berlin"})
        self.schedule("slow", every_ms=4000, phase_ms=100, run_ms=1500)
        self.schedule("paused", every_ms=PAUSED_EVERY_MS, run_ms=20)
        assert now_ms() < self.begin, "too slow to set up"
        self.load = Load(self.daemon, self.options.seed, self.ledger)
        self.load.start()
        time.sleep(max(0, self.begin / 1000 + 2 - time.time()))

    # ----------------------------------------------------------------------------- one daemon's end
    @contextlib.contextmanager
    def fault(self, what):
        """From here until the next daemon serves, lateness is excused."""
        begin = now_ms()
        yield
        self.expected.fault(what, begin)
        if self.load.problem:
            raise AssertionError(self.load.problem)

    def sample(self):
        status = self.daemon.done("GET", "/v1/status")
        self.samples.append((status["position"], status["state_hash"]))

    def start(self, environment=None):
        self.daemon.launch(environment)
        return self.daemon.ready()

    def kill_at_random(self, count):
        for i in range(count):
            time.sleep(self.random.uniform(*KILL_AFTER_SECONDS))
            with self.fault("kill"):
                self.daemon.kill()
                self.kills += 1
                assert self.start(), f"did not start again, see {self.daemon.stderr}"
            if i % 5 == 0:
                self.sample()

    def crash_at_points(self):
        """Daemons that die at their n-th pass of a named point, one after the other."""
        points = [(point, hit) for point, hits in CRASH_POINTS for hit in hits]
        self.random.shuffle(points)
        with self.fault("crash points"):
            self.daemon.kill()
            for point, hit in points:
                if self.start({"CARILLON_CRASH_POINT": f"{point}:{hit}"}) and \
                        not self.daemon.died(POINT_SECONDS):
                    self.problems.append(f"{point}:{hit} was not passed in {POINT_SECONDS} s")
                    self.daemon.kill()
                self.daemon.killed()
            self.kills += 1 + len(points)
            assert self.start(), f"did not start again, see {self.daemon.stderr}"
        self.sample()

    def crash_supervisors_at(self, point):
        """Supervisors die at `point`, one of each job: more would be one loss too many for it."""
        crashed = os.path.join(self.folder, "crashed-" + point)
        os.makedirs(crashed, exist_ok=True)
        wrapper = os.path.join(self.folder, "supervisor-" + point)
        real = os.path.join(os.path.dirname(self.options.carillon), "carillon_supervisor")
        with open(wrapper, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nrun=${{1##*/}}\nmkdir "{crashed}/${{run%-*}}" 2>/dev/null || '
                    f'unset CARILLON_CRASH_POINT\nexec "{real}" "$@"\n')
        os.chmod(wrapper, 0o700)
        with self.fault(point):
            self.daemon.kill()
            assert self.start({"CARILLON_SHIM_CRASH_POINT": point,
                               "CARILLON_SUPERVISOR": wrapper})
            time.sleep(SHIM_SECONDS)
            self.daemon.kill()
            self.kills += 2
            assert self.start(), f"did not start again after {point}, see {self.daemon.stderr}"
        if not os.listdir(crashed):
            self.problems.append(f"no supervisor passed {point}")

    def kill_supervisor(self):
        """SIGKILL for the supervisor of a run: its command dies with it, and runs again."""
        for name in self.random.sample(sorted(os.listdir(self.daemon.runs)),
                                       len(os.listdir(self.daemon.runs))):
            try:
                with open(os.path.join(self.daemon.runs, name, "pid"), encoding="utf-8") as f:
                    pid = int(f.read().split()[0])
                with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                    if f.read().strip() != "carillon-run":
                        continue
                with self.fault("supervisor killed"):
                    os.kill(pid, signal.SIGKILL)
                return True
            except (OSError, ValueError, IndexError):
                continue  # it ended meanwhile
        return False

    def stop_and_start(self, count):
        begin = now_ms()
        for _ in range(count):
            time.sleep(self.random.uniform(*STOP_AFTER_SECONDS))
            with self.fault("stop"):
                self.daemon.stop()
                self.stops += 1
                assert self.start(), f"did not start again, see {self.daemon.stderr}"
            self.sample()
        self.stopped_between.append((begin, now_ms()))

    # ------------------------------------------------------------------------------------ scenarios
    def adopt_long_run(self, end_daemon, what):
        """A run that outlives the daemon is taken over, not run again."""
        job = self.daemon.done("POST", "/v1/jobs", {
            "task": "long", "args": [self.ledger, str(LONG_RUN_MS)],
            "result_expiration_time": "1h"}, f"long-{what}")["id"]
        until = time.monotonic() + 10
        while self.starts_of(job) == 0:
            assert time.monotonic() < until, f"job {job} does not start"
            time.sleep(0.02)
        with self.fault(what):
            end_daemon()
            assert self.start()
        state = self.daemon.done("GET", f"/v1/jobs/{job}")["state"]
        result = self.daemon.done("GET", f"/v1/jobs/{job}/result?wait=30s")
        ran = (state, result["outcome"], result["attempts"], self.starts_of(job))
        if ran != ("running", "success", 1, 1):
            self.problems.append(f"long run, daemon ended by {what}: {ran}, wanted running, then "
                                 "success after 1 attempt and 1 start")

    def starts_of(self, job):
        try:
            with open(self.ledger, encoding="utf-8") as f:
                return sum(f'"job":"{job}"' in line for line in f)
        except FileNotFoundError:
            return 0

    def between_fires_of_paused(self):
        """Waits for a moment well away from a fire time of the schedule `paused`."""
        while not 1000 < (now_ms() - self.begin) % PAUSED_EVERY_MS < 2500:
            time.sleep(0.05)

    def pause(self):
        self.between_fires_of_paused()
        self.paused_since = now_ms()
        self.daemon.done("POST", "/v1/schedules/paused/pause")

    def resume(self, from_now):
        self.between_fires_of_paused()
        self.daemon.done("POST", "/v1/schedules/paused/resume",
                         {"resume_from": "now" if from_now else None})
        if from_now:
            self.expected.pause("paused", self.paused_since, now_ms())
        else:  # what came due meanwhile becomes jobs now: late, but each accounted for
            self.expected.fault("paused, then resumed plainly", self.paused_since)

    # ------------------------------------------------------------------------------------ the story
    def round(self):
        self.pause()
        self.kill_at_random(self.options.kills // 2)
        self.resume(from_now=True)
        self.kill_at_random(self.options.kills - self.options.kills // 2)
        self.pause()
        self.crash_at_points()
        self.resume(from_now=False)
        for point in SHIM_CRASH_POINTS:
            self.crash_supervisors_at(point)
        for _ in range(SUPERVISOR_KILLS):
            time.sleep(self.random.uniform(0, 0.3))
            self.kill_supervisor()
        self.adopt_long_run(self.daemon.kill, "SIGKILL")
        self.stop_and_start(self.options.stops)
        self.adopt_long_run(self.daemon.stop, "SIGTERM")

    def drain(self):
        """No more new jobs; those that are there have to come to their end."""
        for name, *_, count in self.expected.schedules:
            if not count:  # the others have ended, and may be gone
                self.daemon.done("POST", f"/v1/schedules/{name}/pause")
        until = time.monotonic() + DRAIN_SECONDS
        while True:
            status = self.daemon.done("GET", "/v1/status")
            if status["jobs_waiting"] + status["jobs_running"] == 0:
                return
            assert time.monotonic() < until, f"jobs do not end: {status}"
            time.sleep(0.1)

    def judge(self):
        self.load.end()
        # Some seconds without a fault, in which nothing excuses lateness.
        time.sleep((history.RECOVERY_MS + history.EPSILON_MS) / 1000 + CALM_SECONDS)
        end = now_ms()
        self.drain()
        self.sample()
        self.daemon.stop()
        acked = self.created + [f"job/{job}" for job in self.load.jobs]
        export = os.path.join(self.folder, "log.jsonl")
        with open(export, "w", encoding="utf-8") as f:
            f.write(self.daemon.offline("log", "--format", "ledger"))
        self.problems += history.check_ledger(
            self.folder, {"n1": export}, self.expected, end, acked)
        log = history.read_lines(export)
        self.problems += history.check_acknowledged(log, self.load)
        for begin, end in self.stopped_between:
            self.problems += history.check_no_loss(log, begin, end)
        self.problems += history.check_states(self.daemon, self.samples)
        print(self.daemon.offline("verify").strip())
        left = os.listdir(self.daemon.runs)
        starts = sorted(self.daemon.starts_ms)
        print(f"{self.kills} kills, {self.stops} stops, {len(self.samples)} states compared, "
              f"{self.load.keys} commands in {self.load.retries + self.load.keys} tries, "
              f"start ms p50 {starts[len(starts) // 2]} max {starts[-1]}, "
              f"{len(left)} run directories left, seed {self.options.seed}")


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--carillon", required=True, type=os.path.abspath, help="the program")
    ap.add_argument("--command", required=True, type=os.path.abspath,
                    help="the program append_run")
    ap.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    ap.add_argument("--kills", type=int, default=50, help="at random moments, each round")
    ap.add_argument("--stops", type=int, default=15, help="by SIGTERM, each round")
    ap.add_argument("--minutes", type=float, default=0, help="more rounds until then")
    options = ap.parse_args()
    folder = tempfile.mkdtemp(prefix="carillon-crash-")
    test = Test(options, folder)
    until = time.monotonic() + options.minutes * 60
    try:
        test.set_up()
        test.round()
        while time.monotonic() < until:
            test.round()
        test.judge()
    finally:
        if test.daemon.process and test.daemon.process.poll() is None:
            print("still running:", test.daemon.ask("GET", "/v1/status"))
            test.daemon.kill()
        print(f"seed {options.seed}, folder {folder}", flush=True)
    for problem in test.problems[:50]:
        print("PROBLEM", problem)
    if not test.problems:
        shutil.rmtree(folder)
    return 1 if test.problems else 0


if __name__ == "__main__":
    sys.exit(main())
