"""The right to write to a data folder."""

import fcntl

import pytest

from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.platforms.write_lock import FILE, FolderInUseError, WriteLock


def never(sentence):
    raise AssertionError(sentence)


def test_a_process_that_holds_it_goes_on_and_gives_it_back_at_the_end(tmp_path):
    lock = WriteLock(tmp_path / "data", patience=0)
    with lock.held("one", never), lock.held("the same", never):
        assert is_locked(lock)
    assert not is_locked(lock)


def test_it_is_given_back_after_an_error(tmp_path):
    lock = WriteLock(tmp_path, patience=0)
    with pytest.raises(ValueError, match="broken"), lock.held("one", never):
        raise ValueError("broken")
    assert not is_locked(lock)


def test_a_folder_that_is_none_is_named_with_its_setting(tmp_path):
    (tmp_path / "file").touch()
    lock = WriteLock(tmp_path / "file", patience=0)
    told = r"file cannot be used: .*; check TRANSFERROOM_DATA_DIR"
    with pytest.raises(PlatformError, match=told), lock.held("one", never):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"holder": 1}'])
def test_whoever_holds_it_without_saying_who_it_is_is_another_process(tmp_path, content):
    lock, told = WriteLock(tmp_path, patience=0.1), []
    with (tmp_path / FILE).open("w", encoding="utf-8") as other:
        other.write(content)
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(FolderInUseError, match=r"^another process still works"), lock.held("x", told.append):
            pass
    assert told == [f"another process works on data folder {tmp_path}: waiting for at most 0.1 s"]


def is_locked(lock: WriteLock) -> bool:
    with (lock.folder / FILE).open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
