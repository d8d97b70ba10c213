/** Figures of many rules in one program: 200 of one address and its network, and 50 balancers, against one call at a time. */
import type { CallRecord } from "../../provider/emulator";
import { rowsOnly } from "../../provider/emulator";
import { declaration, sharedIdentity } from "../core/world/cluster";
import { byHand, MadeCluster, type Opened } from "../core/world/made";
import { inParallel, manyRules, upAll, type Amount } from "../handlers/many-rules";
import { figure, type Figure } from "./figures";

const many: Amount = { rules: 200, balancers: 50 };
const few: Amount = { rules: 20, balancers: 5 };
/** As many as Pulumi has under way at a time on a small machine. */
const parallel = 16;

interface Part {
  readonly ms: number;
  readonly calls: readonly CallRecord[];
}

export async function ruleFigures(): Promise<Figure[]> {
  await sharedIdentity();
  const made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 3 }));
  try {
    const [small, large] = [await ours(made, few), await ours(made, many)];
    const serial = await oneByOne(made, many);
    const note = (unit: string, mine: number, theirs: number): string => `${mine} ${unit}, one at a time ${theirs} ${unit}`;
    const seconds = ({ ms }: Part): number => Math.round(ms / 100) / 10;
    return [
      figure("250 rules, nothing to do: calls", large.diff.calls.length, "calls", { atMost: 12 }, note("calls", large.diff.calls.length, serial.diff.calls.length)),
      figure("250 rules, nothing to do: calls beyond those of 25", large.diff.calls.length - small.diff.calls.length, "calls", { atMost: 0 }),
      figure("250 rules, nothing to do: one at a time / calls", serial.diff.calls.length / large.diff.calls.length, "ratio", { atLeast: 20 }),
      // Each is claimed, made and marked: what a kill leaves is found again. A script that makes and tags has less to do, one after another.
      figure("250 rules, made: one at a time / time", serial.create.ms / large.create.ms, "ratio", { atLeast: 1.4 }, note("s", seconds(large.create), seconds(serial.create))),
      figure("250 rules, made: changing calls per rule", changing(large.create) / 250, "calls", { atMost: 4 }, note("calls", changing(large.create), changing(serial.create))),
    ];
  } finally {
    made.close();
  }
}

const changing = ({ calls }: Part): number => calls.filter((call) => call.changing).length;

async function part({ cloud }: Opened, work: () => Promise<unknown>): Promise<Part> {
  const began = cloud.clock.now();
  cloud.emulator.clearCalls();
  await cloud.clock.run(work());
  return { ms: cloud.clock.now() - began, calls: cloud.emulator.calls() };
}

async function ours(made: MadeCluster, amount: Amount): Promise<{ create: Part; diff: Part }> {
  const world = made.open({ hypervisor: rowsOnly });
  const rules = manyRules(amount);
  const create = await part(world, () => upAll(rules, world.cloud.newRun(), parallel));
  const run = world.cloud.newRun();
  const diff = await part(world, () =>
    inParallel(rules, parallel, async (rule) => {
      if ((await rule.diff(run)).changes) throw new Error(`${JSON.stringify(rule.inputs)} was just made and already differs`);
    }),
  );
  return { create, diff };
}

/** FROZEN: what a careful script does, one call after another: it makes a rule, marks it, and asks for each by itself whether it is there. */
async function oneByOne(made: MadeCluster, { rules, balancers }: Amount): Promise<{ create: Part; diff: Part }> {
  const world = made.open({ hypervisor: rowsOnly });
  const mold = byHand(world.cloud);
  const { publicIpAddressId, networkId } = world.recorded.endpoint.outputs;
  const [worker] = world.recorded.cluster.outputs.nodes.filter(({ role }) => role === "worker");
  const looks: (() => Promise<unknown>)[] = [];
  const mark = (kind: string, id: string): Promise<unknown> => mold.run("createTags", { resourcetype: kind, resourceids: [id], tags: [{ key: "team", value: "shop" }] });
  const create = await part(world, async () => {
    for (let at = 0; at < rules; at++) {
      const port = 10_000 + at;
      const [kind, rule] = await [
        async () => ["FirewallRule", await mold.run("createFirewallRule", { ipaddressid: publicIpAddressId, protocol: "tcp", startport: port, endport: port, cidrlist: ["0.0.0.0/0"] })] as const,
        async () => ["FirewallRule", await mold.run("createEgressFirewallRule", { networkid: networkId, protocol: "tcp", startport: port, endport: port, cidrlist: ["0.0.0.0/0"] })] as const,
        async () => ["PortForwardingRule", await mold.run("createPortForwardingRule", { ipaddressid: publicIpAddressId, protocol: "tcp", publicport: port, privateport: 22, virtualmachineid: worker!.machineId, openfirewall: false })] as const,
      ][at % 3]!();
      const id = rule.id!;
      await mark(kind, id);
      looks.push(() => (at % 3 === 0 ? mold.list("listFirewallRules", { id }) : at % 3 === 1 ? mold.list("listEgressFirewallRules", { id }) : mold.list("listPortForwardingRules", { id })));
    }
    for (let at = 0; at < balancers; at++) {
      const rule = await mold.run("createLoadBalancerRule", { publicipid: publicIpAddressId, name: `lb-${at}`, algorithm: "roundrobin", publicport: 20_000 + at, privateport: 30_000 + at, protocol: "tcp", openfirewall: false });
      const id = rule.id!;
      await mark("LoadBalancer", id);
      await mold.run("assignToLoadBalancerRule", { id, virtualmachineids: [worker!.machineId] });
      looks.push(() => mold.list("listLoadBalancerRules", { id }), () => mold.list("listLoadBalancerRuleInstances", { id }));
    }
  });
  const diff = await part(world, async () => {
    for (const look of looks) await look();
  });
  return { create, diff };
}
