"""Pictures as files to send: SVG, PNG by a font that comes along, or an HTML page that stands by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from timeline.atomic import writing
from timeline.errors import BadInput
from timeline.printable import visible
from timeline.represent import cut, one_line

__all__ = ["SUFFIXES", "Picture", "check_suffix", "stacked"]

#: What a picture may be written as, by the suffix of the file.
SUFFIXES: Final = (".svg", ".png", ".html")

_FONTS: Final = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: `svg` is its text. A notebook shows it; `save` writes it to a file."""

    svg: str
    title: str
    language: str = "en"

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return one_line("Picture", f"of {cut(self.title)}")

    def png(self, *, zoom: float = 2) -> bytes:
        """Return it as PNG, `zoom` pixels for each of its own.

        Letters are of the font Inter, which comes along, so that no machine draws it otherwise; what that
        font lacks is of the fonts of the machine.
        """
        # Loaded where it is used: most pictures are SVG.
        import resvg_py

        named = self.svg.replace('font-family="system-ui', 'font-family="Inter, system-ui')
        with as_file(files("timeline.plot").joinpath("fonts")) as folder:
            return bytes(
                resvg_py.svg_to_bytes(
                    svg_string=named,
                    font_files=[str(folder / name) for name in _FONTS],
                    font_family="Inter",
                    sans_serif_family="Inter",
                    zoom=zoom,
                )
            )

    def html(self) -> str:
        """Return a page that holds the picture and nothing else; it loads nothing."""
        ground = re.search(r'<rect width="100%" height="100%" fill="(#[0-9a-f]{6})"', self.svg)
        return (
            f'<!doctype html>\n<html lang="{self.language}">\n<meta charset="utf-8">\n'
            f"<title>{html.escape(visible(self.title))}</title>\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            "<style>body{margin:40px auto;max-width:1200px;padding:0 16px;"
            f"background:{ground[1] if ground else '#fcfcfa'}}}"
            "svg{max-width:100%;height:auto}</style>\n"
            f"{self.svg}\n</html>\n"
        )

    def save(self, path: str | Path) -> Path:
        """Write it to a file as what its suffix says: .svg, .png or .html; it is there whole or not at all.

        Raises BadInput for another suffix.
        """
        check_suffix(path)
        path = Path(path)
        suffix = path.suffix.lower()
        content = self.png() if suffix == ".png" else self.html() if suffix == ".html" else f"{self.svg}\n"
        with writing(path, binary=isinstance(content, bytes)) as stream:
            stream.write(content)
        return path


def check_suffix(path: str | Path) -> None:
    """Raise BadInput where a picture cannot be written to a file of that name.

    >>> check_suffix("picture.jpeg")
    Traceback (most recent call last):
    timeline.errors.BadInput: 'picture.jpeg' names no kind of picture; expected .svg, .png or .html
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise BadInput(f"{str(path)!r} names no kind of picture; expected .svg, .png or .html")


def stacked(pictures: Sequence[str], titles: Sequence[str]) -> str:
    """Return several pictures as one, below each other, each under its title.

    >>> one = '<svg width="400" height="100"><rect width="100%" height="100%" fill="#fcfcfa"/></svg>'
    >>> stacked([one, one], ["acme/ceo", "acme/cfo"])[:63]
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="316'
    """
    width = max(_size(picture, "width") for picture in pictures)
    parts, down = [], 0.0
    for picture, title in zip(pictures, titles, strict=True):
        ink = re.search(r'fill="(#[0-9a-f]{6})" class="c-ink"', picture)
        parts.append(
            f'<text x="4" y="{down + 24:g}" font-size="16" font-weight="600" '
            f'fill="{ink[1] if ink else "#15171c"}" class="c-ink">{html.escape(visible(title))}</text>'
            f'<g transform="translate(0 {down + 34:g})">{picture}</g>'
        )
        down += _size(picture, "height") + 34 + 24
    ground = re.search(r'<rect width="100%" height="100%"[^>]*>', pictures[0])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{down:g}" '
        f'viewBox="0 0 {width:g} {down:g}" font-family="system-ui, sans-serif">'
        f"{ground[0] if ground else ''}{''.join(parts)}</svg>"
    )


def _size(picture: str, side: str) -> float:
    found = re.search(rf' {side}="([0-9.]+)"', picture)
    assert found is not None
    return float(found[1])
