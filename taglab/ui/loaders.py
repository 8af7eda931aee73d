"""What pages open by name, once for all visitors. It is shared, and must not be changed in place."""

from __future__ import annotations

from taglab import cache, embeddings, sources
from taglab.audio.library import open_audio
from taglab.audio.store import AudioStore
from taglab.embeddings import Lookup, WordVectors
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.ui.own_training import await_own_vectors
from taglab.ui.remembered import Shelved, remembered
from taglab.vectors import TagVectors, Vectors, open_features


@remembered("large")
def _open_folksonomy(place: Shelved, _progress: Progress) -> Folksonomy:
    return sources.open_folksonomy(place.name, _progress)


def folksonomy(name: str, progress: Progress = silent) -> Folksonomy:
    """Return a data set of the shelf; the demo is built when it is first asked for."""
    if not Shelved.of(cache.FOLKSONOMIES, name):
        sources.open_folksonomy(name, progress)
    return _open_folksonomy(Shelved.of(cache.FOLKSONOMIES, name), progress)


@remembered("large")
def _open_interactions(place: Shelved) -> Interactions | None:
    return sources.plays_of(place.name)


def interactions(name: str) -> Interactions | None:
    """Return who played what of a data set; None where it has no plays."""
    return _open_interactions(Shelved.of(cache.FOLKSONOMIES, name))


@remembered("large")
def _of_kind(place: Shelved, kind: str, _whole: Folksonomy) -> Folksonomy:
    return _whole.of_kind(kind)


def folksonomy_of(name: str, kind: str, progress: Progress = silent) -> Folksonomy:
    """Return a data set with its artists or tracks in the place of tags; see `Folksonomy.of_kind`."""
    folksonomy(name, progress)
    place = Shelved.of(cache.FOLKSONOMIES, name)  # before it is opened: what comes later lies there anew
    return _of_kind(place, kind, folksonomy(name))


@remembered("large")
def _select(place: Shelved, min_count: int, kind: str, _whole: Folksonomy) -> Folksonomy:
    return _whole.select_tags(min_count=min_count)


def selected_folksonomy(name: str, min_count: int, kind: str = "tags") -> Folksonomy:
    """Return a data set with only the tags, or what stands in their place, of `min_count` tracks or more."""
    folksonomy(name)
    place = Shelved.of(cache.FOLKSONOMIES, name)
    return _select(place, min_count, kind, folksonomy_of(name, kind))


@remembered("large")
def _open_vectors(place: Shelved) -> WordVectors:
    return embeddings.open_vectors(place.name)


@remembered("large")
def _own_vectors(whole: Folksonomy, _progress: Progress) -> WordVectors:
    return embeddings.own_vectors(whole, progress=_progress)


def word_vectors(vectors: str, data: str, progress: Progress = silent) -> WordVectors:
    """Return word vectors by name; "own" are trained on the data set's own tag lists.

    Where training them takes long, the script stops here, with word of it on the page.
    """
    if vectors != embeddings.OWN:
        return _open_vectors(Shelved.of(cache.VECTORS, vectors))
    whole = folksonomy(data, progress)
    await_own_vectors(whole)
    return _own_vectors(whole, progress)


@remembered("large")
def _compose(words: WordVectors, data: Folksonomy, lookup: Lookup) -> TagVectors:
    return embeddings.compose(words, list(data.tags["tag"]), lookup)


@remembered("large")
def _whole(place: Shelved, data: Folksonomy) -> Vectors:
    return open_features(place.name).select(data.tags["tag"])


def tag_vectors(
    data: str, vectors: str, min_count: int, lookup: Lookup | None = None, progress: Progress = silent
) -> Vectors:
    """Return vectors of the tags that at least `min_count` tracks have, composed of words or whole.

    Vectors of artists or tracks give those of the data set's artists or tracks.
    """
    kind = embeddings.whole_vectors().get(vectors)
    if kind is not None:
        folksonomy(data, progress)
        return _whole(Shelved.of(cache.FEATURES, vectors), selected_folksonomy(data, min_count, kind))
    return composed_tags(data, vectors, min_count, lookup, progress)


def composed_tags(
    data: str, vectors: str, min_count: int, lookup: Lookup | None = None, progress: Progress = silent
) -> TagVectors:
    """Return unit vectors of the tags that at least `min_count` tracks have, composed of word vectors."""
    words = word_vectors(vectors, data, progress)
    return _compose(words, selected_folksonomy(data, min_count), lookup or Lookup())


@remembered("large")
def _open_audio(place: Shelved) -> AudioStore:
    return open_audio(place.name)


def audio_store(name: str) -> AudioStore:
    """Return the sound under a name.

    Raises:
        NotFound: If there is none.
    """
    return _open_audio(Shelved.of(cache.AUDIO, name, within="store.json"))
