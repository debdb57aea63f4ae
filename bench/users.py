"""Fifty people at work at once: what pages and writes take, and whether every write answered for is there once.

    .venv/bin/python bench/users.py
    .venv/bin/python scripts/with_postgres.py .venv/bin/python bench/users.py

loads the demo company (12,000 leads) into a folder of its own (bench/var/users, kept: remove it when there are new
migrations; on PostgreSQL moved into an empty database), serves it as ``headwater up`` does, and lets USERS (50) people
with sessions of their own work for SECONDS (60) with THINK (2) seconds between two steps: four of five read (lists,
searches, records, the board, My day), one of five writes (a lead or a comment). Limit: 400 ms at the 95th percentile, no
errors, no write lost or done twice. What the processors did for it is told as well: seconds do not tell much where
something else runs beside it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psutil

USERS = int(os.environ.get("USERS", "50"))
SECONDS = float(os.environ.get("SECONDS", "60"))
THINK = float(os.environ.get("THINK", "2"))
POSTGRES = os.environ.get("HEADWATER_TEST_DATABASE_URL", "")
LIMIT_MS = 400.0
HOME = Path(__file__).resolve().parent / "var" / "users"
PASSWORD = "headwater-demo"
WRITERS = ("OWNER", "ADMINISTRATOR", "HEAD_OF_SALES", "INSIDE_SALES")
WORDS = ("plotter", "bel", "lose rehof", "an", "quote")


@dataclass
class Outcome:
    """What everybody saw, and what they were told is written."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)
    written: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, status: int) -> bool:
        """Whether it went well."""
        well = status in (200, 204, 302, 303)
        with self.lock:
            self.took[kind].append(seconds * 1000)
            if not well:
                self.wrong[f"{kind}: {status}"] += 1
        return well


class Person:
    """Somebody with a session of their own, on one connection as browsers keep it."""

    def __init__(self, number: int, email: str, port: int, outcome: Outcome) -> None:
        self.number, self.email, self.port, self.outcome = number, email, port, outcome
        self.leads: list[int] = []
        self.cookies: dict[str, str] = {}
        self.chance = random.Random(number)  # the same walk every time
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def sign_in(self) -> None:
        """As the page asks for it."""
        status, text = self.ask("GET", "/sign-in")
        status, text = self.ask("POST", "/sign-in", {"email": self.email, "password": PASSWORD})
        if status != 302:
            raise SystemExit(f"{self.email} could not sign in: {status} {text[:200]}")
        status, text = self.ask("GET", "/leads")
        self.leads = sorted(set(map(int, re.findall(r"/leads/(\d+)", text))))
        self.connection.close()  # the server closes one that is idle until everybody has signed in

    def work(self, until: float) -> None:
        """Read and write with pauses until the time is over."""
        time.sleep(self.chance.random() * THINK)
        while time.monotonic() < until:
            self.write() if self.chance.random() < 0.2 else self.read()
            time.sleep(THINK * self.chance.uniform(0.5, 1.5))

    def read(self) -> None:
        """Open a page."""
        lead, word = self.chance.choice(self.leads), self.chance.choice(WORDS)
        kind, address = self.chance.choice((
            ("list", "/leads"), ("list", "/people"), ("list", "/opportunities"), ("list", f"/leads?{urlencode({'q': word})}"),
            ("record", f"/leads/{lead}"), ("record", f"/leads/{lead}"), ("palette", f"/search?{urlencode({'q': word})}"),
            ("my day", "/"), ("board", "/pipeline"),
        ))  # fmt: skip
        self.timed(kind, "GET", address)

    def write(self) -> None:
        """Add a lead or say something about one, in words that nobody else uses."""
        lead = self.chance.choice(self.leads)
        mark = f"bench {uuid.uuid4().hex}"
        with self.outcome.lock:
            self.outcome.tried.append(mark)
        if self.chance.random() < 0.5:
            sent = {"name": mark, "email": f"{mark[6:]}@bench.example", "interest": "ENQUIRY", "path": "/leads"}
            done = self.timed("add a lead", "POST", "/leads/new", sent)
        else:
            done = self.timed("comment", "POST", f"/leads/{lead}/comments", {"text": mark})
        if done:
            with self.outcome.lock:
                self.outcome.written.append(mark)

    def timed(self, kind: str, method: str, address: str, form: dict[str, str] | None = None) -> bool:
        """Ask, and note how it went."""
        began = time.perf_counter()
        try:
            status, _ = self.ask(method, address, form)
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            with self.outcome.lock:
                self.outcome.wrong[f"{kind}: {type(error).__name__}"] += 1
            return False
        return self.outcome.note(kind, time.perf_counter() - began, status)

    def ask(self, method: str, address: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """One request with this person's cookies, as the page would send it."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, address, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        for line in answer.headers.get_all("Set-Cookie", []):
            if found := re.match(r"([^=]+)=([^;]*)", line):
                self.cookies[found.group(1)] = found.group(2)
        return answer.status, text


def main() -> int:
    """0 when it keeps the limit, without errors, and everything answered for is there once."""
    url = prepare()
    environment = {**os.environ, "HEADWATER_HOME": str(HOME), "HEADWATER_DATABASE_URL": url}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [sys.executable, "-m", "headwater", "up", "--no-browser", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until_ready(port)
        wait_until_indexed(environment)
        emails = told(environment)
        outcome = Outcome()
        people = [Person(n, emails[n % len(emails)], port, outcome) for n in range(USERS)]
        for person in people:
            person.sign_in()
        name = urlsplit(url).path.strip("/")
        before, own = spent(server.pid, name), time.process_time()
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=person.work, args=(until,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent_on = {name: seconds - before[name] for name, seconds in spent(server.pid, name).items()}
        spent_on["this"] = time.process_time() - own
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    print(told_of_processors(spent_on, sum(map(len, outcome.took.values()))))
    return judge(outcome, found(environment))


def spent(pid: int, database: str) -> Counter[str]:
    """Seconds of processor time taken so far by the pages and the worker, with what they ran that has ended, and by
    PostgreSQL for their connections.
    """
    server = psutil.Process(pid)
    seconds: Counter[str] = Counter()
    for process in psutil.process_iter(["cmdline", "cpu_times"]) if database else ():
        if f"postgres: headwater {database} " in " ".join(process.info["cmdline"] or ()):
            seconds["PostgreSQL"] += process.info["cpu_times"].user + process.info["cpu_times"].system
    for process in (server, *server.children(recursive=True)):
        times = process.cpu_times()
        name = "worker" if "worker" in process.cmdline() else "pages"
        seconds[name] += times.user + times.system + times.children_user + times.children_system
    return seconds


def told_of_processors(seconds: dict[str, float], requests: int) -> str:
    """What a request took of the processors, and who else took how much of them."""
    return (
        f"{requests / SECONDS:.1f} requests/s; {seconds['pages'] / requests * 1000:.0f} ms of processor time each, "
        f"PostgreSQL {seconds.get('PostgreSQL', 0.0) / requests * 1000:.0f} ms, "
        f"the worker {seconds['worker'] / SECONDS:.2f} and this program {seconds['this'] / SECONDS:.2f} processors"
    )


def prepare() -> str:
    """The demo company in a folder of its own; the address of its database, if that is PostgreSQL."""
    environment = {**os.environ, "HEADWATER_HOME": str(HOME)}
    run = [sys.executable, "-m", "headwater"]
    (HOME / "moved.json").unlink(missing_ok=True)
    if not (HOME / "headwater.sqlite3").exists():
        subprocess.run([*run, "demo", "--no-serve"], env=environment, check=True)
    if not POSTGRES:
        return ""
    import psycopg

    name = f"users_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True) as database:
        database.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))
    subprocess.run([*run, "move-to-postgres", url], env=environment, check=True, stdout=subprocess.DEVNULL)
    return url


def asked_of_django(environment: dict[str, str], script: str) -> list[str]:
    """What a few lines print that look into the database."""
    begin = "from headwater.config.lifecycle import load_django; load_django()\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + script], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.split("\n")[:-1]


def told(environment: dict[str, str]) -> list[str]:
    """Who may write, after each was given the password."""
    (emails,) = asked_of_django(
        environment,
        f"""
from headwater.team.models import User
from django.contrib.auth.hashers import make_password
User.objects.filter(is_active=True, role__in={WRITERS!r}).update(password=make_password({PASSWORD!r}))
print(*User.objects.filter(is_active=True, role__in={WRITERS!r}).order_by("pk").values_list("email", flat=True))
""",
    )
    return emails.split()


def found(environment: dict[str, str]) -> Counter[str]:
    """What the database holds of what was written."""
    return Counter(
        asked_of_django(
            environment,
            """
from headwater.team.models import Comment
from headwater.qualify.models import Lead
for mark in Lead.objects.filter(party__name__startswith="bench ").values_list("party__name", flat=True): print(mark)
for mark in Comment.objects.filter(text__startswith="bench ").values_list("text", flat=True): print(mark)
""",
        )
    )


def wait_until_ready(port: int) -> None:
    """Until it serves."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("it does not serve")


def wait_until_indexed(environment: dict[str, str]) -> None:
    """Until searching finds by its index what the demo company brought: that is not what is measured."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        doctor = [sys.executable, "-m", "headwater", "doctor", "--json"]
        told = json.loads(subprocess.run(doctor, env=environment, capture_output=True, text=True).stdout)
        if not told["search"]["rows_behind"] and not told["search"]["facts_behind"]:
            return
        time.sleep(1)
    raise SystemExit("the search index does not follow")


def judge(outcome: Outcome, there: Counter[str]) -> int:
    """Print what was measured; 0 when all is well."""
    all_of_them: list[float] = []
    print(f"{'':<14}{'number':>8}{'p50':>8}{'p95':>8}{'p99':>8}  ms")
    for kind, took in [*sorted(outcome.took.items()), ("all", all_of_them)]:
        all_of_them.extend(took if kind != "all" else ())
        cuts = statistics.quantiles(took, n=100, method="inclusive") if len(took) > 1 else [0.0] * 99
        print(f"{kind:<14}{len(took):>8}{cuts[49]:>8.0f}{cuts[94]:>8.0f}{cuts[98]:>8.0f}")
    lost = [mark for mark in outcome.written if not there[mark]]
    doubled = [mark for mark in outcome.tried if there[mark] > 1]
    print(
        f"{len(outcome.written)} written, {len(lost)} lost, {len(doubled)} doubled; errors: {dict(outcome.wrong) or 'none'}"
    )
    is_slow = statistics.quantiles(all_of_them, n=100)[94] > LIMIT_MS
    return 1 if lost or doubled or outcome.wrong or is_slow else 0


if __name__ == "__main__":
    sys.exit(main())
