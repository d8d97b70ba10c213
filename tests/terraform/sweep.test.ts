/**
 * Promise 1 through Terraform's front door, with three control planes: an apply killed at a call, and the next one, which knows nothing but
 * the state that Terraform had written, end where an undisturbed one does. The core's own sweeps, and with a small cluster
 * sweep-of-every-call.test.ts, look at every call; here it is every eleventh unless SWEEP_EVERY says otherwise.
 */
import { sharedIdentity } from "../core/world/cluster";
import { balancer, cluster, firewall, identity, stateWithIdentity } from "./world/declared";
import { applying, destroying, Sweep, type Swept } from "./world/sweep";

jest.setTimeout(1_200_000);

const at = { when: "before", every: Number(process.env.SWEEP_EVERY ?? 11) } as const;
const small = [identity, cluster({ controlPlanes: 3, workers: 1 }), balancer(), firewall()];
const grown = [identity, cluster({ controlPlanes: 3, workers: 2, tags: { team: "payments" } }), balancer({ algorithm: "leastconn" }), firewall({ cidr_list: ["127.0.0.0/8"] })];

let sweep: Sweep;
beforeAll(async () => {
  sweep = new Sweep();
  await sharedIdentity();
});
afterAll(() => sweep.close());

function expectWhole({ wrong, kills, looked }: Swept): void {
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(looked / 2);
}

test("a create is completed by the next apply", async () => {
  expectWhole(await sweep.kill({ state: await stateWithIdentity() }, applying(small), at));
});

test("a change is completed by the next apply", async () => {
  expectWhole(await sweep.kill(await sweep.made(small), applying(grown), at));
});

test("a destroy is completed by the next one", async () => {
  expectWhole(await sweep.kill(await sweep.made(small), destroying, at));
});
