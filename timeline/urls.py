"""URLs of stores whose log lies in an object store, and the local folder of each.

`s3://bucket/desk`, `gs://bucket/desk` and `az://container/desk` name a bucket and a prefix in it. What they
are reached with is in the environment alone: nothing here holds a credential.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from timeline.errors import BadInput

__all__ = ["COPIES", "local_folder", "url_of"]

#: The folder for copies of the log, within the one that `local_folder` returns.
COPIES: Final = "copies"

#: The schemes, and the environment variables that say which service a URL of that scheme is of.
_SERVICES: Final = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": (
        *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
        "AZURE_STORAGE_USE_EMULATOR",
    ),
}
_SCHEME: Final = re.compile(r"(s3|gs|az):/+(.*)", re.DOTALL)
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}", re.ASCII)
_SEGMENT: Final = re.compile(r"[^\x00-\x1f\x7f?#*\\]+")


def url_of(store: str | Path | None) -> str | None:
    """Return the URL that names a store, without a slash at its end; None of the path of a folder.

    A path in which two slashes became one, as they do in a `Path`, is a URL too. Raises BadInput, which does
    not repeat what may be a secret, for one that names no bucket, or holds a user, a query or a fragment.

    >>> url_of("s3://newsroom/desk/"), url_of(Path("s3://newsroom/desk"))
    ('s3://newsroom/desk', 's3://newsroom/desk')
    >>> url_of("desk") is None
    True
    """
    found = _SCHEME.fullmatch(str(store)) if store is not None else None
    if found is None:
        return None
    scheme, rest = found.groups()
    bucket, *segments = [part for part in rest.split("/") if part] or [""]
    if not bucket or not _BUCKET.fullmatch(bucket) or not all(map(_is_segment, segments)):
        raise BadInput(
            f"that is no {scheme}:// URL of a store; expected {scheme}://BUCKET/PREFIX, and credentials and "
            "options in the environment alone"
        )
    return f"{scheme}://{'/'.join((bucket, *segments))}"


def _is_segment(text: str) -> bool:
    return text not in (".", "..") and bool(_SEGMENT.fullmatch(text))


def local_folder(url: str) -> Path:
    """Return the folder on this machine for copies of the log at a URL, and for its index.

    It lies in `timeline` of XDG_CACHE_HOME, or of `~/.cache`: one a URL and service, so that the same name at
    another endpoint is another store. Deleting it loses nothing. Raises BadInput where no home is known.
    """
    scheme, rest = url.split("://")
    service = [os.environ.get(name, "") for name in _SERVICES[scheme]]
    digest = hashlib.sha256("\0".join((url, *service)).encode()).hexdigest()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        caches = Path(base) if base and os.path.isabs(base) else Path.home() / ".cache"
    except RuntimeError:
        raise BadInput("no folder is known for copies of the log; set XDG_CACHE_HOME to one") from None
    return caches / "timeline" / f"{scheme}-{rest.split('/')[0]}-{digest[:16]}"
