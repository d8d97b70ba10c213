/**
 * Promise 1 through Terraform's front door, at every call: killed when Mold or Kubernetes had done what was asked and nobody had heard of
 * it yet, a create, an upgrade of one minor and a destroy are completed by the next run. SWEEP_EVERY=10 looks at every tenth call only.
 */
import { balancer, cluster, firewall, identity } from "./world/declared";
import { testSweepsOf } from "./world/sweep";

const rules = [balancer(), firewall()];

testSweepsOf({
  declared: [identity, cluster({ version: "1.34" }), ...rules],
  changed: { "an upgrade": [identity, cluster({ version: "1.35" }), ...rules] },
  at: { when: "after", every: Number(process.env.SWEEP_EVERY ?? 1) },
});
