"""The way back as a shell script to be reviewed. qgov never runs it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from qgov.drift.drift import Drift, Report, alike
from qgov.drift.facts import Setting
from qgov.drift.undo import Step
from qgov.render.counting import count
from qgov.render.escaping import one_line

__all__ = ["Section", "as_script", "script"]

_HEAD: Final = """\
#!/usr/bin/env bash
# {what}. Review it; qgov never runs it.
set -euo pipefail
"""
_KEYCLOAK: Final = r"""
# keycloak ADDRESS REALM METHOD PATH [JSON]: one call of the admin API. Secrets are read from the
# variables of `qgov drift`, and no command line has them.
keycloak() {
  local base="${QGOV_KEYCLOAK_URL:-$1}" realm="${QGOV_KEYCLOAK_AUTH_REALM:-$2}" token
  local -a ask=(curl --silent --show-error --fail-with-body --max-time 20)
  case "$base" in
    *@*) echo "$base: an address has no user" >&2; return 1 ;;
    https://* | http://localhost[:/]* | http://127.0.0.1[:/]*) ;;
    *) echo "$base: https is needed" >&2; return 1 ;;
  esac
  if [ -n "${QGOV_CA_FILE:-}" ]; then ask+=(--cacert "$QGOV_CA_FILE"); fi
  token="$(_secret QGOV_KEYCLOAK_TOKEN)"
  if [ -z "$token" ]; then
    token="$("${ask[@]}" --data grant_type=client_credentials \
      --data-urlencode "client_id=$(_secret QGOV_KEYCLOAK_CLIENT_ID)" \
      --data-urlencode client_secret@<(printf %s "$(_secret QGOV_KEYCLOAK_CLIENT_SECRET)") \
      "${base%/}/realms/$realm/protocol/openid-connect/token" |
      sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')"
  fi
  "${ask[@]}" --header @<(printf 'Authorization: Bearer %s\n' "$token") \
    --header 'Content-Type: application/json' --request "$3" --data-binary "${5-}" "${base%/}$4"
}
"""
_SCIM: Final = r"""
# scim ADDRESS METHOD PATH JSON: one call of SCIM 2.0, with the token of `qgov drift`.
scim() {
  local base="${QGOV_SCIM_URL:-$1}"
  local -a ask=(curl --silent --show-error --fail-with-body --max-time 20)
  case "$base" in
    *@*) echo "$base: an address has no user" >&2; return 1 ;;
    https://* | http://localhost[:/]* | http://127.0.0.1[:/]*) ;;
    *) echo "$base: https is needed" >&2; return 1 ;;
  esac
  if [ -n "${QGOV_CA_FILE:-}" ]; then ask+=(--cacert "$QGOV_CA_FILE"); fi
  "${ask[@]}" --header @<(printf 'Authorization: Bearer %s\n' "$(_secret QGOV_SCIM_TOKEN)") \
    --header 'Content-Type: application/scim+json' --request "$2" --data-binary "$4" \
    "${base%/}$3"
}
"""
_READ: Final = r"""
# _secret NAME: the variable NAME, or what the file says that NAME_FILE names.
_secret() {
  local file="$1_FILE"
  if [ -n "${!1:-}" ]; then printf %s "${!1}"; elif [ -n "${!file:-}" ]; then cat "${!file}"; fi
}
"""
_CALLS: Final = {"keycloak": _KEYCLOAK, "scim": _SCIM}


def as_script(report: Report) -> str:
    """The script. What has no step is a comment; what one step takes away is told once."""

    def sections() -> Iterator[Section]:
        for each, more in alike(sorted(report.drift, key=_last)):
            besides = f", and {count(more, 'access', 'accesses')} besides" if more else ""
            told = f"{each.source} ({each.kind}, {each.risk}): {each.message}{besides}"
            yield Section(told, (s for undo in each.undo for s in undo.steps), _reasons(each))

    what = "What takes back the differences that qgov found"
    return script(what, sections(), "nothing differs")


class Section(NamedTuple):
    """What is undone, the steps that undo it, and why there are not more."""

    told: str
    steps: Iterable[Step]
    why_not: Iterable[str]


def script(what: str, sections: Iterable[Section], nothing: str) -> str:
    """A script that does `what`; `nothing` says in words that there is no section."""
    taken: set[Step] = set()
    lines: list[str] = []
    for told, steps, why_not in sections:
        lines += ["", _comment(told)]
        for step in dict.fromkeys(steps):
            lines.append("# by a step above" if step in taken else shlex.join(step))
            taken.add(step)
        lines += [_comment(f"not reverted: {why}") for why in why_not]
    if not lines:
        lines = ["", f"# {nothing}"]
    head = _HEAD.replace("{what}", what)
    called = [text for name, text in _CALLS.items() if any(step[0] == name for step in taken)]
    head += "".join([*called, _READ]) if called else ""
    return head + "\n".join([*lines, ""])


def _last(each: Drift) -> tuple[bool, int]:
    """Whole things go after what hangs on them, inner ones first."""
    things = [
        fact.what.name
        for fact in each.facts
        if isinstance(fact.what, Setting) and fact.extra and not fact.what.field
    ]
    return bool(things), -max((name.count("/") for name in things), default=0)


def _reasons(each: Drift) -> Iterable[str]:
    if not each.facts:
        yield "deploy what was reviewed"
    yield from dict.fromkeys(undo.why_not for undo in each.undo if undo.why_not)


def _comment(text: str) -> str:
    """One line that no shell reads, whatever is in it."""
    return f"# {one_line(text)}"
