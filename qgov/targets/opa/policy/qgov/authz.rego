# METADATA
# title: qgov authorization
# description: |
#  May the subject do the action on the resource? The request is OpenID AuthZEN's.
#  The text is the same for every organization; data.qgov.model is generated.
#  Everything is found by key: a decision walks the subject's own groups, the scopes
#  that contain the resource, the budgets around it, and the subject's own elevations
#  and approvals, nothing else.
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

# The subject. A user is known by the issuer of the token, a workload by its id. Ids are
# compared without case, as directories compare them.

default subject_id := ""

subject_id := lower(plain(input.subject.id))

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

known_workload if is_object(workloads[workload_name])

default workload := {}

workload := workloads[workload_name] if known_workload

# A workload's id is its tenant's name and its own.

default workload_home := ""

workload_home := split(subject_id, "/")[0] if subject_type == "workload"

default workload_name := ""

workload_name := split(subject_id, "/")[1] if count(split(subject_id, "/")) == 2

default workloads := {}

workloads := model.tenants[shard(workload_home)][workload_home].workloads

principals contains concat(":", ["group", group]) if {
	known_user
	some group in listed(input.subject.properties.groups)
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

token_subject := plain(input.subject.properties.subject)

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
	workload.federation
	count([claims | some claims in known_by; borne_out(claims)]) == 0
}

# A workload is known by the token of its own issuer, and by that of its client at its tenant's
# identity provider.
known_by := [claims |
	some name in ["federation", "client"]
	claims := workload[name]
]

borne_out(claims) if {
	issuer in {"", claims.issuer}
	audience in {"", claims.audience}
	of_subject(claims.subject)
}

of_subject(_) if token_subject == ""

of_subject(pattern) if like(token_subject, pattern)

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

tenant := model.tenants[shard(tenant_name)][tenant_name]

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
	"budgets": environment.projects[project_name].budgets,
} if {
	level == 3
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
	workload_home != tenant_name
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
	in_force(grant)
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

# A grant that ends grants nothing from then on, nor at a time that nobody says.
in_force(grant) if not grant.expires

in_force(grant) if {
	now >= 0
	now < grant.expires
}

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

owner := lower(plain(input.resource.properties.owner))

lacks(candidate) := {reason |
	some reason in [
		"context-missing",
		"country-blocked",
		"device-unmanaged",
		"elevation-expired",
		"elevation-required",
		"elevation-self-approved",
		"elevation-unapproved",
		"job-too-large",
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

lacking("job-too-large", candidate) if {
	executes
	some layer in candidate.layers
	too_large(layer.job)
}

lacking("context-missing", candidate) if {
	executes
	some layer in candidate.layers
	unsized(layer.job)
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
	some reviewed in [model.elevations, object.get(tenant, "elevations", {})]
	some elevation in reviewed[subject_id]
}

own_elevations contains elevation if {
	some given in listed(input.context.elevations)
	not spoilt(given)
	lower(object.get(given, "subject", subject_id)) == subject_id
	elevation := {
		"reviewed": false,
		"role": given.role,
		"scope": given.scope,
		"approved_by": lower(object.get(given, "approved_by", "")),
		"requested_by": lower(object.get(given, "requested_by", "")),
		"approver_groups": listed(object.get(given, "approver_groups", [])),
		"ticket": object.get(given, "ticket", "") != "",
		"not_before": instant(object.get(given, "not_before", "")),
		"expires": instant(object.get(given, "expires", "")),
	}
}

# What a provider or an approver gave counts for nothing when it says in no readable way who
# asked, who approved, or by which ticket.
spoilt(given) if {
	some name in ["requested_by", "approved_by", "ticket"]
	plain(given[name]) == ""
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

faulty("elevation-expired", held, _) if now >= held.expires

faulty("elevation-expired", held, _) if {
	now >= 0
	now < held.not_before
}

faulty("elevation-unapproved", held, _) if object.get(held, "approved_by", "") == ""

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

warnings := sort(warned)

# 900 s: how long before its end an elevation is worth a warning.
warned contains "elevation-expiring" if {
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
	jurisdiction := model.backends[backend].jurisdiction
	jurisdiction != "on-premises"
	not tenant.residency[jurisdiction]
}

# A project may say where its data may be, of where the tenant's may be.
denials contains "residency" if {
	executes
	jurisdiction := model.backends[backend].jurisdiction
	jurisdiction != "on-premises"
	own := environment.projects[project_name].residency
	not own[jurisdiction]
}

# Its size: what the enforcement point counted or estimated; -1 for what it does not say.

default job := {}

job := input.context.job if is_object(input.context.job)

size := {
	"shots": counted(object.get(job, "shots", null)),
	"circuits": counted(object.get(job, "circuits", null)),
	"qubits": counted(object.get(job, "qubits", null)),
	"qpu_seconds": rounded_up(object.get(job, "estimated_qpu_seconds", null)),
	"simulator_seconds": rounded_up(object.get(job, "estimated_simulator_seconds", null)),
	"cost_micros": counted(object.get(job, "estimated_cost_micros", null)),
}

denials contains "job-too-large" if {
	executes
	too_large(model.backends[backend].limits)
}

denials contains "context-missing" if {
	executes
	unsized(model.backends[backend].limits)
}

too_large(limits) if {
	some name, limit in limits
	size[name] > limit
}

unsized(limits) if {
	some name, _ in limits
	size[name] < 0
}

# Its budgets: those around the project, a group's only for the group's members, one of some
# backends only for jobs on them; a job on no backend counts on any.

budgets := [{"name": name, "terms": terms} |
	executes
	some name in object.get(place, "budgets", [])
	some held in [model.budgets, tenant.budgets]
	terms := held[name]
	falls_under(terms)
	counts_on(terms)
]

falls_under(terms) if not terms.group

falls_under(terms) if {
	terms.group in principals
	terms.issuer == issuer
}

counts_on(terms) if not terms.backends

counts_on(_) if backend == ""

counts_on(terms) if terms.backends[backend]

# Quotas and money alike: what was used and what the job adds stay within a hard threshold.

bounds := array.concat(
	[bound |
		some budget in budgets
		some quota in budget.terms.quotas
		bound := {
			"exceeded": "quota-exceeded",
			"near": "quota-near",
			"used": used_before(budget.name, quota),
			"more": added(quota.measure),
			"stop": quota.stop,
			"warn": object.get(quota, "warn", null),
		}
	],
	[bound |
		some budget in budgets
		money := budget.terms.money
		bound := object.union(
			{"exceeded": "budget-exceeded", "near": "budget-near", "more": size.cost_micros},
			spending(budget.name, money),
		)
	],
)

spending(name, money) := {
	"used": used(name, "spent_micros"),
	"stop": moved(object.get(money, "stop", null), raised),
	"warn": moved(object.get(money, "warn", null), raised),
} if {
	open(money)
	raised := sum([raise.increase |
		some raise in money.raises
		now >= max([raise.not_before, 0])
		now < raise.expires
	])
}

# Outside of a campaign there is no money: whatever was spent in it, a job that costs anything
# is too much.

spending(_, money) := {
	"used": 0,
	"stop": instead(object.get(money, "stop", null), 0),
	"warn": instead(object.get(money, "warn", null), 1),
} if {
	not open(money)
}

open(money) if not money.campaign

open(money) if {
	money.campaign.from <= now
	now < money.campaign.until
}

default instead(_, _) := null

instead(threshold, other) := other if is_number(threshold)

denials contains "context-missing" if {
	some bound in bounds
	is_number(bound.stop)
	min([bound.used, bound.more]) < 0
}

denials contains bound.exceeded if {
	some bound in bounds
	min([bound.used, bound.more]) >= 0
	is_number(bound.stop)
	bound.used + bound.more > bound.stop
}

warned contains bound.near if {
	allow
	some bound in bounds
	min([bound.used, bound.more]) >= 0
	is_number(bound.warn)
	bound.used + bound.more >= bound.warn
}

default moved(_, _) := null

moved(threshold, by) := threshold + by if is_number(threshold)

used_before(name, quota) := used(name, concat("/", [quota.measure, quota.window])) if quota.window != "job"

used_before(_, quota) := 0 if quota.window == "job"

default used(_, _) := -1

used(name, counter) := rounded_up(input.context.usage[name][counter]) if contains(counter, "Seconds")

used(name, counter) := counted(input.context.usage[name][counter]) if not contains(counter, "Seconds")

added("jobs") := 1

added("shots") := size.shots

added("circuits") := size.circuits

added("qpuSeconds") := size.qpu_seconds

added("simulatorSeconds") := size.simulator_seconds

# Its approvals: one that names the subject, the place and the backend, for each budget that
# asks for it.

approval_rules := [rule |
	some budget in budgets
	rule := budget.terms.approval
	rule.classes[model.backends[backend].class]
]

approvals := [given |
	some given in listed(input.context.approvals)
	not spoilt(given)
	lower(object.get(given, "subject", subject_id)) == subject_id
	object.get(given, "backend", backend) == backend
	given.scope in place.scopes
]

denials contains "context-missing" if {
	count(approval_rules) > 0
	size.cost_micros < 0
}

denials contains "approval-required" if {
	count(approvals) == 0
	some rule in approval_rules
	size.cost_micros > rule.above
}

denials contains "approval-invalid" if {
	count(approvals) > 0
	some rule in approval_rules
	size.cost_micros > rule.above
	count([given | some given in approvals; sound(given, rule)]) == 0
}

sound(given, rule) if {
	by := lower(object.get(given, "approved_by", ""))
	not by in {"", subject_id, lower(object.get(given, "requested_by", ""))}
	rule.approvers in listed(given.approver_groups)
	size.cost_micros <= counted(given.max_cost_micros)
	began := instant(given.approved_at)
	began >= 0
	now >= began
	now < began + rule.valid_for_s
	not over(given)
}

over(given) if now >= instant(given.expires)

# What the enforcement point must do, whatever the answer.

obligations := {
	"queue": queue,
	"audit_stream": audit_stream,
	"retention": retention,
	"budgets": sort([budget.name | some budget in budgets]),
}

default queue := null

queue := environment.queue if place.scopes

default retention := {}

retention := tenant.retention if place.scopes

default audit_stream := "admin"

audit_stream := "jobs" if {
	some prefix in ["input:", "job:", "result:"]
	startswith(action, prefix)
}

# Text, numbers and time.

# rego-cpp reads the names of an object one after the other: tenants lie in 256 shards.
shard(name) := substring(crypto.sha256(name), 0, 2)

# Text of a request that no document names: printable ASCII, at most 1000 characters; empty for
# what is none. Ids and tickets beyond ASCII are escaped where a request is normalized. No regular
# expressions: OPA's WebAssembly compiles each anew for each decision.
default plain(_) := ""

plain(value) := value if {
	count(value) <= 1000
	trim_left(replace(value, backslash, ""), printable) == ""
}

# rego-cpp takes one in a policy's text for two, and stumbles over one that is trimmed.
backslash := base64.decode("XA==")

# The others, the likeliest first: they are looked for one after the other.
printable := concat("", [
	"abcdefghijklmnopqrstuvwxyz0123456789-.@/:ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	" !\"#$%&'()*+,;<=>?[]^_`{|}~",
])

default listed(_) := []

listed(value) := value if is_array(value)

# The numbers of a request are whole, from 0 to 10^15; -1 stands for what is no such number.

default counted(_) := -1

counted(value) := value if {
	value == rounded_up(value)
}

default rounded_up(_) := -1

rounded_up(value) := ceil(value) if {
	is_number(value)
	value >= 0
	value <= 1000000000000000
}

inside(_, outer) if outer == "*"

inside(inner, outer) if inner == outer

inside(inner, outer) if startswith(inner, concat("", [outer, "/"]))

# Whole seconds since 1970, up to the end of 2261, after which nanoseconds overflow; -1 for
# what is no such instant. OPA reads more than RFC 3339 has (a comma before the fraction, hours
# of one digit). rego-cpp does not read a `Z`, and rounds a fraction of nine digits up.
default instant(_) := -1

instant(text) := whole if {
	said := upper(text)
	shape := strings.replace_n(digits, said)
	substring(shape, 0, 19) == "0000-00-00T00:00:00"
	offset := trim_left(substring(shape, 19, -1), ".0")
	fraction := trim_suffix(substring(shape, 19, -1), offset)
	fraction != "."
	fraction == substring(".000000000", 0, count(fraction))
	parsed := concat("", [substring(said, 0, 19), zone(said, offset)])
	whole := floor(time.parse_rfc3339_ns(parsed) / 1000000000)
	whole < 9214646400
}

zone(_, "Z") := "+00:00"

zone(said, offset) := written if {
	offset in {"+00:00", "-00:00"}
	written := substring(said, count(said) - 6, -1)
	substring(written, 1, 2) < "24"
	substring(written, 4, -1) < "60"
}

digits := {"1": "0", "2": "0", "3": "0", "4": "0", "5": "0", "6": "0", "7": "0", "8": "0", "9": "0"}

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
