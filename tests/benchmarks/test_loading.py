"""The loading benchmarks, at a size that takes no time; what they measure is not asserted, but they agree."""

from pathlib import Path

import pytest

from taglab.benchmarks import BENCHMARKS, loading


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "N_TRACKS", 12)
    monkeypatch.setattr(loading, "TRACK_S", 4.0)
    monkeypatch.setattr(loading, "CLIP_S", 3.0)
    monkeypatch.setattr(loading, "BATCH", 5)
    monkeypatch.setattr(loading, "TRAINED_CLIPS", 2)
    monkeypatch.setattr(loading, "N_CLASSES", 4)
    monkeypatch.setattr(loading, "N_FILES", 2)
    monkeypatch.setattr(loading, "FILE_S", 4)
    monkeypatch.setattr(loading, "REPEATS", 1)


def test_reading_is_set_against_training() -> None:
    rows = BENCHMARKS["loader"]()
    assert len(rows) == 2
    for row in rows:
        assert row.ratio == pytest.approx(row.peer_s / row.ours_s)


def test_decoding_equals_the_plain_loop() -> None:
    rows = BENCHMARKS["decoding"]()
    assert [row.name.split()[2] for row in rows] == ["flac", "ogg", "mp3"]
    # FFmpeg and libsndfile may round the last bit of what was coded with loss otherwise.
    assert rows[0].agreement == "largest difference 0 of 32,768"
    assert {row.agreement for row in rows[1:]} <= {f"largest difference {bits} of 32,768" for bits in (0, 1)}


def test_noise_is_material(tmp_path: Path) -> None:
    material = loading.noise_material(tmp_path, 6, 4.0, 3.0, 3)
    assert material.sizes == {"train": 4, "validation": 1, "test": 1}
    assert material.windows.length == 48_000
    assert material.targets.any(axis=1).all()
