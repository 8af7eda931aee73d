"""What is asked of consistency in a shell."""

import pytest

from taglab.errors import InvalidSetting
from taglab.progress import silent
from taglab.studies.robustness import ConsistencySettings
from taglab.verbs.robustness import Consistency


@pytest.mark.parametrize(
    "measured", [ConsistencySettings(), ConsistencySettings(features=("mine",), sound=False)]
)
def test_features_are_held_against_sound_only_where_there_are_both(measured: ConsistencySettings) -> None:
    with pytest.raises(InvalidSetting, match="name features, and leave sound in"):
        Consistency(rows="between", measured=measured).answer(silent)
