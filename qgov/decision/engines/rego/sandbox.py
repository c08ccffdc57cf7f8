"""A policy that OPA compiled to WebAssembly, in this process: data goes in once, then inputs.

The interface is OPA's, version 1 (https://www.openpolicyagent.org/docs/wasm). What the policy
asks of its host is answered by writing values as OPA lays them out, because a call back into the
sandbox costs more than the answer; the layout is proven at the start.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import json
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Thread
from typing import Any, Final

from qgov.decision.engine import EngineError

__all__ = ["Policy"]

MOST_BYTES: Final = 1 << 30
"""Of memory: as much as a bundle may unpack to."""
ROOM: Final = 1 << 16
"""Bytes that are set aside for an input, and for what the host answers; more is asked for."""
TICK_S: Final = 0.1
"""How exactly a deadline is kept."""
FOREVER: Final = 1 << 40

_STRING: Final = struct.Struct("<B3xII")
_DIGITS: Final = struct.Struct("<BB6xIIB3x")
"""A number by its digits. OPA has whole numbers as such too, but calculates with 32 bits then."""
_NUMBER, _TEXT, _CONSTANT_TEXT = 3, 4, 8
_BY_DIGITS: Final = 2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _nanoseconds(text: str) -> int | None:
    """As `time.parse_rfc3339_ns`, of instants of whole seconds; None where it fails."""
    try:
        whole = (datetime.fromisoformat(text) - _EPOCH) // timedelta(seconds=1)
    except (ValueError, TypeError, OverflowError):
        return None
    found = whole * 1_000_000_000
    return found if -(1 << 63) <= found < 1 << 63 else None


BUILTINS: Final[dict[str, Callable[[str], str | int | None]]] = {
    "crypto.sha256": _sha256,
    "time.parse_rfc3339_ns": _nanoseconds,
}
"""What OPA leaves to the host and the policy uses; each takes a text."""


@cache
def _compiled(code: bytes) -> tuple[Any, Any]:
    """The machine's code of a module, made once in a process, and the engine that runs it."""
    import wasmtime  # noqa: PLC0415 - extra `engines`

    settings = wasmtime.Config()
    settings.epoch_interruption = True
    settings.memory_may_move = False
    engine = wasmtime.Engine(settings)

    def tick() -> None:
        while True:
            time.sleep(TICK_S)
            engine.increment_epoch()

    Thread(target=tick, daemon=True).start()
    # Freed while the library still stands.
    atexit.register(_compiled.cache_clear)
    return engine, wasmtime.Module(engine, code)


class Policy:
    """A policy with its data. Not for two threads at once; after an error it is spoilt."""

    def __init__(self, code: bytes, data: Any) -> None:
        """Raises EngineError when the module or the data are not as they must be."""
        import wasmtime  # noqa: PLC0415 - extra `engines`

        self._failures = (wasmtime.WasmtimeError, wasmtime.Trap)
        try:
            self._start(wasmtime, *_compiled(code))
            self._prove_layout()
            self._data = self._parsed(data)
            self._base = self._call("opa_heap_ptr_get")
        except (*self._failures, KeyError) as error:
            raise EngineError("the policy cannot be started in WebAssembly") from error

    def _start(self, wasmtime: Any, engine: Any, module: Any) -> None:
        self._store = store = wasmtime.Store(engine)
        store.set_limits(memory_size=MOST_BYTES)
        store.set_epoch_deadline(FOREVER)
        self._memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(16, None)))
        linker, number = wasmtime.Linker(engine), wasmtime.ValType.i32()
        linker.define(store, "env", "memory", self._memory)
        for name, takes, gives, does in (
            ("opa_abort", 1, [], self._abort),
            ("opa_println", 1, [], lambda _: None),
            *((f"opa_builtin{n}", n + 2, [number], self._answer) for n in range(5)),
        ):
            kind = wasmtime.FuncType([number] * takes, gives)
            linker.define(store, "env", name, wasmtime.Func(store, kind, does))
        self._exports = linker.instantiate(store, module).exports(store)
        self._at, self._size = 0, 0
        named = self._read(self._call("builtins"))
        if unknown := named.keys() - BUILTINS.keys():
            raise EngineError(f"the policy asks its host for {min(unknown)}")
        self._builtins = {index: BUILTINS[name] for name, index in named.items()}
        self._input, self._answers = self._call("opa_malloc", ROOM), self._call("opa_malloc", ROOM)
        self._used = 0

    def ask(self, given: Any, within_s: float) -> Any:
        """The value of the policy's entry point for an input. Raises EngineError when there is
        none, or not within a time."""
        text = _json(given)
        self._used = 0
        try:
            at, heap = self._input, self._base
            if len(text) > ROOM:
                self._call("opa_heap_ptr_set", self._base)
                at = self._call("opa_malloc", len(text))
                heap = self._call("opa_heap_ptr_get")
            self._write(at, text)
            self._store.set_epoch_deadline(int(within_s / TICK_S) + 1)
            results = json.loads(
                self._text(self._call("opa_eval", 0, 0, self._data, at, len(text), heap, 0))
            )
        except self._failures as error:
            late = "interrupt" in str(error)
            why = f"did not answer within {within_s:g} s" if late else "failed"
            raise EngineError(f"the policy {why}") from error
        except ValueError as error:
            raise EngineError("the policy answered with something other than JSON") from error
        if len(results) != 1:
            raise EngineError("the policy has no answer")
        return results[0]["result"]

    # ------------------------------------------------------------------ what the policy asks

    def _answer(self, builtin: int, _: int, *given: int) -> int:
        """The address of a builtin's result; 0 when it is undefined."""
        found = self._builtins[builtin](self._string(given[0]))
        return 0 if found is None else self._put(found)

    def _abort(self, message: int) -> None:
        raise EngineError(f"the policy was aborted: {self._text(message).decode(errors='replace')}")

    # ------------------------------------------------------------------------- values of OPA

    def _prove_layout(self) -> None:
        """A text and a number that OPA wrote are read here, and the other way round."""
        told, whole = "2026-01-01", 1_767_225_600_000_000_000
        sound = (
            self._string(self._parsed(told)) == told
            and self._read(self._put(told)) == told
            and self._read(self._put(whole)) == whole
        )
        if not sound:
            raise EngineError("the policy keeps its values in an unknown way")

    def _string(self, address: int) -> str:
        kind, size, at = _STRING.unpack(self._bytes(address, _STRING.size))
        if kind not in (_TEXT, _CONSTANT_TEXT):
            raise EngineError("the policy asks its host about what is no text")
        return self._bytes(at, size).decode()

    def _put(self, value: str | int) -> int:
        content = str(value).encode()
        if isinstance(value, str):
            address = self._room(_STRING.size + len(content))
            head = _STRING.pack(_TEXT, len(content), address + _STRING.size)
        else:
            address = self._room(_DIGITS.size + len(content))
            head = _DIGITS.pack(_NUMBER, _BY_DIGITS, address + _DIGITS.size, len(content), 0)
        self._write(address, head + content)
        return address

    def _room(self, size: int) -> int:
        """Bytes that are kept until the answer."""
        if self._used + size > ROOM:
            return int(self._call("opa_malloc", size))
        address: int = self._answers + self._used
        self._used += size + -size % 8
        return address

    def _parsed(self, value: Any) -> int:
        text = _json(value)
        at = self._call("opa_malloc", len(text))
        self._write(at, text)
        address = self._call("opa_json_parse", at, len(text))
        self._call("opa_free", at)
        if not address:
            raise EngineError("the policy does not read its data")
        return int(address)

    def _read(self, address: int) -> Any:
        return json.loads(self._text(self._call("opa_json_dump", address)))

    # -------------------------------------------------------------------------------- memory

    def _call(self, name: str, *given: int) -> Any:
        return self._exports[name](self._store, *given)

    def _bytes(self, address: int, size: int) -> bytes:
        return ctypes.string_at(self._within(address, size), size)

    def _write(self, address: int, content: bytes) -> None:
        ctypes.memmove(self._within(address, len(content)), content, len(content))

    def _text(self, address: int) -> bytes:
        """The text up to its zero; OPA ends each with one."""
        return ctypes.string_at(self._within(address, 1))

    def _within(self, address: int, size: int) -> int:
        """Where so many bytes are for this process. Memory grows, and does not move."""
        if address + size > self._size:
            self._size = self._memory.data_len(self._store)
            self._at = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        if not 0 <= address <= address + size <= self._size:
            raise EngineError("the policy pointed outside of its memory")
        return self._at + address


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
