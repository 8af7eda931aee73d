"""Where taglab keeps things: content keys, named shelves, atomic writes, locks, checksums, tidying.

A file or folder appears whole or not at all: it is written beside its place under a temporary name and put
there in one step. What is under `derived/` can be made again; what lies on the shelves is the user's own.
"""

from __future__ import annotations

from taglab.cache.checksums import (
    CHECKSUMS,
    check_checksums,
    check_file,
    checksum,
    read_manifest,
    write_checksums,
)
from taglab.cache.holding import held_bytes
from taglab.cache.keeping import keep, kept, recalled, why_not_kept
from taglab.cache.keys import content_key, file_digest, revision, table_key
from taglab.cache.locks import locked
from taglab.cache.places import (
    AUDIO,
    CLEANINGS,
    DERIVED,
    DESIGNS,
    DOWNLOADS,
    FEATURES,
    FOLKSONOMIES,
    JOINT_SPACES,
    LABEL_SPACES,
    RECOMMENDERS,
    RUNS,
    TRASH,
    UPLOADS,
    VECTORS,
    derived_path,
    home,
    storage_error,
)
from taglab.cache.reading import read_json, read_object, read_whole
from taglab.cache.shelf import Shelf
from taglab.cache.tidying import (
    PRUNABLE,
    Content,
    contents,
    limit_bytes,
    moment_text,
    plan_pruning,
    prune,
    size_of_text,
    size_text,
    sizes,
)
from taglab.cache.writing import replacing, save_revision, scratch_folder, write_json

__all__ = [
    "AUDIO",
    "CHECKSUMS",
    "CLEANINGS",
    "DERIVED",
    "DESIGNS",
    "DOWNLOADS",
    "FEATURES",
    "FOLKSONOMIES",
    "JOINT_SPACES",
    "LABEL_SPACES",
    "PRUNABLE",
    "RECOMMENDERS",
    "RUNS",
    "TRASH",
    "UPLOADS",
    "VECTORS",
    "Content",
    "Shelf",
    "check_checksums",
    "check_file",
    "checksum",
    "content_key",
    "contents",
    "derived_path",
    "file_digest",
    "held_bytes",
    "home",
    "keep",
    "kept",
    "limit_bytes",
    "locked",
    "moment_text",
    "plan_pruning",
    "prune",
    "read_json",
    "read_manifest",
    "read_object",
    "read_whole",
    "recalled",
    "replacing",
    "revision",
    "save_revision",
    "scratch_folder",
    "size_of_text",
    "size_text",
    "sizes",
    "storage_error",
    "table_key",
    "why_not_kept",
    "write_checksums",
    "write_json",
]
