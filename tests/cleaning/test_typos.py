"""Typos: what merges, what must not, and how well that goes on the demo's planted ones."""

import dataclasses
import json
from pathlib import Path

import pytest
from rapidfuzz.distance import JaroWinkler

from taglab.benchmarks.cleaning import all_pairs, made_up_tags
from taglab.cleaning import Cleaning, Typos, WordForms, words
from taglab.cleaning.typos import similarity
from taglab.errors import Cancelled
from taglab.folksonomy import Folksonomy
from taglab.sources.demo import FALSE_FRIENDS, DemoSettings, demo_truth, read_demo
from tests.cleaning.made import with_counts

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))

WIDER = (
    # plural, adjective, agent, verb
    ("guitar", "guitars"), ("ballad", "ballads"), ("jazz", "jazzy"), ("rock", "rocky"), ("punk", "punks"),
    ("blues", "bluesy"), ("soul", "soulful"), ("dream", "dreamy"), ("mood", "moody"), ("party", "partying"),
    ("singer", "singers"), ("dance", "dancer"), ("drum", "drummer"), ("love", "loved"), ("love", "lovely"),
    # endings that make another thing
    ("electro", "electronic"), ("electro", "electroclash"), ("metal", "metallica"), ("emo", "emocore"),
    ("grind", "grindcore"), ("shoegaze", "shoegazer"), ("minimal", "minimalism"), ("acoustic", "acoustics"),
    ("romantic", "romanticism"), ("psychedelic", "psychedelia"), ("ambient", "ambience"),
    ("folk", "folktronica"),
    ("classical", "classically trained"), ("techno", "technical"), ("progressive", "progression"),
    # numbers
    ("80s", "90s"), ("1980s", "1990s"), ("2000s", "2010s"), ("top 40", "top 400"), ("5 stars", "4 stars"),
    ("2 step", "3 step"), ("best of 2007", "best of 2008"), ("1985", "1986"), ("blink 182", "blink 183"),
    # negation
    ("happy", "unhappy"), ("danceable", "undanceable"), ("melodic", "amelodic"), ("tonal", "atonal"),
    ("rock", "no rock"), ("vocals", "no vocals"), ("political", "apolitical"), ("christian", "antichristian"),
    # other words of music, and of the world
    ("trance", "trace"), ("house", "horse"), ("sound", "sand"), ("metal", "medal"), ("rap", "trap"),
    ("samba", "mamba"), ("mambo", "mango"), ("tango", "mango"), ("viola", "violin"), ("cello", "hello"),
    ("spain", "spin"), ("iran", "iraq"), ("mali", "malta"), ("slovakia", "slovenia"), ("niger", "nigeria"),
    ("irish", "iris"), ("finnish", "finish"), ("polish", "publish"), ("chile", "chill"), ("swedish", "swish"),
    ("exotica", "erotica"), ("greek", "geek"), ("angel", "angle"), ("quiet", "quite"), ("marital", "martial"),
    ("indiana", "india"), ("austrian", "australian"), ("organ", "organic"), ("funky house", "funk house"),
    ("black metal", "blackmetal band"), ("death metal", "dark metal"), ("deep house", "deep horse"),
    ("female singers", "male singers"), ("east coast rap", "west coast rap"), ("soft rock", "softcore"),
)  # fmt: skip

SLIPS = (
    ("beautifull", "beautiful"), ("alternitive", "alternative"), ("electronc", "electronic"),
    ("progresive rock", "progressive rock"), ("clasic rock", "classic rock"), ("acustic", "acoustic"),
    ("awsome", "awesome"), ("pnuk", "punk"), ("jaz", "jazz"), ("funn", "fun"), ("melancoly", "melancholy"),
    ("famale", "female"), ("famale vocalists", "female vocalists"), ("female vovalists", "female vocalists"),
    ("vovalists", "vocalists"), ("alternativ", "alternative"), ("suol", "soul"),
    ("singer-songwritter", "singer-songwriter"), ("psychadelic", "psychedelic"), ("indie rok", "indie rock"),
    ("rythm and blues", "rhythm and blues"), ("brittish", "british"), ("agressive", "aggressive"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [*FALSE_FRIENDS, *WIDER])
def test_false_friends_stay_apart(one: str, other: str) -> None:
    for counts in ({one: 40, other: 3}, {one: 3, other: 40}):
        mapping = Typos(threshold=0.7).plan(with_counts(counts)).mapping
        assert mapping.get(one) != (other,)
        assert mapping.get(other) != (one,)


@pytest.mark.parametrize(("slip", "meant"), SLIPS)
def test_slips_are_mended(slip: str, meant: str) -> None:
    plan = Typos().plan(with_counts({meant: 9, slip: 2}))
    assert plan.mapping == {slip: (meant,)}
    row = plan.table.set_index("tag").loc[slip]
    assert row["score"] == pytest.approx(similarity(slip.replace("-", " "), meant.replace("-", " ")))
    assert row["score"] >= JaroWinkler.similarity(slip, meant) - 1e-9
    assert 0 <= row["risk"] <= 1


def test_the_published_pairs_score_above_the_threshold() -> None:
    above = [JaroWinkler.similarity(one.lower(), other.lower()) >= 0.9 for one, other in FALSE_FRIENDS]
    assert all(above)
    assert JaroWinkler.similarity("beautifull", "beautiful") == pytest.approx(0.98)


NAMES = {"Thalia": 40, "Mena": 30, "Miley Cyrus": 20, "Rif": 9, "Vlonked": 5}
"""Artists, one of them with a name that no dictionary has."""


def named(tags: dict[str, int]) -> Folksonomy:
    """Each tag on so many tracks, which are of the artists in turn."""
    made = with_counts(tags)
    artists = [list(NAMES)[row % len(NAMES)] for row in range(made.n_tracks)]
    return dataclasses.replace(made, tracks=made.tracks.assign(artist=artists))


@pytest.mark.parametrize(
    ("name", "other"),
    [("thalia", "thalita"), ("mena", "mean"), ("cyrus", "cyprus"), ("rif", "riff"), ("vlonked", "vlonkedd")],
)
def test_names_of_artists_are_no_slips(name: str, other: str) -> None:
    assert not Typos().plan(named({other: 40, name: 3})).mapping


def test_a_name_that_only_the_artists_tell() -> None:
    counts = {"vlonkedd": 40, "vlonked": 3}
    assert Typos().plan(with_counts(counts)).mapping == {"vlonked": ("vlonkedd",)}
    assert not Typos().plan(named(counts)).mapping


@pytest.mark.parametrize(
    ("word", "other"),
    [("bonding", "binding"), ("arte", "rate"), ("bleu", "blue"), ("cyrus", "cyprus"), ("rif", "riff")],
)
def test_words_and_names_of_a_dictionary_are_no_slips(word: str, other: str) -> None:
    assert not Typos().plan(with_counts({other: 40, word: 3})).mapping


def test_of_two_alike_the_more_used_is_meant() -> None:
    for counts in ({"electro": 40, "elektro": 9}, {"electro": 9, "elektro": 40}):
        assert Typos(max_share=0.1).plan(with_counts({**counts, "eletro": 1})).mapping["eletro"] == (
            max(counts, key=counts.__getitem__),
        )
    cleaning = Cleaning.of("x", [WordForms(), Typos()])
    cleaned = cleaning.apply(with_counts({"electro": 40, "elektro": 9, "eletro": 1}))
    assert cleaned.tag_map.mapping == {"elektro": ("electro",), "eletro": ("electro",)}


def test_the_less_used_merges_into_the_more_used() -> None:
    assert Typos().plan(with_counts({"beautifull": 9, "beautiful": 2})).mapping == {}
    assert Typos().plan(with_counts({"vlonkede": 4, "vlonkedde": 1})).mapping == {"vlonkedde": ("vlonkede",)}
    # Of two of like use each is likely a word of its own, unless a person says otherwise.
    alike = with_counts({"vlonkede": 2, "vlonkedde": 1})
    assert not Typos().plan(alike).mapping
    assert Typos(max_share=1.0).plan(alike).mapping == {"vlonkedde": ("vlonkede",)}
    absent = Typos().plan(with_counts({"beautifull": 9}))
    assert absent.mapping == {"beautifull": ("beautiful",)}


def test_words_can_be_declared_known() -> None:
    counts = {"electronic": 9, "elektronic": 2}
    assert Typos().plan(with_counts(counts)).mapping == {"elektronic": ("electronic",)}
    assert not Typos(known=("elektronic",)).plan(with_counts(counts)).mapping


def quality(seed: int) -> tuple[float, float, int]:
    """Precision and recall of the repair on the demo, and how many it merges.

    A merge is right where both tags have one concept; where the right word is no tag of the demo, where it
    is one of the concept's other spellings is not known, and the merge counts as wrong.
    """
    demo = read_demo(DemoSettings(seed=seed))
    truth = demo_truth(demo).set_index("tag")
    mapping = {tag: target for tag, (target,) in Typos().plan(demo).mapping.items()}
    meaning = {tag: (row["concept"], row["also"]) for tag, row in truth.iterrows()}
    right = [meaning[tag] == meaning.get(target, (target, "")) for tag, target in mapping.items()]
    planted = truth.index[truth["kind"] == "typo"]
    found = [
        tag in mapping and meaning[tag][0] == meaning.get(mapping[tag], (mapping[tag],))[0] for tag in planted
    ]
    return sum(right) / len(right), sum(found) / len(found), len(mapping)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_typos_are_found_and_little_else(seed: int) -> None:
    precision, recall, merged = quality(seed)
    assert precision >= 0.95
    assert [round(precision, 3), round(recall, 3), merged] == GOLDEN["typos"][str(seed)]


@pytest.mark.parametrize("threshold", [0.8, 0.9])
def test_just_what_comparing_all_pairs_gives(threshold: float) -> None:
    made = with_counts({tag: 1 + row % 7 for row, tag in enumerate(made_up_tags(3_000, seed=3))})
    step = Typos(threshold=threshold, most_used=500)
    ours = {
        " ".join(words(tag)): " ".join(words(target)) for tag, (target,) in step.plan(made).mapping.items()
    }
    pairs = all_pairs(made, step)
    assert len(pairs) > 20
    # A plan follows merges to their ends, comparing pairs does not.
    assert ours.keys() == pairs.keys()
    for form, target in ours.items():
        while form in pairs:
            form = pairs[form]
        assert form == target


def test_a_very_long_word_takes_no_time() -> None:
    assert not Typos().plan(with_counts({"x" * 200_000: 2, "y" * 200_001: 2, "rock": 1})).mapping


def test_it_tells_how_far_it_is_from_the_start_and_can_be_stopped_at_any_batch() -> None:
    made = with_counts(dict.fromkeys(made_up_tags(12_000, seed=1), 1))
    told: list[float] = []

    def listen(fraction: float, text: str) -> None:
        told.append(fraction)

    Typos(most_used=100).plan(made, progress=listen)
    batches = -(-made.n_tags // 5_000)
    assert told == sorted(told)
    assert told[:batches] == pytest.approx([0.3 * 5_000 * at / made.n_tags for at in range(batches)])
    assert len(told) == 2 * batches
    for last in range(len(told)):
        heard = 0

        def stop(fraction: float, text: str, last: int = last) -> None:
            nonlocal heard
            heard += 1
            if heard > last:
                raise Cancelled("stopped")

        with pytest.raises(Cancelled):
            Typos(most_used=100).plan(made, progress=stop)
        assert heard == last + 1
