"""Time stamps of the head, made by an authority of the tests' own: OpenSSL behind a small server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from tests import commands
from timeline import BadInput, Corruption, NotFound, Timeline
from timeline.errors import TimelineError

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL")

CONFIG: Final = """
[ tsa ]
default_tsa = ours
[ ours ]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
KEY: Final = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
EVENT: Final = {"fact": "acme/motto", "text": "x", "source": "s", "reported": "2024-05"}


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """Make a root certificate and one for time stamps below it."""
    openssl(
        folder,
        *("req", "-x509", *KEY, "-keyout", f"{name}-root.key", "-out", f"{name}-root.pem"),
        *("-subj", f"/CN={name} root", "-days", "3650", "-addext", "keyUsage=critical,keyCertSign"),
    )
    openssl(folder, "req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "extensions").write_text(
        "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:false\n"
    )
    openssl(
        folder,
        *(
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            "-CA",
            f"{name}-root.pem",
            "-CAkey",
            f"{name}-root.key",
        ),
        *("-CAcreateserial", "-days", "3650", "-extfile", "extensions", "-out", f"{name}.pem"),
    )


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    (folder / "tsa.conf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    authority(folder, "ours")
    authority(folder, "other")
    return folder


@pytest.fixture(scope="module")
def address(keys: Path) -> Iterator[str]:
    """An authority at /, one that stamps something else at /other, and others that do as their paths say."""

    class Authority(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/bytes/"):
                self.answer(bytes(int(self.path.removeprefix("/bytes/"))))
                return
            if self.path == "/replay":
                self.answer((keys / "reply.tsr").read_bytes())
                return
            digest = {"/other": "-sha256", "/sha512": "-sha512", "/refuses": "-sha384"}.get(self.path)
            if digest is not None:
                (keys / "other.txt").write_text("something else")
                openssl(keys, "ts", "-query", "-data", "other.txt", digest, "-cert", "-out", "query.tsq")
            else:
                (keys / "query.tsq").write_bytes(query)
            signer = ("-signer", "ours.pem", "-inkey", "ours.key")
            openssl(
                keys,
                *(
                    "ts",
                    "-reply",
                    "-queryfile",
                    "query.tsq",
                    *signer,
                    "-config",
                    "tsa.conf",
                    "-out",
                    "reply.tsr",
                ),
            )
            content = b"nonsense" if self.path == "/nonsense" else (keys / "reply.tsr").read_bytes()
            self.answer(content)

        def answer(self, content: bytes) -> None:
            self.send_response(500 if self.path == "/fails" else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Authority)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with Timeline.create(tmp_path / "store") as tl:
        tl.append([EVENT], register_unknown=True)
    return tmp_path / "store"


def test_a_stamp_shows_that_the_store_held_its_head_by_then(store: Path, address: str, keys: Path) -> None:
    roots = (keys / "ours-root.pem").read_bytes()
    with Timeline.open(store) as tl:
        tl.append([EVENT | {"text": "x"}])
        tl.append([EVENT | {"text": "y"}])
        head = tl.head()
        assert head is not None
        token = tl.stamp(address)
        tl.append([EVENT | {"text": "z"}])
        found = tl.check_stamp(token, roots)
        assert found.commit == head
        assert found.stamped_at.timestamp() * 1_000_000 > head.recorded_at - 1_000_000
        # OpenSSL reads it too: what it holds is the digest itself.
        (keys / "token.tsr").write_bytes(token)
        ca = ("-CAfile", "ours-root.pem")
        openssl(keys, "ts", "-verify", "-digest", head.digest, "-in", "token.tsr", *ca)
        both = (keys / "other-root.pem").read_bytes() + roots
        assert tl.check_stamp(token, both) == found
        with pytest.raises(Corruption, match="not one below these roots"):
            tl.check_stamp(token, (keys / "other-root.pem").read_bytes())
        for wrong in (b"", b"x", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"):
            with pytest.raises(BadInput, match="no PEM"):
                tl.check_stamp(token, wrong)
        for wrong in (b"", b"x", token[:-1], token[:50]):
            with pytest.raises(BadInput, match="no time stamp"):
                tl.check_stamp(wrong, roots)
        with pytest.raises(BadInput, match="expected a value of type bytes"):
            tl.check_stamp("x", roots)  # type: ignore[arg-type]


def test_a_stamp_of_which_any_byte_was_changed_is_refused(store: Path, address: str, keys: Path) -> None:
    roots = (keys / "ours-root.pem").read_bytes()
    with Timeline.open(store) as tl:
        token = tl.stamp(address)
        found = tl.check_stamp(token, roots)
        for at in range(0, len(token), 7):
            changed = bytearray(token)
            changed[at] ^= 1
            try:
                # Some bytes are of the certificate, of which another part vouches for the stamp.
                assert tl.check_stamp(bytes(changed), roots) == found
            except (BadInput, Corruption):
                continue


def test_a_stamp_shows_that_commits_were_lost(store: Path, address: str, keys: Path) -> None:
    with Timeline.open(store) as tl:
        tl.append([EVENT | {"text": "y"}])
        token = tl.stamp(address)
    shutil.rmtree(store / "index", ignore_errors=True)
    max((store / "log").glob("*.parquet")).unlink()
    with Timeline.open(store) as tl, pytest.raises(Corruption, match="has lost its last commits"):
        tl.check_stamp(token, (keys / "ours-root.pem").read_bytes())


def test_an_authority_that_does_not_stamp_is_bad_input(store: Path, address: str) -> None:
    with Timeline.open(store) as tl:
        with pytest.raises(BadInput, match="no time stamp"):
            tl.stamp(f"{address}/nonsense")
        with pytest.raises(BadInput, match=r"/fails does not answer: Internal Server Error$"):
            tl.stamp(f"{address}/fails")
        with pytest.raises(BadInput, match=r"no time stamp was granted: status 2, .*not supported"):
            tl.stamp(f"{address}/refuses")
        with pytest.raises(BadInput, match="the time stamp is of no SHA-256; expected the stamp of a commit"):
            tl.stamp(f"{address}/sha512")
        with pytest.raises(BadInput, match="does not answer"):
            tl.stamp("http://127.0.0.1:9")
        with pytest.raises(BadInput, match="expected http"):
            tl.stamp("file:///etc/hostname")
        with pytest.raises(Exception, match="something else than was sent"):
            tl.stamp(f"{address}/other")
    with Timeline.create(store.parent / "empty") as tl, pytest.raises(NotFound, match="nothing is recorded"):
        tl.stamp(address)


def test_an_answer_to_an_earlier_request_is_none(store: Path, address: str) -> None:
    with Timeline.open(store) as tl:
        tl.stamp(address)
        # The same digest, and the number of that request.
        with pytest.raises(TimelineError, match="/replay: the answer is the stamp of something else"):
            tl.stamp(f"{address}/replay")


@pytest.mark.parametrize(
    ("size", "words"), [(2**20, "no time stamp"), (2**20 + 1, "is longer than any time")]
)
def test_an_answer_of_a_mebibyte_is_read_and_none_longer(
    store: Path, address: str, size: int, words: str
) -> None:
    with Timeline.open(store) as tl, pytest.raises(BadInput, match=words):
        tl.stamp(f"{address}/bytes/{size}")


def test_an_authority_may_take_half_a_minute(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patience: list[float] = []

    def never(query: object, timeout: float) -> None:
        patience.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib.request.urlopen", never)
    with Timeline.open(store) as tl, pytest.raises(BadInput, match=r"http://a does not answer: timed out$"):
        tl.stamp("http://a")
    assert patience == [30]


def test_time_stamps_need_the_extra(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with (
        Timeline.open(store) as tl,
        pytest.raises(BadInput, match="time stamps need the extra `witness`: pip"),
    ):
        tl.stamp("http://127.0.0.1:9")


def test_the_command_stamps_and_checks(store: Path, address: str, keys: Path) -> None:
    def run(*words: str) -> commands.Done:
        return commands.run(store.parent, ["head", *words, "--store", "store"])

    assert run("--stamp", address, "--output", "head.tsr").code == 0
    roots = str(keys / "ours-root.pem")
    checked = run("--check-stamp", "head.tsr", "--roots", roots, "--json")
    assert checked.code == 0
    assert json.loads(checked.out)["commit"] == 1
    assert json.loads(checked.out)["stamped_at"].endswith("Z")
    assert run("--check-stamp", "head.tsr", "--roots", str(keys / "other-root.pem")).code == 4
    for words in (
        ["--stamp", address],
        ["--output", "x"],
        ["--check-stamp", "head.tsr"],
        ["--check-stamp", "nowhere", "--roots", roots],
        ["--check-stamp", ".", "--roots", roots],
        ["--check-stamp", roots, "--roots", roots],
    ):
        assert run(*words).code == 2, words
