"""Every picture of a design, whole and begun; and the file of all of them."""

from pathlib import Path

import pytest

from taglab.errors import InvalidSetting
from taglab.studies.design.kept import make_design
from taglab.studies.design.pictures import PICTURES, write_design_report
from tests.studies.design.test_tables import SETTINGS, scored


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_of_a_whole_design(name: str) -> None:
    picture = PICTURES[name]
    design = scored(81)
    assert len(picture.draw(design, None).data)
    if picture.by_task:
        assert "mood" in picture.draw(design, "mood").layout.title.text


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_before_anything_is_scored(name: str) -> None:
    design = make_design("kim", SETTINGS)
    if name == "alias":
        assert len(PICTURES[name].draw(design, None).data)
        return
    with pytest.raises(InvalidSetting, match="no score of the design is there"):
        PICTURES[name].draw(design, None)


def test_one_file_of_all(tmp_path: Path) -> None:
    whole, begun = tmp_path / "whole.html", tmp_path / "begun.html"
    write_design_report(scored(81), whole)
    text = whole.read_text(encoding="utf-8")
    assert text.count("<h2") == len(PICTURES) + 9
    assert "81 runs planned, 0 made, 81 scored" in text
    assert "no score of" not in text
    write_design_report(make_design("other", SETTINGS), begun)
    assert "no score of the design is there" in begun.read_text(encoding="utf-8")
