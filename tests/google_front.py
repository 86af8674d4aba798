"""The XML API of Google Cloud Storage, as far as `obstore` speaks it, before a server that speaks S3.

No server of Google's kind that can be installed here honours the condition on which an object is put. So
this one passes each request on to a real object store, and its conditions as that one has them:

    python -m tests.google_front PORT BUCKET ENDPOINT KEY SECRET

What Google's own service does is not shown by it; that URLs, options, headers and answers fit together is.
"""

from __future__ import annotations

import hashlib
import sys
import urllib.parse
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError, PreconditionError
from obstore.store import S3Store

_PAGE = 1000


def _generation(meta: Any) -> int:
    """Return the number that names a state of an object: another for every other content or time."""
    state = f"{meta['e_tag']} {meta['last_modified'].timestamp()}"
    return int(hashlib.sha256(state.encode()).hexdigest()[:15], 16)


def _handler(store: S3Store, bucket: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urllib.parse.urlsplit(self.path)
            _, _, rest = url.path.partition(f"/{bucket}")
            name = urllib.parse.unquote(rest.lstrip("/"))
            try:
                if not name and self.command == "GET":
                    self._list(dict(urllib.parse.parse_qsl(url.query)))
                elif self.command == "PUT":
                    self._put(name, body)
                elif self.command == "DELETE":
                    obstore.head(store, name)
                    obstore.delete(store, name)
                    self._send(204)
                else:
                    self._get(name)
            except (FileNotFoundError, NotFoundError):
                self._send(404, body=b"<Error><Code>NoSuchKey</Code></Error>")
            except (AlreadyExistsError, PreconditionError):
                self._send(412, body=b"<Error><Code>PreconditionFailed</Code></Error>")

        do_GET = do_HEAD = do_PUT = do_DELETE = answer

        def _put(self, name: str, body: bytes) -> None:
            wanted = self.headers.get("x-goog-if-generation-match")
            mode: Any = "overwrite"
            if wanted == "0":
                mode = "create"
            elif wanted is not None:
                held = obstore.head(store, name)
                if _generation(held) != int(wanted):
                    raise PreconditionError(name)
                mode = {"e_tag": held["e_tag"]}
            obstore.put(store, name, body, mode=mode, use_multipart=False)
            self._send(200, self._described(obstore.head(store, name)))

        def _get(self, name: str) -> None:
            meta = obstore.head(store, name)
            headers, status, content = self._described(meta), 200, b""
            asked = self.headers.get("Range", "").removeprefix("bytes=")
            if self.command == "GET" and asked:
                first, _, last = asked.partition("-")
                start = int(first) if first else max(meta["size"] - int(last), 0)
                end = min(int(last) + 1 if first and last else meta["size"], meta["size"])
                content = bytes(obstore.get_range(store, name, start=start, end=end))
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{meta['size']}"
                status = 206
            elif self.command == "GET":
                content = bytes(obstore.get(store, name).bytes())
            else:
                headers["Content-Length"] = str(meta["size"])
            self._send(status, headers, content)

        @staticmethod
        def _described(meta: Any) -> dict[str, str]:
            return {
                "ETag": meta["e_tag"],
                "Last-Modified": meta["last_modified"].strftime("%a, %d %b %Y %H:%M:%S GMT"),
                "x-goog-generation": str(_generation(meta)),
            }

        def _list(self, asked: dict[str, str]) -> None:
            prefix, after = asked.get("prefix", ""), asked.get("start-after", "")
            after = max(after, asked.get("continuation-token", ""))
            found = sorted(
                (meta for page in obstore.list(store, prefix.rpartition("/")[0] or None) for meta in page),
                key=lambda meta: meta["path"],
            )
            found = [meta for meta in found if meta["path"].startswith(prefix) and meta["path"] > after]
            listed = ET.Element("ListBucketResult")
            folders = set()
            shown: list[Any] = []
            for meta in found:
                below = meta["path"][len(prefix) :]
                if (sign := asked.get("delimiter")) and sign in below:
                    folders.add(prefix + below.partition(sign)[0] + sign)
                else:
                    shown.append(meta)
            most = int(asked.get("max-keys", _PAGE))
            for meta in shown[:most]:
                one = ET.SubElement(listed, "Contents")
                ET.SubElement(one, "Key").text = meta["path"]
                ET.SubElement(one, "Size").text = str(meta["size"])
                ET.SubElement(one, "LastModified").text = meta["last_modified"].isoformat()
                ET.SubElement(one, "ETag").text = meta["e_tag"]
            if len(shown) > most:
                ET.SubElement(listed, "NextContinuationToken").text = shown[most - 1]["path"]
            for folder in sorted(folders):
                ET.SubElement(ET.SubElement(listed, "CommonPrefixes"), "Prefix").text = folder
            self._send(200, {"Content-Type": "application/xml"}, ET.tostring(listed))

        def _send(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def main(port: str, bucket: str, endpoint: str, key: str, secret: str) -> None:
    store = S3Store(
        bucket,
        endpoint=endpoint,
        access_key_id=key,
        secret_access_key=secret,
        region="us-east-1",
        client_options={"allow_http": True},
        disable_bulk_delete=True,
    )
    ThreadingHTTPServer(("127.0.0.1", int(port)), _handler(store, bucket)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
