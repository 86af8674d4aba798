"""Copies of a log in another folder or a bucket: what is copied, what is refused, and the manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.logs import Volatile, append, names
from tests.memory import Memory, MemoryObjects
from timeline.errors import BadInput, Conflict, Corruption, TimelineError
from timeline.log import backup
from timeline.log.backup import check_restored, copy_log, manifest_of, put_log, write_manifest
from timeline.log.folder import FolderObjects
from timeline.log.log import Log


def log_of(folder: Path, commits: int) -> Log:
    FolderObjects.create(folder)
    log = Log(folder, objects=Volatile(folder))
    for number in range(commits):
        append(log, number)
    return log


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def test_a_copy_has_the_files_of_the_log(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 3)
    found = copy_log(log, tmp_path / "copy")
    size = sum(map(len, files(log.folder).values()))
    assert files(tmp_path / "copy") == files(log.folder)
    assert found == backup.Copied(tmp_path / "copy", log.head(), 3, size, 3, 0)
    assert copy_log(log, tmp_path / "copy").copied == 0
    for name in names(tmp_path / "copy"):
        assert not (tmp_path / "copy" / name).samefile(log.folder / name)
    append(log, 3)
    assert copy_log(log, tmp_path / "copy").copied == 1
    assert copy_log(log, tmp_path / "linked", link=True).copied == 4
    for name in names(tmp_path / "linked"):
        assert (tmp_path / "linked" / name).samefile(log.folder / name)


def test_the_names_of_what_was_copied_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(tmp_path / "log", 1)
    target = FolderObjects.create(tmp_path / "copy").folder
    synced: list[list[str]] = []
    monkeypatch.setattr(backup, "sync_folder", lambda folder: synced.append(names(folder)))
    copy_log(log, target)
    assert synced == [["000000000001.parquet"]]


def test_where_nothing_can_be_linked_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(tmp_path / "log", 2)

    def refuses(source: object, target: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    with monkeypatch.context() as patch:
        patch.setattr("timeline.log.backup.os.link", refuses)
        assert copy_log(log, tmp_path / "copy", link=True).copied == 2
    assert files(tmp_path / "copy") == files(log.folder)


def test_of_an_empty_log_nothing_is_copied(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 0)
    assert copy_log(log, tmp_path / "copy") == backup.Copied(tmp_path / "copy", None, 0, 0, 0)
    assert Log(tmp_path / "copy").head() is None


def test_what_was_merged_takes_the_place_of_its_parts(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 31)
    assert copy_log(log, tmp_path / "copy").copied == 31
    append(log, 31)
    found = copy_log(log, tmp_path / "copy")
    assert (found.copied, found.files) == (1, 1)
    assert names(tmp_path / "copy") == ["000000000001-000000000032.parquet"]


def test_files_that_are_merged_away_meanwhile_are_looked_for_again(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 31)

    class Merging(Volatile):
        left = 19

        def get(self, name: str) -> Path:
            if self.left:
                self.left -= 1
                raise FileNotFoundError(name)
            return super().get(name)

    objects = Merging(log.folder)
    assert copy_log(Log(log.folder, objects=objects), tmp_path / "copy").copied == 31
    objects.left = 10_000
    with pytest.raises(TimelineError, match=r"log: files kept being merged away while they were copied; try"):
        copy_log(Log(log.folder, objects=objects), tmp_path / "other")
    assert objects.left == 10_000 - backup._ATTEMPTS


def test_a_file_that_is_not_the_one_there_is_copied_again(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 2)
    copy_log(log, tmp_path / "copy")
    whole = files(log.folder)
    second = tmp_path / "copy" / "000000000001.parquet"
    for content in (b"", b"PAR1", whole[second.name][:-1], b"x" + whole[second.name]):
        second.write_bytes(content)
        assert copy_log(log, tmp_path / "copy").copied == 1
        assert files(tmp_path / "copy") == whole


def test_a_damaged_file_is_named_and_not_copied(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 3)
    damaged = log.folder / "000000000002.parquet"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:100] + b"???" + content[103:])
    for link in (False, True):
        with pytest.raises(Corruption, match=r"log/000000000002\.parquet: was changed since commit 2"):
            copy_log(log, tmp_path / f"copy-{link}", link=link)
        assert names(tmp_path / f"copy-{link}") == ["000000000001.parquet"]
    found = copy_log(log, tmp_path / "part", partial=True)
    assert (found.commit, found.files, found.copied) == (log.commits(until=1)[0], 1, 1)
    assert Log(tmp_path / "part").verify().commits == 1


def test_a_copy_that_is_damaged_on_its_way_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(tmp_path / "log", 1)

    def damaging(source: Any, target: Any, length: int) -> None:
        content = source.read()
        target.write(content[:100] + b"???" + content[103:])

    with monkeypatch.context() as patch:
        patch.setattr("timeline.log.backup.shutil.copyfileobj", damaging)
        with pytest.raises(Corruption, match=r"copy/.*/content: was changed"):
            copy_log(log, tmp_path / "copy")
    assert names(tmp_path / "copy") == []


def test_commits_that_do_not_follow_one_another_are_no_backup(tmp_path: Path) -> None:
    log, other = log_of(tmp_path / "log", 3), log_of(tmp_path / "other", 3)
    shutil.copy(other.folder / "000000000002.parquet", log.folder)
    with pytest.raises(Corruption, match="commit 2 has the digest"):
        copy_log(log, tmp_path / "copy")


def test_a_copy_continues_a_beginning_of_the_same_log_alone(tmp_path: Path) -> None:
    log, other = log_of(tmp_path / "log", 3), log_of(tmp_path / "other", 2)
    copy = tmp_path / "copy" / "log"
    copy_log(log, copy)
    with pytest.raises(
        Conflict, match=r"copy: holds 3 commits, but .*other ends at commit 2: it is a backup"
    ):
        copy_log(other, copy)
    append(other, 7)
    own, held = other.commits()[2].digest, log.commits()[2].digest
    with pytest.raises(
        Conflict,
        match=f"copy: is a backup of another store: its commit 3 has the digest {held}, .* has {own};",
    ):
        copy_log(other, copy)
    assert files(copy) == files(log.folder)


def test_narrow_files_are_removed_before_wider_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = FolderObjects.create(tmp_path / "log").folder
    for name in ("000000000001-000000000032.parquet", "000000000033.parquet", "000000000002.parquet"):
        (folder / name).write_bytes(b"")
    removed: list[str] = []

    def remove(self: FolderObjects, some: Iterable[str]) -> None:
        removed.extend(some)

    monkeypatch.setattr(FolderObjects, "remove", remove)
    backup._remove_covered(folder, {"000000000003.parquet"})
    assert removed == [
        "000000000002.parquet",
        "000000000033.parquet",
        "000000000001-000000000032.parquet",
    ]


# Into a bucket


def bucket(tmp_path: Path) -> Log:
    return Log(tmp_path / "machine", objects=MemoryObjects(Memory(), tmp_path / "machine"))


def test_a_log_is_put_into_an_empty_bucket(tmp_path: Path) -> None:
    log, target = log_of(tmp_path / "log", 3), bucket(tmp_path)
    assert put_log(log, target) == 3
    assert target.head() == log.head()
    # Another attempt finds what the first one put.
    assert put_log(log, target) == 0


def test_a_log_is_put_into_no_bucket_of_another(tmp_path: Path) -> None:
    log, other, target = log_of(tmp_path / "log", 2), log_of(tmp_path / "other", 1), bucket(tmp_path)
    put_log(other, target)
    with pytest.raises(Conflict, match="memory:: holds another log; expected an empty place"):
        put_log(log, target)
    longer = bucket(tmp_path / "again")
    put_log(log, longer)
    append(longer, 5)
    with pytest.raises(Conflict, match="holds 3 commits, expected the 2 of the backup alone"):
        put_log(log, longer)


# Manifests


def test_a_manifest_says_up_to_where_a_backup_goes(tmp_path: Path) -> None:
    assert manifest_of(tmp_path) is None
    write_manifest(tmp_path, None)
    empty = {"timeline_backup": 1, "commit": 0, "position": 0, "digest": None}
    assert manifest_of(tmp_path) == empty
    log = log_of(tmp_path / "log", 2)
    head = append(log, 7, 8)
    write_manifest(tmp_path, head)
    found = {"timeline_backup": 1, "commit": 3, "position": 4, "digest": head.digest}
    assert manifest_of(tmp_path) == found
    text = (tmp_path / "backup.json").read_text()
    assert text == json.dumps(found, indent=2) + "\n"


DIGEST = "ab" * 32
WHOLE = {"timeline_backup": 1, "commit": 3, "position": 4, "digest": DIGEST}


@pytest.mark.parametrize(
    "found",
    [
        *([], 3, "text", None, {}),
        *(WHOLE | {"timeline_backup": 2}, WHOLE | {"timeline_backup": 0}),
        *({name: value for name, value in WHOLE.items() if name != left} for left in WHOLE),
        *(WHOLE | {"commit": commit} for commit in ("3", 3.0, True, None, 0, -1)),
        *(WHOLE | {"digest": digest} for digest in (None, 5, "", DIGEST[1:], DIGEST.upper(), DIGEST + "0")),
        WHOLE | {"commit": 1, "digest": None},
        WHOLE | {"commit": 0, "digest": DIGEST},
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, found: object) -> None:
    (tmp_path / "backup.json").write_text(json.dumps(found))
    with pytest.raises(BadInput, match=r"backup\.json: is no manifest of a backup that this Timeline knows"):
        manifest_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_no_manifest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "backup.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"backup\.json: cannot be read as the manifest of a backup"):
        manifest_of(tmp_path)


@pytest.mark.parametrize("commit", [1, 2])
def test_a_manifest_of_the_first_commits_is_one(tmp_path: Path, commit: int) -> None:
    (tmp_path / "backup.json").write_text(json.dumps(WHOLE | {"commit": commit, "more": 1}))
    assert manifest_of(tmp_path) == WHOLE | {"commit": commit, "more": 1}


def test_what_was_restored_is_what_the_manifest_says(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", 2)
    first, head = log.commits()
    check_restored(log, None)
    check_restored(log, WHOLE | {"commit": 0, "digest": None})
    check_restored(log, WHOLE | {"commit": 2, "digest": head.digest})
    check_restored(log, WHOLE | {"commit": 1, "digest": first.digest})
    for wrong in (WHOLE | {"commit": 1, "digest": head.digest}, WHOLE | {"commit": 2}):
        with pytest.raises(Corruption, match="not commit"):
            check_restored(log, wrong)
    # The content, too.
    path = log.folder / "000000000002.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"???" + content[103:])
    for manifest in (None, WHOLE | {"commit": 2, "digest": head.digest}):
        with pytest.raises(Corruption, match="was changed"):
            check_restored(log, manifest)
