"""Object stores on this machine for tests: real servers, started when needed, and a proxy that disturbs them.

Two of the servers ignore on what condition an object is put, and have to be refused. Those from PyPI are in
the groups `dev` and `cloud-tests`; those from npm are in the folder that TIMELINE_NPM_SERVERS names, or in
`timeline-tests` of the folder for caches, where `.ci/run` puts them. With TIMELINE_NEEDS_SERVERS a server
that is missing is a failure.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

__all__ = ["GOOGLE", "IGNORING", "SECRET", "SERVERS", "Faults", "Server", "disturbed", "server", "use"]

#: The servers that honour conditions, and those that ignore them; and one that speaks as Google's does.
SERVERS: Final = ("localbucket", "moto", "azurite")
GOOGLE: Final = "google"
IGNORING: Final = ("nanio", "s3rver")

ROOT: Final = Path(__file__).resolve().parents[1]
BUCKET: Final = "desk"
#: The secret key of every server that can be given one. Nothing may ever print it.
SECRET: Final = "tl-secret-5f1c0d9b7a3e"
_AZURE_KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_PREFIXES: Final = ("AWS_", "AZURE_", "GOOGLE_")


@dataclass(frozen=True)
class Server:
    """A server that runs: its name, port, the scheme of its URLs, and the environment that leads there."""

    name: str
    port: int
    scheme: str
    environment: dict[str, str]

    def url(self, prefix: str) -> str:
        return f"{self.scheme}://{BUCKET}/{prefix}"

    def at(self, port: int) -> Server:
        """Return the same server as it is reached through another port."""
        environment = {
            name: value.replace(f":{self.port}", f":{port}") for name, value in self.environment.items()
        }
        return Server(self.name, port, self.scheme, environment)


def use(server: Server, monkeypatch: pytest.MonkeyPatch, caches: Path) -> None:
    """Have this process reach a server, and nothing else, with copies in a folder."""
    for name in list(os.environ):
        if name.startswith(_PREFIXES):
            monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


@cache
def server(name: str) -> Server:
    """Return a server that listens on this machine alone, for the rest of this process; skips without it."""
    port = _free_port()
    folder = Path(tempfile.mkdtemp(prefix=f"timeline-{name}-"))
    (folder / BUCKET).mkdir()
    command, environment = _COMMANDS[name](port, folder)
    if not Path(command[0]).is_file():
        reason = f"{name} is not installed: expected {command[0]}"
        if os.environ.get("TIMELINE_NEEDS_SERVERS", "0") not in ("", "0"):
            pytest.fail(reason)
        pytest.skip(reason)
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT
        )
    atexit.register(_end, process, folder)
    _wait_for(process, port, folder / "server.log")
    if name == "azurite":
        _make_container(port)
        given = {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": f"http://127.0.0.1:{port}"}
        return Server(name, port, "az", given)
    if name == GOOGLE:
        account = {"gcs_base_url": f"http://127.0.0.1:{port}", "disable_oauth": True}
        account |= {"client_email": "", "private_key": SECRET, "private_key_id": ""}
        given = {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(account), "GOOGLE_ALLOW_HTTP": "true"}
        return Server(name, port, "gs", given)
    key, secret = ("S3RVER", "S3RVER") if name == "s3rver" else ("tl-key", SECRET)
    made = _request(port, "PUT", f"/{BUCKET}", {"Authorization": _ANY_SIGNATURE}) if name == "moto" else 200
    assert made == 200
    given = {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
    }
    return Server(name, port, "s3", given)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _beside_python(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _of_npm(name: str) -> str:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("TIMELINE_NPM_SERVERS") or caches / "timeline-tests")
    return str(folder / "node_modules" / ".bin" / name)


_COMMANDS: Final[dict[str, Callable[[int, Path], tuple[list[str], dict[str, str]]]]] = {
    "localbucket": lambda port, folder: (
        [_beside_python("localbucket"), str(folder), "--port", str(port)],
        {},
    ),
    GOOGLE: lambda port, folder: (
        [
            *(sys.executable, "-m", "tests.google_front", str(port), BUCKET),
            *(f"http://127.0.0.1:{server('localbucket').port}", "tl-key", SECRET),
        ],
        {"PYTHONPATH": str(ROOT)},
    ),
    "moto": lambda port, folder: ([_beside_python("moto_server"), "-H", "127.0.0.1", "-p", str(port)], {}),
    "nanio": lambda port, folder: (
        [
            *(_beside_python("nanio"), "serve", "--data-dir", str(folder)),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        {"NANIO_ACCESS_KEY": "tl-key", "NANIO_SECRET_KEY": SECRET},
    ),
    "azurite": lambda port, folder: (
        [
            *(_of_npm("azurite-blob"), "--blobHost", "127.0.0.1", "--blobPort", str(port)),
            *("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"),
        ],
        {},
    ),
    "s3rver": lambda port, folder: (
        [
            *(_of_npm("s3rver"), "-d", str(folder), "-a", "127.0.0.1", "-p", str(port)),
            *("--no-vhost-buckets", "--configure-bucket", BUCKET),
        ],
        {},
    ),
}

#: moto looks at no signature, only for one.
_ANY_SIGNATURE: Final = (
    "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 120
    while True:
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < until, f"no answer on port {port}: {log.read_text(errors='replace')}"
        try:
            _request(port, "GET", "/")
            return
        except OSError:
            time.sleep(0.05)


def _request(port: int, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


def _make_container(port: int) -> None:
    account, version = "devstoreaccount1", "2021-08-06"
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    signed = "\n".join(
        [
            "PUT",
            *[""] * 11,
            *(f"x-ms-date:{date}", f"x-ms-version:{version}", f"/{account}/{account}/{BUCKET}"),
            "restype:container",
        ]
    )
    digest = hmac.new(base64.b64decode(_AZURE_KEY), signed.encode(), hashlib.sha256).digest()
    headers = {
        "x-ms-date": date,
        "x-ms-version": version,
        "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}",
        "Content-Length": "0",
    }
    assert _request(port, "PUT", f"/{account}/{BUCKET}?restype=container", headers) == 201


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


# Faults


@dataclass
class Faults:
    """What a proxy does to the requests that come: the next faults in turn, then nothing.

    `lose` passes a request on and drops the answer; `drop` drops the request; a number answers with that
    status in place of the server; a number behind `late` does so once the server has done what was asked; and
    `hang` answers nothing until the client has gone. Only requests that `concern` says are disturbed.
    """

    server: Server
    next: list[str] = field(default_factory=list)
    concern: Callable[[str, str], bool] = lambda method, path: True
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, method: str, path: str) -> str:
        with self.lock:
            self.seen.append(f"{method} {path}")
            return self.next.pop(0) if self.next and self.concern(method, path) else ""


@contextmanager
def disturbed(server: Server) -> Iterator[tuple[Server, Faults]]:
    """A server as it is reached through a proxy, and what the proxy does."""
    faults = Faults(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = faults.of(self.command, self.path)
            if fault == "drop":
                self._hang_up()
                return
            if fault == "hang":
                # Until the client has given up.
                self.connection.settimeout(60)
                self.connection.recv(1)
                self._hang_up()
                return
            if fault.isdigit():
                self._send(int(fault), {}, b"<Error><Code>SlowDown</Code></Error>")
                return
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                found = connection.getresponse()
                content = found.read()
                headers = {
                    name: value
                    for name, value in found.getheaders()
                    if name.lower() not in ("transfer-encoding", "connection", "keep-alive")
                }
                status = found.status
            finally:
                connection.close()
            if fault == "lose":
                self._hang_up()
            elif fault.startswith("late"):
                self._send(int(fault[4:]), {}, b"<Error><Code>InternalError</Code></Error>")
            elif fault == "cut" and len(content) > 1:
                self._send(status, headers | {"Content-Length": str(len(content))}, content[:-1])
                self._hang_up()
            else:
                self._send(status, headers, content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name in headers):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # The client went, as it may.
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Proxy(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    proxy = Proxy(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.at(proxy.server_address[1]), faults
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
