/**
 * Promise 1 through Terraform's front door, at every call: killed when Mold or Kubernetes had done what was asked and nobody had heard of
 * it yet, a create, an upgrade and a destroy are completed by the next run. SWEEP_EVERY=10 looks at every tenth call only.
 */
import { sharedIdentity } from "../core/world/cluster";
import { balancer, cluster, firewall, identity, stateWithIdentity } from "./world/declared";
import { applying, destroying, Sweep, type Swept } from "./world/sweep";

jest.setTimeout(1_200_000);

const at = { when: "after", every: Number(process.env.SWEEP_EVERY ?? 1) } as const;
const rules = [balancer(), firewall()];
const declared = [identity, cluster({ version: "1.34" }), ...rules];
const upgraded = [identity, cluster({ version: "1.35" }), ...rules];

let sweep: Sweep;
beforeAll(async () => {
  sweep = new Sweep();
  await sharedIdentity();
});
afterAll(() => sweep.close());

function expectWhole({ wrong, kills, looked }: Swept): void {
  expect(wrong).toEqual([]);
  expect(kills).toBe(looked);
}

test("a create is completed by the next apply", async () => {
  expectWhole(await sweep.kill({ state: await stateWithIdentity() }, applying(declared), at));
});

test("an upgrade is completed by the next apply", async () => {
  expectWhole(await sweep.kill(await sweep.made(declared), applying(upgraded), at));
});

test("a destroy is completed by the next one", async () => {
  expectWhole(await sweep.kill(await sweep.made(declared), destroying, at));
});
