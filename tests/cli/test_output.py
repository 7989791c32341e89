import errno

import pytest

from riskkit._core.output import check_folder, whole_file, whole_folder
from riskkit.exceptions import OutputError

NAMES = ("a.txt", "b.txt")


def listing(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def half_a_folder(out):
    with whole_folder(out, NAMES, overwrite=True) as stage:
        (stage / "a.txt").write_text("new")
        raise KeyError


def half_a_file(out):
    with whole_file(out, overwrite=True) as path:
        path.write_text("half")
        raise KeyError


def test_a_folder_appears_whole(tmp_path):
    out = tmp_path / "x" / "out"
    with whole_folder(out, NAMES, overwrite=False) as stage:
        (stage / "a.txt").write_text("new")
        assert not out.exists()
    assert listing(tmp_path) == ["x", "x/out", "x/out/a.txt"]


@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_leaves_the_place_as_it_was(tmp_path, exists):
    out = tmp_path / "out"
    if exists:
        out.mkdir()
        (out / "a.txt").write_text("old")
    before = listing(tmp_path)
    with pytest.raises(KeyError):
        half_a_folder(out)
    assert listing(tmp_path) == before
    if exists:
        assert (out / "a.txt").read_text() == "old"


def test_own_files_are_replaced_others_are_kept(tmp_path):
    for name in (*NAMES, "other.txt"):
        (tmp_path / name).write_text("old")
    with (
        pytest.raises(OutputError, match=r"holds a\.txt, b\.txt already"),
        whole_folder(tmp_path, NAMES, overwrite=False),
    ):
        pass
    with whole_folder(tmp_path, NAMES, overwrite=True) as stage:
        (stage / "a.txt").write_text("new")
    # b.txt was of the earlier run: beside the new a.txt it would mislead.
    assert listing(tmp_path) == ["a.txt", "other.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"
    assert (tmp_path / "other.txt").read_text() == "old"


def test_a_folder_in_the_place_of_a_file_is_not_removed(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match="holds a folder"):
        check_folder(tmp_path, NAMES, overwrite=True)


def test_a_linked_folder_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    with whole_folder(link, NAMES, overwrite=False) as stage:
        (stage / "a.txt").write_text("new")
    assert link.is_symlink()
    assert listing(tmp_path / "real") == ["a.txt"]


def test_a_file_appears_whole(tmp_path):
    out = tmp_path / "new" / "t.csv"
    with whole_file(out, overwrite=False) as path:
        assert path.suffix == ".csv"
        path.write_text("new")
    assert listing(tmp_path) == ["new", "new/t.csv"]
    with (
        pytest.raises(OutputError, match="exists already"),
        whole_file(out, overwrite=False),
    ):
        pass
    with pytest.raises(KeyError):
        half_a_file(out)
    assert out.read_text() == "new"
    assert listing(tmp_path) == ["new", "new/t.csv"]


def test_a_full_disk_is_the_place_s_fault_a_missing_file_is_not(tmp_path):
    with (
        pytest.raises(OutputError, match="No space left"),
        whole_folder(tmp_path / "out", NAMES, overwrite=False),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(FileNotFoundError),
        whole_folder(tmp_path / "out", NAMES, overwrite=False),
    ):
        raise FileNotFoundError(errno.ENOENT, "No such file")
    assert listing(tmp_path) == []


def test_places_that_are_none(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to(tmp_path / "absent")
    places = [tmp_path / "file", tmp_path / "file" / "x", tmp_path / "dangling"]
    for place in [*places, "/proc/riskkit"]:
        with (
            pytest.raises(OutputError, match="Cannot write into"),
            whole_folder(place, NAMES, overwrite=True),
        ):
            pass
    with (
        pytest.raises(OutputError, match="is a folder"),
        whole_file(tmp_path, overwrite=True),
    ):
        pass
