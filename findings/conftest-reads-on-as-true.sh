#!/usr/bin/env bash
# conftest 0.71.1 hands a policy the key "true" for the key `on` of a YAML document; OPA 1.22.2, with
# the same document and the same policy, hands it "on".
#
# Guess: conftest is OPA with parsers around it, so that a rule that `opa eval` shows to work on a
# document works in CI. In fact the two read YAML by different rules: conftest as YAML 1.1 has it,
# where `on`, `off`, `yes` and `no` are booleans also as keys, OPA not. A rule about `input.on`, of
# a workflow or of a binding, is written for one of the two.
# Takes some minutes: both are built (with Go).
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export GOBIN=$work CGO_ENABLED=0
go install github.com/open-policy-agent/opa@v1.22.2
go install github.com/open-policy-agent/conftest@v0.71.1
cd "$work"
printf 'group: developers\non: sandbox\n' >binding.yaml
printf 'package main\n\ndeny contains sprintf("%%v", [input])\n' >show.rego

by_opa=$(./opa eval --format raw --input binding.yaml --data show.rego 'concat("", data.main.deny)')
by_conftest=$(./conftest test --policy show.rego --output json binding.yaml |
  python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["failures"][0]["msg"])' || true)
./opa version | sed -n 1p
echo "opa eval: $by_opa"
echo "conftest: $by_conftest"
[[ $by_opa == *'"on": "sandbox"'* && $by_conftest == *'"true": "sandbox"'* ]] || {
  echo 'they read it otherwise now: this finding is history' >&2
  exit 1
}
