"""Pickers: what stands in the link, what is not there any more, what does not fit."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.folksonomy import Folksonomy
from taglab.ui.messages import literal
from taglab.ui.pickers import default_min_count


def small(name: str, n_tracks: int, tags: list[str]) -> Folksonomy:
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(n_tracks)]})
    rows, columns = np.tile(np.arange(n_tracks), len(tags)), np.repeat(np.arange(len(tags)), n_tracks)
    data = Folksonomy.from_codes(name, tracks, tags, rows, columns)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path(name))
    return data


def page() -> None:
    import streamlit as st

    from taglab.ui import folksonomy, pick_data, pick_min_count, pick_tag, pick_vectors

    data = folksonomy(pick_data())
    least = pick_min_count(data)
    st.text(f"{data.name} {least} {pick_tag(list(data.tags['tag']))} {pick_vectors()}")


@pytest.fixture
def app(taglab_home: object) -> AppTest:
    small("demo", 4, ["rock", "jazz"])
    small("big", 40, ["pop", "soul"])
    return AppTest.from_function(page, default_timeout=60)


def test_a_link_fills_the_pickers(app: AppTest) -> None:
    app.query_params |= {"data": "big", "min_count": "7", "tag": "soul"}
    app.run()
    assert app.text[0].value == "big 7 soul own"
    assert not app.warning


def of_a_map() -> None:
    import streamlit as st

    from taglab.ui.pickers import bound_choice
    from taglab.ui.projecting import pick_projection

    views = ["Space", "Best k"]
    bind = bound_choice("view", "view", views)
    st.tabs(views, key="view", bind=bind, on_change="rerun")
    picked = pick_projection()
    st.text(f"{st.session_state['view']} {picked.method} {picked.dimensions}")


@pytest.mark.parametrize(
    ("link", "picked"),
    [
        ({"map": "PCA"}, "Space pca 2"),
        ({"map": "pca", "dimensions": "3"}, "Space pca 3"),
        ({"map": "Umap", "dimensions": "3-d", "view": "best K"}, "Best k umap 3"),
        ({"map": "T-SNE"}, "Space tsne 2"),
    ],
)
def test_a_choice_is_taken_by_its_name_as_by_its_title(link: dict[str, str], picked: str) -> None:
    app = AppTest.from_function(of_a_map, default_timeout=60)
    app.query_params |= link
    app.run()
    assert app.text[0].value == picked
    assert not app.warning
    app.run()
    assert app.text[0].value == picked


def test_a_choice_there_is_not_is_named() -> None:
    app = AppTest.from_function(of_a_map, default_timeout=60)
    app.query_params |= {"map": "mds", "view": "Best k"}
    app.run()
    assert app.text[0].value == "Best k tsne 2"
    assert [literal(repr("mds")) in line.value for line in app.warning] == [True]


@pytest.mark.parametrize(("key", "value"), [("data", "<b>gone</b>"), ("tag", "gone"), ("vectors", "gone")])
def test_what_a_link_asks_for_and_is_not_there_is_said(app: AppTest, key: str, value: str) -> None:
    app.query_params[key] = value
    app.run()
    assert not app.exception
    assert literal(repr(value)) in app.warning[0].value


@pytest.mark.parametrize("value", ["0", "-3", "5000", "x", "NaN", "1e400", "-inf"])
def test_a_minimum_count_that_does_not_fit_is_named_and_left_aside(app: AppTest, value: str) -> None:
    app.query_params["min_count"] = value
    app.run()
    assert not app.exception
    assert literal(repr(value)) in app.warning[0].value
    app.run()
    assert not app.exception
    assert not app.warning
    assert 1 <= app.number_input(key="min_count").value <= 4


def test_another_data_set_with_smaller_counts_can_follow(app: AppTest) -> None:
    app.query_params |= {"data": "big", "min_count": "30"}
    app.run()
    app.selectbox(key="data").select("demo").run()
    assert not app.exception
    assert 1 <= app.number_input(key="min_count").value <= 4


def test_the_default_leaves_enough_tags() -> None:
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(200)]})
    rows = np.concatenate([np.arange(10)] * 300 + [np.arange(200)] * 100)
    columns = np.concatenate(
        [np.full(10, tag) for tag in range(300)] + [np.full(200, 300 + tag) for tag in range(100)]
    )
    data = Folksonomy.from_codes("x", tracks, [f"tag {n}" for n in range(400)], rows, columns)
    assert default_min_count(data) == 10
    assert default_min_count(small("y", 3, ["a"])) == 1


def of_many_users() -> None:
    import numpy as np
    import pandas as pd
    import streamlit as st

    from taglab.ui.pickers import find_among

    names = pd.Series(np.char.add("user-", np.arange(500_000).astype(str)), dtype="str")
    st.text(names.iloc[find_among("user", "User", names, "user with a history")])


@pytest.mark.parametrize(
    ("typed", "taken", "sentence"),
    [
        ("user-499999", "user-499999", ""),
        ("USER-49999", "user-49999", "11 match; this is user-49999; others: user-499990, user-499991"),
        ("-12345", "user-12345", "11 match"),
        ("nobody", "user-0", "No user with a history is called 'nobody'"),
    ],
)
def test_one_of_half_a_million_is_found_by_typing(
    taglab_home: object, typed: str, taken: str, sentence: str
) -> None:
    app = AppTest.from_function(of_many_users, default_timeout=60)
    app.query_params["user"] = typed
    app.run()
    assert not app.exception
    assert app.text[0].value == taken
    assert sentence in " ".join(one.value for one in [*app.caption, *app.warning]).replace("\\", "")
