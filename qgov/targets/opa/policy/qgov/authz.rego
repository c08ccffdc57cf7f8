# METADATA
# title: qgov authorization
# description: |
#  May the subject do the action on the resource? The request is OpenID AuthZEN's.
#  The text is the same for every organization; data.qgov.model is generated.
#  Everything is found by key: a decision walks the subject's own groups, the scopes
#  that contain the resource and the subject's own elevations, nothing else.
package qgov.authz

import data.qgov.model

# METADATA
# title: Decision
# description: The answer with every reason for a denial, warnings and obligations.
# entrypoint: true
decision := {
	"allow": allow,
	"reasons": reasons,
	"warnings": warnings,
	"obligations": obligations,
	"revision": revision,
}

# METADATA
# title: Allow
# description: The bare answer.
# entrypoint: true
default allow := false

allow if count(reasons) == 0

reasons := sort(denials)

default revision := ""

revision := data.qgov.revision

# The subject. A user is known by the issuer of the token, a workload by its id.

default subject_id := ""

subject_id := input.subject.id

default subject_type := ""

subject_type := input.subject.type

default issuer := ""

issuer := input.subject.properties.issuer

default known_user := false

known_user if {
	subject_type == "user"
	subject_id != ""
	model.issuers[issuer]
}

default known_workload := false

known_workload if {
	subject_type == "workload"
	model.workloads[subject_id]
}

default workload := {}

workload := model.workloads[subject_id] if known_workload

principals contains concat(":", ["group", group]) if {
	known_user
	some group in input.subject.properties.groups
}

principals contains concat(":", ["workload", subject_id]) if known_workload

denials contains "subject-unknown" if {
	not known_user
	not known_workload
}

# The credential: short-lived, fresh, and issued to this platform.

default token := {}

token := input.context.token

default audience := ""

audience := token.audience

default token_subject := ""

token_subject := input.subject.properties.subject

default now := -1

now := instant(input.context.time)

default issued_at := -1

issued_at := instant(token.issued_at)

default credentials := {"oidc", "saml"}

credentials := {"oidc"} if subject_type == "workload"

denials contains "context-missing" if not token.kind

denials contains "context-missing" if now < 0

denials contains "context-missing" if issued_at < 0

denials contains "static-credential" if {
	token.kind
	not token.kind in credentials
}

# 60 s: how far two clocks may be apart.
denials contains "token-stale" if {
	now >= 0
	issued_at > now + 60
}

denials contains "context-missing" if {
	known_user
	audience == ""
}

denials contains "federation-mismatch" if {
	known_user
	audience != ""
	not model.issuers[issuer][audience]
}

denials contains "federation-mismatch" if {
	known_workload
	not workload.federation
}

denials contains "context-missing" if {
	workload.federation
	"" in {issuer, audience, token_subject}
}

denials contains "federation-mismatch" if {
	issuer != ""
	workload.federation.issuer != issuer
}

denials contains "federation-mismatch" if {
	audience != ""
	workload.federation.audience != audience
}

denials contains "federation-mismatch" if {
	token_subject != ""
	pattern := workload.federation.subject
	not like(token_subject, pattern)
}

# The place: what the resource's labels name, which has the depth of the permission.

default action := ""

action := input.action.name

default level := -1

level := model.actions[action].level

default tenant_name := ""

tenant_name := input.resource.properties.tenant

default environment_name := ""

environment_name := input.resource.properties.environment

default project_name := ""

project_name := input.resource.properties.project

default tenant := {}

tenant := model.tenants[tenant_name]

default environment := {}

environment := tenant.environments[environment_name]

default place := {}

place := {"scopes": ["*"], "floor": model.floor} if {
	level == 0
	[tenant_name, environment_name, project_name] == ["", "", ""]
}

place := {"scopes": [tenant_name, "*"], "floor": tenant.floor} if {
	level == 1
	[environment_name, project_name] == ["", ""]
}

place := {
	"scopes": [concat("/", [tenant_name, environment_name]), tenant_name, "*"],
	"floor": environment.floor,
} if {
	level == 2
	project_name == ""
}

place := {
	"scopes": [
		concat("/", [tenant_name, environment_name, project_name]),
		concat("/", [tenant_name, environment_name]),
		tenant_name,
		"*",
	],
	"floor": environment.floor,
} if {
	level == 3
	environment.projects[project_name]
}

denials contains "scope-unknown" if {
	level >= 0
	not place.scopes
}

denials contains "tenant-mismatch" if {
	known_user
	tenant.issuers
	not tenant.issuers[issuer]
}

denials contains "tenant-mismatch" if {
	known_workload
	tenant.issuers
	workload.tenant != tenant_name
}

# The candidates: grants of the subject that hold the permission where the resource lies.
# A group's grants say whose group it is; another provider's token does not name it.

candidates := [candidate |
	some granted in [model.grants, object.get(tenant, "grants", {})]
	some principal in principals
	held_by := granted[principal]
	object.get(held_by, "issuer", issuer) == issuer
	some scope in place.scopes
	some grant in held_by.at[scope]
	own := model.roles[grant.role].permissions[action]
	held := elevations(grant, scope)
	candidate := {
		"own": own,
		"eligible": is_object(object.get(grant, "eligible", null)),
		"elevations": held,
		"in_force": [elevation | some elevation in held; count(elevation.faults) == 0],
		"layers": [
			place.floor,
			model.roles[grant.role].requires,
			object.get(grant, "requires", {}),
			object.get(workload, "requires", {}),
		],
	}
]

judged := [{"candidate": candidate, "lacks": lacks(candidate)} | some candidate in candidates]

satisfied := [judgement.candidate | some judgement in judged; count(judgement.lacks) == 0]

denials contains "no-grant" if count(candidates) == 0

denials contains reason if {
	count(satisfied) == 0
	some judgement in judged
	some reason in judgement.lacks
}

# What one candidate lacks. A floor, a role and a grant are layers that all must hold.
# An attribute has a default, because `not f(x)` is undefined in OPA where x is.

default mfa := null

mfa := input.context.mfa

default managed_device := null

managed_device := input.context.managed_device

default country := null

country := input.context.country

default owner := null

owner := input.resource.properties.owner

lacks(candidate) := {reason |
	some reason in [
		"context-missing",
		"country-blocked",
		"device-unmanaged",
		"elevation-expired",
		"elevation-required",
		"elevation-self-approved",
		"elevation-unapproved",
		"mfa-missing",
		"not-owner",
		"token-stale",
	]
	lacking(reason, candidate)
}

lacking("token-stale", candidate) if {
	now >= 0
	issued_at >= 0
	some layer in candidate.layers
	now - issued_at > layer.max_token_age_s
}

lacking("mfa-missing", candidate) if {
	known_user
	mfa == false
	some layer in candidate.layers
	layer.mfa
}

lacking("context-missing", candidate) if {
	known_user
	not is_boolean(mfa)
	some layer in candidate.layers
	layer.mfa
}

lacking("device-unmanaged", candidate) if {
	known_user
	managed_device == false
	some layer in candidate.layers
	layer.managed_device
}

lacking("context-missing", candidate) if {
	known_user
	not is_boolean(managed_device)
	some layer in candidate.layers
	layer.managed_device
}

lacking("country-blocked", candidate) if {
	known_user
	is_string(country)
	some layer in candidate.layers
	layer.countries
	not layer.countries[country]
}

lacking("context-missing", candidate) if {
	known_user
	not is_string(country)
	some layer in candidate.layers
	layer.countries
}

lacking("not-owner", candidate) if {
	candidate.own
	is_string(owner)
	owner != subject_id
}

lacking("context-missing", candidate) if {
	candidate.own
	not is_string(owner)
}

lacking("elevation-required", candidate) if {
	candidate.eligible
	count(candidate.elevations) == 0
}

lacking(reason, candidate) if {
	candidate.eligible
	count(candidate.in_force) == 0
	some elevation in candidate.elevations
	reason in elevation.faults
}

# Elevations: those that were reviewed in the repository, and those of the identity provider.

own_elevations contains elevation if {
	some elevation in model.elevations[subject_id]
}

own_elevations contains elevation if {
	some given in input.context.elevations
	object.get(given, "subject", subject_id) == subject_id
	elevation := {
		"reviewed": false,
		"role": given.role,
		"scope": given.scope,
		"approved_by": object.get(given, "approved_by", ""),
		"requested_by": object.get(given, "requested_by", ""),
		"approver_groups": object.get(given, "approver_groups", []),
		"ticket": object.get(given, "ticket", "") != "",
		"not_before": instant(object.get(given, "not_before", "")),
		"expires": instant(object.get(given, "expires", "")),
	}
}

# Those that name the grant's role at a scope inside the grant's and around the resource.
elevations(grant, scope) := [elevation |
	some held in own_elevations
	held.role == grant.role
	held.scope in place.scopes
	inside(held.scope, scope)
	elevation := {"expires": held.expires, "faults": faults(held, grant.eligible)}
]

faults(held, eligible) := {reason |
	some reason in ["elevation-expired", "elevation-self-approved", "elevation-unapproved"]
	faulty(reason, held, eligible)
}

faulty("elevation-expired", held, _) if held.expires < 0

faulty("elevation-expired", held, _) if now >= held.expires

faulty("elevation-expired", held, _) if {
	now >= 0
	now < held.not_before
}

faulty("elevation-unapproved", held, _) if held.approved_by == ""

faulty("elevation-unapproved", held, eligible) if {
	not held.reviewed
	not eligible.approvers in held.approver_groups
}

faulty("elevation-unapproved", held, _) if min([held.not_before, held.expires]) < 0

faulty("elevation-unapproved", held, eligible) if {
	held.expires - held.not_before > eligible.max_duration_s
}

faulty("elevation-unapproved", held, eligible) if {
	eligible.ticket
	not held.ticket
}

faulty("elevation-self-approved", held, _) if {
	held.approved_by != ""
	held.approved_by in {subject_id, held.requested_by}
}

# 900 s: how long before its end an elevation is worth a warning.
default warnings := []

warnings := ["elevation-expiring"] if {
	allow
	count([candidate | some candidate in satisfied; not candidate.eligible]) == 0
	ends := [elevation.expires |
		some candidate in satisfied
		some elevation in candidate.in_force
	]
	max(ends) - now <= 900
}

# The job.

default executes := false

executes if model.actions[action].executes

default backend := ""

backend := input.resource.properties.backend

denials contains "context-missing" if {
	executes
	backend == ""
}

denials contains "backend-not-entitled" if {
	executes
	place.scopes
	backend != ""
	not environment.backends[backend]
}

denials contains "residency" if {
	executes
	place.scopes
	jurisdiction := model.backends[backend]
	jurisdiction != "on-premises"
	not tenant.residency[jurisdiction]
}

# What the enforcement point must do, whatever the answer.

obligations := {"queue": queue, "audit_stream": audit_stream, "retention": retention}

default queue := null

queue := environment.queue if place.scopes

default retention := {}

retention := tenant.retention if place.scopes

default audit_stream := "admin"

audit_stream := "jobs" if {
	some prefix in ["input:", "job:", "result:"]
	startswith(action, prefix)
}

# Text and time.

inside(_, outer) if outer == "*"

inside(inner, outer) if inner == outer

inside(inner, outer) if startswith(inner, concat("", [outer, "/"]))

# Whole seconds since 1970, up to the end of 2261, after which nanoseconds overflow; -1 for
# what is no such instant. rego-cpp does not read a `Z`.
default instant(_) := -1

instant(text) := whole if {
	whole := floor(time.parse_rfc3339_ns(replace(text, "Z", "+00:00")) / 1000000000)
	whole < 9214646400
}

# Whether `text` is the pattern that was split at each `*`. No regular expressions: rego-cpp
# takes exponential time for some.
like(text, parts) if parts == [text]

like(text, parts) if {
	last := count(parts) - 1
	last > 0
	startswith(text, parts[0])
	rest := trim_prefix(text, parts[0])
	endswith(rest, parts[last])
	in_order(trim_suffix(rest, parts[last]), array.slice(parts, 1, last))
}

in_order(_, parts) if count(parts) == 0

in_order(text, parts) if {
	count(parts) == 1
	contains(text, parts[0])
}

in_order(text, parts) if {
	count(parts) == 2
	contains(after(text, parts[0]), parts[1])
}

in_order(text, parts) if {
	count(parts) == 3
	contains(after(after(text, parts[0]), parts[1]), parts[2])
}

after(text, part) := concat(part, array.slice(pieces, 1, count(pieces))) if {
	pieces := split(text, part)
	count(pieces) > 1
}
