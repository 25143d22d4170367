// Says what @cloud-copilot/iam-simulate decides of requests: a list of cases in a file, verdicts on standard output.
import { readFileSync } from "node:fs";
import { runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const verdicts = [];
for (const c of JSON.parse(readFileSync(process.argv[2]))) {
  const answer = await runUnsafeSimulation({
    request: {
      principal: "arn:aws:iam::123456789012:user/someone", action: c.action,
      resource: { resource: c.resource, accountId: "123456789012" }, contextVariables: c.context,
    },
    identityPolicies: c.policies.map((policy, i) => ({ name: `policy${i}`, policy })),
    serviceControlPolicies: [], resourceControlPolicies: [],
  }, {});
  verdicts.push(typeof answer === "string" ? answer : "none");
}
console.log(JSON.stringify(verdicts));
