#!/usr/bin/env bash
# scim2-models 0.12.3 refuses the request with which Entra ID takes a member out of a group.
#
# Guess: a SCIM server built on it takes what the largest SCIM client sends. In fact a "remove" with a
# value is refused, as RFC 7644, section 3.5.2.2, has none; but Entra ID's provisioning sends the
# members to remove as a value, unless the address of the tenant ends in ?aadOptscim062020
# (Microsoft's page on SCIM 2.0 compliance of the provisioning service shows both forms, with their
# capitals). Members are added and never leave. The filter in the path does what was meant.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scim2-models==0.12.3

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

from scim2_models import Group, PatchOp, SCIMException

print("scim2-models", version("scim2-models"))
SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
forms = {
    "Entra ID, adding": {"op": "Add", "path": "members", "value": [{"value": "ada"}]},
    "Entra ID, removing": {"op": "Remove", "path": "members", "value": [{"value": "ben"}]},
    "RFC 7644, removing": {"op": "remove", "path": 'members[value eq "ben"]'},
}
seen = {}
for name, operation in forms.items():
    group = Group(display_name="team", members=[{"value": "ben"}, {"value": "cem"}])
    try:
        PatchOp[Group].model_validate({"schemas": [SCHEMA], "Operations": [operation]}).patch(group)
        seen[name] = [member.value for member in group.members]
    except (SCIMException, ValueError) as error:
        seen[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    print(f"{name:19} {seen[name]}")
assert seen["Entra ID, adding"] == ["ben", "cem", "ada"]
assert "carries no value" in seen["Entra ID, removing"], "it is taken now: this finding is history"
assert seen["RFC 7644, removing"] == ["cem"]
PY
