// Reads {documents: [policy], requests: [...]} from stdin, and writes what IAM would say of each.
// Policies are given by their number in `documents`. The first argument is the folder in which
// `@cloud-copilot/iam-simulate` is installed.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(process.argv[2] + '/'))
const { runSimulation } = require('@cloud-copilot/iam-simulate')

let text = ''
for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
const { documents, requests } = JSON.parse(text)
const named = (numbers) => numbers.map((n) => ({ name: `policy-${n}`, policy: documents[n] }))

const answers = []
for (const { request, identity, guard, trust } of requests) {
  const answer = await runSimulation(
    {
      request,
      identityPolicies: named(identity),
      serviceControlPolicies: [{ orgIdentifier: 'account', policies: named(guard) }],
      resourceControlPolicies: [],
      resourcePolicy: trust === null ? undefined : documents[trust],
    },
    {},
  )
  answers.push(
    answer.resultType === 'error'
      ? { error: answer.errors.message ?? JSON.stringify(answer.errors) }
      : { result: answer.overallResult, ignored: answer.result?.ignoredContextKeys ?? [] },
  )
}
process.stdout.write(JSON.stringify(answers))
