"""A store in a bucket: every command, several machines, dying writers, servers that are refused, and secrets.

Machines are processes with folders of their own for copies; servers are real ones, on this machine alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands
from tests.buckets import IGNORING, SECRET, SERVERS, Server, server, use
from tests.examples import LONG, some
from tests.logs import append, events_of
from timeline import BadInput, Conflict, Corruption, NotFound, Timeline
from timeline.log import service
from timeline.log.log import Log, log_at
from timeline.urls import COPIES, local_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["localbucket"])
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    found = server(request.param)
    use(found, monkeypatch, tmp_path / "caches")
    return found


@pytest.fixture
def url(here: Server, tmp_path: Path) -> str:
    return here.url(f"{tmp_path.parent.name}-{tmp_path.name}".lower())


def log_of(url: str, folder: Path) -> Log:
    """Return a log as another machine has it."""
    return log_at(url, folder)


def run(*arguments: str, code: int = 0, **more: str) -> str:
    """Run a command, and return what it prints, errors too."""
    done = commands.run(Path.cwd(), arguments, **more)
    assert done.code == code, done.out + done.err
    return done.out + done.err


# Commands


def test_every_command_does_in_a_bucket_what_it_does_in_a_folder(
    url: str, here: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compares what is printed, but for what differs: when it was recorded, and what follows from that."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "events", tmp_path / "events")
    file = tmp_path / "one.yaml"
    file.write_text(
        "sources: [{id: s, published: 2026-01-02}]\nentities: [{id: acme, name: Acme}]\n"
        "attributes: [{id: boss, value: text, meaning: Who leads it.}]\n"
        "events:\n  - {key: k, fact: acme/boss, text: Jane Doe, source: s, reported: 2026-01}\n"
    )
    fact = "nvidia/investment/openai"
    questions: list[tuple[str, ...]] = [
        ("show", "--as-of", "2025-02-22"),
        ("show", fact, "--as-of", "2026-02-28", "--json"),
        ("why", fact),
        ("history", "nvidia/*", "--format", "csv"),
        ("diff", "2025-10-15", "2026-02-28"),
        ("disagreements",),
        ("sql", "SELECT count(*), max(position) FROM events"),
        ("head",),
        ("verify", "--quick"),
    ]
    given_commands: list[tuple[str, ...]] = [
        ("init", "{store}"),
        ("ingest", "events"),
        ("ingest", "one.yaml"),
        ("ingest", "one.yaml"),
        # Of those that change nothing a run asks some, others each time.
        *some(questions, 3),
        ("correct", "k", "--text", "Jane Dough", "--reason", "a slip"),
        ("compact",),
        ("rebuild",),
        ("stats", "--json"),
        ("backup", "{copy}"),
        ("export", "beliefs", "{copy}.csv"),
        ("erase", "k", "--reason", "asked for", "--yes"),
        ("show", "acme/boss"),
        ("verify",),
        ("head", "--store", "{store}/none"),
    ]

    def everything(store: str, copy: str) -> list[str]:
        printed = []
        for command in given_commands:
            given = [word.format(store=store, copy=copy) for word in command]
            if command[0] == "init":
                Timeline.create(store).close()
                continue
            if "--store" not in given:
                given += ["--store", store]
            code = 5 if given[-1].endswith("/none") else 0
            printed.append(_blurred(run(*given, code=code), store, copy))
        return printed

    in_folder = everything(str(tmp_path / "store"), str(tmp_path / "copy-1"))
    in_bucket = everything(url, str(tmp_path / "copy-2"))
    assert in_bucket == in_folder
    assert (tmp_path / "copy-1.csv").read_text() == (tmp_path / "copy-2.csv").read_text()
    # What was backed up goes into another bucket.
    run("restore", str(tmp_path / "copy-2"), "--store", f"{url}-restored")
    with Timeline.open(f"{url}-restored") as tl, Timeline.open(tmp_path / "copy-2") as copy:
        assert tl.head() == copy.head()
        assert tl.audit(lambda tl, date: 1, ["2025-06-30"])["verdict"].to_list() == ["same"]
    with pytest.raises(Conflict):
        Timeline.restore(tmp_path / "copy-2", url)


def _blurred(text: str, store: str, copy: str) -> str:
    folder = str(local_folder(store)) if "://" in store else store
    text = text.replace(folder, "STORE").replace(store, "STORE").replace(copy, "COPY")
    for pattern in (r"\d{4}-\d\d-\d\dT[\d:.]+Z", r"\b[0-9a-f]{64}\b", r"[\d,.]+ (events/s|MB/s)"):
        text = re.sub(pattern, "…", text)
    # Lines are broken where these end.
    text = re.sub(r'"?(log_|index_|row_)?bytes"?:? +\d+', "bytes", text)
    return " ".join(text.split())


def test_a_store_is_made_once_and_is_there_for_other_machines(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match="no store at"):
        Timeline.open(url)
    assert f"Made {url}, an empty store" in run("init", url)
    with pytest.raises(Conflict, match="is a store already"):
        Timeline.create(url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    with Timeline.open(url) as tl:
        assert tl.head() is None
        assert url in repr(tl)
    bucket = url.rsplit("/", 1)[0]
    with pytest.raises(NotFound, match="there is no such bucket"):
        Timeline.open(f"{bucket}-none/desk")


@pytest.mark.parametrize(
    "given", ["s3://key:tl-secret@desk/x", "s3://", "s3://desk/a?sig=tl-secret", "az:///x"]
)
def test_a_url_that_is_none_is_bad_input_and_not_repeated(given: str) -> None:
    with pytest.raises(BadInput, match="in the environment alone") as raised:
        Timeline.open(given)
    assert "tl-secret" not in str(raised.value)


def test_the_examples_of_the_document_run(
    url: str, here: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of docs/scale.md in which a bucket has a name, but for the server; and its Python."""
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    commands_of = [
        line.partition("#")[0].split()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("timeline ") and "newsroom" in line
    ]
    examples = [block for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL) if "newsroom" in block]
    shutil.copytree(ROOT / "events", tmp_path / "events")
    monkeypatch.chdir(tmp_path)
    assert [words[1] for words in commands_of] == ["init", "ingest", "show", "serve"]
    assert len(examples) == 1
    for _, *words in commands_of:
        given = [word.replace("s3://newsroom/desk", url) for word in words]
        if given[0] == "serve":
            continue
        printed = run(*given)
    assert "up to 100 billion USD" in printed or "30 billion USD" in printed
    exec(examples[0].replace("s3://newsroom/desk", url), {"Timeline": Timeline})


# Machines

#: One process loads everything, and forks a machine for each line of its first argument.
_TOGETHER = """
import json, os, sys, traceback
from tests.promises import test_bucket
machines = []
for name, printed, *given in json.loads(sys.argv[1]):
    pid = os.fork()
    if not pid:
        try:
            with open(printed, "w", buffering=1) as sys.stdout:
                getattr(test_bucket, name)(*given)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    machines.append(pid)
sys.exit(any([os.waitpid(pid, 0)[1] for pid in machines]))
"""


def write(url: str, folder: str, first: int, count: int) -> None:
    """Append so many commits of one event, and print each that was acknowledged."""
    log = log_of(url, Path(folder))
    for number in range(first, first + count):
        commit = append(log, number)
        print(number, commit.number, commit.digest, flush=True)


def read(url: str, folder: str, until: int) -> None:
    """Read again and again, until so many events are there: never fewer than before, and none is missing."""
    log, seen = log_of(url, Path(folder)), 0
    while seen < until:
        positions = events_of(log)["position"].to_pylist()
        assert positions == list(range(1, len(positions) + 1)), positions
        assert len(positions) >= seen, (len(positions), seen)
        seen = len(positions)


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


#: A run has one server, with as many commits as fill a block; a long one all of them.
@pytest.mark.parametrize("here", some(SERVERS, 3), indirect=True)
def test_three_machines_append_and_none_of_it_is_lost_or_doubled(
    here: Server, url: str, tmp_path: Path
) -> None:
    each = 25 if LONG else 11
    machines = [
        *(
            ["write", str(tmp_path / f"{nth}"), url, str(tmp_path / f"w{nth}"), 1_000 * nth, each]
            for nth in range(3)
        ),
        *(["read", str(tmp_path / "read"), url, str(tmp_path / f"r{nth}"), 3 * each] for nth in range(2)),
    ]
    together = start(_TOGETHER, json.dumps(machines))
    _, errors = together.communicate(timeout=600)
    assert together.returncode == 0, errors
    acknowledged = [
        line.split() for nth in range(3) for line in (tmp_path / f"{nth}").read_text().splitlines()
    ]
    log = log_of(url, tmp_path / "after")
    found = log.verify()
    assert len(acknowledged) == found.events == found.commits == 3 * each
    assert len({number for number, _, _ in acknowledged}) == 3 * each
    digests = {commit.number: commit.digest for commit in log.commits()}
    assert {int(number): digest for _, number, digest in acknowledged} == digests
    # The block that filled up was merged, once.
    assert found.files == 3 * each - 31 * (3 * each // 32)
    print(f"{here.name}: {3 * each} commits of 3 machines, {found.commits} found, each once")


def test_a_machine_that_is_killed_loses_nothing_that_was_acknowledged(url: str, tmp_path: Path) -> None:
    append(log_of(url, tmp_path / "first"), 1)
    acknowledged = 0
    for nth in range(6 if LONG else 1):
        given = repr((url, str(tmp_path / f"w{nth}"), 100 * (nth + 1), 100))
        writer = start(f"from tests.promises.test_bucket import write; write(*{given})")
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(3 + nth)]
        writer.kill()
        lines += writer.communicate()[0].splitlines()
        numbers = [int(line.split()[1]) for line in lines if len(line.split()) == 3]
        log = log_of(url, tmp_path / f"after-{nth}")
        found = log.verify()
        acknowledged += len(numbers)
        assert found.commits >= max(numbers)
        assert acknowledged + 1 <= found.events <= acknowledged + 2 + nth


def test_a_machine_that_follows_a_bucket_sees_what_others_record(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only replica: another folder of copies, in another process, with an index of its own."""
    code = (
        "import sys\nfrom timeline import Timeline\n"
        "with Timeline.open(sys.argv[1], read_only=True) as tl:\n"
        "    print(tl.head().number, flush=True)\n"
        "    for line in sys.stdin:\n"
        "        print(tl.belief('acme/boss').claim, flush=True)\n"
    )
    event = {"fact": "acme/boss", "source": "s", "reported": "2026-01", "text": "Ann"}
    with Timeline.create(url) as tl:
        tl.append([event], register_unknown=True)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "replica"))
        replica = subprocess.Popen(
            [sys.executable, "-c", code, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert replica.stdin is not None
        assert replica.stdout is not None
        try:
            assert replica.stdout.readline() == "1\n"
            for name in ("Bob", "Cid"):
                tl.append(
                    [event | {"reported": f"2026-02-{10 + ord(name[0]) - 65}", "text": name, "key": name}]
                )
                replica.stdin.write("\n")
                replica.stdin.flush()
                assert replica.stdout.readline() == f"{name}\n"
        finally:
            replica.stdin.close()
            replica.stdout.close()
            assert replica.wait(timeout=60) == 0


def test_what_one_machine_erases_is_gone_from_another_once_it_looks(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Jonathan Q. Public"
    event = {"fact": "acme/boss", "source": "s", "reported": "2026-01", "text": said, "key": "k"}
    with Timeline.create(url) as tl:
        tl.append([event], register_unknown=True)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
        with Timeline.open(url) as other:
            assert other.belief("acme/boss").claim == said  # type: ignore[union-attr]
            assert _holds(tmp_path / "other", said)
            monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
            tl.erase("k", reason="asked for")
            assert not _holds(tmp_path / "caches", said)
            found = other.belief("acme/boss")
            assert found is not None
            assert (found.status, found.claim) == ("erased", None)
        assert not _holds(tmp_path / "other", said)


def _holds(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


# Damage


def test_a_damaged_copy_is_read_again_and_a_damaged_object_is_named(url: str, tmp_path: Path) -> None:
    log = log_of(url, tmp_path / "copies")
    append(log, 1, 2, 3)
    copy = log.objects.get("000000000001.parquet")
    content = bytearray(copy.read_bytes())
    content[200] ^= 1
    copy.write_bytes(content)
    again = log_of(url, tmp_path / "copies")
    again.reading(lambda files: None)
    assert copy.read_bytes() != content
    assert again.verify().events == 3
    log.objects.replace("000000000001.parquet", memoryview(content))
    with pytest.raises(Corruption, match=re.escape(f"{url}/log/000000000001.parquet: was changed since")):
        log_of(url, tmp_path / "copies").verify()


# Servers that lose commits


@pytest.mark.parametrize("here", IGNORING, indirect=True)
def test_a_bucket_that_ignores_conditions_is_refused_with_the_reason(
    here: Server, url: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="only if absent; a log there would lose") as raised:
        Timeline.create(url)
    assert "If-None-Match" in str(raised.value)
    log = log_of(url, tmp_path / "copies")
    with pytest.raises(BadInput, match="would lose"):
        append(log, 1)
    assert not log.exists()
    file = tmp_path / "a.jsonl"
    file.write_text('{"fact": "acme/boss", "text": "Ann", "source": "s", "reported": "2026-01"}\n')
    printed = run("ingest", str(file), "--register-unknown", "--store", url, code=2)
    assert "would lose" in printed
    assert not log.exists()


# Secrets


def test_no_secret_is_printed_or_kept(
    url: str, here: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"fact": "acme/boss", "text": "Ann", "source": "s", "reported": "2026-01"}\n')
    # Where nobody answers, no more is learned by asking again.
    monkeypatch.setattr(service, "TRIES", 2)
    printed = [
        run("ingest", str(file), "--register-unknown", "--store", url),
        run("show", "--store", url, "--explain"),
        run("head", "--store", f"{url}/none", code=5),
        run("head", "--store", url, code=1, AWS_ENDPOINT_URL="http://127.0.0.1:1"),
        run("head", "--store", url, code=1, AWS_ENDPOINT_URL=f"http://{SECRET}.invalid"),
        run("backup", str(tmp_path / "copy"), "--store", url),
    ]
    for text in printed:
        assert SECRET not in text
    assert not _holds(tmp_path, SECRET)


def test_keys_are_taken_from_a_profile_of_aws(
    url: str, here: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    profiles = tmp_path / "credentials"
    profiles.write_text(f"[desk]\naws_access_key_id = k\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profiles))
    monkeypatch.setenv("AWS_PROFILE", "desk")
    Timeline.create(url).close()
    assert not _holds(tmp_path / "caches", SECRET)
    monkeypatch.setenv("AWS_PROFILE", "other")
    with pytest.raises(BadInput, match="the AWS profile 'other' has no keys of its own; "):
        Timeline.open(url)


@pytest.mark.parametrize("named", ["desk", None])
def test_a_profile_that_runs_a_program_for_its_keys(
    url: str, here: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    keys = tmp_path / "keys.json"
    keys.write_text(f'{{"Version": 1, "AccessKeyId": "tl-key", "SecretAccessKey": "{SECRET}"}}')
    config = tmp_path / "config"
    section = f"profile {named}" if named else "default"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    if named:
        monkeypatch.setenv("AWS_PROFILE", named)
    config.write_text(f"[{section}]\ncredential_process = cat {keys}\n")
    Timeline.create(url).close()
    assert not _holds(tmp_path / "caches", SECRET)
    # Where it fails, or there is no boto3, the error names the kind of the profile.
    keys.write_text("{}")
    with pytest.raises(BadInput, match=r"has no keys of its own: it runs a program for them, which failed"):
        Timeline.open(url)
    monkeypatch.setitem(sys.modules, "boto3", None)
    for setting, words in (
        ("credential_process = false", "runs a program"),
        ("sso_session = desk", "signs in by SSO"),
        ("role_arn = arn:aws:iam::1:role/desk\nsource_profile = x", "assumes a role"),
    ):
        config.write_text(f"[{section}]\n{setting}\n")
        with pytest.raises(BadInput, match=f"it {words}.*needs the package boto3"):
            Timeline.open(url)


def test_a_project_leads_to_a_bucket_only_where_it_is_trusted(
    url: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (project / "timeline.toml").read_text()
    (project / "timeline.toml").write_text(re.sub(r"(?m)^store = .*$", f'store = "{url}"', settings))
    monkeypatch.chdir(project)
    with pytest.raises(BadInput, match="leads out of the project"):
        Timeline.open()
    monkeypatch.setenv("TIMELINE_TRUSTED", str(project))
    Timeline.create(url).close()
    with Timeline.open() as tl:
        assert tl.address == url
        assert tl.named_queries()


def test_a_store_in_a_folder_loads_nothing_for_buckets(tmp_path: Path) -> None:
    Timeline.create(tmp_path / "store").close()
    code = (
        "import sys; from timeline import Timeline\n"
        f"Timeline.open({str(tmp_path / 'store')!r}).head()\n"
        "print([name for name in sys.modules if 'obstore' in name or name.startswith('timeline.log.bu')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_folder_of_copies_is_its_owners_and_can_be_deleted(url: str) -> None:
    with Timeline.create(url) as tl:
        tl.append([{"fact": "a/b", "text": "c", "source": "s", "reported": "2026"}], register_unknown=True)
        folder = tl.path
        assert (folder.stat().st_mode & 0o777, (folder / COPIES).stat().st_mode & 0o777) == (0o700, 0o700)
    shutil.rmtree(folder)
    with Timeline.open(url) as tl:
        assert tl.belief("a/b").claim == "c"  # type: ignore[union-attr]
