"""The zip reader against `zipfile`, and against zips that contradict themselves."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from riskkit.artifact._zip import ZipError, count_entries, inflate, zip_entries

TEXTS = {"model.json": b'{"a": 1}\n' * 300, "b.json": b"", "c.bin": bytes(range(256))}


def make_zip(texts=TEXTS, method=zipfile.ZIP_DEFLATED, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method, **options) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return file.getvalue()


def read_all(raw):
    """Return names and bytes; ZipError if anything is unsound."""
    if count_entries(raw) is None:
        raise ZipError
    return {e.name: inflate(raw, e) for e in list(zip_entries(raw))}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_reads_what_zipfile_wrote(method):
    assert read_all(make_zip(method=method)) == TEXTS


def test_entries_tell_what_zipfile_tells():
    raw = make_zip()
    infos = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    for entry, info in zip(zip_entries(raw), infos, strict=True):
        ours = (entry.name, entry.flags, entry.method, entry.crc, entry.size)
        theirs = (info.filename, info.flag_bits, info.compress_type, info.CRC)
        assert ours == (*theirs, info.file_size)
        assert (entry.packed, entry.mode) == (
            info.compress_size,
            info.external_attr >> 16,
        )


def test_sizes_that_follow_a_member_are_taken_from_the_directory():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

        def tell(self):
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in TEXTS.items():
            archive.writestr(name, text)
    raw = pipe.getvalue()
    assert next(zip_entries(raw)).flags & 0x8
    assert read_all(raw) == TEXTS


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_more_is_made_than_was_told(method):
    """A bomb that tells of 100 bytes costs about 100 bytes."""
    raw = make_zip({"a.json": b" " * 10_000_000}, method)
    directory = struct.unpack("<L", raw[-6:-2])[0]
    odd = patched(patched(raw, directory + 24, b"\x64\0\0\0"), 22, b"\x64\0\0\0")
    (entry,) = zip_entries(odd)
    tracemalloc.start()
    with pytest.raises(ZipError):
        inflate(odd, entry)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000 + entry.packed


def test_a_zip_must_end_with_its_directory():
    raw = make_zip()
    assert count_entries(raw) == 3
    for odd in (raw + b" ", b" " + raw, raw[:-1], raw[:10], b""):
        assert count_entries(odd) is None
    assert count_entries(raw[:-2] + struct.pack("<H", 1)) is None  # a comment


def local(raw, k=0):
    return list(zip_entries(raw))[k]


def patched(raw, place, value):
    return raw[:place] + value + raw[place + len(value) :]


def contradictions():
    raw = make_zip()
    directory = struct.unpack("<L", raw[-6:-2])[0]
    first = local(raw)
    yield "name in the member", patched(raw, 30, b"M")
    yield "method in the member", patched(raw, 8, b"\0\0")
    yield "CRC in the member", patched(raw, 14, b"\0\0\0\0")
    yield "size in the member", patched(raw, 22, b"\1\0\0\0")
    yield "magic of the member", patched(raw, 0, b"PX")
    yield "magic of the entry", patched(raw, directory, b"PX")
    yield "offset of the member", patched(raw, directory + 42, b"\xff\xff\xff\x7f")
    yield "its bytes", patched(raw, first.start + 5, b"\xff\xff")
    yield "a later format", patched(raw, directory + 6, b"\x40\0")
    yield "disk", patched(raw, directory + 34, b"\1\0")
    yield "length of the name", patched(raw, directory + 28, b"\xff\xff")
    yield "an entry less", patched(raw, len(raw) - 14, b"\2\0\2\0")
    yield "an entry more", patched(raw, len(raw) - 14, b"\4\0\4\0")


@pytest.mark.parametrize(
    "raw",
    [raw for _, raw in contradictions()],
    ids=[what for what, _ in contradictions()],
)
def test_contradictions_are_errors(raw):
    with pytest.raises(ZipError):
        read_all(raw)


def test_members_that_share_bytes_are_refused():
    """As in a bomb of overlapping members, each of which claims the same data."""
    raw = make_zip({"a.json": b"x" * 500, "b.json": b"x" * 500})
    directory = struct.unpack("<L", raw[-6:-2])[0]
    second = local(raw, 1)
    grown = struct.pack("<L", second.start - local(raw).start + second.packed)
    odd = patched(patched(raw, directory + 20, grown), 18, grown)
    with pytest.raises(ZipError):
        list(zip_entries(odd))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_is_what_zipfile_reads(seed):
    """Of damaged zips, ours accepts nothing that zipfile reads in another way."""
    rng = np.random.default_rng(seed)
    raw = make_zip(method=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][seed % 2])
    accepted = 0
    for _ in range(1500):
        odd = bytearray(raw)
        for place in rng.integers(0, len(raw), rng.integers(1, 4)):
            odd[place] = rng.integers(0, 256)
        try:
            found = read_all(bytes(odd))
        except ZipError:
            continue
        accepted += 1
        with zipfile.ZipFile(io.BytesIO(odd)) as archive:
            for info in archive.infolist():
                if info.compress_type in {0, 8} and not info.flag_bits & 1:
                    ours = found.get(info.orig_filename)
                    if ours is not None:
                        assert ours == archive.read(info)
    assert accepted > 0  # dates and attributes may differ
