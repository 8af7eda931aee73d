"""Data sets: what each is, how its files become a `Folksonomy`, and those already read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from taglab import cache
from taglab.errors import InvalidSetting, NotFound, TaglabError, unreadable
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources import (
    demo,
    extended_ballroom,
    fma,
    folders,
    gtzan,
    irmas,
    jamendo,
    lastfm,
    lfm1b,
    magnatagatune,
    matrix,
    musdb,
    music_emotion,
    musixmatch,
    rated_folders,
    table,
    target_list,
)
from taglab.sources.reading import part_of
from taglab.sources.source import Remote, Source

__all__ = [
    "DEMO",
    "SOURCES",
    "Remote",
    "Source",
    "add",
    "folksonomy_names",
    "open_folksonomy",
    "open_interactions",
    "plays_of",
    "read",
    "read_interactions",
]

DEMO = "demo"
BUILT_IN = {
    DEMO: demo.DemoSettings(),
    f"{DEMO}-lyrics": demo.DemoSettings(of="lyrics"),
    f"{DEMO}-experts": demo.DemoSettings(of="experts"),
}
"""Data sets that are made when first asked for: the demo, and what lies beside it on the same tracks."""
_INTERACTIONS = "interactions"


def _read_demo(
    path: Path | None, name: str, settings: demo.DemoSettings, progress: Progress = silent
) -> Folksonomy:
    return demo.read_demo(settings, name, progress)


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name=DEMO,
            title="Demo",
            about="A synthetic folksonomy with known truth, built in and shaped like the real thing.",
            files="",
            example="taglab data add demo --name other --seed 7",
            read=_read_demo,
            settings=demo.DemoSettings,
            interactions=demo.read_demo_plays,
        ),
        lastfm.SOURCE,
        magnatagatune.SOURCE,
        jamendo.SOURCE,
        table.SOURCE,
        matrix.SOURCE,
        folders.SOURCE,
        musixmatch.SOURCE,
        target_list.SOURCE,
        gtzan.SOURCE,
        fma.SOURCE,
        extended_ballroom.SOURCE,
        *rated_folders.SOURCES,
        lfm1b.SOURCE,
        irmas.SOURCE,
        musdb.SOURCE,
        music_emotion.SOURCE,
    )
}


def _shelf() -> cache.Shelf:
    return cache.Shelf(cache.FOLKSONOMIES)


def read(
    source: str,
    path: Path | None,
    name: str,
    settings: BaseModel | None = None,
    progress: Progress = silent,
) -> Folksonomy:
    """Read a data set.

    Args:
        source: Key in `SOURCES`.
        path: What the source's `files` says; None for the demo, or to download a public data set first.
        name: What to call the folksonomy.
        settings: The source's settings; its defaults where None.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such source.
        InvalidSetting: If a path is needed and none given, or the settings are another source's.
        DataError: If the files cannot be used as they are, or cannot be downloaded.
    """
    if source not in SOURCES:
        raise NotFound(f"no source {source!r}; there are: {', '.join(SOURCES)}")
    reader = SOURCES[source]
    options = reader.settings() if settings is None else settings
    if not isinstance(options, reader.settings):
        raise InvalidSetting(
            f"settings={options!r} must be of the source {source}, a {reader.settings.__name__}"
        )
    if path is None and reader.files:
        if not reader.remote:
            raise InvalidSetting(f"path=None must name the data of the source {source}: {reader.files}")
        path = _download(reader, part_of(progress, 0, 2))
        progress = part_of(progress, 1, 2)
    try:
        return reader.read(path, name, options, progress)
    except TaglabError:
        raise
    except OSError as error:
        raise unreadable(path or source, error) from error


def read_interactions(
    source: str,
    folksonomy: Folksonomy,
    settings: BaseModel | None = None,
    progress: Progress = silent,
    path: Path | None = None,
) -> Interactions | None:
    """Read who played what of a folksonomy that was read from the same source with the same settings.

    Args:
        source: Key in `SOURCES`.
        folksonomy: Whose tracks.
        settings: The source's settings; its defaults where None.
        progress: Told how far it is.
        path: What the folksonomy was read from.

    Returns:
        None where the source has no plays, or the settings name none.

    Raises:
        DataError: If the files cannot be used as they are.
    """
    reader = SOURCES[source]
    if reader.plays_beside is not None and path is not None:
        return reader.plays_beside(path, settings or reader.settings(), folksonomy, progress)
    if reader.interactions is None:
        return None
    return reader.interactions(settings or reader.settings(), folksonomy, progress)


def _download(source: Source, progress: Progress) -> Path:
    """Download what is not there yet, and return what to read: the one file, or the folder of several."""
    from taglab.sources.download import fetch

    folder = cache.home() / "downloads" / source.name
    parts = len(source.remote)
    files = [
        fetch(remote, folder, part_of(progress, number, parts)) for number, remote in enumerate(source.remote)
    ]
    return files[0] if len(files) == 1 else folder


def add(
    source: str,
    path: Path | None,
    name: str,
    settings: BaseModel | None = None,
    progress: Progress = silent,
) -> Folksonomy:
    """Read a data set and keep it under its name; one kept under this name before is replaced.

    Plays that the settings name are read and kept beside it, see `open_interactions`.

    Raises:
        InvalidSetting: If the name could be mistaken for a path, or is the demo's and the data are not.
        StorageError: If it cannot be saved; what was kept before is untouched.
    """
    folder = _shelf().path(name)
    if name in BUILT_IN and (source != DEMO or (settings or demo.DemoSettings()) != BUILT_IN[name]):
        raise InvalidSetting(f"name={name!r} is kept for the demo as it is built in; choose another name")
    folksonomy = read(source, path, name, settings, progress)
    plays = read_interactions(source, folksonomy, settings, progress, path)
    with cache.locked(folder), cache.replacing(folder) as temporary:
        _write(temporary, folksonomy, plays)
    return folksonomy


def _write(folder: Path, folksonomy: Folksonomy, plays: Interactions | None) -> None:
    folksonomy.write(folder)
    if plays is not None:
        plays.write(folder / _INTERACTIONS)


def open_interactions(name: str) -> Interactions:
    """Return who played what, of a data set that was added with plays.

    Raises:
        NotFound: If there is no such data set, or it has no plays.
        DataError: If the files are damaged.
    """
    shelf = _shelf()
    if name == DEMO:
        open_folksonomy(DEMO)
    folder = shelf.find(name) / _INTERACTIONS
    if not folder.is_dir():
        raise NotFound(
            f"data set {name!r} has no plays; those of a table are added with it "
            "(taglab data add table FILE --plays FILE)"
        )
    return Interactions.open(folder)


def plays_of(name: str) -> Interactions | None:
    """Return who played what of a data set; None where it has no plays."""
    try:
        return open_interactions(name)
    except NotFound:
        return None


def open_folksonomy(name: str, progress: Progress = silent) -> Folksonomy:
    """Return a folksonomy that was added; one that is built in is made and kept when first asked for.

    It is made anew when what makes it has changed since, as after an upgrade.

    Raises:
        NotFound: If there is none of this name; the message lists those there are.
        DataError: If its files are damaged.
    """
    shelf = _shelf()
    if name in BUILT_IN and _is_to_be_built(shelf.path(name) / "manifest.json"):
        settings = BUILT_IN[name]
        return cache.kept(
            shelf.path(name),
            lambda place: None,
            lambda: read(DEMO, None, name, settings, progress),
            lambda place, grown: _write(place, grown, demo.read_demo_plays(settings, grown)),
        )
    return Folksonomy.open(shelf.find(name))


def _is_to_be_built(kept: Path) -> bool:
    try:
        kept_since = kept.stat().st_mtime
    except OSError:
        return True
    makers = (file for file in Path(demo.__file__).parent.iterdir() if file.is_file())
    return kept_since < max(file.stat().st_mtime for file in makers)


def folksonomy_names() -> list[str]:
    """Return the names that `open_folksonomy` knows, the demo first."""
    return [DEMO, *(name for name in _shelf().names() if name != DEMO)]
