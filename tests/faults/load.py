"""Ad-hoc jobs through the HTTP API, without end, and what of them was acknowledged."""

import random
import threading
import time

from daemon import Refused, Unavailable, now_ms, text_of

PAUSE_SECONDS = (0.05, 0.15)
RUN_MS = (0, 300)
RETRY_SECONDS = 0.02


class Load(threading.Thread):
    """Sends each command under an Idempotency-Key of its own until it is answered, however many
    lives of the daemon that takes: each key must lead to its jobs once."""

    def __init__(self, server, seed, ledger):
        """`server` is asked as a Daemon is: it may be one, or many that share a log."""
        super().__init__(daemon=True)
        self.server, self.random, self.ledger = server, random.Random(seed), ledger
        self.ending = threading.Event()
        self.jobs = []        # acknowledged, in order
        self.cancelled = []   # acknowledged as ended before they ran
        self.keys = self.retries = 0
        self.problem = None

    def run(self):
        try:
            while not self.ending.is_set():
                self.step()
                time.sleep(self.random.uniform(*PAUSE_SECONDS))
        except (Refused, AssertionError, KeyError, TypeError) as e:
            self.problem = f"load: {e!r}"

    def end(self):
        self.ending.set()
        self.join()

    def new_job(self):
        body = {"task": "adhoc",
                "args": [self.ledger, str(self.random.randint(*RUN_MS)),
                         "1" if self.random.random() < 0.05 else "0"]}
        if self.random.random() < 0.1:
            body["run_at"] = text_of(now_ms() + self.random.randint(100, 2000))
        return body

    def step(self):
        many = self.random.random() < 0.2
        body = {"jobs": [self.new_job() for _ in range(4)]} if many else self.new_job()
        answer = self.send("/v1/jobs", body)
        ids = [job["id"] for job in answer["jobs"]] if many else [answer["id"]]
        assert len(set(ids)) == (4 if many else 1), answer
        self.jobs += ids
        if self.random.random() < 0.15:
            self.cancel(ids[-1])

    def send(self, path, body):
        """Until there is an answer; keys say that it is still the same command."""
        self.keys += 1
        key = f"load-{self.keys}"
        while True:
            try:
                return self.server.done("POST", path, body, key)
            except Unavailable:
                self.retries += 1
                time.sleep(RETRY_SECONDS)

    def cancel(self, job):
        try:
            status, answer = self.server.ask("POST", f"/v1/jobs/{job}/cancel", {})
        except Unavailable:
            return
        assert status in (200, 404, 409), (status, answer)
        if status == 200 and answer["outcome"] == "cancelled":
            self.cancelled.append(job)
