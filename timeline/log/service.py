"""Requests to an object store through `obstore`: bounded retries, and errors in words without secrets.

Credentials and options come from the environment and the profiles of the service (`AWS_*`, `GOOGLE_*`,
`AZURE_*`), are handed to `obstore` and kept nowhere.
"""

from __future__ import annotations

import configparser
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from timeline.errors import BadInput, TimelineError

if TYPE_CHECKING:
    from obstore import UpdateVersion
    from obstore.store import ObjectStore

__all__ = ["Service", "Tagged", "Unanswered", "connect", "remove_all", "storage_options"]

#: A request is tried so often, and not again once so many seconds are over.
TRIES: Final = 9
SECONDS: Final = 60.0
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 5.0
#: How long one request may take, in seconds; one that sends more has a second more for each of these bytes.
_REQUEST: Final = 30
_PER_SECOND: Final = 2**20
_LARGE: Final = 8 * 2**20

_STATUS: Final = re.compile(r"status code: (\d{3})")
#: What may pass if it is asked again, though the service answered.
_TRANSIENT: Final = frozenset({"408", "409", "425", "429"})

_T = TypeVar("_T")


class Unanswered(TimelineError):
    """A service did not do what it was asked; `is_refusal` where it answered that it will not."""

    def __init__(self, message: str, *, is_refusal: bool) -> None:
        super().__init__(message)
        self.is_refusal = is_refusal


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a service says of an object: its entity tag, its size in bytes, and when it was put."""

    tag: str
    size: int
    modified: datetime | None = None

    @classmethod
    def of(cls, meta: Any) -> Tagged:
        """Return what the metadata of an object says; services quote the tag in some answers only."""
        modified: datetime | None = meta.get("last_modified")
        tag = (meta.get("e_tag") or "").strip('"') or f"{meta['size']}@{modified}"
        return cls(tag, meta["size"], modified)


def connect(url: str, *, seconds: int | None = None, retries: int = 0) -> ObjectStore:
    """Open the object store that a URL of a store names, rooted at its prefix, for use with `obstore`.

    A request ends after so many `seconds`, by default 30, and is tried again as often as `retries` says.
    Raises BadInput without the extra `cloud`, and where the environment does not say how the service is
    reached.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise BadInput(
            f"a store at {url} needs the extra `cloud`: pip install 'timeline-store[cloud]'"
        ) from None
    options: Any = storage_options(url)
    if url.startswith("s3:"):
        # Not every service that speaks S3 can remove several objects by one request.
        options |= {"disable_bulk_delete": "true"}
        if (provider := _provider()) is not None:
            options |= {"credential_provider": provider}
    client: Any = {"timeout": timedelta(seconds=seconds or _REQUEST), "connect_timeout": timedelta(seconds=5)}
    if _is_set(_PLAIN_HTTP.get(url.partition(":")[0], "")) or _emulates(url):
        client["allow_http"] = True
    try:
        return from_url(url, client_options=client, retry_config={"max_retries": retries}, **options)
    except (BaseError, ValueError) as error:
        raise BadInput(f"{url} cannot be reached as the environment says: {said_by(error)}") from None


#: What allows a service without TLS, such as one on this machine.
_PLAIN_HTTP: Final = {"s3": "AWS_ALLOW_HTTP", "gs": "GOOGLE_ALLOW_HTTP", "az": "AZURE_ALLOW_HTTP"}


def storage_options(url: str) -> dict[str, str]:
    """Return what a client of a store's URL needs besides the environment, which clients read themselves.

    These are the options that profiles have, as `obstore` and `deltalake` take them; they may hold secrets.
    """
    return _of_profile() if url.startswith("s3:") else {}


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def _emulates(url: str) -> bool:
    return url.startswith("az:") and _is_set("AZURE_STORAGE_USE_EMULATOR")


#: Where any of these is set, credentials are the environment's.
_OWN: Final = (
    *("AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
_KEYS: Final = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


#: What in a profile has credentials come from elsewhere, in words.
_KINDS: Final = {
    "sso_session": "signs in by SSO",
    "sso_start_url": "signs in by SSO",
    "credential_process": "runs a program for them",
    "role_arn": "assumes a role",
    "web_identity_token_file": "has a token of a web identity",
    "login_session": "signs in by a browser",
}


def _profile() -> tuple[str | None, str, dict[str, str]]:
    """Return the name of the AWS profile that the environment names, None for the default one; what of it has
    credentials come from elsewhere, in words, empty where nothing does; and its keys and its region.

    Keys of its own come before anything else. All is empty where the credentials are the environment's.
    """
    if any(os.environ.get(name) for name in _OWN):
        return None, "", {}
    named = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or None
    profile = named or "default"
    keys = _section("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile)
    config = _section("AWS_CONFIG_FILE", "config", profile if profile == "default" else f"profile {profile}")
    found = {name: value for name in _KEYS if (value := keys.get(name) or config.get(name))}
    kind = "" if found else next((words for key, words in _KINDS.items() if key in keys | config), "")
    if (found or kind) and not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        found |= {"aws_region": region} if (region := keys.get("region") or config.get("region")) else {}
    return named, kind, found


def _of_profile() -> dict[str, str]:
    """Return the keys and the region of the AWS profile that the environment names, or of the default one.

    Raises BadInput where one is named that has neither keys nor says where they come from.
    """
    named, kind, found = _profile()
    if named and not kind and "aws_secret_access_key" not in found:
        raise BadInput(f"the AWS profile {named!r} has no keys of its own; {_INSTEAD}")
    return found


_INSTEAD: Final = "`aws configure export-credentials --format env` prints what to put into the environment"


def _provider() -> Any:
    """Return what asks `boto3` for the credentials of a profile that has them come from elsewhere, or None.

    Raises BadInput, which names the kind of the profile, where there is no boto3, or it gets none.
    """
    named, kind, _ = _profile()
    if not kind:
        return None
    profile = f"the AWS profile {named or 'default'!r} has no keys of its own: it {kind}"
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise BadInput(f"{profile}, which needs the package boto3; install it, or {_INSTEAD}") from None
    try:
        provider = Boto3CredentialProvider(boto3.Session(profile_name=named))
        provider()
    except (BotoCoreError, ValueError) as error:
        raise BadInput(f"{profile}, which failed: {said_by(error)}") from None
    return provider


def _section(variable: str, name: str, section: str) -> dict[str, str]:
    path = Path(os.environ.get(variable) or f"~/.aws/{name}")
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read(path.expanduser(), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, RuntimeError):
        raise BadInput(f"{path}: cannot be read as profiles of AWS") from None
    return dict(parser[section]) if parser.has_section(section) else {}


# Errors

#: The variables whose values no message may repeat, by what their names contain.
_SECRET: Final = re.compile(r"SECRET|TOKEN|PASSWORD|ACCESS_KEY|ACCOUNT_KEY|MASTER_KEY|SAS")
_CODE: Final = re.compile(r"<Code>([^<]{1,200})</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<]{1,300})")


def said_by(error: Exception) -> str:
    """Return in one line what an error of `obstore` says, without queries of URLs and without secrets."""
    text = str(error).partition("\n\nDebug source")[0]
    code, message = _CODE.search(text), _MESSAGE.search(text)
    text = re.sub(r"\?[^\s)\"']*", "", text.partition("<")[0]).strip(" :\n")
    if code is not None:
        text += f": {code[1]}" + (f", {message[1].strip()}" if message is not None else "")
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) > 3:
            text = text.replace(value, "…")
    text = " ".join(text.split())
    return text if len(text) <= 500 else f"{text[:499]}…"


def remove_all(service: Service, prefix: str = "") -> None:
    """Remove every object below a prefix."""
    objects, folders = service.below(prefix)
    for name in objects:
        service.delete(f"{prefix}{name}")
    for name in folders:
        remove_all(service, f"{prefix}{name}/")


class Service:
    """The objects below a URL, by keys below its prefix.

    Whatever is asked is asked again where the service fails, is busy or does not answer, with growing delays,
    for about a minute; then Unanswered is raised. BadInput where it denies access, FileNotFoundError where
    there is no object or bucket.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def _store(self) -> ObjectStore:
        return connect(self.url)

    def head(self, key: str) -> Tagged:
        return Tagged.of(self._tried("look at", key, lambda: self._store.head(key)))

    def below(self, prefix: str = "") -> tuple[dict[str, Tagged], list[str]]:
        """Return what is directly below a prefix, and the names of what has something below it."""
        found = self._tried("list", prefix, lambda: self._store.list_with_delimiter(prefix or None))
        objects = {meta["path"].removeprefix(prefix): Tagged.of(meta) for meta in found["objects"]}
        return objects, [path.removeprefix(prefix).strip("/") for path in found["common_prefixes"]]

    def list(self, prefix: str) -> dict[str, Tagged]:
        """Return what is directly below a prefix, by what its keys have behind that."""
        return self.below(prefix)[0]

    def read(self, key: str) -> bytes:
        return bytes(self._tried("read", key, lambda: self._store.get(key).bytes()))

    def read_version(self, key: str) -> tuple[bytes, UpdateVersion]:
        """Read an object; returns what names this version of it to `put_over`, too."""

        def get() -> tuple[bytes, UpdateVersion]:
            found = self._store.get(key)
            seen: UpdateVersion = {}
            # Some services have both, and some only one.
            if tag := found.meta["e_tag"]:
                seen["e_tag"] = tag
            if version := found.meta["version"]:
                seen["version"] = version
            return bytes(found.bytes()), seen

        return self._tried("read", key, get)

    def download(self, key: str, expected: Tagged, path: Path, part: int) -> bool:
        """Write an object to a file, part by part; returns False where it is no longer the one expected."""
        with open(path, "wb") as out:
            for start in range(0, expected.size, part):
                options: Any = None
                if expected.size > part:
                    options = {"range": (start, min(start + part, expected.size))}

                def get(options: Any = options) -> tuple[Tagged, Any]:
                    found = self._store.get(key, options=options)
                    return Tagged.of(found.meta), found.bytes()

                found, content = self._tried("read", key, get)
                if found.tag != expected.tag:
                    return False
                out.write(content)
            return out.tell() == expected.size

    def put(self, key: str, content: Any) -> Tagged:
        """Put an object, in place of whatever is there."""
        return self._put(key, content, "overwrite")

    def put_new(self, key: str, content: Any) -> Tagged | None:
        """Put an object if there is none of that key; returns None where there is another one.

        An attempt may have put it and its acknowledgement be lost. So where the key is taken, what is there
        is compared: a commit holds when it was recorded and by which events, and is nobody else's.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        for delay in _delays():
            try:
                return self._put(key, content, "create")
            except (AlreadyExistsError, PreconditionError):
                try:
                    found = self.head(key)
                    if found.size != len(content) or self.read(key) != content:
                        return None
                    return found
                except FileNotFoundError:
                    # Of two at once some services refuse both, and who had the name may be gone.
                    time.sleep(delay)
        raise Unanswered(f"{self.url}: {key} could neither be put nor found", is_refusal=False)

    def put_over(self, key: str, content: bytes, seen: UpdateVersion | None) -> bool:
        """Put an object in place of the version that was seen, or of none; returns False if there is another.

        As in `put_new`, what is there is compared: an earlier attempt may have put it. A service that ignores
        `If-Match` puts it in place of any other.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        if seen is None:
            return self.put_new(key, content) is not None
        try:
            self._put(key, content, seen)
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            try:
                return self.read(key) == content
            except FileNotFoundError:
                return False
        return True

    def _put(self, key: str, content: Any, mode: Any) -> Tagged:
        store = self._store
        if len(content) > _LARGE:
            store = connect(self.url, seconds=_REQUEST + len(content) // _PER_SECOND)
        put = self._tried(
            "put", key, lambda: store.put(key, content, mode=mode, use_multipart=False), is_put=True
        )
        return Tagged.of({**put, "size": len(content)}) if put.get("e_tag") else self.head(key)

    def delete(self, key: str) -> None:
        """Remove an object, if there is one."""
        with suppress(FileNotFoundError):
            self._tried("remove", key, lambda: self._store.delete(key))

    def _tried(self, what: str, key: str, ask: Callable[[], _T], *, is_put: bool = False) -> _T:
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        began = time.monotonic()
        for nth, delay in enumerate(_delays(), 1):
            try:
                return ask()
            except (FileNotFoundError, AlreadyExistsError, PreconditionError):
                raise
            except (PermissionDeniedError, UnauthenticatedError) as error:
                raise BadInput(f"{self.url}: may not {what} {key}: {said_by(error)}") from None
            except BaseError as error:
                status = _STATUS.search(str(error))
                refuses = status is not None and (
                    status[1] == "501" or (status[1] < "500" and status[1] not in _TRANSIENT)
                )
                if refuses or nth == TRIES or time.monotonic() - began + delay > SECONDS:
                    ending = "" if refuses else f" after {nth} attempts in {time.monotonic() - began:.0f} s"
                    unsure = (
                        "; whether it was recorded is not known: to do it again records nothing twice"
                        if is_put and not refuses
                        else ""
                    )
                    raise Unanswered(
                        f"{self.url}: could not {what} {key}{ending}: {said_by(error)}{unsure}",
                        is_refusal=refuses,
                    ) from None
                time.sleep(delay)
        raise AssertionError("the last attempt returns or raises")


def _delays() -> Iterator[float]:
    """Yield how long to wait after each attempt: twice as long each time, and a little at random."""
    for nth in range(TRIES):
        yield min(_LONGEST_DELAY, _FIRST_DELAY * 2**nth) * random.uniform(0.5, 1)
