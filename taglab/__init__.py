"""taglab: tag semantics and music tagging, as a dashboard, a library and a command."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("taglab")
except PackageNotFoundError:  # imported from a source tree that is not installed
    __version__ = "0+source"
