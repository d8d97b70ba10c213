/**
 * Promise 1 through Terraform's front door, with three control planes: an apply killed at a call, and the next one, which knows nothing but
 * the state that Terraform had written, end where an undisturbed one does. The core's own sweeps, and with a small cluster
 * sweep-of-every-call.test.ts, look at every call; here it is every eleventh unless SWEEP_EVERY says otherwise.
 */
import { balancer, cluster, firewall, identity } from "./world/declared";
import { testSweepsOf } from "./world/sweep";

testSweepsOf({
  declared: [identity, cluster({ controlPlanes: 3, workers: 1 }), balancer(), firewall()],
  changed: {
    "a change": [identity, cluster({ controlPlanes: 3, workers: 2, tags: { team: "payments" } }), balancer({ algorithm: "leastconn" }), firewall({ cidr_list: ["127.0.0.0/8"] })],
  },
  at: { when: "before", every: Number(process.env.SWEEP_EVERY ?? 11) },
});
