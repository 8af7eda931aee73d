"""Songs whose parts lie apart, in folders or in files of five sounds."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from taglab import sources
from taglab.audio.decode import decode
from taglab.audio.library import open_audio, stem_table
from taglab.audio.parts import files_of_parts
from taglab.audio.store import AudioStore
from taglab.errors import DataError, InvalidSetting
from taglab.suffixes import PART_NAMES
from taglab.verbs.audio import Add
from tests.audio.coded import encode_several, tone

RATE_HZ = 16_000
HZ = dict(zip(PART_NAMES, (300, 500, 700, 900, 1_100), strict=True))
PACKED, APART, NO_VOICE = "Band - Packed", "Band - Apart", "Others - No Voice"


def pitch(store: AudioStore, row: int) -> float:
    """Return the frequency that sounds loudest, in Hz."""
    pcm = store.whole(row)
    return float(np.abs(np.fft.rfft(pcm)).argmax() * RATE_HZ / len(pcm))


@pytest.fixture
def musdb(tmp_path: Path) -> Path:
    """A song in a file of five sounds, one in a folder of files, and one without vocals."""
    folder = tmp_path / "musdb18"
    for song, parts in ((APART, PART_NAMES), (NO_VOICE, ("mixture", "drums"))):
        (folder / "train" / song).mkdir(parents=True)
        for part in parts:
            file = folder / "train" / song / f"{part}.wav"
            soundfile.write(file, tone(HZ[part], RATE_HZ, 3.5), RATE_HZ)
    (folder / "test").mkdir()
    sounds = [tone(HZ[part], RATE_HZ, 3.5) for part in PART_NAMES]
    encode_several(folder / "test" / f"{PACKED}.stem.mp4", sounds, RATE_HZ, "aac")
    return folder


def test_mixtures_are_the_sound_and_vocals_its_stem(musdb: Path) -> None:
    data = sources.add("musdb", musdb, "musdb")
    assert dict(zip(data.tracks["track"], data.tracks["split"], strict=True)) == {
        APART: "train", NO_VOICE: "train", PACKED: "test",
    }  # fmt: skip
    facts = Add(path=musdb, name="musdb", data="musdb", part=("vocals", "bass")).answer(lambda *_: None).facts
    assert facts["tracks"] == facts["data"]["with_sound"] == 3
    assert facts["remarks"] == []
    store = open_audio("musdb")
    for row, song in enumerate(store.tracks["track"]):
        assert pitch(store, row) == pytest.approx(HZ["mixture"], abs=1)
        for part in ("vocals", "bass") if song != NO_VOICE else ():
            own = int(store.stem_rows(part)[row])
            assert pitch(store.stems[part], own) == pytest.approx(HZ[part], abs=1)
    stems = stem_table(store).set_index("stem")
    assert stems.loc["vocals", ["tracks", "without", "unequal", "examples"]].tolist() == [2, 1, 0, NO_VOICE]


def test_what_holds_no_songs_in_parts_is_told_in_a_sentence(musdb: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="part='voice' must be one of drums, bass, other, vocals"):
        files_of_parts(musdb, ("voice",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no song in parts: neither a mixture\.wav nor a file"):
        files_of_parts(tmp_path / "empty", ("vocals",))
    with pytest.raises(DataError, match="no such file"):
        files_of_parts(tmp_path / "nowhere", ("vocals",))
    (tmp_path / "musdb18.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match="is no folder; unpack it"):
        files_of_parts(tmp_path / "musdb18.zip", ("vocals",))
    two = encode_several(tmp_path / "two.mp4", [tone(300, RATE_HZ), tone(500, RATE_HZ)], RATE_HZ, "aac")
    with pytest.raises(DataError, match="holds 2 sounds side by side, and none is number 5"):
        decode(two, stream=4)
    assert decode(two).remarks == ("holds 2 sounds side by side; the first is taken",)
