"""A project folder: what its timeline.toml says, and where it may lead.

A project may come from somebody else. So the paths in its timeline.toml, and links in their place, stay
inside the project, unless its owner trusts it: by an environment variable, which no project sets.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from timeline.atomic import no_file, text_in, write_path
from timeline.errors import BadInput, NotFound, Place, brief, nearest
from timeline.meaning.habits import HABITS, Habits
from timeline.urls import url_of

__all__ = [
    "PROJECT_FILE",
    "RECORDED",
    "TRUSTED",
    "copy_project",
    "find_project",
    "find_store",
    "is_project",
    "project_folder",
    "project_habits",
    "project_of",
    "project_settings",
    "recorded_file",
    "toml_of",
]

PROJECT_FILE: Final = "timeline.toml"
#: The file among the events of a project that the commands write to, where it names none.
RECORDED: Final = "recorded.yaml"

#: The environment variable with the projects that may lead outside their folder, separated as in PATH.
TRUSTED: Final = "TIMELINE_TRUSTED"

#: The folders that a project may name, and their names where it does not.
_FOLDERS: Final = {"store": ".timeline", "events": "events", "queries": "queries"}
#: The tables of a timeline.toml and their keys.
_KEYS: Final = {"project": ("name", *_FOLDERS, "recorded", *HABITS)}
#: What a store keeps in folders of its own, which may be links too.
_IN_STORE: Final = ("log", "index")


def find_store(path: str | Path | None = None) -> Path:
    """Return the folder of a store: `path`, else TIMELINE_STORE, else that of the nearest project upwards.

    A project is a folder with a timeline.toml, which may name its store; `path` may be one too. Of a store
    in a bucket it is the URL, as `url_of` knows it from a path.
    Raises NotFound where there is none, BadInput as `project_folder` does.
    """
    project = find_project(path)
    if project is not None:
        return project_folder(project, "store")
    given = path or os.environ.get("TIMELINE_STORE")
    if given:
        return Path(given)
    raise NotFound(
        f"no {PROJECT_FILE} in {Path.cwd()} or above it; run `timeline init FOLDER`, "
        "or name a store with --store"
    )


def find_project(path: str | Path | None = None) -> Path | None:
    """Return the project of a store: `path`, else TIMELINE_STORE, else the nearest upwards; or None."""
    given = path or os.environ.get("TIMELINE_STORE")
    if given:
        return Path(given) if url_of(given) is None and is_project(Path(given)) else None
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if is_project(folder)), None)


def project_of(store: Path) -> Path | None:
    """Return the project whose store is in this folder: the nearest one upwards, if it names that store.

    Of a store outside its project nothing tells whose it is: None.
    """
    real = store.resolve()
    for folder in real.parents:
        if (folder / PROJECT_FILE).is_file():
            named = project_settings(folder).get("store", _FOLDERS["store"])
            return folder if isinstance(named, str) and (folder / named).resolve() == real else None
    return None


def project_habits(project: Path) -> Habits:
    """Return how the texts of a project are to be read, where neither a source nor a file says so.

    Raises BadInput, with file and line, for a habit that is none.
    """
    settings = project_settings(project)
    found = Habits()
    for key in HABITS:
        value = settings.get(key)
        if value is None:
            continue
        try:
            if not isinstance(value, str):
                raise BadInput(f"{key} is {value!r}; expected text")
            found = Habits(**{key: value}).over(found)
        except BadInput as error:
            path = project / PROJECT_FILE
            raise error.at(_place_in(text_in(path), path, key)) from None
    return found


def is_project(folder: Path) -> bool:
    """Whether a folder has a timeline.toml; raises BadInput where that is no file."""
    file = folder / PROJECT_FILE
    if (kind := no_file(file)) is not None:
        raise BadInput(f"is {kind}, expected a file", Place(str(file)))
    return file.is_file()


def project_folder(project: Path, key: str) -> Path:
    """Return where a project keeps its `store`, `events` or `queries`.

    Raises BadInput, with file and key, where that is no path, or leads out of the project, by itself or
    through a link, and the project is not trusted.
    """
    return _path_of(project, key, project_settings(project).get(key, _FOLDERS[key]), "a folder")


def recorded_file(project: Path) -> Path:
    """Return the YAML file of a project that the commands `report`, `correct` and `retract` write to.

    It is `recorded.yaml` among its events, or what `recorded` names. Raises BadInput as `project_folder`
    does, and for a name with another suffix.
    """
    named = project_settings(project).get("recorded")
    if named is None:
        events = project_folder(project, "events")
        return _path_of(project, "recorded", str(events.relative_to(project) / RECORDED), "a YAML file")
    file = _path_of(project, "recorded", named, "a YAML file")
    if file.suffix.lower() not in (".yaml", ".yml"):
        place = Place(str(project / PROJECT_FILE))
        raise BadInput(f"[project] recorded is {named!r}; expected the path of a .yaml file", place)
    return file


def _path_of(project: Path, key: str, named: object, kind: str) -> Path:
    """Return a path that a project gives, of a folder or a file in it."""
    place = Place(str(project / PROJECT_FILE))
    if not isinstance(named, str) or not named.strip() or "\0" in named:
        raise BadInput(f"[project] {key} is {named!r}; expected the path of {kind}, as text", place)
    if key == "store" and (url := url_of(named)) is not None:
        # With the credentials of the user who runs it, anybody's project could write to anybody's bucket.
        if not _is_trusted(project.resolve()):
            raise BadInput(
                f"[project] store = {url!r} leads out of the project; set {TRUSTED}={project.resolve()} if "
                "you trust it, or name the store itself with --store",
                place,
            )
        return Path(url)
    path = project / named
    try:
        inside = project.resolve()
        for each in (path, *(path / name for name in _IN_STORE if key == "store")):
            leads_to = each.resolve()
            if not leads_to.is_relative_to(inside) and not _is_trusted(inside):
                through = "" if each == path else f" (its {each.name})"
                otherwise = f"set {TRUSTED}={inside} if you trust it"
                if key == "store":
                    otherwise += ", or name the store itself with --store"
                raise BadInput(
                    f"[project] {key} = {named!r}{through} leads out of the project, to {leads_to}; "
                    f"{otherwise}",
                    place,
                )
    except (OSError, RuntimeError) as error:
        words = getattr(error, "strerror", None) or error
        raise BadInput(f"[project] {key} = {named!r} cannot be followed: {words}", place) from None
    return path


def copy_project(project: Path, target: Path) -> list[Path]:
    """Copy the files of a project, which its people write, into a folder; returns them, relative to both.

    These are its timeline.toml, its events and its queries, and no store. What is in those folders of the
    target besides is removed. A link out of the project is not followed, and not copied.
    """
    inside, store = project.resolve(), project_folder(project, "store").resolve()
    found = {Path(PROJECT_FILE)}
    for folder in (project_folder(project, "events"), project_folder(project, "queries")):
        found |= {path.relative_to(project) for path in folder.rglob("*") if path.is_relative_to(project)}
    if (recorded := recorded_file(project)).is_relative_to(project):
        found.add(recorded.relative_to(project))
    copied = sorted(name for name in found if _is_own(project / name, inside, store))
    for name in copied:
        content = (project / name).read_bytes()
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if not (target / name).is_file() or (target / name).read_bytes() != content:
            with write_path(target / name) as written:
                written.write_bytes(content)
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
        elif path.relative_to(target) not in copied:
            path.unlink()
    return copied


def _is_own(path: Path, inside: Path, store: Path) -> bool:
    """Whether a path is a file within a project and no part of its store."""
    real = path.resolve()
    return real.is_file() and real.is_relative_to(inside) and not real.is_relative_to(store)


def _is_trusted(project: Path) -> bool:
    given = os.environ.get(TRUSTED, "").split(os.pathsep)
    return any(Path(each).resolve() == project for each in given if each)


def project_settings(project: Path) -> dict[str, Any]:
    """Return what a project's timeline.toml says under [project].

    Raises BadInput where it cannot be read, and for a key that means nothing, with the nearest that does.
    """
    path = project / PROJECT_FILE
    text = text_in(path)
    settings = toml_of(text, str(path))
    for table in settings:
        if table not in _KEYS:
            raise BadInput(_unknown_table(table), _place_in(text, path, table))
    found = settings.get("project", {})
    if not isinstance(found, dict):
        raise BadInput(
            f"project is {brief(found)}; expected a table, which begins with the line [project]",
            Place(str(path)),
        )
    for key in found:
        if key not in _KEYS["project"]:
            hint = nearest(key, _KEYS["project"]) or f"; expected one of {', '.join(_KEYS['project'])}"
            raise BadInput(f"[project] has an unknown key {key!r}{hint}", _place_in(text, path, key))
    return found


def _unknown_table(name: str) -> str:
    if name in _KEYS["project"]:
        return f"the key {name!r} is in no table; it belongs below the line [project]"
    known = [*_KEYS, *_KEYS["project"]]
    return f"unknown table or key {name!r}{nearest(name, known) or '; expected the table [project]'}"


#: A key of more parts than any has.
_DEEP: Final = re.compile(r"""(?:["'\w-]++\s*+\.\s*+){64}""")


def toml_of(text: str, name: str) -> dict[str, Any]:
    """Return what a text in TOML says; raises BadInput, with the line where there is one, where it is none.

    >>> toml_of("a = 1", "a.toml")
    {'a': 1}
    """
    # Not needed where a store is named.
    import tomllib

    try:
        if _DEEP.search(text):
            # Each part would be looked up below all before it.
            raise RecursionError
        return tomllib.loads(text)
    except RecursionError:
        raise BadInput("not TOML: nested too deep", Place(name)) from None
    except ValueError as error:
        line = re.search(r"\(at line (\d+)", str(error))
        place = Place(name, int(line[1]) if line else text.rstrip().count("\n") + 1)
        raise BadInput(f"not TOML: {error}", place) from None


def _place_in(text: str, path: Path, key: str) -> Place:
    """Return the first line of a TOML file that gives this key or begins this table."""
    bare = re.escape(key)
    begins = re.compile(rf"""\s*\[*\s*(?:project\s*\.\s*)?["']?{bare}["']?\s*[].=]""")
    lines = enumerate(text.splitlines(), start=1)
    return Place(str(path), next((number for number, line in lines if begins.match(line)), None))
