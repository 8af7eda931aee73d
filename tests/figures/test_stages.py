"""Pictures of collapsing."""

import numpy as np
import pandas as pd

from taglab.figures.stages import category_means, percentile_curve


def test_the_curve_has_what_its_table_has() -> None:
    table = pd.DataFrame(
        {
            "percentile": [0.001, 0.01],
            "recall": [0.2, 0.5],
            "precision": [0.9, 0.4],
            "junk": [0.0, 0.3],
            "merged": [10, 90],
        }
    )
    figure = percentile_curve(table, at=0.001)
    assert [trace.name for trace in figure.data] == [
        "found, of what is planted", "right, of what is collapsed", "junk",
    ]  # fmt: skip
    assert figure.data[0].y.tolist() == [0.2, 0.5]
    assert figure.data[2].customdata.tolist() == [10, 90]
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.shapes[0].x0 == 0.001
    assert figure.layout.xaxis.title.text
    assert figure.layout.yaxis.title.text


def means() -> pd.DataFrame:
    rows = [
        (stage, truth, category, 9, value + number / 10)
        for truth, value in (("own", 0.4), ("I", 0.2))
        for number, stage in enumerate(("I", "II"))
        for category in ("genre", "<b>mood</b>")
    ]
    return pd.DataFrame(rows, columns=["stage", "truth", "category", "labels", "auc_pr"])


def test_a_panel_a_truth_and_a_bar_a_stage() -> None:
    figure = category_means(means(), "auc_pr", "AUC-PR", ("<b>mood</b>", "genre"), ("I", "II", "III"))
    assert [(bar.name, bar.xaxis) for bar in figure.data if len(bar.x)] == [
        ("Stage I", "x"), ("Stage II", "x"), ("Stage I", "x2"), ("Stage II", "x2"),
    ]  # fmt: skip
    mood, genre = figure.data[0].x
    assert genre == "genre"
    assert "<b>" not in mood
    np.testing.assert_allclose(figure.data[1].y, 0.5)
    assert {note.text for note in figure.layout.annotations} == {"by its own labels", "by those of stage I"}
    assert len({bar.marker.color for bar in figure.data if bar.name == "Stage I"}) == 1
