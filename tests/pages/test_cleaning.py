"""The Cleaning page: something true at once, hostile tags, links, commands, nothing written unasked."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from taglab import cache, sources
from taglab.cleaning import (
    CLEANING_STEPS,
    Categories,
    Cleaning,
    CollapseEmbeddings,
    CollapseWords,
    Entry,
    ExplicitMap,
    Filters,
    NormalForm,
    Step,
    Typos,
    WordForms,
    open_cleaning,
    save_cleaning,
)
from taglab.cli.commands import build_parser
from taglab.cli.options import question_of
from taglab.embeddings import WordVectors
from taglab.sources.demo import read_demo
from taglab.ui.cleaning import work as state
from taglab.ui.cleaning.review import _take_edits
from taglab.verbs import VERBS, shell_line
from taglab.verbs.cleaning import New
from taglab.verbs.question import Unwritable
from tests.cleaning.made import GROWING, HOSTILE, folksonomy, on_tracks_of_their_own
from tests.pages.framed import open_page

COUNTS = {
    "rock": 20,
    "beautiful": 16,
    "Hip-Hop": 9,
    "seen live": 7,
    "hiphop": 6,
    "beautifull": 5,
    "Rock": 4,
    "zzz": 1,
}
VIEWS = ("Preview", "Before and after", "Where the counts went", "What went into a tag")
FOLDER = cache.Shelf(cache.FOLKSONOMIES)


@pytest.fixture(autouse=True)
def few(taglab_home: Path) -> None:
    """A data set with spellings and a slip in place of the demo."""
    made = folksonomy([(track, tag) for tag, count in COUNTS.items() for track in range(count)])
    replace(made, name="demo").save(FOLDER.path("demo"))


def link(*steps: Step) -> str:
    items = [{"kind": step.kind, **step.model_dump(mode="json", exclude_defaults=True)} for step in steps]
    return json.dumps(items)


def page(*steps: Step, **url: str) -> AppTest:
    return open_page("cleaning", **({"steps": link(*steps)} if steps else {}), **url).run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def texts(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.text, *app.success, *app.info]
    return "\n".join(str(element.value) for element in shown).replace("\\", "")


def charts(app: AppTest) -> list[Any]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def well(app: AppTest) -> AppTest:
    assert not app.exception
    assert not [error.value for error in app.error]
    return app


def test_something_true_at_once_and_nothing_written(taglab_home: Path) -> None:
    before = sorted(path for path in taglab_home.rglob("*"))
    app = well(page())
    shown = metrics(app)
    assert shown["Tags"] == "8 → 5"
    assert shown["Assignments"] == "68 → 53"
    assert shown["Tags that merge"] == "2"
    assert [button.label.split("  \n")[0] for button in app.button if button.key.startswith("choose ")] == [
        "**1. Normal form**", "**2. Word forms**", "**3. Typos**", "**4. Categories**",
    ]  # fmt: skip
    for view in VIEWS:
        well(page(view=view))
    assert sorted(path for path in taglab_home.rglob("*")) == before


def test_the_chosen_step_is_in_the_link() -> None:
    app = well(page())
    app = well(press(app, "choose 2"))
    assert "3. Typos" in texts(app)
    assert app.query_params["step"] == "3"
    again = well(page(step="3"))
    assert metrics(again)["Tags that merge"] == "1"
    assert well(page(step="nonsense")).session_state["cleaning draft"].chosen == 0
    assert well(page(step="99")).session_state["cleaning draft"].chosen == 3


def test_steps_are_added_moved_switched_taken_out_undone_and_redone() -> None:
    app = well(press(page(), "add filters"))
    kinds = [item.step.kind for item in app.session_state["cleaning draft"].cleaning.items]
    assert kinds == ["normal-form", "word-forms", "typos", "categories", "filters"]
    app = well(press(app, "up 4"))
    app = well(press(app, "remove 0"))
    app = well(
        app.toggle(key=next(toggle.key for toggle in app.toggle if toggle.key.startswith("on ")))
        .set_value(False)
        .run()
    )
    items = app.session_state["cleaning draft"].cleaning.items
    assert [(item.step.kind, item.on) for item in items] == [
        ("word-forms", False), ("typos", True), ("filters", True), ("categories", True),
    ]  # fmt: skip
    told = json.loads(app.query_params["steps"])
    assert [each["kind"] for each in told] == ["word-forms", "typos", "filters", "categories"]
    again = well(open_page("cleaning", steps=app.query_params["steps"]).run())
    assert again.session_state["cleaning draft"].cleaning == app.session_state["cleaning draft"].cleaning
    for _ in range(4):
        app = well(press(app, "undo step"))
    assert "steps" not in app.query_params
    assert metrics(app)["Tags"] == "8 → 5"
    app = well(press(app, "redo step"))
    assert len(app.session_state["cleaning draft"].cleaning.items) == 5


def test_settings_change_the_step_and_the_preview() -> None:
    app = well(page(Filters()))
    field = next(each for each in app.number_input if each.key.endswith("min_count"))
    app = well(field.set_value(6).run())
    assert metrics(app)["Tags that go"] == "3"
    area = next(each for each in app.text_area if each.key.endswith(" keep"))
    app = well(area.set_value("zzz\n Rock \n").run())
    assert app.session_state["cleaning draft"].cleaning.steps == (Filters(min_count=6, keep=("zzz", "Rock")),)
    assert metrics(app)["Tags that go"] == "1"
    app = well(press(app, "undo step"))
    assert app.session_state["cleaning draft"].cleaning.steps == (Filters(min_count=6),)
    assert next(each for each in app.text_area if each.key.endswith(" keep")).value == ""


def test_what_lines_of_text_cannot_say_is_left_as_it_is() -> None:
    step = Filters(drop=("a\nb", " x", ""), keep=HOSTILE)
    app = well(page(step))
    assert app.session_state["cleaning draft"].cleaning.steps == (step,)
    words = CollapseWords(targets=("a = b", "rock"), synonyms={"a = b": ("x, y",)})
    app = well(page(words))
    assert app.session_state["cleaning draft"].cleaning.steps == (words,)


def test_a_setting_out_of_its_range_is_a_sentence() -> None:
    app = page(CollapseWords(targets=("rock",)))
    area = next(each for each in app.text_area if each.key.endswith(" targets"))
    app = area.set_value("").run()
    assert not app.exception
    assert "targets" in app.error[0].value


def edited(
    monkeypatch: pytest.MonkeyPatch, step: Step, edits: dict[int, dict[str, Any]], tags: list[str]
) -> Step:
    """The step after edits in the table; no test can click into one."""
    kept: dict[str, Any] = {
        "cleaning draft": state.Draft(Cleaning.of("x", [step])),
        "k": {"edited_rows": edits},
    }
    monkeypatch.setattr(st, "session_state", kept)
    _take_edits("k", tags, ["merge"] * (len(tags) - 1) + ["keep"])
    new = kept["cleaning draft"].step
    assert new is not None
    return new


def test_ticks_and_categories_in_the_table_change_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = ["a", "b", "c", "d"]
    off, on = {"apply": False}, {"apply": True}
    assert edited(monkeypatch, Typos(), {0: off, 2: off, 3: off}, tags).rejected == ("a", "c")
    assert edited(monkeypatch, Typos().reject("a", "b"), {0: on}, tags).rejected == ("b",)
    new = edited(monkeypatch, Categories(), {1: {"category": "mine"}}, tags)
    assert isinstance(new, Categories)
    assert new.assigned == {"b": "mine"}


def test_all_at_once_is_one_change() -> None:
    app = well(page(NormalForm()))
    app = well(press(app, "reject found"))
    assert app.session_state["cleaning draft"].step.rejected == ("Rock", "hiphop")
    assert metrics(app)["Tags that merge"] == "0"
    app = well(press(app, "accept found"))
    assert app.session_state["cleaning draft"].step.rejected == ()
    app = well(press(well(press(app, "undo step")), "undo step"))
    assert app.session_state["cleaning draft"].step.rejected == ()
    app = well(page(Typos(), find="beau"))
    app = well(app.number_input(key="bound of score").set_value(0.99).run())
    app = well(press(app, "accept above score"))
    assert app.session_state["cleaning draft"].step.rejected == ("beautifull",)


def test_a_search_without_a_hit_says_so() -> None:
    app = well(page(find="[.*"))
    assert "Nothing found" in texts(app)


def test_applying_saves_under_a_new_name_and_leaves_the_data() -> None:
    app = page()
    app = well(app.text_input(key="name of the cleaned data demo").set_value("tidy").run())
    app = well(press(app, "apply cleaning"))
    assert "Saved as tidy: 5 tags, 53 assignments" in texts(app)
    assert sources.open_folksonomy("tidy").counts().to_dict() == {
        "rock": 20, "beautiful": 16, "Hip-Hop": 9, "seen live": 7, "zzz": 1,
    }  # fmt: skip
    assert sources.open_folksonomy("demo").counts().to_dict() == COUNTS
    assert "tidy" in app.selectbox(key="data").options
    app = press(app, "apply cleaning")
    assert "is taken" in app.error[0].value
    app = app.toggle(key="replace cleaned").set_value(True).run()
    well(press(app, "apply cleaning"))


def test_what_the_page_shows_is_what_it_applies() -> None:
    """Also where a second round finds more; what was refused is neither shown nor done."""
    replace(on_tracks_of_their_own(GROWING), name="growing").save(FOLDER.path("growing"))
    for steps, left in (((Typos(),), 2), ((Typos(rejected=("acousticc",)),), 4)):
        app = well(page(*steps, data="growing"))
        assert metrics(app)["Tags"] == f"5 → {left}"
        assert metrics(app)["Tags merged"] == metrics(app)["Tags that merge"] == str(5 - left)
        assert metrics(app)["Tags after it"] == str(left)
        name = f"grown {left}"
        app = app.text_input(key="name of the cleaned data growing").set_value(name).run()
        well(press(app, "apply cleaning"))
        assert sources.open_folksonomy(name).n_tags == left


def test_a_wrong_name_is_a_sentence() -> None:
    for name in ("", "../up", "demo"):
        app = page()
        app = app.text_input(key="name of the cleaned data demo").set_value(name).run()
        app = press(app, "apply cleaning")
        assert not app.exception
        assert "name\\=" in app.error[0].value


def test_saved_opened_and_in_conflict() -> None:
    app = page(NormalForm())
    app = well(app.text_input(key="cleaning name").set_value("mine").run())
    app = well(press(app, "save cleaning"))
    assert open_cleaning("mine")[0] == Cleaning.of("mine", [NormalForm()])
    assert app.query_params["cleaning"] == "mine"
    assert "steps" not in app.query_params
    save_cleaning(Cleaning.of("mine", [Typos()]), open_cleaning("mine")[1])
    app = press(well(press(app, "add filters")), "save cleaning")
    assert "saved by somebody else" in app.error[0].value
    other = well(open_page("cleaning", cleaning="mine").run())
    assert other.session_state["cleaning draft"].cleaning.steps == (Typos(),)
    app = well(press(app, "open cleaning"))
    assert app.session_state["cleaning draft"].cleaning.steps == (Typos(),)
    app = well(press(app, "undo step"))
    assert app.session_state["cleaning draft"].cleaning.steps == (NormalForm(), Filters())


@pytest.mark.parametrize(
    "url",
    [{"steps": "{"}, {"steps": "[1]"}, {"steps": '[{"kind": "unheard-of"}]'}, {"steps": "[" * 3000},
     {"steps": '[{"kind": "filters", "min_count": -1}]'}, {"cleaning": "not there"}, {"cleaning": "../up"}],
)  # fmt: skip
def test_a_link_that_is_wrong_is_told_and_the_page_is_there(url: dict[str, str]) -> None:
    app = open_page("cleaning", **url).run()
    assert not app.exception
    assert len(app.error) == 1
    assert metrics(app)["Tags"] == "8 → 5"


ALL_STEPS: tuple[Step, ...] = (
    NormalForm(), WordForms(), Typos(), Categories(scheme="thesis"), CollapseWords(targets=("rock", "80s")),
    CollapseEmbeddings(targets=("rock", "80s"), numeric=True, percentile=0.3), Filters(min_count=2),
    ExplicitMap(entries=(Entry(tag=HOSTILE[0], targets=("rock",), reason=HOSTILE[0]),)),
)  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_tags_go_through_every_step_and_view(view: str) -> None:
    assert {step.kind for step in ALL_STEPS} == set(CLEANING_STEPS)
    odd = folksonomy([(track, tag) for row, tag in enumerate(HOSTILE) for track in range(36 - row)])
    replace(odd, name="odd").save(FOLDER.path("odd"))
    tags = odd.tags["tag"].tolist()
    vectors = np.random.default_rng(0).normal(size=(len(tags), 4)).astype(np.float32)
    WordVectors("odd", tuple(tags), vectors).save(cache.Shelf(cache.VECTORS).path("odd"))
    for number in range(1, len(ALL_STEPS) + 1) if view == "Preview" else (1,):
        app = well(page(*ALL_STEPS, data="odd", vectors="odd", step=str(number), view=view))
        assert "<img" not in json.dumps(charts(app))
        assert "<img" not in texts(app)


def test_the_curve_over_percentiles_is_drawn_of_the_demo_alone() -> None:
    replace(read_demo(), name="whole").save(FOLDER.path("whole"))
    step = CollapseEmbeddings(targets=("rock", "happy"))
    app = well(page(step, data="whole", vectors="own"))
    assert not [toggle for toggle in app.toggle if toggle.key == "curve" and toggle.value]
    app = well(app.toggle(key="curve").set_value(True).run())
    spec = next(chart for chart in charts(app) if "wider cut" in json.dumps(chart["layout"]))
    assert [trace["name"] for trace in spec["data"]][-1] == "junk"
    command = next(code.value for code in app.code if "stages curve" in code.value)
    asked = question_of(build_parser().parse_args(shlex.split(command)[1:]), VERBS["stages curve"].question)
    assert asked.model_dump()["tags"]["data"] == "whole"
    app = well(page(step, data="demo", vectors="own"))
    assert not [toggle for toggle in app.toggle if toggle.key == "curve"]


def test_without_tags_and_without_steps() -> None:
    none = folksonomy([(0, "rock")]).select_tags(without=["rock"])
    replace(none, name="none").save(FOLDER.path("none"))
    for view in VIEWS:
        well(page(data="none", view=view))
        well(page(view=view, steps="[]"))


def read_as(line: list[str]) -> tuple[Step, ...]:
    asked = question_of(build_parser().parse_args(line[1:]), New)
    assert isinstance(asked, New)
    return asked.steps


@pytest.mark.parametrize(
    "step",
    [
        WordForms(number=False),
        Typos(threshold=0.93, known=("a, b", 'c "d"')),
        NormalForm(fold_case=False).reject("-x", "a,b", *HOSTILE[:5]),
        Categories(precedence=("junk",), assigned={"rock": "mine"}, added={"genres": ("x", "y")}),
        CollapseWords(several=False, targets=("rock", "a,b")),
        CollapseEmbeddings(percentile=0.01, numeric=True),
        Filters(min_count=3, presets=("thesis",), drop=("a", "b c"), drop_categories=("junk",)),
    ],
    ids=lambda step: step.kind,
)  # fmt: skip
def test_the_command_says_the_same_as_the_page(step: Step) -> None:
    line = shell_line(New(name="x", steps=(step,)))
    assert read_as(shlex.split(shlex.join(line))) == (step,)


def test_what_flags_cannot_say_goes_by_a_file() -> None:
    for unsaid in (
        ExplicitMap(entries=(Entry(tag="a"),)),
        Categories(assigned={"-a": "x"}),
        CollapseWords(synonyms={"rock": ("stone",)}),
    ):
        with pytest.raises(Unwritable):
            shell_line(New(name="x", steps=(unsaid,)))
    step = ExplicitMap(entries=(Entry(tag="zzz", targets=("rock",)),))
    for verb, view in (
        ("clean apply", "Preview"), ("clean preview", "Preview"), ("collapsed", "What went into a tag"),
    ):  # fmt: skip
        app = well(page(step, view=view))
        lines = next(code.value for code in app.code if f"taglab {verb}" in code.value).splitlines()
        assert lines[0] == "taglab clean import --name cleaning --replace cleaning.json"
        assert len(lines) == 2
        for line in lines:
            assert build_parser().parse_args(shlex.split(line)[1:])
    save_cleaning(Cleaning.of("mine", [step]))
    app = well(open_page("cleaning", cleaning="mine").run())
    line = next(code.value for code in app.code if "clean preview" in code.value)
    assert line == "taglab clean preview --data demo --at 1 mine"


def test_who_stops_can_go_on() -> None:
    app = page(NormalForm(), Typos())
    key = state.Work(
        "demo", None, sources.open_folksonomy("demo"), None, app.session_state["cleaning draft"]
    ).key
    app.session_state["cleaning stopped"] = key
    app = well(app.run())
    assert "Stopped; nothing was changed" in texts(app)
    assert not metrics(app)
    assert app.button(key="apply cleaning").disabled
    app = well(press(app, f"go on {key}"))
    assert metrics(app)["Tags"] == "8 → 5"
