"""Checkpoints as TensorFlow writes them, and one of musicnn with made-up weights."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

MAGIC = 0xDB4775248B80FB57


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def entry(array: np.ndarray, offset: int) -> bytes:
    """Return a BundleEntryProto: type 1, shape 2, offset 4, size 5, checksum 6."""
    sizes = b"".join(b"\x12" + varint(len(one)) + one for one in (b"\x08" + varint(n) for n in array.shape))
    place = (b"\x20" + varint(offset) if offset else b"") + b"\x28" + varint(array.nbytes)
    return b"\x08\x01\x12" + varint(len(sizes)) + sizes + place + b"\x35" + bytes(4)


def block(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a block with keys that share beginnings, one restart, no compression, and an empty checksum."""
    out, before = b"", b""
    for key, value in pairs:
        shared = next(
            (n for n, (a, b) in enumerate(zip(key, before, strict=False)) if a != b),
            min(len(key), len(before)),
        )
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return out + struct.pack("<II", 0, 1)


def write_checkpoint(folder: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Write `.index`, of two blocks, and `.data-00000-of-00001`."""
    folder.mkdir(parents=True)
    data, pairs = b"", [(b"", b"\x08\x01\x1a\x02\x08\x01")]
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name], "<f4")
        pairs.append((name.encode(), entry(array, len(data))))
        data += array.tobytes()
    table, handles = b"", []
    for some in (pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]):
        body = block(some)
        handles.append((some[-1][0], varint(len(table)) + varint(len(body))))
        table += body + bytes(5)
    meta = varint(len(table)) + varint(len(block([])))
    table += block([]) + bytes(5)
    listed = block(handles)
    footer = meta + varint(len(table)) + varint(len(listed))
    table += listed + bytes(5) + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC)
    (folder / ".index").write_bytes(table)
    (folder / ".data-00000-of-00001").write_bytes(data)


def musicnn_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    """Return weights of musicnn's shapes, of a size that keeps numbers about 1."""
    random = np.random.default_rng(seed)
    kernels = [(7, 38, 1, 204), (7, 67, 1, 204), (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51)]
    kernels += [(7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)]
    tensors: dict[str, np.ndarray] = {"beta1_power": np.array(0.5)}
    for kind, shapes in (("conv2d", kernels), ("dense", [(1506, 200), (200, 50)])):
        for number, shape in enumerate(shapes):
            name = f"{kind}_{number}" if number else kind
            tensors[f"{name}/kernel"] = random.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
            tensors[f"{name}/bias"] = 0.1 * random.standard_normal(shape[-1])
    for number, size in enumerate((1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200)):
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        for what in ("gamma", "beta", "moving_mean", "moving_variance"):
            low = 0.5 if what in ("gamma", "moving_variance") else -0.5
            tensors[f"{name}/{what}"] = random.uniform(low, low + 1, size)
    return {name: np.asarray(values, np.float32) for name, values in tensors.items()}
