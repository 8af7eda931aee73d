"""Years and tempi in normal distributions: planted ones come out, degenerate and unknown ones are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from taglab.errors import DataError, InvalidSetting
from taglab.factors import make_targets
from taglab.factors.describe import strongest_terms, summary
from taglab.factors.mixtures import TempoMixture, YearMixture, folded_tempi, octave_errors
from taglab.folksonomy import Folksonomy

TEMPI = Path(__file__).resolve().parents[3] / "shared" / "data" / "tempo" / "giantsteps_tempo.csv"


def with_columns(**columns: object) -> Folksonomy:
    n = len(next(iter(columns.values())))  # type: ignore[call-overload]
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(n)], **columns})
    return Folksonomy.from_codes("tiny", tracks, ["x"], np.zeros(1, int), np.zeros(1, int))


def test_planted_eras_come_out_with_the_right_shares() -> None:
    random = np.random.default_rng(0)
    eras = [(1962.0, 2.0, 300), (1985.0, 3.0, 500), (2005.0, 1.5, 200)]
    years = np.concatenate([random.normal(mean, spread, n) for mean, spread, n in eras])
    made = make_targets("year", with_columns(year=years), YearMixture(k=3, floor=0.1))
    means = [float(name.split(" ± ")[0]) for name in made.columns]
    np.testing.assert_allclose(means, [1962, 1985, 2005], atol=0.6)
    density = np.array([n * norm.pdf(years, mean, spread) for mean, spread, n in eras]).T
    truth = density / density.sum(axis=1, keepdims=True)
    assert np.abs(made.dense() - truth).max() < 0.1
    assert strongest_terms(made, 1)["term"].astype(int).tolist() == pytest.approx([1962, 1985, 2005], abs=2)
    assert not made.notes


def test_a_year_of_0_is_not_known_nor_one_that_is_none() -> None:
    data = with_columns(year=[1990.0, 0.0, np.nan, 2001.0, 19.0, 2000.0, 1991.0, -1990.0])
    made = make_targets("year", data, YearMixture(k=2))
    assert made.known.tolist() == [True, False, False, True, False, True, True, False]
    assert made.notes[:2] == (
        "1 tracks have 0 in 'year': not known.",
        "2 tracks have in 'year' what lies outside 1000 to 2200 years: taken as not known.",
    )
    kinds = made.dense().argmax(axis=1)
    assert kinds[0] == kinds[6] == 0
    assert kinds[3] == kinds[5] == 1


def test_fewer_years_than_distributions_are_told_and_so_are_distributions_of_one_year() -> None:
    made = make_targets("year", with_columns(year=[1960, 1970, 1980, 1990] * 5), YearMixture(k=50))
    assert len(made.columns) == 4
    assert made.notes == (
        "k=50 became 4: there are no more different years to learn from.",
        "4 of 4 distributions are of a single number of years, held open by floor=0.5; a smaller k, or a "
        "larger floor, makes wider ones.",
    )
    assert summary(made)["perplexity"] == pytest.approx(1)
    assert np.isfinite(made.dense()).all()


def test_one_year_no_year_and_no_column_are_refused() -> None:
    with pytest.raises(DataError, match="tiny: has 1 different years among the tracks to learn from"):
        make_targets("year", with_columns(year=[1990, 1990, 0]))
    with pytest.raises(DataError, match=r"0 different years .* \(2 tracks have 0 in 'year': not known\)"):
        make_targets("year", with_columns(year=[0, 0]))
    with pytest.raises(InvalidSetting, match=r"column='' \(none of year is there\) must be one of those"):
        make_targets("year", with_columns(bpm=[100, 120]))
    with pytest.raises(InvalidSetting, match="column='born' must be one of those that tracks of tiny have"):
        make_targets("year", with_columns(bpm=[100, 120]), YearMixture(column="born"))
    with pytest.raises(DataError, match=r"text in the column 'year'.*name a column of numbers"):
        make_targets("year", with_columns(year=["soon", "late"]))


def test_only_the_training_part_moves_the_distributions() -> None:
    random = np.random.default_rng(1)
    years = random.integers(1950, 2010, 200).astype(float)
    settings = YearMixture(k=4, learn_from="train")
    data = with_columns(year=years)
    learned = settings.learned_tracks(data)
    other = with_columns(year=np.where(learned, years, years - 40))
    assert make_targets("year", data, settings).columns == make_targets("year", other, settings).columns


def test_tempi_find_their_column_and_doubles_are_told() -> None:
    data = with_columns(tempo=[100.0, 101, 99, 102, 200, 60, 0], other=[100.0, 50, 198, 306, 200, 20, 90])
    made = make_targets("bpm", data, TempoMixture(k=2, against="other"))
    assert made.known.tolist() == [True] * 6 + [False]
    assert made.notes[0] == "1 tracks have 0 in 'tempo': not known."
    assert made.notes[1] == (
        "Of 6 tracks that have both, 'other' is, within 4 %: equal 2, double 1, half 1, triple 1, third 1."
    )
    assert "2 of 6 tempi lie outside 71 to 142 bpm" in made.notes[2]
    assert "fold=71" in made.notes[2]
    folded = make_targets("bpm", data, TempoMixture(k=2, fold=71))
    assert folded.notes[1].startswith("2 of 6 tempi were folded into 71 to 142 bpm")
    values = folded.dense()
    np.testing.assert_allclose(values[4], values[0], atol=1e-6)


@given(st.floats(1, 2000), st.floats(20, 200))
def test_folding_gives_one_of_the_octave_and_the_same_for_the_double(tempo: float, lowest: float) -> None:
    folded, double = folded_tempi(np.array([tempo, 2 * tempo]), lowest)
    assert lowest * (1 - 1e-12) <= folded < 2 * lowest * (1 + 1e-12)
    octaves = np.log2(folded / tempo)
    assert abs(octaves - round(octaves)) < 1e-9
    assert min(abs(double / folded - one) for one in (0.5, 1, 2)) < 1e-9


@pytest.mark.realdata
def test_octave_errors_of_real_annotations() -> None:
    if not TEMPI.exists():
        pytest.skip(f"no {TEMPI}")
    table = pd.read_csv(TEMPI)
    rounds = table[["bpm_v1", "bpm_v2"]].apply(pd.to_numeric, errors="coerce").dropna()
    rounds = rounds[(rounds > 0).all(axis=1)]
    counts = octave_errors(rounds["bpm_v1"].to_numpy(), rounds["bpm_v2"].to_numpy())
    assert sum(counts.values()) == len(rounds) > 600
    assert counts["equal"] > 500
    assert counts["double"] + counts["half"] > 10
