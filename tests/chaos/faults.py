"""What goes wrong in a cluster. Each fault is a generator that yields how many seconds to wait, so
that two of them can go on side by side; when it is over, what it broke is mended."""

import collections
import heapq
import inspect
import signal
import time

from daemon import READY_SECONDS, now_ms

# Where daemons die by themselves, and at which pass.
CRASH_POINTS = [
    ("log.before_write", (1, 3, 9)), ("log.after_write", (1, 3, 9)),
    ("publish.before", (1, 3, 9)), ("publish.after", (1, 3, 9)),
    ("history.before_write", (1, 3)),
    ("run.before_spawn", (1, 3)), ("run.after_spawn", (1, 3)),
    ("run.before_reap", (1, 3)), ("run.after_reap", (1, 3)),
]
CRASH_SECONDS = 30
CLOCK_OFFSETS_MS = (-45_000, -5_000, -800, 800, 5_000, 45_000)
EXIT_UNAVAILABLE = 5  # the log is away: a service manager would start it again
TAKEOVER_SECONDS = 4  # beyond the end of a session and the grace of a task


class Faults:
    def __init__(self, cluster, random, ttl_seconds, grace_seconds):
        self.cluster, self.random = cluster, random
        # Long enough for others to take over what a silent node was doing.
        self.long = (ttl_seconds + grace_seconds + TAKEOVER_SECONDS,
                     ttl_seconds + grace_seconds + TAKEOVER_SECONDS + 3)
        self.brief = (0.1, ttl_seconds / 3)
        self.counts = collections.Counter()
        self.departures = []       # (node, from, to): dead for longer than its lease
        self.stopped_between = []  # times in which nodes were only asked to end
        self.problems = []

    def some(self, span):
        return self.random.uniform(*span)

    # ---------------------------------------------------------------------------------- one node
    def start(self, node, **how):
        """Starts it until it serves, over and over while the log is away."""
        node.begin(**how)
        until = time.monotonic() + READY_SECONDS
        while not node.look_ready():
            code = node.process.poll()
            assert code in (None, EXIT_UNAVAILABLE), f"{node.node}: exit {code}, see {node.stderr}"
            assert time.monotonic() < until, f"{node.node} does not start, see {node.stderr}"
            if code is not None:
                yield 0.3
                node.begin(**how)
            yield 0.05

    def end(self, node):
        """Asks it to end and waits for that."""
        node.signal(signal.SIGTERM)
        until = time.monotonic() + READY_SECONDS
        while node.process.poll() is None:
            assert time.monotonic() < until, f"{node.node} does not end, see {node.stderr}"
            yield 0.05
        node.address = None
        code = node.process.poll()
        assert code == 0, f"{node.node}: exit {code} after SIGTERM, see {node.stderr}"
        self.counts["stops"] += 1

    def kill(self, node):
        node.kill()
        self.counts["kills"] += 1

    def killed_briefly(self, node):
        self.kill(node)
        yield self.some(self.brief)
        yield from self.start(node)

    def killed_for_long(self, node):
        begin = now_ms()
        self.kill(node)
        yield self.some(self.long)
        self.departures.append((node.node, begin, now_ms()))
        yield from self.start(node)

    def killed_at_crash_point(self, node):
        point, hits = self.random.choice(CRASH_POINTS)
        what = f"{point}:{self.random.choice(hits)}"
        self.kill(node)
        node.begin(crash_point=what)
        until = time.monotonic() + CRASH_SECONDS
        while node.process.poll() is None:
            node.look_ready()
            if time.monotonic() > until:
                self.problems.append(f"{node.node} did not pass {what} in {CRASH_SECONDS} s")
                node.process.kill()
            yield 0.05
        if node.process.poll() != EXIT_UNAVAILABLE:  # it did not even start
            node.killed()
        self.counts["kills"] += 1
        yield from self.start(node)

    def frozen(self, node, span, what):
        node.signal(signal.SIGSTOP)
        yield self.some(span)
        node.signal(signal.SIGCONT)
        self.counts[what] += 1

    def frozen_briefly(self, node):
        return self.frozen(node, self.brief, "short freezes")

    def frozen_for_long(self, node):
        return self.frozen(node, self.long, "freezes past the lease")

    def cut_off(self, node, span, what):
        node.cable.pull()
        yield self.some(span)
        node.cable.plug()
        self.counts[what] += 1

    def cut_off_briefly(self, node):
        return self.cut_off(node, self.brief, "short cuts")

    def cut_off_for_long(self, node):
        return self.cut_off(node, self.long, "cuts past the lease")

    def without_answers(self, node):
        node.cable.drop_answers()
        yield self.some(self.long)
        node.cable.pass_answers()
        self.counts["cuts of one direction"] += 1

    def with_wrong_clock(self, node):
        yield from self.end(node)
        yield from self.start(node, clock_ms=self.random.choice(CLOCK_OFFSETS_MS))
        yield self.some(self.long)
        yield from self.end(node)
        yield from self.start(node)
        self.counts["wrong clocks"] += 1

    # ---------------------------------------------------------------------------------- the stores
    def broker_restarted(self):
        self.cluster.broker.stop(self.random.choice((signal.SIGTERM, signal.SIGKILL)))
        yield self.some((0.1, 6))
        self.cluster.broker.start()
        self.counts["broker restarts"] += 1

    def broker_frozen(self):
        self.cluster.broker.process.send_signal(signal.SIGSTOP)
        yield self.some((1, 8))
        self.cluster.broker.process.send_signal(signal.SIGCONT)
        self.counts["broker freezes"] += 1

    def postgres_restarted(self):
        self.cluster.postgres.stop("fast")
        yield self.some((0, 1))
        self.cluster.postgres.start()
        self.counts["postgres restarts"] += 1

    def postgres_killed(self):
        self.cluster.postgres.kill()
        yield self.some((0, 1))
        self.cluster.postgres.start()
        self.counts["postgres kills"] += 1

    def postgres_away(self):
        self.cluster.postgres.stop()
        yield self.some(self.long)
        self.cluster.postgres.start()
        self.counts["postgres away past all leases"] += 1

    def connections_ended(self):
        for _ in range(self.random.randint(1, 5)):
            yield self.some((0, 0.7))
            self.counts["connections ended"] += self.cluster.postgres.end_connections()

    # ---------------------------------------------------------------------------------- all at once
    def all_killed(self):
        for node in self.cluster.nodes:
            self.kill(node)
        yield self.some(self.brief)
        for node in self.cluster.nodes:
            yield from self.start(node)

    def rolling_restart(self):
        begin = now_ms()
        for node in self.cluster.nodes:
            yield from self.end(node)
            yield from self.start(node)
            yield self.some((0, 0.5))
        self.stopped_between.append((begin, now_ms()))

    # ---------------------------------------------------------------------------------- the choice
    def deck(self):
        """Every kind of fault once, in random order; many of them in pairs."""
        nodes = [self.killed_briefly, self.killed_for_long, self.killed_at_crash_point,
                 self.frozen_briefly, self.frozen_for_long]
        if self.cluster.cables:
            nodes += [self.cut_off_briefly, self.cut_off_for_long, self.without_answers]
        if self.cluster.clock_library:
            nodes += [self.with_wrong_clock]
        stores = [self.broker_restarted, self.broker_frozen, self.postgres_restarted,
                  self.postgres_killed, self.postgres_away, self.connections_ended]
        self.random.shuffle(nodes)
        self.random.shuffle(stores)
        steps = [(self.all_killed,), (self.rolling_restart,)]
        while nodes:
            step = [nodes.pop()]
            kind = self.random.random()
            if stores and kind < 0.5:
                step.append(stores.pop())
            elif nodes and len(self.cluster.nodes) > 1 and kind < 0.7:
                step.append(nodes.pop())
            steps.append(tuple(step))
        steps += [(each,) for each in stores]
        self.random.shuffle(steps)
        return steps

    def play(self, step):
        """Lets the faults of a step happen, side by side."""
        victims = self.random.sample(self.cluster.nodes, min(len(step), len(self.cluster.nodes)))
        agenda = []
        for number, what in enumerate(step):
            takes_node = len(inspect.signature(what).parameters) > 0
            act = what(victims[number]) if takes_node else what()
            heapq.heappush(agenda, (time.monotonic() + 0.5 * number, number, act))
        while agenda:
            when, number, act = heapq.heappop(agenda)
            time.sleep(max(0, when - time.monotonic()))
            pause = next(act, None)
            if pause is not None:
                heapq.heappush(agenda, (time.monotonic() + pause, number, act))
