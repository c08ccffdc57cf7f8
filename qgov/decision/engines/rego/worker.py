"""A process that holds rego-cpp: one JSON line in, one out. Run by its path, not imported.

rego-cpp can abort the process, run forever, and print to any standard stream; see
`qgov.decision.engines.rego`, which starts this and knows how it may end. The first line in is
`{"modules": {name: text}, "data": …, "query": text}` and is answered by `{"ready": true}`;
each further line is an input and is answered by the query's output as rego-cpp prints it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO

__all__ = ["serve"]


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer every line of `requests` until it ends."""
    from regopy import Interpreter  # noqa: PLC0415 - extra `engines`, imported by the worker alone

    given = json.loads(requests.readline())
    interpreter = Interpreter()
    for name, text in given["modules"].items():
        interpreter.add_module(name, text)
    # Once only: a second call would be dropped without a word. Escapes of non-ASCII text
    # would be taken literally.
    interpreter.add_data_json(json.dumps(given["data"], ensure_ascii=False))
    bundle = interpreter.build(given["query"], [])
    print('{"ready":true}', file=answers, flush=True)
    for line in requests:
        interpreter.set_input(json.loads(line))
        output = interpreter.query_bundle(bundle)  # kept: its text dies with it
        text = str(output) if output.ok() else "error"
        print(text.replace("\n", " "), file=answers, flush=True)


if __name__ == "__main__":
    # The answers have a stream of their own; what rego-cpp prints goes nowhere. A policy
    # could read the environment (opa.runtime), so there is none.
    os.environ.clear()  # noqa: TID251 - emptied, not read
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as private:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        serve(sys.stdin, private)
