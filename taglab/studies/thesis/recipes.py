"""Published models as recipes: which label spaces, which runs, and what was published of each.

Ros Perez's models 1 to 5, and the stages of collapsing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from taglab import embeddings
from taglab.embeddings import TagSkipGramSettings
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    SubgenreSettings,
    choose_genres,
    classes_named,
    classes_of_category,
    most_popular_tags,
    subgenre_space,
)
from taglab.labels import LabelSpace, from_tags, from_top_tags
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import open_published, published_names
from taglab.settings import Flag
from taglab.sources import open_folksonomy
from taglab.studies.collapsing.stages import STAGES, left_out, stage_space
from taglab.training.label_spaces import Keep, LabelGrid, filtered_top_tags, label_cells

__all__ = ["RECIPES", "Difference", "Model", "Plan", "Recipe", "RecipeSettings", "plan"]

Count = Annotated[int, Field(ge=1)]
Gamma = Annotated[float, Field(ge=0, le=1_000)]
Network = Literal["spectrogram", "waveform"]

THESIS_TRACKS = 505_216
"""Tracks with at least one tag in the thesis's data (section 4)."""
THESIS_TAGS = 7_669
"""Tags on more than 100 of them, which models 3.1 to 3.3 cluster."""

_TOP = 100
# "More than 100 counts" (section 7.2.1), and likewise for 500.
_OFTEN, _OFTENER = 101, 501
_STAGE_EPOCHS = 20  # not told by the source
_STAGE_DATA = "522,367 Last.fm tags of the Million Song Dataset"
_GAMMAS = (0.0, 0.5, 1.0, 2.0)
_M = 1.5  # of m-correlated genres, section 7.5.1
_KS = (100, 250, 500, 750, 1000)
_WORD2VEC, _WIKIPEDIA, _TWITTER = "word2vec", "GloVe Wikipedia", "GloVe Twitter"
_SLUGS = {_WORD2VEC: "word2vec", _WIKIPEDIA: "glove-wikipedia", _TWITTER: "glove-twitter"}


class RecipeSettings(BaseModel):
    """On what a recipe is carried out.

    Attributes:
        data: Name of the data set.
        network: Front end of the network.
        vectors: Names of word vectors in place of the thesis's, in its order: word2vec (model 3.1), GloVe on
            Wikipedia (3.3 to 5), or word2vec, GloVe on Wikipedia and GloVe on Twitter (3.2); of stage-3, one.
            None: "own", trained on the data set's own tag lists.
        min_counts: Least numbers of tracks a clustered tag is on, inclusive, in place of the thesis's.
        ks: Numbers of clusters before filtering, in place of the thesis's.
        sizes: Whether those two are "published" as they stand, or "scaled" to the data set: the least count
            as the share of its tracks, k as the share of its tags. "auto" scales where the data set has fewer
            than half as many tags to cluster as the thesis.
        genres: Classes that are genres, or tags they hold, for models 3.4 to 4.2; none takes those whose most
            used tag says a genre.
        gammas: γ of the semantic loss, for model 5; none takes 0, 0.5, 1 and 2.
        seed: Of the clustering.
        lookup: How the words of tags are looked up; the thesis looks up words as they are written, and its
            clusters hold every tag that has a word with a vector.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Annotated[str, Flag(metavar="NAME")] = "demo"
    network: Network = "spectrogram"
    vectors: tuple[str, ...] = ()
    min_counts: tuple[Count, ...] = ()
    ks: tuple[Count, ...] = ()
    sizes: Literal["auto", "published", "scaled"] = "auto"
    genres: tuple[str, ...] = ()
    gammas: tuple[Gamma, ...] = ()
    seed: int = Field(default=0, ge=0)
    lookup: embeddings.LookedUp = embeddings.Lookup()


@dataclass(frozen=True)
class Difference:
    """Something that is otherwise here than in the thesis.

    Attributes:
        what: Is otherwise.
        here: How it is here.
        thesis: How it was there; empty where nothing is told of it.
    """

    what: str
    here: str
    thesis: str = ""


@dataclass(frozen=True, eq=False)
class Model:
    """One run of a recipe.

    Attributes:
        name: What tells it from the recipe's others, as the thesis's tables do.
        space: What it learns; not saved yet.
        published: Name of the published run to be set beside it; None where there is none.
        changes: Settings of `RunConfig` that are the model's own, nested.
    """

    name: str
    space: LabelSpace
    published: str | None
    changes: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class Plan:
    """What a recipe trains.

    Attributes:
        recipe: Its name in `RECIPES`.
        settings: As asked.
        models: One a run.
        epochs: Of each.
        published: Every published run that belongs to the recipe, those of `models` among them.
        differs: In what data and label spaces are other than the thesis's.
    """

    recipe: str
    settings: RecipeSettings
    models: tuple[Model, ...]
    epochs: int
    published: tuple[str, ...]
    differs: tuple[Difference, ...]

    __repr__ = one_line


Made = tuple[list[Model], list[Difference]]


@dataclass(frozen=True, eq=False)
class Recipe:
    """A published model.

    Attributes:
        title: What it is.
        source: Where it stands.
        epochs: It was trained for; of the stages, which do not tell, what it is trained for here.
        make: From settings and data, makes the models and tells in what they differ.
        published: Names of published runs, by network.
        coverage: Share of all counts that its classes cover, where it is told.
    """

    title: str
    source: str
    epochs: int
    make: Callable[[RecipeSettings, Folksonomy, Progress], Made]
    published: Callable[[Network], tuple[str, ...]]
    coverage: str

    __repr__ = one_line


def plan(name: str, settings: RecipeSettings, progress: Progress = silent) -> Plan:
    """Make a recipe's label spaces for a data set, and say in what they differ from the thesis's.

    Args:
        name: In `RECIPES`.
        settings: On what.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such recipe, data set or vectors.
        InvalidSetting: If a setting means nothing to the recipe, or no label space can be made.
    """
    if name not in RECIPES:
        raise NotFound(f"no recipe named {name!r}; there are: {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    data = open_folksonomy(settings.data, between(progress, 0, 0.3))
    models, differs = recipe.make(settings, data, between(progress, 0.3, 1))
    about = Difference(
        "data",
        f"{data.name}: {data.n_tracks:,} tracks, {data.n_tags:,} tags",
        _STAGE_DATA
        if name in STAGES
        else f"Last.fm tags of {THESIS_TRACKS:,} tracks of the Million Song Dataset",
    )
    coverage = [_coverage(model, data, recipe.coverage) for model in models]
    published = recipe.published(settings.network)
    return Plan(name, settings, tuple(models), recipe.epochs, published, (about, *differs, *coverage))


def _coverage(model: Model, data: Folksonomy, share: str) -> Difference:
    covered = model.space.report(data).share_of_counts
    here = f"{len(model.space):,} classes of {len(model.space.tags):,} tags, {covered:.1%} of all counts"
    classes = open_published(model.published).summary()["classes"] if model.published else None
    told = [f"{classes} classes"] if classes else []
    return Difference(f"classes ({model.name})", here, ", ".join([*told, *([share] if share else [])]))


def _top(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    _refuse_clustering(settings)
    n = min(_TOP, data.n_tags)
    space = from_top_tags(data, n, f"{data.name[:60]} top {_TOP}")
    return [Model(f"{n} most used tags", space, f"thesis-1-{settings.network}")], []


def _filtered(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    _refuse_clustering(settings)
    kept = filtered_top_tags(data, _TOP)
    space = from_tags(data, kept, f"{data.name[:60]} filtered {_TOP}")
    return [Model(f"{len(kept)} filtered tags", space, f"thesis-2-{settings.network}")], []


def _refuse_clustering(settings: RecipeSettings) -> None:
    if settings.vectors or settings.min_counts or settings.ks:
        raise InvalidSetting("vectors, min_counts and ks are of models 3.1 to 4.2; this one clusters nothing")


def _raw_clusters(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    asked = _Clusterings(settings, data, (_WORD2VEC,), (_OFTEN,), (500,), "all")
    return asked.models(progress, lambda cell: f"thesis-3.1-{settings.network}"), asked.differs


def _grid(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    asked = _Clusterings(
        settings, data, (_WORD2VEC, _WIKIPEDIA, _TWITTER), (_OFTEN, _OFTENER), (500,), "thesis"
    )

    def published(cell: _Cell) -> str | None:
        if settings.network == "waveform" or cell.vectors not in _SLUGS:
            return None
        return f"thesis-3.2-{_SLUGS[cell.vectors]}-n{cell.min_count - 1}-spectrogram"

    return asked.models(progress, published), asked.differs


def _number_of_clusters(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    ks = _KS if settings.network == "spectrogram" else _KS[:1]
    asked = _Clusterings(settings, data, (_WIKIPEDIA,), (_OFTEN,), ks, "thesis")
    models = asked.models(progress, lambda cell: f"thesis-3.3-k{cell.k}-{settings.network}")
    first = models[0].space
    tags = from_tags(data, [each.tags[0] for each in first.classes], f"{first.name[:70]} tags")
    beside = f"thesis-3.3-tags-{settings.network}" if models[0].published else None
    name = f"most used tag of each cluster of {models[0].name}"
    return [*models, Model(name, tags, beside)], asked.differs


def _genre_space(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> _GenresMade:
    """Return the genres among the clusters of model 3.3, the m-correlated ones merged."""
    if len(settings.ks) > 1 or len(settings.min_counts) > 1:
        raise InvalidSetting("genres are those of one clustering: give one k and one least count")
    asked = _Clusterings(settings, data, (_WIKIPEDIA,), (_OFTEN,), _KS[:1], "thesis")
    clusters = asked.models(progress, lambda cell: f"thesis-3.4-{settings.network}")[0]
    if settings.genres:
        keep, absent = classes_named(clusters.space, settings.genres)
        here = ", ".join(settings.genres)
        if absent:
            raise InvalidSetting(f"genres={', '.join(absent)} are of no class of {clusters.space.name!r}")
    else:
        keep, here = classes_of_category(clusters.space, data), "classes whose most used tag says a genre"
    chosen = choose_genres(clusters.space, data, keep, _M, f"{clusters.space.name[:70]} genres")
    merged = "; ".join(" with ".join(map(str, pair)) for pair in chosen.pairs.iloc[:, :2].to_numpy())
    asked.differs.append(Difference("genres", here, "12 clusters, chosen by hand"))
    asked.differs.append(Difference("merged genres", merged or "none", "metal with heavy metal"))
    return _GenresMade(chosen.space, clusters.published, asked.differs)


@dataclass(frozen=True, eq=False)
class _GenresMade:
    """Genres, and the published run of a model that learns them."""

    space: LabelSpace
    published: str | None
    differs: list[Difference]


def _genres(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    made = _genre_space(settings, data, progress)
    tags = most_popular_tags(made.space, data, f"{made.space.name[:70]} tags")
    beside = f"thesis-3.4-tags-{settings.network}" if made.published else None
    return [
        Model("genres", made.space, made.published),
        Model("most used tag of each genre", tags, beside),
    ], made.differs


def _subgenres(method: str, model: str) -> Callable[[RecipeSettings, Folksonomy, Progress], Made]:
    def make(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
        made = _genre_space(settings, data, between(progress, 0, 0.5))
        dividing = SubgenreSettings(method=method, seed=settings.seed)
        name = f"{made.space.name[:60]} {method}"
        space, _ = subgenre_space(data, made.space, dividing, name, between(progress, 0.5, 1))
        two = sum(len(each.tags) == 2 for each in space.classes)
        theirs = {"4.1": "19 of 88", "4.2": "17 of 110"}[model]
        made.differs.append(Difference("clusters of two tags", f"{two} of {len(space)}", theirs))
        if method == "tag-embeddings":
            made.differs.extend(_of_skip_gram(dividing.skip_gram))
        beside = f"thesis-{model}-{settings.network}" if made.published else None
        return [Model(f"subgenres by {method}", space, beside)], made.differs

    return make


def _of_skip_gram(trained: TagSkipGramSettings) -> list[Difference]:
    """Return in what tag embeddings are trained otherwise than the thesis's."""
    theirs = TagSkipGramSettings(loss="as_published")
    return [
        Difference("loss of the tag embeddings", _LOSSES[trained.loss], _LOSSES[theirs.loss]),
        Difference("penalty of the tag embeddings", f"{trained.penalty_taken:g}", "none"),
    ]


_LOSSES = {
    "softmax": "cross-entropy, each other tag of the track an equal share of 1",
    "as_published": "binary cross-entropy of the softmax outputs",
}


def _semantic(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
    if settings.min_counts or settings.ks or len(settings.vectors) > 1:
        raise InvalidSetting("model 5 clusters nothing; it takes one name of vectors, for the loss")
    vectors = settings.vectors[0] if settings.vectors else embeddings.OWN
    space = from_tags(data, filtered_top_tags(data, _TOP), f"{data.name[:60]} filtered {_TOP}")
    gammas = settings.gammas or _GAMMAS
    models = []
    for gamma in dict.fromkeys((0.0, *gammas)):  # γ = 0 is what the others are held against
        loss = {"loss": "semantic-bce", "gamma": gamma, "loss_vectors": vectors}
        models.append(Model(f"γ = {gamma:g}", space, None, {"train": loss}))
    said = "γ = 0 is plain cross-entropy; the thesis proposes the loss and trains nothing with it"
    return models, [Difference("loss", said), Difference("vectors of the loss", vectors)]


def _stage(name: str) -> Callable[[RecipeSettings, Folksonomy, Progress], Made]:
    def make(settings: RecipeSettings, data: Folksonomy, progress: Progress) -> Made:
        stage = STAGES[name]
        if settings.min_counts or settings.ks or len(settings.vectors) > (stage == "III"):
            raise InvalidSetting("stages cluster nothing; stage-3 alone takes a name of vectors")
        vectors = None
        differs: list[Difference] = []
        if stage == "III":
            chosen = settings.vectors[0] if settings.vectors else embeddings.OWN
            words = embeddings.resolve(chosen, data, between(progress, 0, 0.5))
            vectors = embeddings.compose(words, data.tags["tag"].tolist(), settings.lookup)
            differs.append(Difference("vectors", chosen))
        space = stage_space(
            data, stage, vectors, name=f"{data.name[:60]} {name}", progress=between(progress, 0.5, 1)
        )
        if absent := left_out(data):
            differs.append(Difference("targets that are no tag here", ", ".join(absent)))
        spelling = "whatever their case; a tag may go into several classes"
        differs.append(Difference("tags are matched", spelling, "into one class each"))
        return [Model(f"stage {stage}", space, f"{name}-{settings.network}")], differs

    return make


@dataclass(frozen=True)
class _Cell:
    """A clustering of the thesis: which vectors, how many tracks at least, how many clusters."""

    vectors: str
    min_count: int
    k: int


class _Clusterings:
    """The clusterings of a recipe, as the thesis has them and as they are made here.

    Args:
        settings: As asked.
        data: To be clustered.
        vectors: The thesis's, by its names.
        min_counts: The thesis's, inclusive.
        ks: The thesis's.
        keep: See `LabelGrid`.
    """

    def __init__(
        self,
        settings: RecipeSettings,
        data: Folksonomy,
        vectors: tuple[str, ...],
        min_counts: tuple[int, ...],
        ks: tuple[int, ...],
        keep: Keep,
    ) -> None:
        if len(settings.vectors) > len(vectors):
            raise InvalidSetting(
                f"vectors={', '.join(settings.vectors)} must be at most {len(vectors)}, in place of "
                f"{', '.join(vectors)}"
            )
        self._settings, self._data, self._keep = settings, data, keep
        self.differs: list[Difference] = []
        self._vectors = self._choose_vectors(vectors)
        if settings.lookup.fully_known:
            self.differs.append(Difference("clustered tags", "all words known", "some word known"))
        scale = self._scale()
        scaled = {n: scale.count(n) for n in min_counts}
        self._min_counts = self._chosen("least count (tracks)", settings.min_counts, scaled)
        self._ks = self._chosen("k before filtering", settings.ks, {k: scale.clusters(k) for k in ks})

    def _choose_vectors(self, theirs: tuple[str, ...]) -> dict[str, str]:
        """Return our vectors → the thesis's that they stand for; "own" stands for a single one only."""
        own, asked = embeddings.OWN, self._settings.vectors
        if not asked:
            here = f"“{own}”, trained on the data set's own tag lists"
            self.differs.append(Difference("vectors", here, ", ".join(theirs)))
            return {own: theirs[0] if len(theirs) == 1 else own}
        pairs = dict(zip(asked, theirs, strict=False))
        # Nothing tells whether vectors of that name are the very ones.
        self.differs.append(Difference("vectors", ", ".join(asked), ", ".join(theirs)))
        return pairs

    def _scale(self) -> _Scale:
        tags = int((self._data.tags["count"] >= _OFTEN).sum())
        wanted = self._settings.sizes
        if wanted == "published" or (wanted == "auto" and tags >= THESIS_TAGS / 2):
            return _Scale(1, 1)
        of_tracks = self._data.n_tracks / THESIS_TRACKS
        least = max(1, round(_OFTEN * of_tracks))
        return _Scale(of_tracks, int((self._data.tags["count"] >= least).sum()) / THESIS_TAGS)

    def _chosen(self, what: str, asked: tuple[int, ...], scaled: Mapping[int, int]) -> dict[int, int]:
        """Return our value → the thesis's that it stands for: itself where it was asked for.

        Args:
            what: The values are of.
            asked: In place of the thesis's.
            scaled: Value of the thesis → as scaled to the data. Several may come to one.
        """
        ours: dict[int, int] = {}
        for theirs, value in scaled.items():
            ours.setdefault(value, theirs)
        chosen = {value: value for value in asked} or ours
        if tuple(chosen) != tuple(scaled):
            here = _list(chosen) + ("" if asked else ", scaled to the size of the data")
            self.differs.append(Difference(what, here, _list(scaled)))
        return chosen

    def models(self, progress: Progress, published: Callable[[_Cell], str | None]) -> list[Model]:
        """Return a model for each combination; those that make no label space are told in `differs`."""
        grid = LabelGrid(
            vectors=tuple(self._vectors),
            min_counts=tuple(self._min_counts),
            ks=tuple(self._ks),
            keep=self._keep,
            seed=self._settings.seed,
            lookup=self._settings.lookup,
        )
        made = label_cells(self._settings.data, grid, progress)
        lost: list[dict[str, Any]] = made.left_out.to_dict("records")  # type: ignore[assignment]
        for row in lost:
            self.differs.append(Difference(f"left out: {_named(row)}", str(row["reason"])))
        models = []
        cells: list[dict[str, Any]] = made.table.to_dict("records")  # type: ignore[assignment]
        for row, space in zip(cells, made.spaces, strict=True):
            stands_for = _Cell(
                self._vectors[row["vectors"]], self._min_counts[row["min_count"]], self._ks[row["k"]]
            )
            beside = published(stands_for)
            models.append(Model(_named(row), space, beside if beside in published_names() else None))
        return models


def _named(cell: Mapping[str, Any]) -> str:
    return f"{cell['vectors']}, n = {cell['min_count']:,}, k = {cell['k']:,}"


@dataclass(frozen=True)
class _Scale:
    """How a data set's size relates to the thesis's."""

    of_tracks: float
    of_tags: float

    def count(self, n: int) -> int:
        return max(1, round(n * self.of_tracks))

    def clusters(self, k: int) -> int:
        return max(2, round(k * self.of_tags))


def _list(values: Iterable[int]) -> str:
    return ", ".join(f"{value:,}" for value in values)


def _grid_names(network: Network) -> tuple[str, ...]:
    if network == "waveform":
        return ()
    return tuple(f"thesis-3.2-{slug}-n{n}-spectrogram" for slug in _SLUGS.values() for n in (100, 500))


def _tuned_names(network: Network) -> tuple[str, ...]:
    ks = _KS if network == "spectrogram" else _KS[:1]
    return (*(f"thesis-3.3-k{k}-{network}" for k in ks), f"thesis-3.3-tags-{network}")


def _named_as(recipe: str) -> Callable[[Network], tuple[str, ...]]:
    return lambda network: (f"{recipe}-{network}",)


RECIPES: dict[str, Recipe] = {
    "model-1": Recipe(
        "a tagger of the 100 most used tags",
        "Ros Perez 2021, section 6.1, table 9",
        30,
        _top,
        lambda network: (f"thesis-1-{network}",),
        "22.4% of all counts",
    ),
    "model-2": Recipe(
        "a tagger of those of them that say something of the sound",
        "Ros Perez 2021, section 6.2, table 12",
        30,
        _filtered,
        lambda network: (f"thesis-2-{network}",),
        "",
    ),
    "model-3.1": Recipe(
        "a tagger of 500 clusters of tags, unfiltered",
        "Ros Perez 2021, section 7.2, table 15",
        20,
        _raw_clusters,
        lambda network: (f"thesis-3.1-{network}",),
        "61.4% of all counts",
    ),
    "model-3.2": Recipe(
        "taggers of filtered clusters: which vectors, and which tags to cluster",
        "Ros Perez 2021, section 7.3, table 18",
        20,
        _grid,
        _grid_names,
        "",
    ),
    "model-3.3": Recipe(
        "taggers of filtered clusters: how many clusters, against tags alone",
        "Ros Perez 2021, section 7.4, tables 19, 22 and 23",
        20,
        _number_of_clusters,
        _tuned_names,
        "",
    ),
    "model-3.4": Recipe(
        "taggers of genres: clusters of genre tags, against their most used tags",
        "Ros Perez 2021, section 7.5, tables 26 to 28",
        20,
        _genres,
        lambda network: (f"thesis-3.4-{network}", f"thesis-3.4-tags-{network}"),
        "",
    ),
    "model-4.1": Recipe(
        "a tagger of subgenres, divided by NPMI",
        "Ros Perez 2021, section 8.1, table 29",
        20,
        _subgenres("npmi", "4.1"),
        lambda network: (f"thesis-4.1-{network}",),
        "",
    ),
    "model-4.2": Recipe(
        "a tagger of subgenres, divided by tag embeddings",
        "Ros Perez 2021, section 8.2, table 30",
        20,
        _subgenres("tag-embeddings", "4.2"),
        lambda network: (f"thesis-4.2-{network}",),
        "",
    ),
    "model-5": Recipe(
        "taggers of the filtered tags under the semantic loss, by γ",
        "Ros Perez 2021, section 9, equation 33",
        30,
        _semantic,
        lambda network: (),
        "",
    ),
    **{
        name: Recipe(
            f"a tagger of {title}",
            f"readme on audio classification with word embeddings, stage {STAGES[name]}",
            _STAGE_EPOCHS,
            _stage(name),
            _named_as(name),
            "",
        )
        for name, title in {
            "stage-1": "50 chosen tags as they are",
            "stage-2": "50 chosen tags, each with the tags that hold its name",
            "stage-3": "50 chosen tags, each with the tags that hold its name or lie near it",
        }.items()
    },
}
"""Name → recipe."""
