import os
from pathlib import Path

import pytest

from migration.legacy.errors import SourceError
from migration.legacy.tree import EntryKind, SourceTree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "old" / "data").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.jpg").write_text("outside")
    return tmp_path / "old"


def test_files_below_the_root_are_read(root: Path) -> None:
    (root / "data" / "a.txt").write_text("inside")
    tree = SourceTree(root)
    assert tree.read("data/a.txt", 100) == b"inside"
    assert [entry.path for entry in tree.entries("data")] == ["data/a.txt"]


def test_a_link_to_a_file_is_not_followed(root: Path) -> None:
    (root / "data" / "a.jpg").symlink_to(root.parent / "secret.txt")
    tree = SourceTree(root)
    assert tree.entries("data")[0].kind is EntryKind.LINK
    with pytest.raises(SourceError, match="a link: links are not followed"):
        tree.read("data/a.jpg", 100)


def test_a_linked_folder_on_the_way_is_not_followed(root: Path) -> None:
    (root / "data" / "captures").symlink_to(root.parent / "outside")
    tree = SourceTree(root)
    with pytest.raises(SourceError, match="a link"):
        tree.entries("data/captures")
    with pytest.raises(SourceError, match="a link"):
        tree.read("data/captures/x.jpg", 100)


@pytest.mark.parametrize(
    "path", ["../secret.txt", "data/../../secret.txt", "/etc/passwd", "data//a", "data/./a", "a\0b"]
)
def test_paths_that_lead_out_are_refused(root: Path, path: str) -> None:
    with pytest.raises(SourceError, match="leads out of the installation"):
        SourceTree(root).read(path, 100)


def test_a_pipe_called_like_a_picture_does_not_block(root: Path) -> None:
    os.mkfifo(root / "data" / "pipe.jpg")
    tree = SourceTree(root)
    assert tree.entries("data")[0].kind is EntryKind.OTHER
    with pytest.raises(SourceError, match="not a regular file"):
        tree.read("data/pipe.jpg", 100)


def test_a_file_larger_than_the_limit_is_refused(root: Path) -> None:
    (root / "data" / "big").write_bytes(b"x" * 101)
    with pytest.raises(SourceError, match="larger than 100 bytes"):
        SourceTree(root).read("data/big", 100)


def test_what_is_not_there_says_so(root: Path) -> None:
    tree = SourceTree(root)
    assert tree.entries("data/captures") == []
    assert tree.entry("data/captures/a.jpg") is None
    with pytest.raises(SourceError, match="there is no such file"):
        tree.read("nothing", 100)


def test_the_root_must_be_a_folder(root: Path) -> None:
    with pytest.raises(SourceError, match="is not a folder; give the folder of the old installation"):
        SourceTree(root / "nowhere")


def test_names_that_are_no_utf8_are_listed(root: Path) -> None:
    (Path(os.fsdecode(os.fsencode(root) + b"/data/Ren\xe9.jpg"))).write_text("x")
    (entry,) = SourceTree(root).entries("data")
    assert os.fsencode(entry.name) == b"Ren\xe9.jpg"
