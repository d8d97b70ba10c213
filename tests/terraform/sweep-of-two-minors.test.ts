/**
 * Promise 1 through Terraform's front door, over two minors in one apply: killed at every seventh call unless SWEEP_EVERY says otherwise,
 * the next one goes on from the minor that the cluster has come to.
 */
import { cluster, identity } from "./world/declared";
import { testSweepsOf } from "./world/sweep";

testSweepsOf({
  declared: [identity, cluster({ version: "1.34" })],
  changed: { "an upgrade over two minors": [identity, cluster({ version: "1.36" })] },
  at: { when: "after", every: Number(process.env.SWEEP_EVERY ?? 7) },
});
