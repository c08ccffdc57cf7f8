# What conftest and opa hold the company to. The input is a list of its documents, or what
# `conftest --combine` makes of its files.
package main

import rego.v1

documents := [object.get(each, "contents", each) | some each in input]

organization := [document.spec | some document in documents; document.kind == "Organization"][0]

roles := {document.metadata.name: document.spec | some document in documents; document.kind == "Role"}

tenants := {document.metadata.name: document.spec |
	some document in documents
	document.kind == "Tenant"
}

kinds := {"Organization", "Role", "Tenant", "Budget", "AccessReview"}

# ------------------------------------------------------------------------------------------ types

strings(values) if {
	is_array(values)
	every value in values { is_string(value) }
}

duration(value) if regex.match(`^[0-9]+[mhdy]$`, value)

deny contains sprintf("%v: not a document of qgov", [object.get(document, "metadata", {})]) if {
	some document in documents
	not well_formed(document)
}

well_formed(document) if {
	document.apiVersion == "qgov/v1"
	document.kind in kinds
	is_string(document.metadata.name)
	is_object(document.spec)
}

deny contains sprintf("%s: permissions are no list", [name]) if {
	some name, role in roles
	not strings(role.permissions)
}

deny contains sprintf("%s: malformed", [name]) if {
	some name, tenant in tenants
	not typed(tenant)
}

typed(tenant) if {
	is_string(tenant.owner.group)
	tenant.isolation in {"shared", "dedicated"}
	strings(tenant.residency)
}

deny contains sprintf("%s, %s: malformed", [name, at]) if {
	some name, tenant in tenants
	some at, environment in tenant.environments
	not typed_environment(environment)
}

typed_environment(environment) if {
	is_string(environment.tier)
	strings(environment.backends)
	strings(environment.projects)
}

bindings contains {"name": "organization", "binding": binding} if {
	some binding in organization.bindings
}

bindings contains {"name": name, "binding": binding} if {
	some name, tenant in tenants
	some binding in tenant.bindings
}

deny contains sprintf("%s: malformed binding %v", [each.name, each.binding]) if {
	some each in bindings
	not bound(each.binding)
}

bound(binding) if {
	scope := object.get(binding, "on", object.get(binding, "true", null)) # as conftest reads `on`
	strings([binding.group, binding.role, scope])
}

deny contains sprintf("%s: malformed elevation %v", [each.name, each.binding]) if {
	some each in bindings
	eligible := each.binding.eligible
	not elevation(eligible)
}

elevation(eligible) if {
	is_string(eligible.approvers)
	duration(eligible.maxDuration)
}

deny contains sprintf("%s: %s is kept for %v", [name, record, keeping.keep]) if {
	some name, tenant in tenants
	some record, keeping in tenant.retention
	not kept(keeping)
}

kept(keeping) if duration(keeping.keep)

deny contains sprintf("%s: malformed budget", [document.metadata.name]) if {
	some document in documents
	document.kind == "Budget"
	not budget(document.spec)
}

budget(spec) if {
	regex.match(`^[0-9]+\.[0-9]{2} [A-Z]{3}$`, spec.budget.limit)
	spec.budget.period in {"daily", "monthly", "yearly"}
	every quota in spec.quotas {
		quota.measure in {"shots", "jobs", "qpuSeconds"}
		is_number(quota.limit)
	}
}

deny contains sprintf("%s: malformed review", [document.metadata.name]) if {
	some document in documents
	document.kind == "AccessReview"
	not review(document.spec)
}

review(spec) if strings([spec.scope, spec.reviewers, spec.completed])

# ------------------------------------------------------------------------------------- references

deny contains sprintf("%s: no role %s", [each.name, each.binding.role]) if {
	some each in bindings
	not roles[each.binding.role]
}

deny contains sprintf("%s, %s: no tier %s", [name, at, environment.tier]) if {
	some name, tenant in tenants
	some at, environment in tenant.environments
	not organization.tiers[environment.tier]
}

deny contains sprintf("%s, %s: no backend %s", [name, at, backend]) if {
	some name, tenant in tenants
	some at, environment in tenant.environments
	some backend in environment.backends
	not organization.backends[backend]
}

deny contains sprintf("%s: no store %s", [name, keeping.store]) if {
	some name, tenant in tenants
	some keeping in tenant.retention
	not organization.stores[keeping.store]
}

deny contains sprintf("%s: no directory %s", [name, tenant.identityProvider]) if {
	some name, tenant in tenants
	not organization.identityProviders[tenant.identityProvider]
}

deny contains sprintf("%s: no tenant %s", [document.metadata.name, document.spec.scope]) if {
	some document in documents
	document.kind in {"Budget", "AccessReview"}
	not tenants[split(document.spec.scope, "/")[0]]
}

# --------------------------------------------------------------------------- separation of duties

deny contains sprintf("%s: %s is %s and %s", [name, one.group, one.role, other.role]) if {
	some name, tenant in tenants
	held := array.concat(organization.bindings, tenant.bindings)
	some one in held
	conflicts := object.get(roles, [one.role, "conflictsWith"], [])
	count(conflicts) > 0
	some other in held
	one.group == other.group
	other.role in conflicts
}
