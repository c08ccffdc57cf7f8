#!/usr/bin/env bash
# in-toto-attestation 0.9.3: a whole number of a predicate comes back as a fraction, and one of seventeen
# digits as another number.
#
# Guess: an attestation is JSON, and a library for it reads and writes the same JSON. In fact a predicate
# is held as a protobuf Struct, whose numbers are doubles: 20000 shots are written as 20000.0, and
# 9007199254740993 micros as 9007199254740992.0. Whoever reads a statement with it and writes it again has
# another digest, predicates whose schema says "integer" may be refused, and large amounts of money differ.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  in-toto-attestation==0.9.3 protobuf==7.36.2

"$work/venv/bin/python" - <<'PY'
import json
from importlib.metadata import version

from google.protobuf.json_format import MessageToJson, ParseDict
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement

said = {"shots": 20000, "amountMicros": 9007199254740993, "runs": [1, 2]}
subject = ResourceDescriptor(name="plan.json", digest={"sha256": "0" * 64}).pb
made = Statement([subject], "https://example.org/run/v1", said)
made.validate()
print("in-toto-attestation", version("in-toto-attestation"), "protobuf", version("protobuf"))
print("said:   ", json.dumps(said))
written = MessageToJson(made.pb)
back = json.loads(written)["predicate"]
print("written:", json.dumps(back))
assert [repr(back["shots"]), repr(back["amountMicros"])] == ["20000.0", "9007199254740992.0"], back
assert [repr(each) for each in back["runs"]] == ["1.0", "2.0"], back

text = json.dumps({"_type": "https://in-toto.io/Statement/v1", "predicate": said}, sort_keys=True)
again = MessageToJson(ParseDict(json.loads(text), statement_pb2.Statement()))
print("a statement that is only read and written again:", json.loads(again)["predicate"]["shots"])
assert repr(json.loads(again)["predicate"]["shots"]) == "20000.0"
PY
