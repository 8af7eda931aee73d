"""Equal models are told apart no more often than the level allows; the study itself has 10,000 pairs."""

from tests.studies.run_null_differences import simulate


def test_equal_models_are_seldom_told_apart_and_unequal_ones_more_often_with_more_tracks() -> None:
    found = simulate(500, 250, sizes=((10, 3), (30, 8)))
    assert (found["null"] <= 0.08).all()  # of 500 pairs, three standard errors above 0.05
    assert (found["refused"][:2] > 0.2).all()  # of ten tracks often nothing can be told, and it is said
    assert (found["refused"][2:] == 0).all()
    assert (found["power"][2:].to_numpy() > found["power"][:2].to_numpy() + 0.1).all()
