"""torchaudio is usable whether or not its native extension can be loaded, and a working one is left alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPORT = """
import json, sys
from taglab.audio.torchaudio_import import import_torchaudio
module = import_torchaudio()
extension = sys.modules["torchaudio._extension"]
print(json.dumps({"file": module.__file__, "extension": getattr(extension, "__file__", None),
                  "available": extension._IS_TORCHAUDIO_EXT_AVAILABLE}))
"""


def in_new_process(code: str, *first_on_path: Path) -> subprocess.CompletedProcess[str]:
    path = "".join(f"import sys; sys.path.insert(0, {str(folder)!r})\n" for folder in first_on_path)
    return subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, timeout=120)


def make_package(folder: Path, extension: str) -> None:
    package = folder / "torchaudio"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import _extension, transforms\n")
    (package / "_extension.py").write_text(extension)
    (package / "transforms.py").write_text("from torchaudio._extension import _IS_TORCHAUDIO_EXT_AVAILABLE\n")


def test_working_install_is_untouched(tmp_path: Path) -> None:
    make_package(tmp_path, "_IS_TORCHAUDIO_EXT_AVAILABLE = True\n")
    done = in_new_process(REPORT, tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["available"] is True
    assert report["extension"] == str(tmp_path / "torchaudio" / "_extension.py")


def test_extension_that_cannot_be_loaded_is_done_without(tmp_path: Path) -> None:
    make_package(tmp_path, "raise OSError('libc10_cuda.so: cannot open shared object file')\n")
    done = in_new_process(REPORT, tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == {
        "file": str(tmp_path / "torchaudio" / "__init__.py"),
        "extension": None,
        "available": False,
    }


def test_other_failures_are_not_hidden(tmp_path: Path) -> None:
    make_package(tmp_path, "raise OSError('libc10_cuda.so')\n")
    (tmp_path / "torchaudio" / "transforms.py").write_text("raise OSError('something else')\n")
    done = in_new_process(REPORT, tmp_path)
    assert done.returncode != 0
    assert "something else" in done.stderr


def test_transforms_and_functionals_of_the_installed_one_compute() -> None:
    pytest.importorskip("torch")
    done = in_new_process("""
import math, torch
from taglab.audio.torchaudio_import import import_torchaudio
torchaudio = import_torchaudio()
tone = torch.sin(2 * math.pi * 1000 * torch.arange(16000) / 16000)
mels = torchaudio.transforms.MelSpectrogram(16000, n_fft=1024, n_mels=40, f_max=8000.0)(tone)
hz = 700 * (10 ** (torch.linspace(0, 2595 * math.log10(1 + 8000 / 700), 42)[1:-1] / 2595) - 1)
loudest = hz[mels.mean(-1).argmax()]
assert 850 < loudest < 1150, loudest
assert torchaudio.functional.resample(tone, 16000, 8000).shape == (8000,)
quieter = torchaudio.functional.lowpass_biquad(tone, 16000, 100.0)
assert quieter.abs().max() < 0.1
""")
    assert done.returncode == 0, done.stderr
