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
from typing import Any, Final, NamedTuple

from msgspec.json import encode

from qgov.decision.engine import EngineError
from qgov.decision.engines.rego.between import ANSWERS, ASKS, DESK, QUESTION, RESULT

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


class _Compiled(NamedTuple):
    """The machine's code of a policy and of what stands between, and the engine that runs it."""

    engine: Any
    policy: Any
    answers: Any
    asks: Any


@cache
def _compiled(code: bytes) -> _Compiled:
    """Made once in a process."""
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
    return _Compiled(engine, *(wasmtime.Module(engine, each) for each in (code, ANSWERS, ASKS)))


class Policy:
    """A policy with its data. Not for two threads at once; after an error it is spoilt."""

    def __init__(self, code: bytes, data: Any) -> None:
        """Raises EngineError when the module or the data are not as they must be."""
        import wasmtime  # noqa: PLC0415 - extra `engines`

        self._failures = (wasmtime.WasmtimeError, wasmtime.Trap)
        try:
            self._start(wasmtime, _compiled(code))
            self._prove_layout()
            self._data = self._parsed(data)
            self._base = self._call("opa_heap_ptr_get")
        except (*self._failures, KeyError) as error:
            raise EngineError("the policy cannot be started in WebAssembly") from error

    def _start(self, wasmtime: Any, made: _Compiled) -> None:
        self._store = store = wasmtime.Store(made.engine)
        store.set_limits(memory_size=MOST_BYTES)
        store.set_epoch_deadline(FOREVER)
        self._memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(16, None)))
        linker, number = wasmtime.Linker(made.engine), wasmtime.ValType.i32()

        def host(module: str, name: str, takes: int, does: Callable[..., None]) -> None:
            kind = wasmtime.FuncType([number] * takes, [])
            linker.define(store, module, name, wasmtime.Func(store, kind, does))

        linker.define(store, "env", "memory", self._memory)
        host("env", "opa_abort", 1, self._abort)
        host("env", "opa_println", 1, lambda _: None)
        host("host", "answer", 2, self._answer)
        between = linker.instantiate(store, made.answers)
        desk = between.exports(store)["desk"]
        linker.define(store, "between", "desk", desk)
        for given in range(5):
            name = f"opa_builtin{given}"
            linker.define(store, "env", name, between.exports(store)[name])
        policy = linker.instantiate(store, made.policy)
        linker.define_instance(store, "policy", policy)
        self._exports = policy.exports(store)
        self._eval = linker.instantiate(store, made.asks).exports(store)["ask"]
        self._at, self._size = 0, 0
        named = self._read(self._call("builtins"))
        if unknown := named.keys() - BUILTINS.keys():
            raise EngineError(f"the policy asks its host for {min(unknown)}")
        self._builtins = {index: BUILTINS[name] for name, index in named.items()}
        self._desk, self._input, self._answers = (
            self._call("opa_malloc", size) for size in (DESK, ROOM, ROOM)
        )
        desk.set_value(store, self._desk)
        self._used = 0

    def ask(self, given: Any, within_s: float) -> Any:
        """The value of the policy's entry point for an input. Raises EngineError when there is
        none, or not within a time."""
        text = encode(given)
        self._used = 0
        try:
            at, heap = self._input, self._base
            if len(text) > ROOM:
                self._call("opa_heap_ptr_set", self._base)
                at = self._call("opa_malloc", len(text))
                heap = self._call("opa_heap_ptr_get")
            self._write(at, text)
            self._write(self._desk, QUESTION.pack(self._data, at, len(text), heap))
            self._store.set_epoch_deadline(int(within_s / TICK_S) + 1)
            self._eval(self._store)
            (told,) = RESULT.unpack(self._bytes(self._desk, RESULT.size))
            results = json.loads(self._text(told))
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

    def _answer(self, builtin: int, given: int) -> None:
        """Leaves the address of a builtin's result; 0 when it is undefined."""
        found = self._builtins[builtin](self._string(given))
        self._write(self._desk, RESULT.pack(0 if found is None else self._put(found)))

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
        text = encode(value)
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
