"""`taglab clean` and `taglab collapsed`: steps by flags, nothing changed but by apply, same by files."""

import json
from pathlib import Path

import pytest

from taglab import sources
from taglab.cleaning import Categories, CollapseWords, ExplicitMap, Filters, Typos, open_cleaning
from tests.cleaning.made import GROWING
from tests.cli.running import Shell

ROWS = {
    "rock": 9, "Rock": 3, "rokc": 2, "british rock": 2, "hip hop": 5, "Hip-Hop": 4, "happy": 3,
    "happiness": 2,
    '"><img src=x onerror=alert(1)>': 1, "\u202eevil": 1, "a,b": 1,
}  # fmt: skip


@pytest.fixture
def odd(shell: Shell) -> Shell:
    """A shell with a data set `odd`."""
    path = shell.folder / "odd.tsv"
    lines = [f"{track}\t{tag}\tartist {track % 3}" for tag, count in ROWS.items() for track in range(count)]
    path.write_text("track\ttag\tartist\n" + "\n".join(lines) + "\n", encoding="utf-8")
    shell.text("data", "add", "table", path, "--name", "odd", "--no-quotes")
    return shell


def tags_of(name: str) -> dict[str, int]:
    return sources.open_folksonomy(name).counts().to_dict()


def test_a_preview_shows_and_changes_nothing(odd: Shell) -> None:
    found = odd.json(
        *(
            "clean",
            "preview",
            "--data",
            "odd",
            "--step",
            "normal-form",
            "--step",
            "typos",
            "--threshold",
            "0.9",
        ),
        *("--reject", "rokc", "--step", "filters", "--min-count", "2", "--keep", 'a,"a,b"'),
    )
    assert [step["kind"] for step in found["steps"]] == ["normal-form", "typos", "filters"]
    by_tag = {(row["step"], row["tag"]): row for row in found["rows"]}
    assert by_tag[1, "Rock"]["targets"] == ["rock"]
    assert by_tag[2, "rokc"]["action"] == "rejected"
    assert by_tag[3, "a,b"]["action"] == "keep"
    assert by_tag[3, "\u202eevil"]["action"] == "drop"
    assert tags_of("odd") == ROWS
    assert odd.json("clean", "list") == []
    risky = odd.json("clean", "preview", "--data", "odd", "--at", "3", "--sort", "risk")["rows"]
    assert {row["step"] for row in risky} == {3}


def test_what_is_previewed_is_what_is_applied(shell: Shell) -> None:
    """Also where a second round finds more."""
    path = shell.folder / "growing.tsv"
    tags = [tag for tag, count in GROWING.items() for _ in range(count)]
    path.write_text("track\ttag\n" + "".join(f"{track}\t{tag}\n" for track, tag in enumerate(tags)))
    shell.text("data", "add", "table", path, "--name", "growing")
    steps = ("--data", "growing", "--step", "normal-form", "--step", "typos")
    preview = shell.json("clean", "preview", *steps)
    applied = shell.json("clean", "apply", *steps, "--name", "grown")
    assert (preview["tags_after"], preview["merged"]) == (applied["tags"], applied["merged"]) == (2, 3)
    assert preview["rounds"] == applied["rounds"] == 3
    assert preview["steps"][-1]["tags_after"] == 2
    assert {row["tag"]: row["targets"] for row in preview["rows"] if row["action"] == "merge"} == {
        "acousticc": ["acoustic"], "acustic": ["acoustic"], "rokc": ["rock"],
    }  # fmt: skip
    refused = (*steps, "--reject", "acousticc")
    assert shell.json("clean", "preview", *refused)["merged"] == 1
    shell.text("clean", "apply", *refused, "--name", "less")
    assert tags_of("less") == {"rock": 33, "acoustic": 9, "acustic": 3, "acousticc": 2}


def test_text_for_people_holds_no_control_characters(odd: Shell) -> None:
    text = odd.text("clean", "preview", "--data", "odd", "--step", "filters", "--min-count", "2")
    assert "\u202e" not in text
    assert "2 drops" not in text
    assert "evil" in text


def test_new_add_edit_show_apply(odd: Shell) -> None:
    odd.text("clean", "new", "--name", "tidy", "--step", "normal-form", "--step", "typos")
    odd.text("clean", "add", "tidy", "--step", "categories", "--scheme", "thesis", "--at", "1")
    odd.text("clean", "add", "tidy", "--step", "filters", "--min-count", "2", "--no-match-case")
    odd.text("clean", "edit", "tidy", "assign", "1", "Voices", "happy", "rock")
    odd.text("clean", "edit", "tidy", "reject", "2", "Rock")
    odd.text("clean", "edit", "tidy", "move", "1", "3")
    odd.text("clean", "edit", "tidy", "off", "4")
    shown = odd.json("clean", "show", "tidy")
    assert [(row["kind"], row["on"]) for row in shown["rows"]] == [
        ("normal-form", True), ("typos", True), ("categories", True), ("filters", False),
    ]  # fmt: skip
    assert shown["rows"][2]["settings"]["assigned"] == {"happy": "Voices", "rock": "Voices"}
    made = odd.json("clean", "apply", "tidy", "--data", "odd", "--name", "odd-tidy")
    assert (made["tags_before"], made["tags"], made["merged"], made["dropped"]) == (11, 9, 2, 0)
    after = tags_of("odd-tidy")
    assert after["Rock"] == 3
    assert "Hip-Hop" not in after
    assert tags_of("odd") == ROWS
    odd.text("clean", "edit", "tidy", "on", "4")
    odd.text("clean", "edit", "tidy", "accept", "1", "Rock")
    odd.text("clean", "edit", "tidy", "drop", "2")
    assert odd.run("clean", "apply", "tidy", "--data", "odd", "--name", "odd-tidy") == 1
    assert "is taken" in odd.err
    odd.text("clean", "apply", "tidy", "--data", "odd", "--name", "odd-tidy", "--replace")
    assert tags_of("odd-tidy") == {
        "rock": 9,
        "hip hop": 5,
        "happy": 3,
        "happiness": 2,
        "british rock": 2,
        "rokc": 2,
    }
    odd.text("clean", "remove", "tidy")
    assert odd.run("clean", "show", "tidy") == 1


def test_a_new_one_begins_without_dropping_anything(odd: Shell) -> None:
    odd.text("clean", "new", "--name", "tidy")
    assert odd.run("clean", "new", "--name", "tidy") == 1
    assert "already" in odd.err
    odd.text("clean", "new", "--name", "tidy", "--replace")
    made = odd.json("clean", "apply", "tidy", "--data", "odd", "--name", "x")
    assert made["dropped"] == 0
    assert made["merged"] == 3


def test_every_kind_of_flag_reaches_its_step(odd: Shell) -> None:
    table = odd.folder / "map.tsv"
    table.write_text("tag\taction\ttarget\nrokc\tmerge\trock\nhappiness\tdrop\t\n")
    odd.text(
        *(
            "clean",
            "new",
            "--name",
            "all",
            "--step",
            "categories",
            "--assign",
            "rock",
            "mine",
            "--add-word",
            "genres",
            "zeuhl",
        ),
        *(
            "--add-word",
            "genres",
            "vlonk",
            "--step",
            "collapse-words",
            "--no-several",
            "--targets",
            'rock,"a,b"',
        ),
        *("--synonym", "rock", "stone", "--step", "map", "--map", table, "--step", "typos", "--known", "x,y"),
        *("--max-share", "0.5", "--step", "filters", "--presets", "thesis,nationalities"),
    )
    categories, collapse, explicit, typos, filters = open_cleaning("all")[0].steps
    assert isinstance(categories, Categories)
    assert categories.assigned == {"rock": "mine"}
    assert categories.added == {"genres": ("zeuhl", "vlonk")}
    assert isinstance(collapse, CollapseWords)
    assert collapse.targets == ("rock", "a,b")
    assert not collapse.several
    assert "stone" in collapse.synonyms["rock"]
    assert "hiphop" in collapse.synonyms["hip hop"]
    assert isinstance(explicit, ExplicitMap)
    assert [entry.tag for entry in explicit.entries] == ["rokc", "happiness"]
    assert isinstance(typos, Typos)
    assert (typos.known, typos.max_share) == (("x", "y"), 0.5)
    assert isinstance(filters, Filters)
    assert filters.presets == ("thesis", "nationalities")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--threshold", "0.9"), "comes after the --step"),
        (("--step", "typos", "--fold-case"), "is no flag of --step typos"),
        (("--step", "typos", "--threshold", "3"), "threshold='3'"),
        (("--step", "typos", "--threshold", "much"), "threshold='much'"),
        (("--step", "unheard-of"), "invalid choice"),
        (("--step", "categories", "--add-word", "animals", "cat"), "animals"),
        (("tidy", "--step", "typos"), "goes without a saved cleaning"),
    ],
)
def test_wrong_usage_is_told(odd: Shell, flags: tuple[str, ...], told: str) -> None:
    assert odd.run("clean", "preview", "--data", "odd", *flags) == 2
    assert told in odd.err


def test_what_is_not_there_is_told(odd: Shell) -> None:
    odd.text("clean", "new", "--name", "tidy")
    for command, told in (
        (("clean", "show", "no"), "no cleanings named 'no'"),
        (("clean", "edit", "tidy", "off", "9"), "no step 9"),
        (("clean", "edit", "tidy", "assign", "1", "x", "rock"), "not categories"),
        (("clean", "add", "tidy"), "at least one --step"),
        (
            ("clean", "new", "--name", "x", "--step", "map", "--map", odd.folder / "none.tsv"),
            "there is no such file",
        ),
        (("clean", "import", odd.folder / "odd.tsv", "--name", "x"), "tag, action and target"),
        (("clean", "apply", "tidy", "--data", "odd", "--name", "odd"), "must be another"),
        (("collapsed", "zzz", "--data", "odd"), "no tag became 'zzz'"),
        (("clean", "preview", "--data", "odd", "--step", "typos", "--at", "2"), "1 steps are on"),
    ):
        assert odd.run(*command) in (1, 2)
        assert told in odd.err


def test_export_and_import_give_the_same(odd: Shell) -> None:
    odd.text(
        "clean",
        "new",
        "--name",
        "tidy",
        "--step",
        "normal-form",
        "--step",
        "typos",
        "--step",
        "filters",
        "--min-count",
        "2",
    )
    odd.text("clean", "apply", "tidy", "--data", "odd", "--name", "once")
    steps, became = odd.folder / "steps.json", odd.folder / "map.tsv"
    odd.text("clean", "export", "tidy", "--out", steps)
    odd.text("clean", "export", "tidy", "--form", "map", "--data", "odd", "--out", became)
    assert odd.text("clean", "export", "tidy") == steps.read_text(encoding="utf-8")
    assert json.loads(steps.read_text())["name"] == "tidy"
    for path, name in ((steps, "again"), (became, "by map")):
        odd.text("clean", "import", path, "--name", name)
        odd.text("clean", "apply", name, "--data", "odd", "--name", name)
        assert tags_of(name) == tags_of("once")


def test_a_damaged_cleaning_does_not_hide_the_others(odd: Shell, taglab_home: Path) -> None:
    odd.text("clean", "new", "--name", "tidy")
    (taglab_home / "cleanings" / "broken.json").write_text("{")
    assert [row["name"] for row in odd.json("clean", "list")] == ["tidy"]
    assert "broken.json: is not a cleaning" in odd.err


def test_stage_two_and_three_by_default_and_whatever_the_case(shell: Shell) -> None:
    rows = shell.json("collapsed", "HAPPY")
    assert "it is written happy" in shell.err
    assert "by the vectors own" in shell.err
    assert rows == shell.json("collapsed", "happy")
    assert {"2 collapse-words", "3 collapse-embeddings"} <= {
        row["step"] for target in ("happy", "electronica") for row in shell.json("collapsed", target)
    }


def test_the_fits_of_stage_three_and_shares_by_category(shell: Shell) -> None:
    flags = ("--step", "categories", "--step", "collapse-embeddings", "--targets", "rock,80s,zzzz")
    found = shell.json("clean", "preview", *flags)
    fit = found["fits"][0]
    assert (fit["step"], fit["target"]) == (2, "rock")
    assert fit["cut"] == fit["normal_cut"] < fit["mean"]
    assert {"sd", "empirical_cut", "skewness", "excess_kurtosis", "p_normal", "inside"} <= set(fit)
    assert found["left_out"] == [
        {"step": 2, "target": "80s", "reason": "numeric"},
        {"step": 2, "target": "zzzz", "reason": "has no vector"},
    ]
    (shares,) = found["in_categories"]
    assert shares["step"] == 1
    assert shares["in_category"] + shares["junk"] + shares["uncategorised"] == pytest.approx(1)
    assert "fits" not in shell.json("clean", "preview", *flags, "--at", "1")


def test_what_went_into_a_tag(odd: Shell) -> None:
    rows = odd.json("collapsed", "happy", "--data", "odd")
    assert rows == [
        {
            "tag": "happiness",
            "count": 2,
            "step": "2 collapse-words",
            "reason": "collapse-words: holds 'happiness'",
        }
    ]
    assert "no cleaning named" in odd.err
    odd.text("clean", "new", "--name", "tidy", "--step", "normal-form", "--step", "typos")
    by_name = odd.json("collapsed", "rock", "--data", "odd", "--cleaning", "tidy")
    assert [row["tag"] for row in by_name] == ["Rock", "rokc"]
    odd.text("clean", "apply", "tidy", "--data", "odd", "--name", "odd-tidy")
    assert odd.json("collapsed", "rock", "--data", "odd-tidy") == by_name
    assert "odd-tidy was made of odd by the cleaning tidy" in odd.err
    odd.text("data", "remove", "odd")
    assert [row["count"] for row in odd.json("collapsed", "rock", "--data", "odd-tidy")] == [None, None]


def test_stage_three_on_vectors_given(odd: Shell) -> None:
    path = odd.folder / "v.txt"
    path.write_text("rock 1 0\nhappy 0 1\nhappiness 0.05 1\nhip -1 0\nhop -1 0.1\nbritish 0.7 -0.7\n")
    odd.text("vectors", "add", path, "--name", "tiny")
    flags = ("--step", "collapse-embeddings", "--targets", "happy,rock", "--percentile", "0.2")
    rows = odd.json("collapsed", "happy", "--data", "odd", "--vectors", "tiny", *flags)
    assert "happiness" in {row["tag"] for row in rows}
    assert "inside its cut" in rows[0]["reason"]
