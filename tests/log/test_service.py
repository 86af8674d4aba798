"""Requests to a service: how they are made and asked again, and what an error says, without secrets."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import obstore.store
import pytest
from obstore.exceptions import (
    AlreadyExistsError,
    GenericError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from tests.services import InMemory, Time, in_memory
from timeline.errors import BadInput
from timeline.log import service
from timeline.log.service import Service, Tagged, Unanswered, connect, said_by, storage_options

MIB: Final = 2**20


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> tuple[InMemory, Time]:
    return in_memory(monkeypatch)


@pytest.fixture
def no_cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without profiles, and an environment without a word of services."""
    for name in [*map(str, service._OWN), "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION"]:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "AZURE_STORAGE_USE_EMULATOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def status(code: int) -> GenericError:
    return GenericError(f"Server returned a response with status code: {code} for /a")


# Errors


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("Client error: 403", "Client error: 403"),
        ("failed\n  at\tonce", "failed at once"),
        ("Error at http://host/a?sig=abc&x=1): no", "Error at http://host/a): no"),
        (
            "Status 404: <Error><Code>NoSuchBucket</Code><Message> gone </Message></Error>\n\nDebug source",
            "Status 404: NoSuchBucket, gone",
        ),
        ("Status 409 <Code>Conflict</Code>", "Status 409: Conflict"),
        ("short\n\nDebug source: of no use\n\nDebug source: twice", "short"),
        ("no code <b> but <i> marks", "no code"),
        ("x" * 500, "x" * 500),
        ("x" * 501, "x" * 499 + "…"),
    ],
)
def test_an_error_is_one_line_of_500_characters_at_most(error: str, said: str) -> None:
    assert said_by(RuntimeError(error)) == said


def test_no_error_repeats_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AZURE_STORAGE_SAS_KEY", "abcd")
    # Too short to be one, and found in any text.
    monkeypatch.setenv("AWS_SESSION_TOKEN", "aul")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    error = RuntimeError("key hunter2 of abcd in eu-west-1 has a fault")
    assert said_by(error) == "key … of … in eu-west-1 has a fault"


# How a service is reached


@pytest.fixture
def opened(no_cloud: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The URLs and options with which stores are opened; each is the number of those before."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def from_url(url: str, **options: Any) -> Any:
        calls.append((url, options))
        return len(calls)

    monkeypatch.setattr(obstore.store, "from_url", from_url)
    return calls


def test_a_request_ends_after_half_a_minute_and_obstore_tries_none_again(
    opened: list[tuple[str, dict[str, Any]]],
) -> None:
    assert connect("s3://desk/a") == 1
    assert connect("az://desk/a", seconds=7) == 2
    limits = {"timeout": timedelta(seconds=30), "connect_timeout": timedelta(seconds=5)}
    assert opened == [
        (
            "s3://desk/a",
            {
                "client_options": limits,
                "retry_config": {"max_retries": 0},
                "disable_bulk_delete": "true",
            },
        ),
        (
            "az://desk/a",
            {
                "client_options": limits | {"timeout": timedelta(seconds=7)},
                "retry_config": {"max_retries": 0},
            },
        ),
    ]


@pytest.mark.parametrize(
    ("url", "name", "value", "allows"),
    [
        ("s3://desk", "AWS_ALLOW_HTTP", "true", True),
        ("s3://desk", "AWS_ALLOW_HTTP", "ON", True),
        ("s3://desk", "AWS_ALLOW_HTTP", "0", False),
        ("s3://desk", "AZURE_ALLOW_HTTP", "true", False),
        ("s3://desk", "AZURE_STORAGE_USE_EMULATOR", "true", False),
        ("az://desk", "AZURE_ALLOW_HTTP", "1", True),
        ("az://desk", "AWS_ALLOW_HTTP", "1", False),
        ("az://desk", "AZURE_STORAGE_USE_EMULATOR", "yes", True),
        ("az://desk", "AZURE_STORAGE_USE_EMULATOR", "no", False),
        ("gs://desk", "AZURE_STORAGE_USE_EMULATOR", "true", False),
    ],
)
def test_plain_http_is_taken_only_where_the_environment_allows_it(
    opened: list[tuple[str, dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    name: str,
    value: str,
    allows: bool,
) -> None:
    monkeypatch.setenv(name, value)
    connect(url)
    [(_, options)] = opened
    assert options["client_options"].get("allow_http", False) is allows


def test_what_the_environment_does_not_say_is_bad_input(
    no_cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_url(url: str, **options: Any) -> None:
        raise ValueError("no region?x=1")

    monkeypatch.setattr(obstore.store, "from_url", from_url)
    with pytest.raises(BadInput, match=r"s3://desk cannot be reached as the environment says: no region$"):
        connect("s3://desk")


def test_a_bucket_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    with pytest.raises(BadInput, match=r"a store at s3://desk needs the extra `cloud`: pip install"):
        connect("s3://desk")


# Profiles of AWS


def profiles(home: Path, credentials: str, config: str = "") -> None:
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "credentials").write_text(credentials)
    (home / ".aws" / "config").write_text(config)


DEFAULT: Final = "[default]\naws_access_key_id = a\naws_secret_access_key = b%s\n"
KEYS: Final = {"aws_access_key_id": "a", "aws_secret_access_key": "b%s"}


def test_without_profiles_there_are_no_options(no_cloud: Path) -> None:
    assert storage_options("s3://desk") == {}
    profiles(no_cloud, "", "[default]\nregion = r\n")
    assert storage_options("s3://desk") == {}


def test_the_default_profile_is_taken_from_both_files(no_cloud: Path) -> None:
    profiles(no_cloud, DEFAULT)
    assert storage_options("s3://desk") == KEYS
    profiles(no_cloud, DEFAULT, "[default]\nregion = r\naws_session_token = t\naws_access_key_id = other\n")
    assert storage_options("s3://desk") == KEYS | {"aws_region": "r", "aws_session_token": "t"}
    profiles(no_cloud, DEFAULT + "region = own\n", "[default]\nregion = r\n")
    assert storage_options("s3://desk") == KEYS | {"aws_region": "own"}
    assert storage_options("az://desk") == {}
    assert storage_options("gs://desk") == {}


def test_the_files_may_be_elsewhere(no_cloud: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles(no_cloud, "[default]\naws_secret_access_key = wrong\n")
    (no_cloud / "keys").write_text(DEFAULT)
    (no_cloud / "settings").write_text("[default]\nregion = r\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "~/keys")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(no_cloud / "settings"))
    assert storage_options("s3://desk") == KEYS | {"aws_region": "r"}


def test_a_profile_that_is_named_has_a_section_of_another_name_in_each_file(
    no_cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles(
        no_cloud,
        "[default]\naws_secret_access_key = no\n[desk]\naws_access_key_id = a\naws_secret_access_key = b%s\n",
        "[profile desk]\nregion = r\n[desk]\nregion = wrong\n[other]\n",
    )
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "desk")
    assert storage_options("s3://desk") == KEYS | {"aws_region": "r"}
    monkeypatch.setenv("AWS_PROFILE", "other")
    with pytest.raises(BadInput, match="the AWS profile 'other' has no keys of its own; `aws configure"):
        storage_options("s3://desk")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_of_the_environment_counts(
    no_cloud: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    profiles(no_cloud, DEFAULT, "[default]\nregion = r\n")
    monkeypatch.setenv(name, "mine")
    assert storage_options("s3://desk") == KEYS


@pytest.mark.parametrize("name", service._OWN)
def test_credentials_of_the_environment_come_before_profiles(
    no_cloud: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    profiles(no_cloud, DEFAULT)
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv(name, "x")
    assert storage_options("s3://desk") == {}


@pytest.mark.parametrize("content", [b"no section = 1\n", b"[default]\nx = \xff\n"])
def test_what_is_no_file_of_profiles_is_bad_input(no_cloud: Path, content: bytes) -> None:
    profiles(no_cloud, "")
    (no_cloud / ".aws" / "credentials").write_bytes(content)
    with pytest.raises(BadInput, match=r"\.aws/credentials: cannot be read as profiles of AWS"):
        storage_options("s3://desk")


# Attempts


def test_each_delay_is_twice_the_one_before_up_to_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    assert list(service._delays()) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5])
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    assert list(service._delays()) == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5, 2.5, 2.5])


@pytest.mark.parametrize("failure", [status(500), status(503), status(599), GenericError("no answer")])
def test_a_request_is_asked_again_eight_times(store: tuple[InMemory, Time], failure: Exception) -> None:
    memory, time = store
    found = Service("memory://desk")
    found.put("a", b"content")
    memory.asked.clear()
    memory.next = [failure] * 8
    assert found.read("a") == b"content"
    assert (len(memory.asked), len(time.slept)) == (9, 8)
    memory.next = [failure] * 9
    with pytest.raises(
        Unanswered, match=r"^memory://desk: could not read a after 9 attempts in \d+ s: "
    ) as raised:
        found.read("a")
    assert not raised.value.is_refusal
    assert "recorded" not in str(raised.value)
    assert memory.next == []
    assert len(time.slept) == 16


@pytest.mark.parametrize("code", [408, 409, 425, 429, 500, 502, 503])
def test_what_may_pass_is_asked_again(store: tuple[InMemory, Time], code: int) -> None:
    memory, _ = store
    memory.next = [status(code)]
    with pytest.raises(FileNotFoundError):
        Service("memory://desk").head("a")
    assert memory.requests() == ["head a", "head a"]


@pytest.mark.parametrize("code", [400, 405, 410, 412, 499, 501])
def test_a_refusal_is_not_asked_again(store: tuple[InMemory, Time], code: int) -> None:
    memory, time = store
    memory.next = [status(code)]
    with pytest.raises(Unanswered, match=f"could not put a: Server returned .*{code} for /a$") as raised:
        Service("memory://desk").put("a", b"content")
    assert raised.value.is_refusal
    assert memory.requests() == ["put a"]
    assert time.slept == []


@pytest.mark.parametrize("error", [PermissionDeniedError("not you"), UnauthenticatedError("not you")])
def test_what_is_not_allowed_is_bad_input(store: tuple[InMemory, Time], error: Exception) -> None:
    memory, _ = store
    memory.next = [error]
    with pytest.raises(BadInput, match=r"^memory://desk: may not look at a: not you$"):
        Service("memory://desk").head("a")
    assert memory.requests() == ["head a"]


def test_a_put_that_was_not_answered_may_have_been_done(store: tuple[InMemory, Time]) -> None:
    memory, _ = store
    memory.next = [status(500)] * 9
    with pytest.raises(Unanswered, match="; whether it was recorded is not known: to do it again records"):
        Service("memory://desk").put("a", b"content")


@pytest.mark.parametrize(("seconds", "attempts"), [(0.0, 9), (20.0, 3), (59.0, 2), (60.0, 1), (1_000.0, 1)])
def test_no_attempt_begins_once_a_minute_is_over(
    store: tuple[InMemory, Time], monkeypatch: pytest.MonkeyPatch, seconds: float, attempts: int
) -> None:
    """Each attempt takes so long, and the delay behind it half a second, which counts."""
    memory, time = store
    monkeypatch.setattr(service, "_delays", lambda: iter([0.5] * 9))

    def take_long(name: str, key: str) -> None:
        time.at += seconds

    memory.before = take_long
    memory.next = [status(503)] * 9
    with pytest.raises(Unanswered, match=f"after {attempts} attempts in"):
        Service("memory://desk").head("a")
    assert len(memory.asked) == attempts


def test_an_attempt_that_begins_as_the_minute_ends_is_made(
    store: tuple[InMemory, Time], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, time = store
    monkeypatch.setattr(service, "_delays", lambda: iter([1.0] * 9))

    def take_long(name: str, key: str) -> None:
        time.at += 59.0

    memory.before = take_long
    memory.next = [status(503)] * 9
    with pytest.raises(Unanswered, match="after 2 attempts in"):
        Service("memory://desk").head("a")


# Objects


def test_what_a_service_says_of_an_object() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    meta = {"e_tag": '"abc"', "size": 3, "last_modified": at}
    assert Tagged.of(meta) == Tagged("abc", 3, at)
    assert Tagged.of(meta | {"e_tag": "abc"}).tag == "abc"
    for no_tag in (None, "", '""'):
        assert Tagged.of(meta | {"e_tag": no_tag}).tag == f"3@{at}"
    assert Tagged.of({"size": 4}) == Tagged("4@None", 4)


def test_objects_are_listed_by_what_is_behind_their_prefix(store: tuple[InMemory, Time]) -> None:
    found = Service("memory://desk")
    assert found.url == "memory://desk"
    first = found.put("log/a", b"12")
    found.put("log/b/c", b"deeper")
    found.put("other/d", b"elsewhere")
    assert found.list("log/").keys() == {"a"}
    assert found.list("log/")["a"] == found.head("log/a")
    assert (first.tag, first.size) == (found.head("log/a").tag, 2)


@pytest.mark.parametrize(
    ("size", "part", "ranges"),
    [
        (0, 4, []),
        (3, 4, [None]),
        (4, 4, [None]),
        (5, 4, [(0, 4), (4, 5)]),
        (8, 4, [(0, 4), (4, 8)]),
        (9, 4, [(0, 4), (4, 8), (8, 9)]),
    ],
)
def test_an_object_is_read_part_by_part(
    store: tuple[InMemory, Time], tmp_path: Path, size: int, part: int, ranges: list[tuple[int, int] | None]
) -> None:
    memory, _ = store
    found = Service("memory://desk")
    content = bytes(range(size))
    found.put("a", content)
    expected = found.head("a")
    memory.asked.clear()
    assert found.download("a", expected, tmp_path / "copy", part) is True
    assert (tmp_path / "copy").read_bytes() == content
    assert [options["options"] and options["options"]["range"] for _, _, options in memory.asked] == ranges


def test_an_object_that_changed_while_it_was_read_is_not_the_one_expected(
    store: tuple[InMemory, Time], tmp_path: Path
) -> None:
    memory, _ = store
    found = Service("memory://desk")
    found.put("a", b"before")
    before = found.head("a")
    found.put("a", b"after!")
    for part in (2, 100):
        memory.asked.clear()
        assert found.download("a", before, tmp_path / "copy", part) is False
        assert len(memory.asked) == 1
    now = found.head("a")
    for wrong in (now.size + 1, now.size - 1):
        assert found.download("a", Tagged(now.tag, wrong), tmp_path / "copy", 100) is False


def test_a_new_object_is_put_where_there_is_none(store: tuple[InMemory, Time]) -> None:
    memory, time = store
    found = Service("memory://desk")
    put = found.put_new("a", b"mine")
    assert put is not None
    assert (put.tag, put.size) == (found.head("a").tag, 4)
    [(_, _, options), _] = memory.asked
    assert options == {"mode": "create", "use_multipart": False}
    # What is there already may be one's own, of which the acknowledgement was lost.
    assert found.put_new("a", b"mine") == found.head("a")
    assert found.put_new("a", b"them") is None
    memory.asked.clear()
    assert found.put_new("a", b"longer") is None
    assert memory.requests() == ["put a", "head a"]
    assert found.read("a") == b"mine"
    assert time.slept == []


@pytest.mark.parametrize("error", [AlreadyExistsError, PreconditionError])
def test_where_who_had_the_name_is_gone_it_is_put_again(
    store: tuple[InMemory, Time], error: type[Exception]
) -> None:
    memory, time = store
    found = Service("memory://desk")
    memory.next = [error("taken"), FileNotFoundError()]
    assert found.put_new("a", b"mine") is not None
    assert len(time.slept) == 1
    memory.next = [error("taken"), FileNotFoundError()] * 9
    with pytest.raises(Unanswered, match="memory://desk: b could neither be put nor found") as raised:
        found.put_new("b", b"mine")
    assert not raised.value.is_refusal
    assert raised.value.args == ("memory://desk: b could neither be put nor found",)
    assert memory.next == []
    assert len(time.slept) == 10


def test_an_object_is_put_in_place_of_what_is_there(store: tuple[InMemory, Time]) -> None:
    memory, _ = store
    found = Service("memory://desk")
    found.put("a", b"before")
    memory.asked.clear()
    put = found.put("a", b"after")
    [(_, _, options)] = memory.asked
    assert options == {"mode": "overwrite", "use_multipart": False}
    assert put == Tagged(found.head("a").tag, 5)


def test_what_a_service_does_not_tag_on_putting_is_looked_at(
    store: tuple[InMemory, Time], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, _ = store
    found = Service("memory://desk")
    put = memory.store.put
    monkeypatch.setattr(
        memory,
        "put",
        lambda key, content, **options: {**put(key, content, **options), "e_tag": None},
        raising=False,
    )
    assert found.put("a", b"content") == found.head("a")


def test_one_that_sends_much_has_a_second_more_for_each_mebibyte(
    monkeypatch: pytest.MonkeyPatch, store: tuple[InMemory, Time]
) -> None:
    memory, _ = store
    seconds: list[int | None] = []

    def opened(url: str, *, seconds_: list[int | None] = seconds, seconds: int | None = None) -> InMemory:
        assert url == "memory://desk"
        seconds_.append(seconds)
        return memory

    monkeypatch.setattr(service, "connect", opened)
    found = Service("memory://desk")
    found.put("a", memoryview(bytes(8 * MIB)))
    assert seconds == [None]
    found.put("a", memoryview(bytes(8 * MIB + 1)))
    found.put("a", memoryview(bytes(10 * MIB)))
    assert seconds == [None, 38, 40]


def test_what_is_not_there_is_removed_without_a_word(
    store: tuple[InMemory, Time],
) -> None:
    memory, _ = store
    found = Service("memory://desk")
    found.put("a", b"content")
    found.delete("a")
    assert memory.names() == []
    memory.next = [FileNotFoundError()]
    found.delete("a")
    assert memory.next == []
