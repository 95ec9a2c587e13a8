"""What should have happened, and the verdict on what did."""

import collections
import json
import os
import subprocess
import sys

from daemon import now_ms

EPSILON_MS = 4_000   # a start this late is no fault: the machine may be busy with other tests
RECOVERY_MS = 4_000
SLACK_MS = 300_000  # fire times named beyond the end of the test


class Expected:
    """The due times of every schedule by our own arithmetic, and what excuses lateness."""

    def __init__(self, begin, epsilon_ms=EPSILON_MS):
        self.begin, self.epsilon_ms = begin, epsilon_ms
        self.schedules, self.lines = [], []

    def schedule(self, name, start, every_ms, grace_ms=None, running_max=None, count=None):
        self.schedules.append((name, start, every_ms, count))
        self.lines.append({"kind": "schedule", "id": name, "epsilon_ms": self.epsilon_ms,
                           "grace_ms": grace_ms, "max_instances": running_max,
                           "max_attempts": None})

    def fault(self, what, begin, end=None):
        self.lines.append({"kind": "fault", "what": what, "from": begin, "to": end or now_ms()})

    def pause(self, name, begin, end):
        self.lines.append({"kind": "pause", "schedule": name, "from": begin, "to": end})

    def write(self, path, end):
        lines = [{"kind": "window", "from": self.begin, "to": end}, *self.lines]
        for name, start, every, count in self.schedules:
            lines.append({"kind": "interval", "schedule": name, "start": start, "every_ms": every,
                          "count": count or max(1, (end + SLACK_MS - start) // every)})
        write_lines(path, lines)


def write_lines(path, objects):
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(o) + "\n" for o in objects)


def check_ledger(folder, logs, expected, end, acked, states=None, recovery_ms=RECOVERY_MS):
    """Runs the checker, which knows nothing of the engine; returns its complaints.
    `logs` are files of the log by the name of the node that exported it, `acked` streams that must
    be there, `states` lines of the checker's input 4."""
    def path(name):
        return os.path.join(folder, name)
    expected.write(path("expected.jsonl"), end)
    write_lines(path("acks.jsonl"), [{"stream": s, "version": 1, "ok": True} for s in acked])
    command = ["--expected", path("expected.jsonl"), "--acks", path("acks.jsonl"),
               "--recovery-ms", str(recovery_ms), "--strict-overlap"]
    for node, file in logs.items():
        command += ["--events", f"{node}={file}"]
    if states is not None:
        write_lines(path("states.jsonl"), states)
        command += ["--state", path("states.jsonl")]
    whole = run_checker(command + ["--ledger", path("ledger.jsonl"), "--no-time-match"])
    print(whole.stdout + whole.stderr, end="", flush=True)
    leave_out_given_up(next(iter(logs.values())), path("ledger.jsonl"), path("matched.jsonl"))
    by_time = run_checker(command + ["--ledger", path("matched.jsonl"), "--json"])
    found = [v for v in json.loads(by_time.stdout)["violations"] if v[0] in ("C1", "C2")]
    problems = [f"ledger_check: exit {whole.returncode}"] if whole.returncode != 0 else []
    return problems + [f"matching by time: {code}: {what}" for code, what in found]


def run_checker(arguments):
    checker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ledger_check.py")
    return subprocess.run([sys.executable, checker, *arguments], capture_output=True, text=True,
                          check=False)


def leave_out_given_up(log, ledger, to):
    """Copies the ledger without the runs of jobs that were given up after one or too many lost
    leases. When the checker matches by time alone, the fire of such a job expects no run, though it
    began one before its node fell silent."""
    given_up = {e["data"]["job"] for e in read_lines(log) if e["type"] == "JobFinished"
                and e["data"]["outcome"] in ("abandoned", "discarded")}
    with open(ledger, encoding="utf-8") as lines, open(to, "w", encoding="utf-8") as out:
        out.writelines(line for line in lines if not any(job in line for job in given_up))


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def check_acknowledged(log, load):
    """Each acknowledged command took effect once, and nothing else was added."""
    problems = []
    added = [e["data"]["job"] for e in log
             if e["type"] == "JobAdded" and e["data"]["task"] == "adhoc"]
    for job, count in (collections.Counter(load.jobs) - collections.Counter(added)).items():
        problems.append(f"job {job} was acknowledged {count} times more than it was added")
    for job, count in (collections.Counter(added) - collections.Counter(load.jobs)).items():
        problems.append(f"job {job} was added {count} times more than acknowledged")
    outcomes = {e["data"]["job"]: e["data"]["outcome"] for e in log if e["type"] == "JobFinished"}
    for job in load.cancelled:
        if outcomes.get(job) != "cancelled":
            problems.append(f"job {job} was cancelled by answer, but is {outcomes.get(job)}")
    return problems


def check_no_loss(log, begin, end):
    """Stopped by SIGTERM, the daemon loses no attempt."""
    return [f"position {e['position']}: lost lease of job {e['data']['job']}, although the daemon "
            "was only stopped" for e in log if e["type"] == "LeaseLost" and begin <= e["at"] <= end]


def check_states(daemon, samples):
    """Live state, built from a snapshot and the log's tail, is what the whole log leads to."""
    problems = []
    for position, live in samples:
        replayed = json.loads(daemon.offline("replay", "--at", str(position), "--json"))
        if replayed["state_hash"] != live:
            problems.append(f"position {position}: live state {live}, replayed "
                            f"{replayed['state_hash']}")
    return problems
