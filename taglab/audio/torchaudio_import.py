"""The one place where torchaudio is imported.

The torchaudio of the package registry is built for CUDA. Beside a torch without CUDA its native extension
cannot be loaded (``libc10_cuda.so`` is missing), and importing torchaudio fails, though its transforms and
functionals are plain PyTorch and need no extension. torchaudio itself has a path for being without the
extension; `import_torchaudio` takes that path when, and only when, the ordinary import fails so.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, NoReturn

_EXTENSION = "torchaudio._extension"


def import_torchaudio() -> ModuleType:
    """Import torchaudio, without its native extension where that cannot be loaded.

    Returns:
        The module, with `torchaudio.transforms` and `torchaudio.functional` usable. A working install is
        imported as it is. Without the extension, filters run torchaudio's own Python loops, and forced
        alignment, RNN-T loss and the CUDA CTC decoder raise RuntimeError or AttributeError when called.

    Raises:
        ImportError: If torchaudio is not installed.
        OSError: If the import fails for another reason than the native extension.
    """
    try:
        return importlib.import_module("torchaudio")
    except OSError as error:
        if "torchaudio" in sys.modules or _EXTENSION in sys.modules:
            raise
        sys.modules[_EXTENSION] = _absent_extension(str(error))
        try:
            return importlib.import_module("torchaudio")
        except BaseException:
            del sys.modules[_EXTENSION]
            raise


def _absent_extension(reason: str) -> ModuleType:
    """Return what torchaudio's own extension module looks like where there is no extension."""

    def unavailable(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(f"torchaudio's native extension is not available here ({reason})")

    def load_nothing(_library: str) -> bool:
        return False

    module = ModuleType(_EXTENSION, "Stands in for torchaudio's native extension, which could not be loaded.")
    module.__dict__.update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        _load_lib=load_nothing,
        _check_cuda_version=lambda: None,
        fail_if_no_align=lambda function: unavailable,
    )
    return module
