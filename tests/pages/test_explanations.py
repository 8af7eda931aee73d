"""The Explanations page: a list and its reasons, a tag switched off, explainers side by side, all users."""

from __future__ import annotations

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.recommend.explain import EXPLAINERS
from tests.pages.framed import open_page, require_sound, texts
from tests.pages.test_data import small
from tests.pages.test_representations import table

pytestmark = pytest.mark.usefixtures("demo_home")


@pytest.fixture
def app() -> AppTest:
    return open_page("explanations", data="demo").run()


def score(app: AppTest) -> float:
    return float(app.metric[0].value)


def test_a_list_its_reasons_and_a_tag_switched_off_and_on(app: AppTest) -> None:
    require_sound(app)
    listed = table(app, "place")
    assert list(listed["place"]) == list(range(1, 11))
    assert list(listed["score"]) == sorted(listed["score"], reverse=True)
    assert score(app) == pytest.approx(listed["score"][0], abs=1e-4)
    assert app.metric[1].value == "1"
    assert "played" in texts(app)
    switches = app.multiselect(key="off")
    own = list(switches.options)
    assert ", ".join(own) == listed["tags"][0]
    began = time.process_time()
    switches.set_value(own[:1]).run()
    assert time.process_time() - began < 2
    require_sound(app)
    assert score(app) != pytest.approx(listed["score"][0], abs=1e-5)
    anew = table(app, "place")
    assert list(anew["score"]) == sorted(anew["score"], reverse=True)
    assert list(anew["place"]) == list(range(1, 11))
    kept = anew[anew["item"] == listed["item"][0]]
    assert list(kept["score"]) == pytest.approx([score(app)] * len(kept), abs=1e-4)
    assert set(anew["before"]) >= set(range(2, 11))
    expected, actual = re.search(r"let expect ([+-]\d+\.\d+).*changed by ([+-]\d+\.\d+)", texts(app)).groups()  # type: ignore[union-attr]
    assert float(actual) == pytest.approx(score(app) - listed["score"][0], abs=2e-4)
    assert float(expected) != 0


def test_leaving_one_out_foretells_a_tag_switched_off_exactly(app: AppTest) -> None:
    app.selectbox(key="explainer").set_value("leave-one-out").run()
    switches = app.multiselect(key="off")
    switches.set_value(list(switches.options)[:1]).run()
    expected, actual = re.search(r"let expect ([+-]\d+\.\d+).*changed by ([+-]\d+\.\d+)", texts(app)).groups()  # type: ignore[union-attr]
    assert expected == actual


def test_explainers_stand_side_by_side_and_the_command_asks_the_same(app: AppTest) -> None:
    beside = table(app, "explainer")
    assert list(beside["explainer"]) == [kind.title for kind in EXPLAINERS.values()]
    known = beside.set_index("explainer")["tau"]
    assert known["Leave one out"] > known["Random"]
    assert "taglab explain" in "".join(one.value for one in app.code)


def test_users_are_explained_where_that_is_asked_for() -> None:
    app = open_page("explanations", data="demo", over_users="true", users="3").run()
    require_sound(app)
    assert "3 users, 100 items each" in texts(app)


def test_data_without_plays_is_told() -> None:
    small("bare").save(cache.Shelf(cache.FOLKSONOMIES).path("bare"))
    app = open_page("explanations", data="bare").run()
    assert not app.exception
    assert "bare has no plays" in texts(app)


def test_switched_tags_stand_in_the_link_and_go_with_their_item(app: AppTest) -> None:
    tag = app.multiselect(key="off").options[0]
    linked = open_page("explanations", data="demo", off=tag).run()
    assert linked.multiselect(key="off").value == [tag]
    assert score(linked) != pytest.approx(score(app), abs=1e-4)
    linked.selectbox(key="item").set_value(linked.selectbox(key="item").options[1]).run()
    require_sound(linked)
    assert linked.multiselect(key="off").value == []
    lost = open_page("explanations", data="demo", off="no such tag").run()
    assert "The link switches tags that are not there: 'no such tag'" in texts(lost)
