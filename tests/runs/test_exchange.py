"""Runs as zips: there and back, and whatever else a zip may hold."""

import io
import json
import os
import stat
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.cache import home
from taglab.errors import Conflict, DataError, InvalidSetting
from taglab.runs import Run, RunWriter, export_run, import_run, open_run, run_names
from taglab.runs.inputs import Input
from taglab.runs.library import delete_run
from taglab.runs.process import identify
from taglab.runs.status import Status, read_status, write_status
from tests.runs.test_library import counts_of, figures, made_up, new_run


@pytest.fixture
def run() -> Run:
    run = new_run(epochs=2)
    writer = RunWriter(run)
    writer.inputs({"data": Input(name="small", fingerprint="0" * 32)})
    for epoch in (1, 2):
        writer.epoch({"epoch": epoch, "ap_macro": 0.1 * epoch}, figures(epoch), counts_of(epoch))
    writer.step({"epoch": 1, "step": 1, "loss": 0.5})
    writer.log("began")
    writer.predictions("validation", made_up(4), {"ap_macro": 0.4})
    made_up(2).save(run.folder / "predictions" / "validation-last.npz")
    writer.predictions("test", made_up(3), {"ap_macro": 0.5})
    run.checkpoints.mkdir()
    torch.save({"format": 1, "network": {"weight": torch.ones(3)}}, run.checkpoints / "last.pt")
    ended = Status(state="finished", process=identify(), job="7", launch={"partition": "gpu"}, ended_at=5.0)
    write_status(run.folder, ended)
    return run


@pytest.fixture
def zipped(run: Run, tmp_path: Path) -> Path:
    return export_run(run.name, tmp_path / "out" / "run.zip")


def changed(
    path: Path,
    put: dict[str, bytes] | None = None,
    drop: tuple[str, ...] = (),
    packing: int = zipfile.ZIP_STORED,
) -> Path:
    """The zip with members replaced, added (by path within the run) or left out."""
    with zipfile.ZipFile(path) as archive:
        held = {info.filename.split("/", 1)[1]: archive.read(info) for info in archive.infolist()}
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(other, "w", packing) as archive:
        for name, data in {**held, **(put or {})}.items():
            if name not in drop:
                archive.writestr(name, data)
    return other


def files_of(run: Run) -> dict[str, bytes]:
    found = (path for path in run.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(run.folder)): path.read_bytes() for path in found}


def test_there_and_back(run: Run, zipped: Path) -> None:
    before = files_of(run)
    again = import_run(zipped)
    assert again.name == f"{run.name}-2"
    after = files_of(again)
    status = read_status(again.folder)
    assert status == Status(state="finished", ended_at=5.0)
    assert after.pop("status.json") != before.pop("status.json")
    assert after == before
    assert {f"predictions/{kept}.npz" for kept in ("validation", "validation-last", "test")} < set(after)
    assert open_run(again.name).summary() == run.summary()
    assert open_run(again.name).inputs["data"].name == "small"


def test_weights_may_stay_behind(run: Run, tmp_path: Path) -> None:
    again = import_run(export_run(run.name, tmp_path / "small.zip", checkpoints=False), "small")
    assert again.name == "small"
    assert not again.checkpoints.exists()
    with pytest.raises(Conflict, match="small"):
        import_run(tmp_path / "small.zip", "small")


def test_a_run_that_was_being_trained_arrives_without_a_trainer(run: Run, tmp_path: Path) -> None:
    write_status(run.folder, Status(state="running", process=identify(), heartbeat_at=time.time()))
    again = import_run(export_run(run.name, tmp_path / "live.zip"), "arrived")
    assert read_status(again.folder) is None
    with pytest.raises(Conflict, match="taglab stop"):
        delete_run(run.name)
    delete_run("arrived")


def test_a_run_whose_trainer_died_long_ago_can_be_deleted(run: Run) -> None:
    dead = identify().model_copy(update={"born_s": 0.0})
    write_status(run.folder, Status(state="running", process=dead, heartbeat_at=time.time() - 1e4))
    delete_run(run.name)
    assert run_names() == []


def test_files_at_the_top_of_the_zip_and_what_systems_add_are_fine(zipped: Path) -> None:
    flat = changed(zipped, {"__MACOSX/._about.json": b"x", ".DS_Store": b"x"})
    assert import_run(flat).name == "changed"


def test_published_runs_are_not_exported(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="comes with every taglab"):
        export_run("thesis-1-waveform", tmp_path / "x.zip")


def npz(**arrays: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def packed(packing: int) -> bytes:
    """Return arrays whose packing is unusual, and damaged."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        archive.writestr("scores.npy", bytes(1000))
    data = bytearray(out.getvalue())
    data[50] ^= 255
    return bytes(data)


def many_figures() -> bytes:
    """Return lines each of which has a column of its own: little to read, and much as a table."""
    return b"".join(b'{"epoch": %d, "f%d": 1}\n' % (number, number) for number in range(1, 595))


def pickled() -> bytes:
    out = io.BytesIO()
    torch.save({"call": os.system}, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("put", "drop", "message"),
    [
        ({"../../evil.json": b"{}"}, (), "leads outside"),
        ({"/etc/evil": b"{}"}, (), "leads outside"),
        ({"..\\evil": b"{}"}, (), "leads outside"),
        ({"C:/evil": b"{}"}, (), "leads outside"),
        ({"weights.pkl": b"{}"}, (), "'weights.pkl', which is no file of a run"),
        ({"checkpoints/other.pt": b"{}"}, (), "no file of a run"),
        ({}, ("about.json",), "no about.json"),
        ({}, ("config.json",), "config.json in it cannot be read"),
        ({}, ("classes.json",), "classes.json in it cannot be read"),
        ({"about.json": b"{}", "config.json": b"[]"}, (), "config.json in it must hold a JSON object"),
        ({"about.json": b'{"kind": "published"}'}, (), "says it is published"),
        ({"about.json": b'{"secret": 1}'}, (), "about.json in it secret"),
        ({"about.json": b'{"kind": "trai'}, (), "about.json in it is not JSON"),
        ({"labels.json": b"{}"}, (), "labels.json in it is not a label space"),
        ({"classes.json": b'["a", "b", "c", "d"]'}, ("labels.json",), "per_label_by_epoch.csv in it epoch 1"),
        ({"classes.json": b'["a"]'}, (), "labels.json in it has other classes"),
        ({"confusion.npz": npz(tp=np.array([{}], dtype=object))}, (), "confusion.npz in it .* pickle"),
        ({"confusion.npz": npz(tp=np.zeros((2, 4), int))}, (), "confusion.npz in it does not hold"),
        ({"predictions/test.npz": npz(scores=np.zeros(3))}, (), "predictions/test.npz in it lacks"),
        (
            {"predictions/validation-last.npz": b"PK"},
            (),
            "predictions/validation-last.npz in it is not a zip",
        ),
        ({"checkpoints/last.pt": pickled()}, (), "checkpoints/last.pt in it is no checkpoint of tensors"),
        ({"checkpoints/last.pt": b"\x80\x02}."}, (), "checkpoints/last.pt in it is not a zip"),
        ({"history.jsonl": b'{"epoch": "one"}\n'}, (), "history.jsonl in it every line must tell its epoch"),
        ({"history.jsonl": b"\xff\n"}, (), "history.jsonl in it is not UTF-8"),
        ({"summary.json": b'{"best": 3}'}, (), "summary.json in it best=3"),
        ({"summary.json": b'{"epochs": -1}'}, (), "summary.json in it epochs=-1"),
        ({"summary.json": b'{"best": {"ap_macro": "high"}}'}, (), "best.ap_macro is no number"),
        ({"summary.json": b'{"best": {"ap_macro": NaN}}'}, (), "best.ap_macro is no number"),
        ({"summary.json": b'{"test": {"ap_macro": 1e999}}'}, (), "test.ap_macro is no number"),
        ({"config.json": b'{"train": {"epochs": 1%s}}' % (b"0" * 5000)}, (), "config.json in it is not JSON"),
        (
            {"config.json": b'{"train": {"epochs": 1%s}}' % (b"0" * 400)},
            (),
            "config.json in it does not tell",
        ),
        ({"labels.json": b'{"made_by": {"k": 1%s}}' % (b"0" * 5000)}, (), "labels.json in it is not JSON"),
        (
            {"history.jsonl": b'{"epoch": 1%s}\n' % (b"0" * 5000)},
            (),
            "line 1: history.jsonl in it is not JSON",
        ),
        (
            {"predictions/test.npz": packed(zipfile.ZIP_LZMA)},
            (),
            "predictions/test.npz in it holds 'scores.npy'",
        ),
        (
            {"confusion.npz": packed(zipfile.ZIP_BZIP2)},
            (),
            "confusion.npz in it holds 'scores.npy', which is pa",
        ),
        ({"config.json": b'{"train": []}'}, (), "config.json in it does not tell"),
        ({"config.json": b'{"train": {"epochs": "many"}}'}, (), "config.json in it does not tell"),
        ({"history.jsonl": many_figures()}, (), r"history.jsonl in it tells 6\d\d figures"),
        ({"status.json": b"{}"}, (), "status.json in it is not a run's status"),
    ],
)
def test_what_is_not_sound_is_refused_and_leaves_nothing(
    zipped: Path, put: dict[str, bytes], drop: tuple[str, ...], message: str
) -> None:
    before = run_names()
    with pytest.raises(DataError, match=message) as told:
        import_run(changed(zipped, put, drop))
    assert str(told.value).count("changed.zip") == 1
    assert run_names() == before
    left = {path.name for path in (home() / "runs").iterdir()}
    assert left - {".new.lock"} == set(before)


def test_percent_is_refused(zipped: Path) -> None:
    text = "epoch,label,auc_pr\n" + "".join(f"1,{name},55\n" for name in "abcd")
    other = changed(
        zipped,
        {"classes.json": b'["a", "b", "c", "d"]', "per_label_by_epoch.csv": text.encode()},
        ("labels.json",),
    )
    with pytest.raises(DataError, match="in percent"):
        import_run(other)


def test_links_are_refused(zipped: Path) -> None:
    info = zipfile.ZipInfo("log.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(changed(zipped, drop=("log.txt",)), "a") as archive:
        archive.writestr(info, "/etc/passwd")
        path = Path(str(archive.filename))
    with pytest.raises(DataError, match="is a link"):
        import_run(path)


def test_what_unpacks_beyond_reason_is_refused(zipped: Path) -> None:
    bomb = changed(zipped, {"log.txt": bytes(1 << 24)}, packing=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match=r"log.txt.* unpacks to more than"):
        import_run(bomb)
    many = zipped.with_name("many.zip")
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.json", "{}")
    with pytest.raises(DataError, match="1,001 files"):
        import_run(many)


def test_a_packed_checkpoint_is_refused(zipped: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 16))
    with pytest.raises(DataError, match="is packed, as no checkpoint"):
        import_run(changed(zipped, {"checkpoints/last.pt": out.getvalue()}))


def test_a_file_twice_is_refused(zipped: Path) -> None:
    path = changed(zipped)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("about.json", json.dumps({}))
    with pytest.raises(DataError, match="twice"):
        import_run(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_a_truncated_zip_is_told_in_a_sentence(zipped: Path, share: float) -> None:
    whole = zipped.read_bytes()
    zipped.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match="is not a zip, was cut off, or is damaged"):
        import_run(zipped)
    assert len(run_names()) == 1


def test_damage_inside_is_told(zipped: Path) -> None:
    data = bytearray(zipped.read_bytes())
    spot = data.index(b"log.txt") + len(b"log.txt")
    data[spot] ^= 255
    zipped.write_bytes(data)
    with pytest.raises(DataError, match="cut off or damaged"):
        import_run(zipped)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packings_are_refused_damaged_or_not(zipped: Path, packing: int) -> None:
    path = changed(zipped, packing=packing)
    with pytest.raises(
        DataError, match=r"changed\.zip: holds 'about.json', which is packed in an unusual way"
    ):
        import_run(path)


def test_damage_of_what_is_packed_names_the_file(zipped: Path) -> None:
    path = changed(zipped, packing=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("config.json")
    data = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    data[start : start + info.compress_size] = b"\xff" * info.compress_size
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"changed\.zip: holds 'config.json', which is cut off or damaged"):
        import_run(path)


def test_a_name_that_is_not_the_utf_8_it_claims_to_be_is_told(zipped: Path) -> None:
    path = changed(zipped, {"löwe.txt": b"x"})
    path.write_bytes(path.read_bytes().replace("löwe".encode(), b"l\xff\xfewe"))
    with pytest.raises(DataError, match=r"changed\.zip: is not a zip, was cut off, or is damaged"):
        import_run(path)


def test_an_encrypted_file_is_told(zipped: Path) -> None:
    path = changed(zipped)
    with zipfile.ZipFile(path) as archive:
        listed = archive.start_dir
    data = bytearray(path.read_bytes())
    data[listed + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="which is encrypted"):
        import_run(path)


def test_any_damage_is_told_or_does_no_harm(zipped: Path) -> None:
    whole, random = changed(zipped, packing=zipfile.ZIP_DEFLATED).read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 3):
            data[place] = random.integers(256)
        zipped.write_bytes(data)
        try:
            import_run(zipped)
        except DataError as error:
            assert str(error).startswith(str(zipped))  # noqa: PT017  # most raise, and some do not


def test_what_is_not_there_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        import_run(tmp_path / "nothing.zip")
    with pytest.raises(DataError, match="is a folder"):
        import_run(tmp_path)
