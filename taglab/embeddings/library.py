"""The shelf of word vectors: added once from a file, opened by name, or trained on the tags at hand."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from taglab import cache
from taglab.cache import Shelf, content_key, derived_path, kept, recalled
from taglab.embeddings.files import stored_vectors
from taglab.embeddings.skipgram import SkipGramSettings, train_skipgram
from taglab.embeddings.words import WordVectors, open_if_sound, put
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.vectors import MEASURES, feature_measure, feature_names

OWN = "own"
_WHOLE_KINDS = ("tags", "artists", "tracks")
# Raised when training changes, so that vectors trained earlier are not taken for what it gives now.
_TRAINER = 1
_SHELF = Shelf(cache.VECTORS)


def add_vectors(path: Path, name: str, progress: Progress = silent, member: str | None = None) -> WordVectors:
    """Read word vectors from a file and keep them under a name; earlier ones of that name are replaced.

    Args:
        path: As `read_vectors` takes it.
        name: What to call them from now on.
        progress: Told how far it is.
        member: Name of the file within a zip or folder, where it holds several (see `members`).

    Raises:
        DataError: As `read_vectors`.
        InvalidSetting: If the name is "own", which stands for those trained on the tags at hand, or unfit.
        StorageError: If they cannot be written.
    """
    folder = _SHELF.path(name)
    if name == OWN:
        raise InvalidSetting(f"name={name!r} stands for vectors trained on the tags at hand; choose another")
    put(stored_vectors(path, progress, member), folder, name)
    return open_vectors(name)


def open_vectors(name: str) -> WordVectors:
    """Return the word vectors kept under a name.

    Raises:
        NotFound: If there are none; the message lists those there are.
        InvalidSetting: If the name is that of vectors of whole tags, artists or tracks.
        DataError: If they are damaged.
    """
    kind = whole_vectors().get(name)
    if kind is not None:
        raise InvalidSetting(
            f"{name!r} are vectors of whole {kind}, and words are looked up here; choose word vectors"
        )
    return WordVectors.open(_SHELF.find(name), name)


def vector_names() -> list[str]:
    """Return the names of all word vectors that were added, sorted; "own" is not among them."""
    return _SHELF.names()


def whole_vectors() -> dict[str, str]:
    """Return the names of whole vectors on the shelf of features: of tags, of artists, of tracks.

    Those of tags stand first, then those of artists. A name that word vectors have too means these.
    """
    of_words = {OWN, *vector_names()}
    return {name: kind for kind in _WHOLE_KINDS for name in feature_names(kind) if name not in of_words}


def heeds_length(name: str) -> bool:
    """Return whether vectors are compared by a measure in which their lengths have a say, without opening
    them; False of a name that nothing has."""
    measure = feature_measure(name) if name in whole_vectors() else None
    return measure is not None and MEASURES[measure].heeds_length


def own_vectors(
    folksonomy: Folksonomy, settings: SkipGramSettings | None = None, progress: Progress = silent
) -> WordVectors:
    """Return vectors trained on a folksonomy's own tag lists: those of the cache, or trained now.

    Args:
        folksonomy: What they are trained on.
        settings: How; the defaults where None.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If there is nothing to train on.
    """
    settings = settings or SkipGramSettings()
    return kept(
        _own_folder(folksonomy, settings),
        lambda place: open_if_sound(place, OWN),
        lambda: train_skipgram(folksonomy, settings, OWN, progress),
        lambda place, words: words.write(place),
    )


def _own_folder(folksonomy: Folksonomy, settings: SkipGramSettings) -> Path:
    # Titles and categories teach it nothing.
    learned_from = folksonomy.assignments_fingerprint
    key = content_key(_TRAINER, learned_from, settings.model_dump(mode="json"), version("gensim"))
    return derived_path("own-vectors", key, "")


def own_vectors_are_kept(folksonomy: Folksonomy) -> bool:
    """Return whether the cache has a folksonomy's own vectors, so that opening them takes no training."""
    folder = _own_folder(folksonomy, SkipGramSettings())
    return recalled(folder, lambda place: place if place.exists() else None) is not None


def vectors_key(name: str, folksonomy: Folksonomy) -> str:
    """Return what tells the vectors that `resolve` gives from any others, without training them.

    Raises:
        NotFound: If there are none of this name.
    """
    if name == OWN:
        return _own_folder(folksonomy, SkipGramSettings()).name
    return open_vectors(name).fingerprint


def resolve(name: str, folksonomy: Folksonomy, progress: Progress = silent) -> WordVectors:
    """Return word vectors by the name a page or a command gives: "own", or one of `vector_names`.

    Raises:
        NotFound: If there are none of this name.
    """
    if name == OWN:
        return own_vectors(folksonomy, progress=progress)
    return open_vectors(name)
