"""Ways out of a page."""

import shlex

import pandas as pd
from streamlit.testing.v1 import AppTest

from taglab.figures.bars import ranked_bars
from tests.figures.shown import shown


def page() -> None:
    import pandas as pd
    import streamlit as st

    from taglab.figures.bars import ranked_bars
    from taglab.ui import export_panel, picture_config

    table = pd.DataFrame({"tag": ["a"], "count": [1]})
    figure = ranked_bars(table, "tag", "count", "Tags", "tracks")
    st.plotly_chart(figure, key="bars", config=picture_config())
    export_panel("bars", table, figure, ["taglab", "neighbours", "$(rm -rf x); 'q'"])


def test_every_way_out_is_there() -> None:
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [button.proto.label for button in app.get("download_button")] == ["CSV", "Parquet", "HTML"]


def test_the_camera_saves_what_was_chosen() -> None:
    app = AppTest.from_function(page).run()
    assert '"format": "png"' in app.get("plotly_chart")[0].proto.config
    app.button(key="bars picture").click().run()
    assert '"format": "svg"' in app.get("plotly_chart")[0].proto.config


def test_a_command_keeps_hostile_words_whole() -> None:
    app = AppTest.from_function(page).run()
    assert shlex.split(app.code[0].value) == ["taglab", "neighbours", "$(rm -rf x); 'q'"]


def test_a_figure_is_a_page_that_needs_no_network() -> None:
    table = pd.DataFrame({"tag": ["<script>alert(1)</script>"], "count": [1]})
    figure = ranked_bars(table, "tag", "count", "Tags", "tracks")
    text = figure.to_html(include_plotlyjs=True)
    assert "<script>alert(1)" not in text
    assert "<script>" not in shown(figure)


def page_of_formulas() -> None:
    import pandas as pd

    from taglab.ui import export_panel

    export_panel("tags", pd.DataFrame({"tag": ["=1+1", "dub"], "change": [-1.5, 2.0]}))


def test_cells_that_a_spreadsheet_would_run_are_told_and_can_be_written_as_text() -> None:
    app = AppTest.from_function(page_of_formulas).run()
    assert "1 cells begin with = + - or @" in app.caption[1].value
    assert not app.toggle[0].value
    assert not app.toggle[0].set_value(True).run().exception
    assert not AppTest.from_function(page).run().toggle
