"""What stands between a policy in WebAssembly and Python: two modules of a few lines.

wasmtime's Python looks up the type of each number that it hands over, which takes longer than
most of what is done with it. So the two sides put their numbers on a desk, some bytes of the
memory that both see, and call each other with as little as possible.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["ANSWERS", "ASKS", "DESK", "QUESTION", "RESULT"]

RESULT: Final = struct.Struct("<i")
"""The desk's first number: the address of what one side has asked the other for."""
QUESTION: Final = struct.Struct("<4xiiii")
"""What follows it: where the data and the input are, the input's length, and the heap."""
DESK: Final = QUESTION.size
"""How many bytes the desk has."""

ANSWERS: Final = f"""
(module
  (import "env" "memory" (memory 0))
  (import "host" "answer" (func $answer (param i32 i32)))
  (global $desk (export "desk") (mut i32) (i32.const 0))
  (func $result (param $builtin i32) (param $given i32) (result i32)
    (call $answer (local.get $builtin) (local.get $given))
    (i32.load (global.get $desk)))
  {
    "".join(
        f'''
  (func (export "opa_builtin{given}") (param i32 i32{" i32" * given}) (result i32)
    (call $result (local.get 0) {"(local.get 2)" if given else "(i32.const 0)"}))'''
        for given in range(5)
    )
})
"""
"""The functions that a policy calls, by how much it gives: the host is told which and the
first thing given, and leaves its answer on the desk."""

ASKS: Final = """
(module
  (import "env" "memory" (memory 0))
  (import "between" "desk" (global $desk (mut i32)))
  (import "policy" "opa_eval"
    (func $eval (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (func (export "ask")
    (i32.store (global.get $desk)
      (call $eval (i32.const 0) (i32.const 0)
        (i32.load offset=4 (global.get $desk)) (i32.load offset=8 (global.get $desk))
        (i32.load offset=12 (global.get $desk)) (i32.load offset=16 (global.get $desk))
        (i32.const 0)))))
"""
"""One decision: the question is on the desk, and so will be the answer, as JSON."""
