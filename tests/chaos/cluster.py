"""A cluster on this machine: nodes with a private PostgreSQL and a private mosquitto."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time

import network
from daemon import Daemon, Refused, Unavailable

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
ROLE = "carillon_daemon"
START_SECONDS = 60
ANSWER_SECONDS = 3  # then another node is asked
# Ends with us, whatever ends us.
TIED_TO_US = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def free_port(address):
    with socket.socket() as s:
        s.bind((address, 0))
        return s.getsockname()[1]


class Postgres:
    def __init__(self, folder, addresses):
        self.folder, self.address = folder, addresses[0]
        self.port = free_port(addresses[0])
        self.place = f"{','.join(addresses)}:{self.port}"
        self.script = os.path.join(SCRIPTS, "postgres")
        self.start(str(os.getpid()))

    def url(self, address=None, role="postgres"):
        return f"postgres://{role}@{address or self.address}:{self.port}/postgres"

    def call(self, *arguments):
        ended = subprocess.run([self.script, *arguments], capture_output=True, text=True,
                               timeout=120, check=False)
        assert ended.returncode == 0, f"postgres {arguments}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def start(self, *owner):
        self.call("start", self.folder, self.place, *owner)

    def stop(self, mode="immediate"):
        self.call("stop", self.folder, mode)

    def kill(self):
        self.call("kill", self.folder)

    def query(self, text):
        ended = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(), "-c", text],
                               capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, f"{text}: {ended.stderr}"
        return ended.stdout

    def end_connections(self):
        """Ends those of all nodes; returns how many."""
        return int(self.query(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"))


class Broker:
    def __init__(self, folder, addresses):
        self.port = free_port(addresses[0])
        self.config = os.path.join(folder, "mosquitto.conf")
        self.process = None
        # As root it would become a user who may not read our folder.
        lines = ["user root"] if os.geteuid() == 0 else []
        lines += [f"log_dest file {folder}/mosquitto.log", "allow_anonymous true",
                  "max_inflight_messages 200", "max_queued_messages 100000"]
        lines += [f"listener {self.port} {address}" for address in addresses]
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        self.address = addresses[0]
        self.start()

    def url(self, address=None):
        return f"mqtt://{address or self.address}:{self.port}"

    def start(self):
        self.process = subprocess.Popen([*TIED_TO_US, MOSQUITTO, "-c", self.config],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as s:
                if s.connect_ex((self.address, self.port)) == 0:
                    return
            assert self.process.poll() is None and time.monotonic() < until, \
                f"mosquitto does not start: {self.config}"
            time.sleep(0.02)

    def stop(self, with_signal=signal.SIGTERM):
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(with_signal)
        self.process.wait(START_SECONDS)


class Node(Daemon):
    """A daemon of the cluster, with the cable that leads to it if there is one."""

    def __init__(self, cluster, number, cable):
        name = f"n{number + 1}"
        directory = os.path.join(cluster.folder, name)
        os.makedirs(directory)
        self.cable, self.clock_library = cable, cluster.clock_library
        wrapper = (cable.wrapper if cable else []) + TIED_TO_US
        address = cable.here if cable else None
        super().__init__(
            cluster.program, directory,
            ["--broker", cluster.broker.url(address), "--cluster", "chaos",
             "--cluster-key-file", cluster.key_file, *cluster.flags],
            node=name, log=cluster.postgres.url(address, ROLE),
            listen="unix:" + os.path.join(directory, "api"), wrapper=wrapper)

    def begin(self, crash_point=None, clock_ms=0):
        """Starts it; its clock is so much ahead of the true one."""
        environment = {"CARILLON_CRASH_POINT": crash_point} if crash_point else {}
        if clock_ms:
            environment.update(LD_PRELOAD=self.clock_library,
                               CARILLON_TEST_CLOCK_US=str(clock_ms * 1000))
        self.launch(environment)

    def signal(self, number):
        self.process.send_signal(number)


class Cluster:
    """Asked like a daemon: some node that answers does it."""

    def __init__(self, program, folder, count, flags, clock_library=None):
        self.program, self.folder, self.flags = program, folder, flags
        self.clock_library = clock_library  # lets a node's clock be wrong; none = it can not
        self.random = random.Random()  # of the thread that asks: no part of the story
        self.nodes, self.cables, self.postgres, self.broker = [], [], None, None
        self.why_no_cables = network.why_not()
        try:
            self.set_up(count)
        except BaseException:
            self.close()
            raise

    def set_up(self, count):
        if not self.why_no_cables:
            self.cables = network.lay_cables(count)
        addresses = ["127.0.0.1"] + [cable.here for cable in self.cables]
        self.postgres = Postgres(os.path.join(self.folder, "pg"), addresses)
        self.broker = Broker(self.folder, addresses)
        self.key_file = os.path.join(self.folder, "cluster.key")
        with open(self.key_file, "w", encoding="utf-8") as f:
            f.write(os.urandom(32).hex() + "\n")
        self.migrate()
        self.nodes = [Node(self, n, self.cables[n] if self.cables else None) for n in range(count)]

    def migrate(self):
        ended = subprocess.run(
            [self.program, "migrate", "--log", self.postgres.url(), "--role", ROLE],
            capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr

    def start(self):
        for node in self.nodes:
            node.begin()
        for node in self.nodes:
            assert node.ready(), f"{node.node} did not start, see {node.stderr}"

    def ask(self, method, path, body=None, key=None):
        return self.random.choice(self.nodes).ask(method, path, body, key, ANSWER_SECONDS)

    def done(self, method, path, body=None, key=None):
        return self.random.choice(self.nodes).done(method, path, body, key, ANSWER_SECONDS)

    def offline(self, *arguments):
        return self.nodes[0].offline(*arguments)

    def trouble(self):
        """What is not as it should be when nothing is broken; empty = all is well."""
        said = []
        for node in self.nodes:
            try:
                status = node.done("GET", "/v1/status")
                live = [n["node"] for n in node.done("GET", "/v1/nodes")["items"]
                        if n["state"] == "live"]
            except (Unavailable, Refused) as e:
                return f"{node.node}: {e}"
            if not status["broker_connected"] or len(live) < len(self.nodes):
                return f"{node.node}: live {live}, {status}"
            said.append(status["position"])
        return "" if max(said) - min(said) < 1000 else f"positions {said}"

    def close(self):
        for node in self.nodes:
            if node.is_running():
                node.signal(signal.SIGCONT)
                node.kill()
            self.kill_supervisors(node)
        if self.broker and self.broker.process.poll() is None:
            self.broker.stop()
        if self.postgres:
            self.postgres.stop()
        for cable in self.cables:
            cable.remove()

    @staticmethod
    def kill_supervisors(node):
        for run in os.listdir(node.runs) if os.path.isdir(node.runs) else []:
            try:
                with open(os.path.join(node.runs, run, "pid"), encoding="utf-8") as f:
                    pid = int(f.read().split()[0])
                with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                    if f.read().strip() == "carillon-run":
                        os.kill(pid, signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                continue
