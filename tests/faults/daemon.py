"""One carillon daemon that a test starts, talks to and kills."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time

READY_SECONDS = 60
ANSWER_SECONDS = 15


class Unavailable(Exception):
    """Nobody answered, or not in time: what was asked may or may not have been done."""


class Refused(Exception):
    """The daemon answered, and it was an error."""


def now_ms():
    return time.time_ns() // 1_000_000


def text_of(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket: reaches a daemon also across network namespaces."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """The daemon on one data directory, over all its lives."""

    def __init__(self, program, directory, flags, node="n1", log=None, listen="127.0.0.1:0",
                 wrapper=()):
        """`wrapper` is the beginning of the command line, for what ends in executing the rest."""
        self.program, self.directory, self.flags, self.node = program, directory, flags, node
        self.log = log or "rocksdb:" + os.path.join(directory, "log")
        self.runs = os.path.join(directory, "node" if log else "log", "runs")
        self.listen, self.wrapper = listen, list(wrapper)
        self.token = os.urandom(16).hex()
        self.process = None
        self.address = None  # while it serves: a port, or the path of a socket
        self.lives = 0
        self.starts_ms = []

    def launch(self, environment=None):
        """Starts it; `ready` says when it serves."""
        env = dict(os.environ, CARILLON_TOKEN=self.token, **(environment or {}))
        self.lives += 1
        self.address = None
        self.launched = now_ms()
        self.stderr = os.path.join(self.directory, f"daemon-{self.lives:03}.err")
        with open(self.stderr, "wb") as out:
            self.process = subprocess.Popen(
                [*self.wrapper, self.program, "serve", "--data", self.directory, "--log", self.log,
                 "--node", self.node, "--listen", self.listen, *self.flags],
                env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def look_ready(self):
        """Whether it serves by now."""
        with open(self.stderr, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("ready ") and line.endswith("\n"):
                    place = line.split()[1]
                    self.address = place[5:] if place.startswith("unix:") else \
                        int(place.rsplit(":", 1)[1])
                    self.starts_ms.append(now_ms() - self.launched)
                    return True
        return False

    def ready(self, seconds=READY_SECONDS):
        """Waits until it serves; False when it died before."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.look_ready():
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.005)
        raise AssertionError(f"not ready after {seconds} s, see {self.stderr}")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.killed()

    def killed(self):
        """Waits for the end that a SIGKILL made, its own or ours."""
        code = self.process.wait()
        self.address = None
        assert code == -signal.SIGKILL, f"exit {code} instead of a crash, see {self.stderr}"

    def stop(self, seconds=30):
        """Asks it to end by SIGTERM; it has to end well."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        self.address = None
        assert code == 0, f"exit {code} after SIGTERM, see {self.stderr}"

    def died(self, seconds):
        """Whether it was killed by itself (at a crash point) within so many seconds."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def connect(self, seconds):
        address = self.address
        if address is None:
            raise Unavailable("not running")
        if isinstance(address, int):
            return http.client.HTTPConnection("127.0.0.1", address, timeout=seconds)
        return UnixConnection(address, seconds)

    def ask(self, method, path, body=None, key=None, seconds=ANSWER_SECONDS):
        """Returns status and the JSON that came with it."""
        connection = self.connect(seconds)
        headers = {"Authorization": "Bearer " + self.token}
        if key:
            headers["Idempotency-Key"] = key
        text = None
        if body is not None:
            text = json.dumps(body)
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise Unavailable(f"{method} {path}: {e!r}") from None
        finally:
            connection.close()
        if answer.status in (429, 503, 507):
            raise Unavailable(f"{method} {path}: {answer.status} {content[:300]!r}")
        return answer.status, json.loads(content) if content else None

    def done(self, method, path, body=None, key=None, seconds=ANSWER_SECONDS):
        """Like `ask`, for what has to succeed."""
        status, answer = self.ask(method, path, body, key, seconds)
        if status >= 300:
            raise Refused(f"{method} {path}: {status} {answer}")
        return answer

    def offline(self, *arguments):
        """Runs a subcommand on the log of the stopped daemon; returns its output."""
        command = [self.program, arguments[0], *arguments[1:], "--log", self.log]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert ended.returncode == 0, f"{command}: exit {ended.returncode}: {ended.stdout}" \
                                      f"{ended.stderr}"
        return ended.stdout
