"""Time stamps of RFC 3161: an authority signs that it saw the digest of a commit by some instant.

What is stamped are the 96 bytes whose SHA-256 is the digest, so that the token holds that digest itself.
"""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from timeline.errors import BadInput, Corruption, NotFound, TimelineError
from timeline.log.file import Commit, digest_of
from timeline.log.log import Log
from timeline.meaning.proofs import commit_bytes

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Stamped", "check_stamp", "stamp"]

#: So long an authority may take, in seconds, and so long its answer may be, in bytes.
PATIENCE: Final = 30
_ANSWER_AT_MOST: Final = 2**20
_SHA256: Final = "2.16.840.1.101.3.4.2.1"


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a time stamp shows: that the log had this commit at that instant, in UTC."""

    commit: Commit
    stamped_at: datetime


def stamp(log: Log, url: str) -> bytes:
    """Have an authority stamp the head of a log; returns its answer, a TimeStampResp in DER.

    Raises NotFound for an empty log, BadInput for an address that none answers at, and TimelineError where
    the answer is of something else.
    """
    client = _client()
    if not url.startswith(("http://", "https://")):
        raise BadInput(f"got {url!r} as the address of an authority; expected http:// or https://")
    head = log.head()
    if head is None:
        raise NotFound(f"nothing is recorded in {log.place} yet")
    *before, record = log.records(head.number - 2, head.number)
    message = commit_bytes(
        digest_of(before[0].commit if before else None),
        head.number,
        head.first_position,
        head.count,
        head.recorded_at,
        bytes.fromhex(record.root),
    )
    builder = client.TimestampRequestBuilder().data(message)
    request = builder.hash_algorithm(client.HashAlgorithm.SHA256).nonce(nonce=True).build()
    token = _asked(url, request.as_bytes())
    found = _decoded(client, token)
    if _digest_in(found) != head.digest or found.tst_info.nonce != request.nonce:
        raise TimelineError(f"{url}: the answer is the stamp of something else than was sent")
    return token


def check_stamp(log: Log, token: bytes, roots: bytes) -> Stamped:
    """Check a time stamp against a log, and its signature against root certificates in PEM.

    Raises BadInput for what is no time stamp or no certificate, Corruption for one that is not signed below
    these roots, or of which the log does not have the commit.
    """
    client = _client()
    found = _decoded(client, token)
    from cryptography.x509 import load_pem_x509_certificates

    try:
        certificates = load_pem_x509_certificates(roots)
    except ValueError as error:
        raise BadInput(f"the root certificates are no PEM: {error}") from None
    builder = client.VerifierBuilder()
    for certificate in dict.fromkeys(certificates):
        builder = builder.add_root_certificate(certificate)
    digest = _digest_in(found)
    try:
        builder.build().verify(found, bytes.fromhex(digest))
    except (client.VerificationError, ValueError) as error:
        raise Corruption(f"the time stamp is not one below these roots: {error}") from None
    for commit in log.commits():
        if commit.digest == digest:
            return Stamped(commit, found.tst_info.gen_time)
    raise Corruption(
        f"{log.place}: no commit has the digest {digest}, which was stamped at {found.tst_info.gen_time}: "
        "it is another log, was changed, or has lost its last commits"
    )


def _asked(url: str, request: bytes) -> bytes:
    query = urllib.request.Request(
        url, data=request, headers={"Content-Type": "application/timestamp-query"}, method="POST"
    )
    try:
        with urllib.request.urlopen(query, timeout=PATIENCE) as answer:
            content: bytes = answer.read(_ANSWER_AT_MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise BadInput(f"{url} does not answer: {reason}") from None
    if len(content) > _ANSWER_AT_MOST:
        raise BadInput(f"{url}: the answer is longer than any time stamp")
    return content


def _decoded(client: ModuleType, token: bytes) -> Any:
    try:
        found = client.decode_timestamp_response(token)
        if found.status != client.PKIStatus.GRANTED:
            raise BadInput(f"no time stamp was granted: status {found.status}, {found.status_string}")
        # Read here, since what is no token fails only then.
        _ = found.tst_info.message_imprint.message
    except ValueError as error:
        raise BadInput(f"this is no time stamp of RFC 3161: {error}") from None
    return found


def _digest_in(found: Any) -> str:
    imprint = found.tst_info.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise BadInput("the time stamp is of no SHA-256; expected the stamp of a commit")
    digest: str = imprint.message.hex()
    return digest


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise BadInput(
            "time stamps need the extra `witness`: pip install 'timeline-store[witness]'"
        ) from None
    return rfc3161_client
