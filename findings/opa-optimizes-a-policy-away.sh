#!/usr/bin/env bash
# OPA 1.22.2: a policy that `opa check` accepts and `opa eval` answers is a type error for
# `opa build -O 1`, when the target is WebAssembly or a plan.
#
# Guess: optimizing changes how fast a policy answers, never whether it is one. In fact the optimizer
# settles a rule whose default is {} on that default, and then finds that what the other rule would
# put there, `place.floor`, cannot be. For the target rego the same -O 1 builds, and the result
# answers rightly. Takes some minutes where OPA has to be built (with Go).
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOBIN=$work CGO_ENABLED=0 go install github.com/open-policy-agent/opa@v1.22.2
cd "$work"
./opa version | sed -n 1p

cat >policy.rego <<'REGO'
package lab
import rego.v1
default place := {}
place := data.places[input.name]
allow if place.floor.mfa == input.mfa
REGO
echo '{"places": {"garage": {"floor": {"mfa": true}}}}' >data.json
echo '{"name": "garage", "mfa": true}' >input.json
./opa check policy.rego
[[ $(./opa eval --format raw -d policy.rego -d data.json -i input.json data.lab.allow) == true ]]
echo 'check and eval: the policy is one, and allows'

seen=
for target in rego wasm plan; do
  for level in 0 1; do
    if ./opa build -t "$target" -O "$level" -e lab/allow -o bundle.tar.gz policy.rego >told 2>&1; then
      told=builds
    else
      told="refused: $(head -1 told)"
    fi
    echo "build -t $target -O $level: $told"
    seen+=${told:0:1}
  done
done
[[ $seen == bbbrbr ]] || { echo 'it builds others now: this finding is history' >&2; exit 1; }
