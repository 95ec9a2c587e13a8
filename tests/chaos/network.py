"""A network of its own for every node: one cable each to the machine where the stores are."""

import os
import shutil
import subprocess
import time

PREFIX = "198.18"  # RFC 2544: for tests between devices, never routed


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def why_not():
    """Why this machine can not have such networks; empty = it can."""
    if os.geteuid() != 0:
        return "not root"
    if not all(shutil.which(tool) for tool in ("ip", "unshare", "nsenter", "setpriv")):
        return "no ip, unshare, nsenter or setpriv"
    if run("unshare", "--net", "true").returncode != 0:
        return "no network namespaces here"
    name = f"cv{os.getpid()}t"
    if run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p").returncode != 0:
        return "no veth devices here"
    run("ip", "link", "del", name)
    return ""


class Cable:
    """A namespace, held by a process that ends with ours, and the pair of devices into it."""

    def __init__(self, number, third):
        base = 4 * number
        self.here, self.there = f"{PREFIX}.{third}.{base + 1}", f"{PREFIX}.{third}.{base + 2}"
        self.device = f"cv{os.getpid()}n{number}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "setpriv", "--pdeathsig", "KILL", "sleep", "infinity"])
        self.wrapper = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]
        own = os.readlink("/proc/self/ns/net")
        until = time.monotonic() + 5
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            assert time.monotonic() < until, "the namespace is not made"
            time.sleep(0.01)
        self.must("ip", "link", "add", self.device, "type", "veth",
                  "peer", "name", "uplink", "netns", str(self.holder.pid))
        self.must("ip", "addr", "add", self.here + "/30", "dev", self.device)
        self.must("ip", "link", "set", self.device, "up")
        for command in (("link", "set", "lo", "up"),
                        ("addr", "add", self.there + "/30", "dev", "uplink"),
                        ("link", "set", "uplink", "up")):
            self.must(*self.wrapper, "ip", *command)

    @staticmethod
    def must(*command):
        ended = run(*command)
        assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}"

    def pull(self):
        """Nothing passes any more, and nobody is told."""
        self.must("ip", "link", "set", self.device, "down")

    def plug(self):
        self.must("ip", "link", "set", self.device, "up")

    def drop_answers(self):
        """What the node sends arrives; nothing comes back."""
        self.must("ip", "route", "add", "blackhole", self.there + "/32")

    def pass_answers(self):
        self.must("ip", "route", "del", "blackhole", self.there + "/32")

    def remove(self):
        run("ip", "route", "del", "blackhole", self.there + "/32")
        run("ip", "link", "del", self.device)
        self.holder.kill()
        self.holder.wait()


def lay_cables(count):
    """One cable per node, on addresses that nothing else here has."""
    taken = run("ip", "-4", "addr").stdout
    start = os.getpid() % 250
    third = next(n % 250 for n in range(start, start + 250)
                 if f"{PREFIX}.{n % 250}." not in taken)
    return [Cable(number, third) for number in range(count)]
