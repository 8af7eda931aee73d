"""The value itself: placing tracks, ensembles, and what is refused."""

import numpy as np
import pytest

from taglab.errors import InvalidSetting, NotFound
from taglab.joint_space import JointSpace, ensemble


def space(seed: int = 0, scaling: str = "length", tags: tuple[str, ...] = ("rock", "jazz")) -> JointSpace:
    random = np.random.default_rng(seed)
    arrays = [random.standard_normal((n, 3)).astype(np.float32) for n in (2, len(tags), 4)]
    return JointSpace(f"s{seed}", ("Ann", "Bob"), tags, *arrays, scaling)


def test_a_track_lies_at_the_weighed_sum_of_its_features() -> None:
    joint = space()
    placed = joint.place(np.array([[3.0, 4, 0, 0], [0, 0, 0, 0]]))
    expected = 0.6 * joint.feature_vectors[0] + 0.8 * joint.feature_vectors[1]
    np.testing.assert_allclose(placed[0], expected, rtol=1e-6)
    assert (placed[1] == 0).all()
    rooted = space(scaling="root").place(np.array([[9.0, 16, 0, 0]]))
    np.testing.assert_allclose(rooted, placed[:1], rtol=1e-6)
    plain = space(scaling="none").place(np.array([[3.0, 4, 0, 0]]))
    np.testing.assert_allclose(plain, 5 * placed[:1], rtol=1e-6)


def test_an_ensemble_scores_as_its_members_do_on_average() -> None:
    members = [space(seed) for seed in range(3)]
    joined = ensemble(members, "all")
    assert joined.dim == 9
    features = np.abs(np.random.default_rng(9).standard_normal((5, 4)))
    placed, together = [member.place(features) for member in members], joined.place(features)
    tags = [of @ member.tag_vectors.T for of, member in zip(placed, members, strict=True)]
    np.testing.assert_allclose(together @ joined.tag_vectors.T, np.mean(tags, axis=0), rtol=1e-5)
    alike = [of @ of.T for of in placed]
    np.testing.assert_allclose(together @ together.T, np.mean(alike, axis=0), rtol=1e-5)


def test_what_does_not_fit_is_refused() -> None:
    joint = space()
    with pytest.raises(InvalidSetting, match="features of 5 numbers must be of 4"):
        joint.place(np.ones((1, 5)))
    with pytest.raises(InvalidSetting, match="NaN or infinity"):
        joint.place(np.array([[np.nan, 0, 0, 0]]))
    with pytest.raises(InvalidSetting, match="not negative"):
        space(scaling="root").place(np.array([[-1.0, 0, 0, 0]]))
    with pytest.raises(NotFound, match="no tag 'polka' in the space 's0', which has 2"):
        joint.vector("tag", "polka")
    np.testing.assert_array_equal(joint.vector("artist", "Bob"), joint.artist_vectors[1])
    with pytest.raises(InvalidSetting, match="same artists, tags and features"):
        ensemble([joint, space(1, tags=("rock", "pop"))])
    with pytest.raises(InvalidSetting, match="at least one"):
        ensemble([])
    with pytest.raises(InvalidSetting, match="learning rate too high"):
        JointSpace("s", (), (), *(np.full((0, 3), 0, np.float32),) * 2, np.full((4, 3), np.nan, np.float32))
