#!/usr/bin/env bash
# OPA 1.22.2: `not f([input.a, input.b])` does not hold where input.b is missing, whatever f says;
# `not f(input)`, where f looks at both itself, does.
#
# Guess: `not` turns "undefined" into "true". In fact the references in the arguments of a negated
# call are looked up before the `not`, outside of it: where one is missing the whole line is
# undefined. Handed the whole document, the function looks them up itself, and `not` holds.
# Takes some minutes where OPA has to be built (with Go).
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOBIN=$work CGO_ENABLED=0 go install github.com/open-policy-agent/opa@v1.22.2
cd "$work"
cat >shape.rego <<'REGO'
package shape

strings(values) if every value in values { is_string(value) }

whole(object) if strings([object.group, object.scope])

outside if not strings([input.group, input.scope])

inside if not whole(input)
REGO
./opa version | sed -n 1p
seen=
for document in '{"group": "g", "scope": "s"}' '{"group": "g", "scope": 1}' '{"group": "g"}'; do
  answer=$(./opa eval --format json --data shape.rego --stdin-input 'data.shape' <<<"$document" |
    python3 -c 'import json, sys
found = json.load(sys.stdin)["result"][0]["expressions"][0]["value"]
print(*(found.get(name, "undefined") for name in ("outside", "inside")))')
  printf '%-30s not strings([…, …]): %-10s not whole(input): %s\n' "$document" $answer
  seen+="$answer;"
done
[[ $seen == 'undefined undefined;True True;undefined True;' ]] || {
  echo 'it is looked up elsewhere now: this finding is history' >&2
  exit 1
}
