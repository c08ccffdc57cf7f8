"""Whatever is done to a log is found."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qgov.gateway.audit import AuditError, AuditLog, checkpoint, events, verify
from qgov.gateway.chain import MAX_LINE, Checkpoint, UnsoundError, parse, parse_checkpoint
from qgov.gateway.verification import MAX_PROBLEMS, read_checkpoint
from tests.gateway.facts import event


def log_of(path: Path, count: int, stream: str = "jobs") -> bytes:
    path.parent.mkdir(exist_ok=True)
    with AuditLog(path, stream) as log:
        for number in range(count):
            log.append({"metadata": {"uid": f"e-{number}"}, "n": [number, 0.5, None, "ä b"]})
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


def put(path: Path, content: bytes) -> None:
    """Write in place: replacing a file makes the file system flush it, thousands of times."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.pwrite(handle, content, 0)
    os.ftruncate(handle, len(content))
    os.close(handle)


def found(path: Path, content: bytes, **options: Any) -> list[tuple[int, str]]:
    put(path, content)
    return [(problem.line, problem.message) for problem in verify(path, **options).problems]


def test_every_flipped_byte_is_found(path: Path) -> None:
    content = log_of(path, 3)
    near = path.with_name("log.checkpoint")
    near.unlink()
    for place in range(len(content)):
        for mask in (0x01, 0x20, 0x80, 0xFF):
            changed = bytearray(content)
            changed[place] ^= mask
            assert found(path, bytes(changed)), (place, mask)


def test_every_flipped_byte_of_a_checkpoint_is_found(path: Path) -> None:
    log_of(path, 3)
    near = path.with_name("log.checkpoint")
    content = near.read_bytes()
    for place in range(len(content)):
        for mask in (0x01, 0x20, 0x80, 0xFF):
            changed = bytearray(content)
            changed[place] ^= mask
            put(near, bytes(changed))
            assert not verify(path).sound, (place, mask)
    for size in range(len(content)):
        put(near, content[:size])
        assert not verify(path).sound, size
    for more in (b"\n", b" ", b"\0", content):
        put(near, content + more)
        assert not verify(path).sound, more


def test_every_truncation_is_found(path: Path) -> None:
    content = log_of(path, 4)
    for size in range(len(content)):
        assert found(path, content[:size]), size
    assert not found(path, content)


def test_a_truncation_at_a_line_s_end_needs_a_checkpoint(path: Path, tmp_path: Path) -> None:
    content = log_of(path, 4)
    kept = checkpoint(path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(kept.encode())
    path.with_name("log.checkpoint").unlink()
    short = content[: content[:-1].rfind(b"\n") + 1]

    assert found(path, short) == []
    assert found(path, short, checkpoint=kept) == [
        (0, "was cut off: a checkpoint was made of 4 entries")
    ]
    assert found(path, short, checkpoint=elsewhere)
    assert found(path, b"", checkpoint=elsewhere)
    assert found(path, content, checkpoint=elsewhere) == []


def test_lines_removed_repeated_exchanged_and_inserted_are_found(
    path: Path, tmp_path: Path
) -> None:
    lines = log_of(path, 5).splitlines(keepends=True)
    foreign = log_of(tmp_path / "other" / "log", 7).splitlines(keepends=True)
    path.with_name("log.checkpoint").unlink()
    for at in range(5):
        rest = lines[:at] + lines[at + 1 :]
        if at < 4:  # the last one's absence only a checkpoint shows
            assert found(path, b"".join(rest)), ("removed", at)
        for to in range(5):
            if to != at:
                moved = [*rest[:to], lines[at], *rest[to:]]
                assert found(path, b"".join(moved)), ("moved", at, to)
        for to in range(6):
            for what in (lines[at], b"\n", b"{}\n", b" \n", lines[at][:-1]):
                inserted = [*lines[:to], what, *lines[to:]]
                assert found(path, b"".join(inserted)), ("inserted", at, to)
    for extra in foreign[5:]:
        assert found(path, b"".join([*lines, extra])) == [] or extra is not foreign[5]


def test_a_rewritten_log_is_found_with_a_checkpoint(path: Path, tmp_path: Path) -> None:
    log_of(path, 3)
    kept = checkpoint(path)
    with AuditLog(tmp_path / "forged", "jobs") as log:
        for number in range(9):
            log.append({"metadata": {"uid": f"x-{number}"}})
    forged = (tmp_path / "forged").read_bytes()
    path.with_name("log.checkpoint").unlink()

    assert found(path, forged) == []
    assert found(path, forged, checkpoint=kept) == [
        (3, "is not the entry 3 that a checkpoint was made of")
    ]


def test_another_stream_s_log_is_found(path: Path) -> None:
    content = log_of(path, 2, "admin")
    assert verify(path).stream == "admin"
    assert found(path, content, stream="jobs")
    path.with_name("log.checkpoint").unlink()
    assert found(path, content) == []
    assert found(path, content, stream="jobs") == [
        (1, "is not the first entry of the stream `jobs`")
    ]
    kept = Checkpoint("jobs", 0, 0, "0" * 64)
    assert found(path, content, stream="admin", checkpoint=kept)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'"seq":2', b'"seq":2.0'),
        lambda raw: raw.replace(b'"seq":2', b'"seq": 2'),
        lambda raw: raw.replace(b'"seq":2}', b'"seq":2 }'),
        lambda raw: raw.replace(b'"seq":2', b'"seq":2,"seq":2'),
        lambda raw: raw.replace(b"0.5", b"0.50"),
        lambda raw: raw.replace("ä".encode(), b"\\u00e4"),
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw + b"\0",
        lambda raw: raw + b"[" * 100_000 + b"\n",
        lambda raw: raw + b"9" * 10_000 + b"\n",
        lambda raw: raw + b'{"a":NaN}\n',
        lambda raw: raw + b'"\\ud800"\n',
        lambda raw: raw + b"x" * (3 * MAX_LINE),
        lambda raw: raw + b"x" * (3 * MAX_LINE) + b"\n" + raw,
    ],
    ids=[
        "float",
        "space before",
        "space after",
        "key twice",
        "digits",
        "escape",
        "carriage return",
        "byte order mark",
        "zero",
        "deep",
        "number",
        "nan",
        "surrogate",
        "long tail",
        "long line",
    ],
)
def test_content_written_in_another_way_is_found(path: Path, change: object) -> None:
    content = log_of(path, 3)
    path.with_name("log.checkpoint").unlink()
    changed = change(content)  # type: ignore[operator]

    assert changed != content
    assert found(path, changed)
    if len(changed) - len(content) < 50:
        assert len(found(path, changed)) <= 3


def test_a_field_of_another_type_is_found(path: Path) -> None:
    log_of(path, 1)
    line = json.loads(path.read_bytes())
    changes: tuple[dict[str, Any], ...] = (
        {"seq": "1"},
        {"seq": True},
        {"seq": -1},
        {"prev": 1},
        {"hash": "A" * 64},
        {"event": []},
        {"more": 1},
    )
    for change in changes:
        raw = json.dumps({**line, **change}, sort_keys=True, separators=(",", ":")) + "\n"
        with pytest.raises(UnsoundError):
            parse(raw.encode())
    for raw in ("[]\n", "1\n", "{}\n", '{"digest":1}\n'):
        with pytest.raises(UnsoundError):
            parse_checkpoint(raw.encode())


def test_problems_are_counted_and_the_first_ones_kept(path: Path) -> None:
    path.write_bytes(b"{}\n" * (MAX_PROBLEMS + 25))
    result = verify(path)

    assert (len(result.problems), result.omitted, result.sound) == (MAX_PROBLEMS, 25, False)
    assert result.problems[-1].line == MAX_PROBLEMS


def test_what_cannot_be_read_is_a_problem(path: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for place in (path, tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        (problem,) = verify(place).problems
        assert problem.line == 0
        assert problem.message.startswith("cannot be read")
        with pytest.raises(AuditError):
            list(events(place))
        with pytest.raises(AuditError):
            checkpoint(place)
    log_of(path, 1)
    for place in (tmp_path / "nowhere", tmp_path, tmp_path / "fifo"):
        assert [p.line for p in verify(path, checkpoint=place).problems] == [0]
    path.with_name("log.checkpoint").unlink()
    path.with_name("log.checkpoint").mkdir()
    assert not verify(path).sound
    path.write_bytes(b"")
    with pytest.raises(AuditError):
        checkpoint(path)


def test_an_empty_file_without_a_checkpoint_is_of_no_stream(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(AuditError, match="of which stream"):
        checkpoint(path)
    assert checkpoint(path, "jobs").size == 0


def test_events_stop_at_a_line_that_is_not_sound(path: Path) -> None:
    path.write_bytes(log_of(path, 2) + b"{}\n")
    read = iter(events(path))
    assert [next(read)["metadata"]["uid"] for _ in range(2)] == ["e-0", "e-1"]
    with pytest.raises(AuditError, match="line 3"):
        next(read)


def test_a_log_that_is_written_meanwhile_is_read_up_to_its_beginning(path: Path) -> None:
    with AuditLog(path, "jobs") as log:
        log.append(event("a"))
        read: Iterator[object] = iter(events(path))
        next(read)
        log.append(event("b"))
        assert list(read) == []
        assert verify(path).problems == ()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "log"
    log_of(path, 120)
    shutil.copy(path, path.with_name("whole"))
    return path


@pytest.mark.no_cover
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_change_at_any_place_is_found(large: Path, data: st.DataObject) -> None:
    content = large.with_name("whole").read_bytes()
    place = data.draw(st.integers(0, len(content)))
    gone = data.draw(st.integers(0, 300))
    new = data.draw(
        st.one_of(
            st.binary(max_size=12),
            st.integers(0, len(content)).map(lambda at: content[at : at + 300]),
        )
    )
    changed = content[:place] + new + content[place + gone :]
    put(large, changed)

    assert verify(large).sound is (changed == content)


def test_a_checkpoint_is_read_back(path: Path) -> None:
    log_of(path, 2)

    assert read_checkpoint(path.with_name("log.checkpoint")) == checkpoint(path)
    assert parse_checkpoint(checkpoint(path).encode()) == checkpoint(path)
