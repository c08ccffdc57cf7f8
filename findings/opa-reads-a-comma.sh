#!/usr/bin/env bash
# OPA 1.22.2: time.parse_rfc3339_ns reads more than RFC 3339: a comma before the fraction of a
# second, and an hour of one digit.
#
# Guess: what the function is named after is what it reads. In fact it is Go's time.Parse, which
# allows both, and refuses what the RFC allows: lower-case `t` and `z`, and a leap second. Two
# programs that check one timestamp, one of them in another language, come to different answers.
# Takes some minutes where OPA has to be built (with Go).
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOBIN=$work CGO_ENABLED=0 go install github.com/open-policy-agent/opa@v1.22.2
"$work/opa" version | sed -n 1p

seen=
for instant in 2026-01-01T00:00:00.5Z 2026-01-01T00:00:00,5Z 2026-01-01T0:00:00Z \
  2026-01-01t00:00:00z 2016-12-31T23:59:60Z; do
  answer=$("$work/opa" eval --format raw "time.parse_rfc3339_ns(\"$instant\")" 2>/dev/null || true)
  printf '%-24s %s\n' "$instant" "${answer:-undefined}"
  seen+=${answer:+1}${answer:-0}' '
done
read -r plain comma digit lower leap <<<"$seen"
[[ $plain == 1* && $comma == 1* && $digit == 1* && $lower == 0 && $leap == 0 ]] || {
  echo 'it reads other instants now: this finding is history' >&2
  exit 1
}
