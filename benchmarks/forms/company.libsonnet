// What Jsonnet holds the company to: functions that give a document back, or fail.
local organization = import 'organization.json';
local roles = import 'roles.json';
local names = import 'names.json';

local strings(values) = std.isArray(values) && std.all([std.isString(value) for value in values]);
local duration(value) =
  std.isString(value) && std.length(value) > 1 && std.all([std.member('0123456789', c) for c in std.stringChars(value)[:-1]])
  && std.member('mhdy', value[std.length(value) - 1]);
local tenant_of(scope) = std.split(scope, '/')[0];
local well_formed(document, kind) =
  document.apiVersion == 'qgov/v1' && document.kind == kind && std.isString(document.metadata.name);

local binding(each) =
  assert strings([each.group, each.role, each.on]) : 'malformed binding';
  assert std.objectHas(roles, each.role) : 'no role ' + each.role;
  assert !std.objectHas(each, 'eligible')
         || std.isString(each.eligible.approvers) && duration(each.eligible.maxDuration) : 'malformed elevation';
  each;

local environment(name, each) =
  assert std.isString(each.tier) && strings(each.backends) && strings(each.projects) : name + ': malformed';
  assert std.objectHas(organization.tiers, each.tier) : 'no tier ' + each.tier;
  assert std.all([std.objectHas(organization.backends, backend) for backend in each.backends]) : 'no such backend';
  each;

local kept(name, each) =
  assert duration(each.keep) : name + ': not a duration';
  assert std.objectHas(organization.stores, each.store) : 'no store ' + each.store;
  each;

local conflict(bindings) = std.any([
  one.group == other.group && std.member(std.get(std.get(roles, one.role, {}), 'conflictsWith', []), other.role)
  for one in bindings
  for other in bindings
]);

{
  tenant(document)::
    local spec = document.spec;
    assert well_formed(document, 'Tenant') : 'not a tenant';
    assert std.isString(spec.owner.group) && std.member(['shared', 'dedicated'], spec.isolation) : 'malformed';
    assert strings(spec.residency) : 'malformed';
    assert std.objectHas(organization.identityProviders, spec.identityProvider) : 'no such directory';
    assert !conflict(organization.bindings + spec.bindings) : document.metadata.name + ': conflicting roles';
    document {
      spec+: {
        bindings: std.map(binding, spec.bindings),
        environments: std.mapWithKey(environment, spec.environments),
        retention: std.mapWithKey(kept, spec.retention),
      },
    },

  budget(document)::
    local spec = document.spec;
    assert well_formed(document, 'Budget') : 'not a budget';
    assert std.objectHas(names, tenant_of(spec.scope)) : 'no tenant ' + spec.scope;
    assert std.isString(spec.budget.limit) && std.member(['daily', 'monthly', 'yearly'], spec.budget.period) : 'malformed';
    assert std.all([
      std.member(['shots', 'jobs', 'qpuSeconds'], quota.measure) && std.isNumber(quota.limit)
      for quota in spec.quotas
    ]) : 'malformed quota';
    document,

  review(document)::
    local spec = document.spec;
    assert well_formed(document, 'AccessReview') : 'not a review';
    assert std.objectHas(names, tenant_of(spec.scope)) : 'no tenant ' + spec.scope;
    assert strings([spec.scope, spec.reviewers, spec.completed]) : 'malformed';
    document,
}
