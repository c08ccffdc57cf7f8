#!/usr/bin/env bash
# joserfc 1.8.0: jwt.decode refuses a token whose header has a member that joserfc does not know.
#
# Guess: it is ignored. RFC 7515 (section 4) wants that of every member that is not understood, unless
# `crit` names it. In fact there is an UnsupportedHeaderError, though the signature is right: an issuer
# that adds a member of its own one day locks everybody out that day. A registry that is made with
# strict_check_header=False reads such tokens, and still refuses what `crit` names.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check joserfc==1.8.0

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

print("joserfc", version("joserfc"))
key = OctKey.generate_key(256)
lenient = JWSRegistry(strict_check_header=False)


def read(header, registry):
    token = jwt.encode({"alg": "HS256", **header}, {"sub": "mei"}, key, registry=lenient)
    try:
        return jwt.decode(token, key, registry=registry).claims["sub"]
    except JoseError as error:
        return type(error).__name__


seen = []
for header in ({"kid": "1", "typ": "JWT"}, {"x-env": "prod"}):
    seen += [read(header, None), read(header, lenient)]
    print(f"{header!s:28} by default: {seen[-2]:24} not strict: {seen[-1]}")
expected = ["mei", "mei", "UnsupportedHeaderError", "mei"]
assert seen == expected, "it reads other headers now: this finding is history"
PY
