"""Networks of several sources as runs: by turns, resumed bit for bit, asked what they hear."""

import io
import json
import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from taglab import launch
from taglab.audio.library import open_audio
from taglab.batches import SplitSettings, split_tracks
from taglab.cache import FOLKSONOMIES, Shelf
from taglab.compare.inputs import inputs_table, require_inputs
from taglab.encoders import ENCODERS
from taglab.errors import Cancelled, DataError, InputsChanged, InvalidSetting, NotFound
from taglab.factors.learning_source import LearningSource, source_of_text, targets_of_sources
from taglab.folksonomy import Folksonomy
from taglab.runs import Run, delete_run, export_run, import_run, layout, open_run
from taglab.runs.kept_targets import read_targets, targets_of_file
from taglab.sources import open_folksonomy
from taglab.training import dry_run_process, encode, predicted_targets, tag_sound
from taglab.training.checkpoints import load_checkpoint
from taglab.training.dry_running import dry_run_sources
from taglab.training.source_config import PRESETS, SourceRun, SourceTraining, source_run
from taglab.training.sources import (
    fresh_network,
    heads_of_run,
    new_source_run,
    source_material,
    train_sources,
)
from tests.training.examples import N_TRACKS, RATE_HZ, TAGS, make_world, save_sound, tags_of

KINDS = ("deep", "shrill", "")
MELS = {"n_mels": 32, "n_fft": 512, "hop": 128, "mel_scale": "slaney", "standardise": False}


@pytest.fixture(autouse=True)
def world(taglab_home: Path) -> None:
    """The small world, whose tracks have a column of pitch that is known of two in three."""
    make_world(taglab_home)
    save_data()


def save_data(shift: int = 0, rare: Collection[str] = ("t0",)) -> None:
    pairs = [(row, TAGS.index(tag)) for row in range(N_TRACKS) for tag in tags_of(row)]
    rows, codes = np.array(pairs, dtype=np.int64).T
    pitch = [KINDS[(("low" in tags_of(row)) + shift) % 2] if row % 3 else "" for row in range(N_TRACKS)]
    table = pd.DataFrame({"track": [f"t{row}" for row in range(N_TRACKS)], "pitch": pitch})
    table["rare"] = ["known" if f"t{row}" in rare else "" for row in range(N_TRACKS)]
    table["year"] = np.arange(N_TRACKS) + 1960
    Folksonomy.from_codes("small", table, list(TAGS), rows, codes).save(Shelf(FOLKSONOMIES).path("small"))


def config_of(*sources: str, strategy: str = "ms-cr@4", **train: Any) -> SourceRun:
    texts = sources or ("sounds=label-space,labels=sounds", "pitch=column,column=pitch", "self=same-track")
    return source_run(
        {
            "data": "small",
            "audio": "small",
            "sources": [source_of_text(text).model_dump() for text in texts],
            "strategy": strategy,
            "network": {"network": "kim-2.3", "width": 1 / 16, "mels": MELS},
            "split": {"train": 0.6, "validation": 0.2, "test": 0.2},
            "train": {
                "epochs": 2, "batch_size": 8, "window_s": 0.6, "accelerator": "cpu", "learning_rate": 3e-3,
                "metric_interval_steps": 1, **train,
            },
        }
    )  # fmt: skip


def weights_of(run: Run, name: str = "last.pt") -> dict[str, torch.Tensor]:
    network: dict[str, torch.Tensor] = load_checkpoint(run.checkpoints / name, {})["network"]
    return network


def stopped_at(run: Run, place: str) -> None:
    def stop(share: float, text: str) -> None:
        if place in text:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        train_sources(run.name, stop)


def figures(run: Run) -> pd.DataFrame:
    return run.history().drop(columns=["seconds", "clips_per_s", "memory_gib"])


def test_stopped_twice_it_ends_as_if_nothing_had_been() -> None:
    config = config_of(checkpoint_minutes=0)
    whole, broken = new_source_run(config), new_source_run(config)
    train_sources(whole.name)
    stopped_at(broken, "epoch 1 of 2, step 5")
    assert not broken.finished
    assert launch.state(broken.name).state == "stopped"
    stopped_at(broken, "epoch 2 of 2, step 2")
    train_sources(broken.name)
    assert broken.finished
    pd.testing.assert_frame_equal(figures(broken), figures(whole))
    one, other = weights_of(whole), weights_of(broken)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert train_sources(whole.name).name == whole.name  # is left alone


def test_what_is_told_of_a_run_as_it_goes() -> None:
    run = new_source_run(config_of(), group="mine", note="a note")
    assert run.name.startswith("ms-cr-4-sounds-pitch-self")
    assert {kind: own.name for kind, own in run.inputs.items()} == {
        "data": "small", "audio": "small", "sources": "sounds, pitch, self"
    }  # fmt: skip
    train_sources(run.name)
    history, summary = run.history(), run.summary()
    steps_per_epoch = 3 * (36 // 8)
    assert set(run.steps()["step"]) == set(range(1, steps_per_epoch + 1))
    last = history.iloc[-1]
    by_source = [last[f"validation_loss {name}"] for name in ("sounds", "pitch", "self")]
    assert last["validation_loss"] == pytest.approx(sum(by_source))
    clips = sum(last[f"passes {name}"] * tracks for name, tracks in coverage_of(run).items())
    assert clips == pytest.approx(8 * steps_per_epoch * 2)
    assert summary["coverage"]["self"] == 1
    assert 0.5 < summary["coverage"]["pitch"] < 0.8
    assert summary["test"]["validation_loss"] == pytest.approx(
        sum(summary["test"][f"validation_loss {name}"] for name in ("sounds", "pitch", "self"))
    )
    assert summary["best_epoch"] == history["epoch"][history["validation_loss"].idxmin()]
    assert "pitch: says something of" in run.log_tail()
    assert launch.kind_of(run).epochs(run.config) == 2
    panels = launch.kind_of(run).panels(run.config)
    for panel in panels.values():
        assert set(panel.lines) & set(history.columns), panel.title


def test_what_a_network_expects_its_sources_to_say() -> None:
    run = train_sources(new_source_run(config_of(epochs=1)).name)
    expected = predicted_targets(run)
    assert {name: (own.kind, own.columns) for name, own in expected.items()} == {
        "sounds": ("real", ("low", "high", "noise")), "pitch": ("distribution", ("deep", "shrill")),
    }  # fmt: skip
    pitch, sounds = expected["pitch"], expected["sounds"]
    assert (len(pitch), pitch.known.all()) == (N_TRACKS, True)  # those too of which the source says nothing
    np.testing.assert_allclose(pitch.values.sum(axis=1), 1, atol=1e-5)
    assert ((sounds.values > 0) & (sounds.values < 1)).all()
    config = source_run(run.config)
    network = fresh_network(config, heads_of_run(run, config)).eval()
    network.load_state_dict(weights_of(run, "best.pt"))
    starts = source_material(config, run).tracks.windows.consecutive_starts(0)
    sound = open_audio("small").mono(0).astype(np.float32) / 32_768
    windows = torch.from_numpy(np.stack([sound[start : start + 9_600] for start in starts]))
    with torch.no_grad():
        outputs = network(windows)
    alone = predicted_targets(run, ["t0"])
    for name, said in (("pitch", outputs["pitch"].softmax(1)), ("sounds", outputs["sounds"].sigmoid())):
        np.testing.assert_allclose(alone[name].values[0], said.mean(0), rtol=1e-3)
    pairs = train_sources(new_source_run(config_of("self=same-track", strategy="ss-r", epochs=1)).name)
    with pytest.raises(InvalidSetting, match="from clips by twos alone"):
        predicted_targets(pairs)


def coverage_of(run: Run) -> dict[str, int]:
    table = source_material(source_run(run.config)).coverage()
    return dict(zip(table["source"], table["train"], strict=True))


@pytest.mark.parametrize(("strategy", "dim"), [("ms-cr@2", 48), ("ms-sr@fc", 16), ("mss-cr", 48)])
def test_the_encoder_gives_the_representation(strategy: str, dim: int) -> None:
    """Of tracks one window long it is what the branches, or the shared layer, make of it."""
    config = config_of(strategy=strategy, epochs=1, window_s=1.0)
    run = train_sources(new_source_run(config).name)
    vectors = encode(run, "test")
    assert vectors.dim == dim
    store = open_audio("small")
    features = ENCODERS["run"](run=run.name).encode(store, store.rows(vectors.ids), {})
    np.testing.assert_array_equal(features, vectors.vectors)
    untrained = encode(new_source_run(config), list(vectors.ids), "untrained")
    assert untrained.dim == dim
    assert not np.allclose(untrained.vectors, vectors.vectors)
    checkpoint = ENCODERS["run"](run=run.name).origin("")["checkpoint"]
    assert checkpoint != ENCODERS["run"](run=run.name, weights="last").origin("")["checkpoint"]


def test_with_kept_mels_it_is_trained_alike_and_resumed() -> None:
    config = config_of(keep_mels=True, checkpoint_minutes=0, learning_rate=1e-4)
    whole, broken, anew = (new_source_run(own) for own in (config, config, config_of(learning_rate=1e-4)))
    stopped_at(broken, "epoch 1 of 2, step 5")
    for run in (whole, broken, anew):
        train_sources(run.name)
    pd.testing.assert_frame_equal(figures(broken), figures(whole))
    assert weights_of(whole).keys() == weights_of(anew).keys()
    losses = [run.history()["validation_loss"].iloc[0] for run in (whole, anew)]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert encode(whole, "test").vectors.shape == encode(anew, "test").vectors.shape
    assert dry_run_sources(config).parameters == whole.summary()["parameters"]


def test_a_single_source_and_a_shared_one_begin_alike() -> None:
    """Ss-r of a source and the first of several are one network before training."""
    pitch = "pitch=column,column=pitch"
    single, several = (
        encode(new_source_run(config), ["t1"], "untrained")
        for config in (config_of(pitch, strategy="ss-r"), config_of(pitch, "self=same-track"))
    )
    np.testing.assert_array_equal(single.vectors[0], several.vectors[0, : single.dim])


def test_sources_are_learned() -> None:
    run = new_source_run(config_of(strategy="ms-sr@fc", epochs=16, schedule="cosine", learning_rate=1e-2))
    history = train_sources(run.name).history()
    assert history["validation_loss pitch"].min() < 0.85 * np.log(2)
    assert history["validation_loss"].min() < 0.95 * history["validation_loss"].iloc[0]


def test_what_sources_say_is_kept_as_it_was_when_the_run_was_made() -> None:
    whole, run = (new_source_run(config_of(epochs=1)) for _ in range(2))
    assert inputs_table(run)["now"].tolist() == ["as it was"] * 3
    train_sources(whole.name)
    save_data(shift=1)
    assert inputs_table(run).set_index("input").loc["sources", "now"] == "changed"
    require_inputs(run)
    train_sources(run.name)
    assert all(torch.equal(weights_of(run)[name], own) for name, own in weights_of(whole).items())
    assert "the data set 'small' is another than when it was made, in nothing that" in run.log_tail()


def test_kept_targets_are_read_as_they_were_written() -> None:
    config = config_of("tag=tag,k=2,iterations=5", "pitch=column,column=pitch", "self=same-track")
    kept = read_targets(new_source_run(config))
    made = targets_of_sources(config.sources, open_folksonomy("small"))
    assert list(kept.of) == ["tag", "pitch"]
    for name, own in kept.of.items():
        assert own.fingerprint == made[name].fingerprint
        assert (own.kind, own.name, own.notes) == (made[name].kind, made[name].name, made[name].notes)
    factors, as_made = kept.of["tag"].factors, made["tag"].factors
    assert factors is not None
    assert as_made is not None
    assert (factors.kind, factors.terms) == (as_made.kind, as_made.terms)
    np.testing.assert_array_equal(factors.weights, as_made.weights)


def test_the_last_bit_of_another_processor_matters_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of("tag=tag,k=2,iterations=5", "self=same-track", epochs=1)
    run = new_source_run(config)
    (tag,) = read_targets(run).of.values()
    assert isinstance(tag.values, np.ndarray)
    other = replace(tag, values=np.nextafter(tag.values, np.float32(1)) * tag.known[:, None])
    monkeypatch.setattr("taglab.training.sources.targets_of_sources", lambda *_: {"tag": other})
    elsewhere = new_source_run(config)
    assert elsewhere.inputs["sources"] != run.inputs["sources"], "other numbers, another fingerprint"
    assert train_sources(run.name).finished
    assert inputs_table(run)["now"].tolist() == ["as it was"] * 3


def test_kept_targets_that_are_damaged_or_missing_are_told(tmp_path: Path) -> None:
    run = new_source_run(config_of())
    other = new_source_run(config_of("pitch=column,column=pitch", "self=same-track"))
    path = run.folder / layout.TARGETS / "targets.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes(40))
    with pytest.raises(DataError, match="is damaged: it is not what was written"):
        train_sources(run.name)
    shutil.copytree(other.folder / layout.TARGETS, run.folder / layout.TARGETS, dirs_exist_ok=True)
    with pytest.raises(DataError, match="holds other targets than those that the run was made with"):
        train_sources(run.name)
    shutil.rmtree(run.folder / layout.TARGETS)
    for refused in (lambda: train_sources(run.name), lambda: require_inputs(run)):
        with pytest.raises(InputsChanged, match="was made before runs kept what their sources say"):
            refused()
    again = import_run(export_run(other.name, tmp_path / "run.zip"))
    assert read_targets(again).fingerprint() == read_targets(other).fingerprint()


def test_kept_targets_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    names = [str(number) for number in range(40_000)]
    about = {"made_of": "", "tracks": names, "of": {"x": {"kind": "real", "columns": names, "name": "x"}}}
    arrays = {"known 0": np.zeros(len(names), bool), "values 0": np.zeros((0, len(names)), np.float32)}
    path = tmp_path / "targets.npz"
    np.savez(path, allow_pickle=False, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    with pytest.raises(DataError, match="40,000 tracks by 40,000 columns must be at most"):
        targets_of_file(path)


def test_a_data_set_of_other_tracks_is_refused() -> None:
    run = new_source_run(config_of())
    path = Shelf(FOLKSONOMIES).path("small")
    fewer = open_folksonomy("small").select_tracks([f"t{row}" for row in range(50)])
    shutil.rmtree(path)
    fewer.save(path)
    with pytest.raises(InputsChanged, match="the data set 'small' has other tracks than when it was made"):
        train_sources(run.name)


def test_runs_travel(tmp_path: Path) -> None:
    run = train_sources(new_source_run(config_of(epochs=1)).name)
    vectors = encode(run, "all").vectors
    path = export_run(run.name, tmp_path / "run.zip")
    delete_run(run.name)
    again = import_run(path, "theirs")
    assert again.finished
    np.testing.assert_array_equal(encode(again, "all").vectors, vectors)


def test_a_dry_run_tells_what_it_takes() -> None:
    tried = dry_run_sources(config_of())
    assert tried.steps_per_epoch == 12
    assert tried.representation == 48
    assert tried.clips_per_s > 0
    assert tried.coverage["source"].tolist() == ["sounds", "pitch", "self"]
    assert tried.tracks["train"] == 36


def test_a_dry_run_beside_the_server_tells_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(config_of().model_dump_json()))
    assert dry_run_process.main() == 0
    told = json.loads(capsys.readouterr().out)
    assert told["coverage"] == dry_run_sources(config_of()).coverage.to_dict("records")


def test_a_source_is_learned_of_the_training_tracks_that_the_network_has() -> None:
    tag = source_of_text("tag=tag,k=2,learn_from=train,iterations=5")
    data = open_folksonomy("small")
    usual, another = (split_tracks(data, SplitSettings(seed=seed)) for seed in (0, 4))
    own = source_of_text("tag=tag,k=2,learn_from=train,iterations=5,split.seed=4")
    assert tag.targets(data, another).fingerprint == own.targets(data, usual).fingerprint
    assert tag.targets(data).fingerprint != own.targets(data).fingerprint


def test_of_the_other_tracks_nothing_is_learned_where_sound_is_copied() -> None:
    save_sound(seed=1, same={7: 3})
    config = config_of("tag=tag,k=2,learn_from=train,iterations=5", strategy="ss-r")
    data, material = open_folksonomy("small"), source_material(config)
    parts = material.tracks.split.parts
    drawn_without = split_tracks(data, config.split).parts
    assert (parts != drawn_without).mean() > 0.2, "one group fewer, and chance gives other parts"
    column = source_of_text("tag=tag,k=2,learn_from=train,iterations=5,split.published=true")
    by_hand, leaking = (
        column.targets(replace(data, tracks=data.tracks.assign(split=own))).fingerprint
        for own in (parts, drawn_without)
    )
    run = new_source_run(config)
    assert read_targets(run).of["tag"].fingerprint == by_hand != leaking
    assert run.inputs == material.inputs
    assert inputs_table(run)["now"].tolist() == ["as it was"] * 3


def test_tracks_of_no_source_are_left_out_and_told() -> None:
    material = source_material(config_of("pitch=column,column=pitch", strategy="ss-r"))
    (row,) = material.tracks.left_out.to_dict("records")
    assert row == {"reason": "known to no source", "tracks": 20, "examples": "t0, t3, t6, t9, t12"}


@pytest.mark.parametrize(
    ("sources", "changes", "said"),
    [
        (("year=column,column=year", "self=same-track"), {}, "the source 'year' is of real targets"),
        (("self=same-track",), {}, "is for two sources or more; with one source every strategy is ss-r"),
        (
            tuple(f"s{number}=same-track" for number in range(9)),
            {},
            "must be 1 to 8, and these are 9",
        ),
        (("a=same-track", "a=same-track"), {}, "two sources are called 'a'"),
        (("a=nonsense", "b=same-track"), {}, "maker='nonsense' must be one of same-track, label-space"),
        (("a=column,column=absent", "b=same-track"), {}, "column='absent' must be one of"),
        (("a=column,colour=red", "b=same-track"), {}, "colour"),
        (("a=column,red", "b=same-track"), {}, "'red' is no FIELD=VALUE"),
        (("a=tag,split=3,split.seed=1",), {}, "must give every field once, and 'split.seed' comes again"),
        (("a=tag,split.seed=1,split=3",), {}, "must give every field once, and 'split' comes again"),
        (("a=tag,k=3,k=4",), {}, "must give every field once, and 'k' comes again"),
        (("labels=tag", "b=same-track"), {}, "'labels' are a tagger's classes, and no source's name"),
        (("training=tag", "b=same-track"), {}, "a source cannot be called 'training'"),
        (("a=same-track,k=3", "b=same-track"), {}, "same-track has no settings, and k was given"),
        ((), {"keep_mels": True, "short_tracks": "pad"}, "keep_mels goes with short_tracks='refuse'"),
        ((), {"batch_size": 7}, "batch_size=7 must be even"),
        ((), {"batch_size": 32}, "must not exceed the .* training tracks of which the task 'pitch'"),
    ],
)
def test_what_cannot_be_is_told(sources: tuple[str, ...], changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        train_sources(new_source_run(config_of(*sources, **changes)).name)


@pytest.mark.parametrize(("known", "said"), [("test", "36 training"), ("train", "12 validation")])
def test_a_source_must_say_something_of_both_parts(known: str, said: str) -> None:
    material = source_material(config_of()).tracks
    save_data(rare=(material.tracks[int(material.of(known)[0])],))
    config = config_of("rare=column,column=rare", "self=same-track")
    with pytest.raises(InvalidSetting, match=f"the source 'rare' says nothing of any of the {said} tracks"):
        train_sources(new_source_run(config).name)


def test_a_source_of_pairs_must_have_two_tracks_of_every_part() -> None:
    split = {"train": 0.9, "validation": 0.085, "test": 0.015}
    values = config_of("sounds=label-space,labels=sounds", "self=same-track").model_dump(mode="json")
    config = source_run({**values, "split": split})
    with pytest.raises(InvalidSetting, match="'self' compares tracks, and of the test part only 1 has sound"):
        source_material(config)


def test_a_source_may_say_nothing_of_the_test_tracks() -> None:
    split = source_material(config_of()).tracks.split
    save_data(rare=[track for track, part in zip(split.tracks, split.parts, strict=True) if part != "test"])
    run = new_source_run(config_of("rare=column,column=rare", "self=same-track", epochs=1))
    test = train_sources(run.name).summary()["test"]
    assert (test["validation_loss"], test["validation_loss rare"]) == (None, None)
    assert test["validation_loss self"] > 0
    assert "nothing of the test tracks is said by rare" in run.log_tail()


def test_what_is_not_there_is_told() -> None:
    missing = config_of().model_copy(update={"data": "absent"})
    with pytest.raises(NotFound, match="no data set named 'absent'"):
        new_source_run(missing)
    with pytest.raises(NotFound, match="no audio named 'absent'"):
        new_source_run(config_of().model_copy(update={"audio": "absent"}))
    with pytest.raises(InvalidSetting, match="network='vgg' cannot be shared among sources"):
        source_run({**config_of().model_dump(mode="json"), "network": {"network": "vgg"}})


def test_a_run_of_no_labels_is_no_tagger() -> None:
    run = new_source_run(config_of())
    with pytest.raises(InvalidSetting, match="is of no labels, and predicts none"):
        tag_sound(run, open_audio("small"))
    with pytest.raises(DataError, match="ended before the first checkpoint"):
        encode(run, ["t1"])


def test_sources_are_written_as_they_are_read() -> None:
    texts = (
        "pitch=column,column=pitch", "same-track", "tag=factors,k=7,vectors=own", "tag=tag,split.seed=3",
        "artist-groups,split.by_artist=true",
    )  # fmt: skip
    for text in texts:
        source = source_of_text(text)
        assert source_of_text(source.text()) == source
    assert source_of_text("factors,k=7") == LearningSource(name="factors", maker="factors", settings={"k": 7})
    assert source_of_text("factors,k=50") == source_of_text("factors")
    asked = source_of_text("artist-groups,split.by_artist=true")
    assert asked.settings == {"split": {"by_artist": True}}, "in place of the network's, though it is usual"
    frequent = source_of_text("tag=factors,min_count=3,k=2")
    assert (frequent.min_count, frequent.settings) == (3, {"k": 2})
    assert frequent.targets(open_folksonomy("small")).kind == "distribution"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_as_published(name: str) -> None:
    sources = [{"name": "a", "maker": "same-track"}, {"name": "b", "maker": "same-track"}]
    config = source_run({"sources": sources, **PRESETS[name]})
    rate_hz, channels = config.network.sound_needed()
    told = (rate_hz, channels, config.train.batch_size, config.train.learning_rate, config.train.window_s)
    assert (
        told
        == {
            "sources": (22_050, 2, 128, 0.00025, 2.5),
            "artist-groups": (44_100, 1, 64, 0.001, 1.0),
            "tiny-sources": (16_000, 1, 64, 0.002, 2.5),
        }[name]
    )
    assert source_run(json.loads(config.model_dump_json())) == config


def test_the_published_settings_are_the_defaults() -> None:
    train = SourceTraining.model_fields
    usual = {name: train[name].default for name in ("epochs", "batch_size", "weight_decay", "schedule")}
    assert usual == {"epochs": 200, "batch_size": 128, "weight_decay": 1e-6, "schedule": "constant"}
    assert RATE_HZ == 16_000
    assert layout.LOSSES in layout.WRITTEN_LAST
    assert open_run(new_source_run(config_of()).name).config["kind"] in launch.RUN_KINDS
