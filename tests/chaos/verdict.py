"""Whether what happened to a cluster is what was promised."""

import bisect
import collections
import os
import subprocess

import history

REPLAYS = 12
RECLAIM_SLACK_MS = 2_000  # the machine may be busy with other tests
LATE_MS = 2_000
TAKEOVER_MS = 3_000       # guarantees: a lease of 10 s is taken over within 13 s


def export(test):
    """The log as each node has it, and as the store has it; all the same."""
    files = {}
    for node in test.cluster.nodes:
        files[node.node] = os.path.join(test.folder, f"log-{node.node}.jsonl")
        with open(files[node.node], "wb") as f:
            subprocess.run(
                [node.program, "log", "--format", "ledger", "--url", node.listen],
                stdout=f, check=True, timeout=300)
    stored = test.cluster.offline("log", "--format", "ledger")
    with open(files["n1"], encoding="utf-8") as f:
        if f.read() != stored:
            test.problems.append("node n1 shows another log than the store")
    return files


def states_of(test, log):
    """Lines of the checker's input 4: it counts the lines of the export, not positions."""
    positions = [e["position"] for e in log]
    return [{"node": node, "pos": bisect.bisect_right(positions, at), "hash": state}
            for node, at, state in test.sampler.states]


def compared(states):
    """How many positions more than one node was seen at."""
    nodes = collections.defaultdict(set)
    for line in states:
        nodes[line["pos"]].add(line["node"])
    return sum(len(each) > 1 for each in nodes.values())


def everything(node, what):
    """All tasks or schedules that a node shows, by id."""
    items, cursor = {}, ""
    while cursor is not None:
        page = node.done("GET", f"/v1/{what}?limit=1000&cursor={cursor}")
        items.update((item["id"], item) for item in page["items"])
        cursor = page["next_cursor"]
    return items


def check_views(test):
    """Drained nodes show the same; what differs is named by id and field."""
    for what in ("tasks", "schedules"):
        first = everything(test.cluster.nodes[0], what)
        for node in test.cluster.nodes[1:]:
            other = everything(node, what)
            for name in sorted(first.keys() | other.keys()):
                a, b = first.get(name, {}), other.get(name, {})
                fields = [f"{key}: {a.get(key)} and {b.get(key)}"
                          for key in sorted(a.keys() | b.keys())
                          if key != "claimable" and a.get(key) != b.get(key)]
                if fields:
                    test.problems.append(f"{what} {name} on n1 and {node.node}: {fields}")


def check_replays(test):
    """What nodes showed while everything broke is what the whole log leads to."""
    chosen = sorted({(at, state) for _, at, state in test.sampler.states if at > 0})
    if len(chosen) > REPLAYS:
        chosen = chosen[:: len(chosen) // REPLAYS]
    test.problems += history.check_states(test.cluster, chosen)


def check_takeovers(test, log):
    """Jobs of a node that stayed dead run elsewhere in time. Returns the times, in ms."""
    bound = 1000 * (test.ttl_seconds + test.grace_seconds) + TAKEOVER_MS
    claims, times = {}, []
    lost = {}
    for e in log:
        job = e["data"].get("job")
        if e["type"] == "LeaseLost":
            lost[job] = (claims[job], e["at"])
        elif e["type"] == "JobClaimed":
            if job in lost:
                node, at = lost.pop(job)
                for who, begin, end in test.faults.departures:
                    if who == node and begin <= at <= end:
                        times.append(e["at"] - begin)
            claims[job] = e["data"]["node"]
    for ms in times:
        if ms > bound + RECLAIM_SLACK_MS:
            test.problems.append(f"a job of a killed node was claimed again {ms} ms after that, "
                                 f"wanted {bound}")
    return sorted(times)


def calm_runs(test, ms):
    """First attempts that were due where nothing excuses lateness, nor in the `ms` after that."""
    faults = [(line["from"] - ms, line["to"] + test.recovery_ms)
              for line in test.expected.lines if line["kind"] == "fault"]
    for run in history.read_lines(test.ledger):
        due = run.get("due")
        if due is not None and run["attempt"] == 1 and \
                not any(begin <= due <= end for begin, end in faults):
            yield run


def calm_lateness(test):
    """How late they began, in ms."""
    return sorted(max(0, run["start"] - run["due"]) for run in calm_runs(test, 1_000))


def check_calm_starts(test, log):
    """The checker excuses a start that is late for so long that the next fault came. Not here: who
    was due in a calm has begun in it, unless its task was running all that it may."""
    most = {line["id"]: line["max_instances"] for line in test.expected.lines
            if line["kind"] == "schedule"}
    ends = {run["run"]: run["end"] for run in history.read_lines(test.ledger) if "end" in run}
    lost = {e["data"]["fence"]: e["at"] for e in log if e["type"] == "LeaseLost"}
    runs = collections.defaultdict(list)
    for run in history.read_lines(test.ledger):
        if "schedule" in run:
            end = ends.get(run["run"], lost.get(run["fence"], float("inf")))
            runs[run["schedule"]].append((run["start"], end))
    for run in calm_runs(test, LATE_MS):
        then = run["due"] + LATE_MS
        busy = sum(start <= then and end >= then - 500 for start, end in runs[run["schedule"]])
        limit = most.get(run["schedule"])
        if run["start"] > then and not (limit and busy >= limit):
            test.problems.append(f"{run['schedule']} due {run['due']}: job {run['job']} began "
                                 f"{run['start'] - run['due']} ms late on {run['node']}, in a calm")


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else None


def check_end(test):
    """Nodes that are asked to end do so, and leave neither sessions nor runs behind."""
    for node in test.cluster.nodes:
        node.stop()
        left = os.listdir(node.runs)
        if left:
            test.problems.append(f"{node.node} left runs: {left[:5]}")
    sessions = test.cluster.postgres.query("SELECT node FROM carillon.sessions").split()
    if sessions:
        test.problems.append(f"sessions are left: {sessions}")
    print(test.cluster.offline("verify").strip())


def print_figures(test, log, states, takeovers):
    kinds = collections.Counter(e["type"] for e in log)
    fires = sum(e["type"] == "FireRecorded" and e["data"]["outcome"] == "job" for e in log)
    late = calm_lateness(test)
    print(", ".join(f"{count} {what}" for what, count in sorted(test.faults.counts.items())))
    print(f"{fires} fires became jobs, {kinds['JobClaimed']} claims, {kinds['LeaseLost']} leases "
          f"lost, {kinds['JobReleased']} released")
    print(f"claimed again after a node was killed: {len(takeovers)} jobs, ms p50 "
          f"{percentile(takeovers, .5)} max {takeovers[-1] if takeovers else None}")
    print(f"start lateness where nothing excuses it: {len(late)} runs, ms p50 "
          f"{percentile(late, .5)} p99 {percentile(late, .99)} max {late[-1] if late else None}")
    print(f"{len(states)} states seen, {compared(states)} positions of more than one node; "
          f"{test.load.keys} commands in {test.load.retries + test.load.keys} tries; "
          f"seed {test.options.seed}", flush=True)


def judge(test, end):
    files = export(test)
    log = history.read_lines(files["n1"])
    states = states_of(test, log)
    test.problems += history.check_ledger(
        test.folder, files, test.expected, end,
        test.created + [f"job/{job}" for job in test.load.jobs], states, test.recovery_ms)
    test.problems += history.check_acknowledged(log, test.load)
    for begin, stopped in test.faults.stopped_between:
        test.problems += history.check_no_loss(log, begin, stopped)
    check_replays(test)
    check_views(test)
    check_calm_starts(test, log)
    takeovers = check_takeovers(test, log)
    check_end(test)
    print_figures(test, log, states, takeovers)
