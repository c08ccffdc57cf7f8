#!/usr/bin/env bash
# The step of the action: one plan in the forms that a pull request needs. The environment has
# the inputs as QGOV_*, and what GitHub gives every step. Ends with the status of `qgov plan`,
# but 0 for "there are changes", which it says with 2.
set -euo pipefail

qgov=${QGOV:-$GITHUB_ACTION_PATH/../../../.venv/bin/qgov}
out=$RUNNER_TEMP/qgov-plan
mkdir -p "$out"

compared=("--root=${QGOV_ROOT:-.}" --detailed-exitcode)
for option in base head fail-on intent reviews members author-login; do
  name=QGOV_${option//-/_}
  name=${name^^}
  [[ -z ${!name:-} ]] || compared+=("--$option=${!name}")
done

# All forms are of one plan, so that they have one digest.
[[ ${QGOV_WITNESS:-false} != true ]] || compared+=(--witness)
[[ -z ${QGOV_EVIDENCE:-} ]] || compared+=(--prove)

# Files that the caller keeps, with what only one of the runs must write.
kept=()
[[ -z ${QGOV_EVIDENCE:-} ]] || kept+=("--evidence=$QGOV_EVIDENCE")
record=
if [[ -n ${QGOV_REVIEWS:-} ]]; then
  record=$out/decision-record.json
  kept+=("--record=$record")
fi

# What is printed is about hostile text: until the token is said again, no line is a command.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
status=0
"$qgov" plan "${compared[@]}" "${kept[@]}" --format=json >"$out/plan.json" || status=$?
if [[ -s $out/plan.json ]]; then
  "$qgov" plan "${compared[@]}" --format=markdown >"$out/plan.md" 2>/dev/null || true
  "$qgov" plan "${compared[@]}" --format=html >"$out/report.html" 2>/dev/null || true
fi
if [[ -s $out/plan.md && ${QGOV_FORMAT:-text} != none ]]; then
  "$qgov" plan "${compared[@]}" "--format=${QGOV_FORMAT:-text}" 2>/dev/null || true
fi
echo "::$token::"

digest=$(sed -n 's/^  "digest": "\(sha256:[0-9a-f]\{64\}\)",$/\1/p' "$out/plan.json")
if [[ ! -s $out/plan.md || -z $digest ]]; then
  # A plan that failed must not look like one without changes, nor leave the last one standing.
  ((status == 1 || status == 3)) || status=1
  printf '%s\n### PLAN FAILED\n\nThe log of this run says why.\n' '<!-- qgov-plan -->' >"$out/plan.md"
fi

if [[ ${QGOV_ANNOTATIONS:-true} == true ]]; then
  # Its status is that of every finding; the plan has judged the new ones.
  "$qgov" validate "--root=${QGOV_ROOT:-.}" --format=github || true
fi
if [[ ${QGOV_SUMMARY:-true} == true ]]; then
  {
    case $status in
      0 | 2) ;;
      3) printf '> [!WARNING]\n> A gate is closed: the log says which.\n\n' ;;
      *) printf '> [!CAUTION]\n> This change cannot be merged as it is.\n\n' ;;
    esac
    cat "$out/plan.md"
  } >>"$GITHUB_STEP_SUMMARY"
fi
{
  echo "status=$status"
  echo "digest=$digest"
  echo "markdown=$out/plan.md"
  echo "json=$out/plan.json"
  echo "html=$([[ ! -s $out/report.html ]] || echo "$out/report.html")"
  echo "record=$([[ -z $record || ! -s $record ]] || echo "$record")"
} >>"$GITHUB_OUTPUT"

((status == 2)) || exit "$status"
