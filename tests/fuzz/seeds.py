#!/usr/bin/env python3
"""Writes the inputs that the fuzz targets begin with: seeds.py FOLDER makes FOLDER/TARGET/NAME.

They come from what the tests know anyway: the vectors, the tables of legal and illegal texts, the
samples of imports, the golden files.
"""
import hashlib
import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
OUT = pathlib.Path(sys.argv[1])
SIZE_MAX = 4096  # input_size_max of steps.hpp


def write(target, content):
    data = content if isinstance(content, bytes) else content.encode()
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    if len(data) <= SIZE_MAX:
        (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def strings_of(path, call):
    """The texts of all calls such as quartz("...") in a test."""
    return re.findall(call + r'\("((?:[^"\\]|\\.)*)"', (TESTS / path).read_text())


def from_vectors():
    fields = ["day", "year", "month", "week", "day_of_week", "hour", "minute", "second"]
    for path in sorted((TESTS / "vectors").glob("*.jsonl")):
        for number, line in enumerate(path.read_text().splitlines()):
            if "generated" in path.name and number % 20:
                continue
            case = json.loads(line)
            kind, spec = case["kind"], case["spec"]
            keys = ["kind", "spec", "timezone", "start_time", "end_time"]
            write("trigger_json", json.dumps({key: case[key] for key in keys if key in case}))
            if kind in ("cron", "vixie") and "crontab" in spec:
                write("cron", ("1" if kind == "vixie" else "0") + spec["crontab"])
            elif kind == "cron":
                write("cron", "4" + "\n".join(str(spec.get(name, "")) for name in fields))
            elif kind == "quartz":
                write("quartz", spec["cron"])
                write("except", "4" + spec["cron"])
            elif kind == "systemd":
                write("systemd", spec["oncalendar"])
            elif kind == "rrule" and isinstance(spec.get("rrule"), str):
                write("rrule", "0" + spec["rrule"])
                write("rrule", "1" + spec["rrule"])
            elif kind == "iso8601":
                write("iso8601", spec["interval"])


def from_tests():
    dialects = "triggers/dialects_test.cpp"
    for text in strings_of(dialects, "quartz"):
        write("quartz", text)
    for text in strings_of(dialects, "systemd"):
        write("systemd", text)
    for text in strings_of(dialects, "(?:vixie|refuses_text)"):
        write("cron", "1" + text)
        write("cron", "3" + text)
    for text in strings_of(dialects, "seconds"):
        write("cron", "2" + text)
    for text in ["H H(0-7) * * H", "H/15 * * * *", "H(0-29)/10 * * * *", "@daily", "0~30 ~ * * *"]:
        write("cron", "3" + text)
    eight = "last fri,2nd mon\n2024-2040/2\n1-12\n*/2\nmon-fri/2\n*\n0~9\nH"
    for text in [eight, "last", "5th wed"]:
        write("cron", "4" + text)
    for text in ["20260101T090000", "20260101T090000Z", "2026-01-01T09:00:00+01:00", "20260101"]:
        write("rrule", "2" + text)
    write("rrule", "3FREQ=DAILY;COUNT=3\nFREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20270101T000000Z")
    write("rrule", "3DTSTART;TZID=Europe/Berlin:20260327T023000\nRRULE:FREQ=DAILY\n"
                   "EXRULE:FREQ=WEEKLY;BYDAY=SA\nRDATE:20260401T120000Z\n"
                   "EXDATE;VALUE=DATE:20260402")
    for text in ["R/2026-01-31T09:00:00/P1M", "R5/P1M/2026-06-30T09:00:00Z",
                 "R/2026-01-01T00:00:00Z/2026-01-02T00:00:00Z", "R3/2026-01-01/PT90S"]:
        write("iso8601", text)
    for text in ["09:00-17:00 mon-fri,sun", "22:00-02:00 sat\n00:00-24:00", "09:30:15-10:00"]:
        write("except", "0" + text)
    for text in ["2026-12-24/2026-12-26\n2026-12-31", "2026-01-01/2099-12-31"]:
        write("except", "1" + text)
    for text in ["* 12 * * *", "0 0 1 1 *", "* * * * sat,sun", "* * last fri * *"]:
        write("except", "2" + text)
        write("except", "3" + text)
    events = ["DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227",
              "DTSTART:20260501\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE:20270501",
              "DTSTART:20260501\nRDATE;VALUE=DATE:20260601,20260701\nDURATION:P2D",
              "UID:1\nDTSTART:20260501\nRRULE:FREQ=MONTHLY;BYDAY=-1FR\nSTATUS:CONFIRMED",
              "UID:1\nDTSTART:20260502\nRECURRENCE-ID:20260501\nSTATUS:CANCELLED",
              "DTSTART:20260501T080000Z\nDURATION:PT1H\nBEGIN:VALARM\nTRIGGER:-PT15M\nEND:VALARM"]
    for chosen in events + ["\nEND:VEVENT\nBEGIN:VEVENT\n".join(events)]:
        write("ics", f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{chosen}\nEND:VEVENT\nEND:VCALENDAR\n")
    except_json = {"kind": "except", "timezone": "Europe/Berlin", "spec": {
        "trigger": {"kind": "interval", "spec": {"minutes": 10, "phase": "5m"}},
        "exclude": [{"days": ["2026-12-24/2026-12-26"]}, {"cron": {"day_of_week": "sat,sun"}},
                    {"calendar": "holidays", "vixie": {"crontab": "* 12 * * *"}}],
        "windows": ["09:00-17:00 mon-fri", "22:00-02:00 sat"]}}
    write("trigger_json", json.dumps(except_json))
    write("trigger_json", json.dumps({"kind": "cron", "gap": "shift", "fold": "first", "spec": {
        "minute": [{"start": 0, "end": 30, "step": 10}, 45], "dialect": "jenkins", "hour": "H"}}))


def from_samples():
    samples = TESTS / "tools/import"
    lines = (samples / "crontab").read_text().splitlines(keepends=True)
    for begin in range(0, len(lines), 40):
        for mode in "01":
            write("crontab_import", mode + "".join(lines[begin:begin + 40]))
    write("crontab_import", "0CRON_TZ=Asia/Tokyo\nMAILTO=x\n# note\n*/5 * * * * cat%in%put\\%\n")
    write("crontab_import", "1@daily root /bin/true\n0 3 * * mon-fri nobody x\n")
    for timer, service in [("backup.timer", "backup.service"),
                           ("tmpfiles-clean.timer", "tmpfiles.service")]:
        write("systemd_import", (samples / timer).read_text())
        write("systemd_import",
              (samples / timer).read_text() + "\n---\n" + (samples / service).read_text())
    manifest = (samples / "cronjobs.yaml").read_text()
    for document in [manifest, *manifest.split("\n---\n")]:
        write("kubernetes_import", document)
    for line in (samples / "apscheduler.jsonl").read_text().splitlines():
        write("apscheduler_import", line)
    for path in sorted((TESTS / "golden").iterdir()):
        if path.suffix == ".hex":
            write("decode", bytes.fromhex("".join(path.read_text().split())))
        elif path.suffix == ".json":
            write("decode", path.read_bytes())


from_vectors()
from_tests()
from_samples()
