/**
 * Ports that move among a program's own rules: two change places, each of a list moves up as its first goes. In one `up`, in whatever order an engine asks
 * for them, with what is declared no more deleted last (Pulumi) or beside the others (Terraform); killed at any call, the next run ends in the same state.
 */
import { difference } from "../core/sweeps/sweep";
import { intentsLeft, type Opened } from "../core/world/made";
import type { Run } from "../core/world/cloud";
import { cluster, RuleWorld } from "./rule-lives";
import { DeclaredRule } from "./rules";

let ruleWorld: RuleWorld;
beforeAll(async () => {
  ruleWorld = await RuleWorld.make();
});
afterAll(() => ruleWorld.close());

type Declare = (name: string, port: number) => DeclaredRule;

const kinds: Readonly<Record<string, { readonly declared: Declare; readonly ports: (port: number) => Readonly<Record<string, unknown>>; readonly creates: string; readonly noun: string }>> = {
  firewall: {
    declared: (name, port) => DeclaredRule.networkRule(name, { cluster, kind: "firewall", protocol: "tcp", startPort: port, endPort: port + 5, tags: { team: name } }),
    ports: (port) => ({ startPort: port, endPort: port + 5 }),
    creates: "createFirewallRule",
    noun: "firewall rule",
  },
  egress: {
    declared: (name, port) => DeclaredRule.networkRule(name, { cluster, kind: "egress", protocol: "tcp", startPort: port, endPort: port + 5 }),
    ports: (port) => ({ startPort: port, endPort: port + 5 }),
    creates: "createEgressFirewallRule",
    noun: "egress rule",
  },
  portForward: {
    declared: (name, port) => DeclaredRule.networkRule(name, { cluster, kind: "portForward", protocol: "tcp", startPort: port, privateStartPort: 22, target: { node: "prod-control-1" } }),
    ports: (port) => ({ startPort: port }),
    creates: "createPortForwardingRule",
    noun: "port forwarding rule",
  },
  balancer: {
    declared: (name, port) => DeclaredRule.loadBalancer(name, { cluster, publicPort: port, privatePort: 30_000 + port, members: { role: "worker" }, stickiness: { method: "SourceBased" } }),
    ports: (port) => ({ publicPort: port, privatePort: 30_000 + port }),
    creates: "createLoadBalancerRule",
    noun: "balancer rule",
  },
};

interface Move {
  readonly before: readonly number[];
  /** Undefined: declared no more. */
  readonly after: readonly (number | undefined)[];
}

const moves: Readonly<Record<string, Move>> = {
  "two change places": { before: [80, 443], after: [443, 80] },
  "three move on by one": { before: [80, 443, 8080], after: [443, 8080, 80] },
  "a list whose first goes moves up": { before: [80, 443, 8080], after: [443, 8080, undefined] },
};

/** How an engine goes about it. */
const ways: Readonly<Record<string, (rules: readonly DeclaredRule[], gone: readonly DeclaredRule[], run: Run) => Promise<void>>> = {
  "side by side, deletes last": async (rules, gone, run) => {
    await Promise.all(rules.map((rule) => rule.up(run)));
    await Promise.all(gone.map((rule) => destroyed(rule, run)));
  },
  "side by side, deletes too": async (rules, gone, run) => {
    await Promise.all([...gone.map((rule) => destroyed(rule, run)), ...rules.map((rule) => rule.up(run))]);
  },
  "one after another": async (rules, gone, run) => {
    for (const rule of rules) await rule.up(run);
    for (const rule of gone) await destroyed(rule, run);
  },
  "one after another, the last first": async (rules, gone, run) => {
    for (const rule of [...rules].reverse()) await rule.up(run);
    for (const rule of gone) await destroyed(rule, run);
  },
};

const destroyed = async (rule: DeclaredRule, run: Run): Promise<void> => (rule.recorded ? rule.destroy(run) : undefined);

interface Begun {
  readonly world: Opened;
  readonly work: (run: Run) => Promise<void>;
  readonly rules: readonly DeclaredRule[];
  /** Declared no more. */
  readonly gone: readonly DeclaredRule[];
}

async function begin(kind: string, { before, after }: Move, way: string): Promise<Begun> {
  const world = ruleWorld.open();
  const { declared, ports } = kinds[kind]!;
  const all = before.map((port, at) => declared(`rule-${at}`, port));
  for (const rule of all) await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const rules = all.filter((_, at) => after[at] !== undefined);
  const gone = all.filter((rule) => !rules.includes(rule));
  rules.forEach((rule, at) => rule.declare(ports(after[at]!)));
  return { world, rules, gone, work: (run) => ways[way]!(rules, gone, run) };
}

/** What an undisturbed program of the same end makes of it; ids don't count. */
async function goalOf(kind: string, { after }: Move): Promise<string> {
  const world = ruleWorld.open();
  for (const [at, port] of after.entries()) if (port !== undefined) await world.cloud.clock.run(kinds[kind]!.declared(`rule-${at}`, port).up(world.cloud.newRun()));
  return world.cloud.state();
}

const cases = Object.keys(kinds).flatMap((kind) => Object.keys(moves).flatMap((move) => Object.keys(ways).map((way) => [kind, move, way] as const)));

test.each(cases)("%s: %s, %s", async (kind, moveName, way) => {
  const move = moves[moveName]!;
  const { world, rules, work } = await begin(kind, move, way);
  const { cloud } = world;
  await cloud.clock.run(work(cloud.newRun()));
  expect(cloud.state()).toBe(await goalOf(kind, move));
  expect(intentsLeft(cloud)).toEqual([]);
  const next = cloud.newRun();
  for (const rule of rules) expect((await cloud.clock.run(rule.diff(next))).changes).toBe(false);
});

test.each(Object.keys(kinds).flatMap((kind) => Object.keys(moves).map((move) => [kind, move] as const)))("%s: %s, killed before or after any call, is completed by the next run", async (kind, moveName) => {
  const move = moves[moveName]!;
  const goal = await goalOf(kind, move);
  const way = "side by side, deletes last";
  const undisturbed = await begin(kind, move, way);
  const { calls } = await carriedOut(undisturbed);
  const wrong: string[] = [];
  for (const [at, command] of calls.entries()) {
    for (const when of ["before", "after"] as const) {
      const begun = await begin(kind, move, way);
      const { cloud } = begun.world;
      const run = cloud.newRun({ killAt: { call: at + 1, when } });
      await cloud.clock.run(begun.work(run)).catch((error: unknown) => {
        if (!run.wasKilled) throw error;
      });
      await cloud.clock.pass(3000);
      const where = `killed ${when} call ${at + 1} (${command})`;
      const failed = await carriedOut(begun).then(
        () => undefined,
        (error: Error) => `${where}: ${error.message}`,
      );
      if (failed !== undefined) wrong.push(failed);
      else if (cloud.state() !== goal || intentsLeft(cloud).length > 0) wrong.push(`${where}: another state\n${difference(goal, cloud.state())}\n${intentsLeft(cloud).join()}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(calls.length).toBeGreaterThan(5);
}, 240_000);

test.each(Object.keys(kinds).flatMap((kind) => Object.keys(moves).map((move) => [kind, move] as const)))("%s: %s, killed at any call and destroyed instead of run again, leaves nothing", async (kind, moveName) => {
  const move = moves[moveName]!;
  const empty = ruleWorld.open().cloud.state();
  const undisturbed = await begin(kind, move, "side by side, deletes last");
  const { calls } = await carriedOut(undisturbed);
  const wrong: string[] = [];
  // Killed after a call is killed before the next one.
  for (const [at, command] of calls.entries()) {
    const { world, work, rules, gone } = await begin(kind, move, "side by side, deletes last");
    const { cloud } = world;
    const run = cloud.newRun({ killAt: { call: at + 1, when: "before" } });
    await cloud.clock.run(work(run)).catch((error: unknown) => {
      if (!run.wasKilled) throw error;
    });
    await cloud.clock.pass(3000);
    const next = cloud.newRun();
    await cloud.clock.run(Promise.all([...rules, ...gone].map((rule) => destroyed(rule, next))));
    if (cloud.state() !== empty || intentsLeft(cloud).length > 0) wrong.push(`killed before call ${at + 1} (${command}):\n${difference(empty, cloud.state())}\n${intentsLeft(cloud).join()}`);
  }
  expect(wrong).toEqual([]);
}, 240_000);

async function carriedOut({ world: { cloud }, work }: Begun): Promise<Run> {
  const run = cloud.newRun();
  await cloud.clock.run(work(run));
  return run;
}

test.each(Object.keys(kinds))("%s: a list moves up with nothing closed: the rules that stay are not made anew", async (kind) => {
  const { calls } = await carriedOut(await begin(kind, moves["a list whose first goes moves up"]!, "one after another"));
  expect(calls.filter((command) => /^(create|delete).*Rule$/.test(command))).toEqual([expect.stringMatching(/^delete/)]);
});

test.each(Object.keys(kinds))("%s: what another program, or a hand, has made at the port is left alone, and said", async (kind) => {
  const { declared, ports } = kinds[kind]!;
  const { cloud } = ruleWorld.open();
  await cloud.clock.run(declared("theirs", 443).by("pulumi:organization/other/prod").up(cloud.newRun()));
  const rule = declared("rule-0", 80);
  await cloud.clock.run(rule.up(cloud.newRun()));
  const before = cloud.state();
  await expect(cloud.clock.run(rule.declare(ports(443)).up(cloud.newRun()))).rejects.toThrow(/declared by pulumi:organization\/other\/prod/);
  // A delete comes first where it takes no two; the rule of the other is as it was.
  expect(difference(before, cloud.state())).not.toContain("other");
});

test.each(Object.keys(kinds))("%s: a resource that is called otherwise is made before the one of its old name is deleted, and nothing is closed", async (kind) => {
  const { declared } = kinds[kind]!;
  const world = ruleWorld.open();
  const [old, renamed] = [declared("old", 443), declared("new", 443)];
  await world.cloud.clock.run(old.up(world.cloud.newRun()));
  const rules = world.cloud.state().match(/"publicPort|"startPort/g);
  const run = world.cloud.newRun();
  await world.cloud.clock.run(renamed.up(run).then(() => old.destroy(run)));
  expect(run.calls.filter((command) => /^(create|delete).*Rule$/.test(command))).toEqual([]);
  expect((await world.cloud.clock.run(renamed.diff(world.cloud.newRun()))).changes).toBe(false);
  expect(world.cloud.state().match(/"publicPort|"startPort/g)).toEqual(rules);
  await world.cloud.clock.run(renamed.destroy(world.cloud.newRun()));
  expect(intentsLeft(world.cloud)).toEqual([]);
});

describe.each(Object.keys(kinds))("%s: a resource that has another parent, and so is made before it is deleted, or beside that", (kind) => {
  test.each<[string, (before: DeclaredRule, after: DeclaredRule, run: Run) => Promise<unknown>]>([
    ["made first", (before, after, run) => after.up(run).then(() => before.destroy(run))],
    ["deleted first", (before, after, run) => before.destroy(run).then(() => after.up(run))],
    ["both at once", (before, after, run) => Promise.all([before.destroy(run), after.up(run)])],
    ["both at once, the other way around", (before, after, run) => Promise.all([after.up(run), before.destroy(run)])],
  ])("%s: it is there", async (_, work) => {
    const { cloud } = ruleWorld.open();
    const [before, after] = [kinds[kind]!.declared("web", 443), kinds[kind]!.declared("web", 443)];
    await cloud.clock.run(before.up(cloud.newRun()));
    const goal = cloud.state();
    await cloud.clock.run(work(before, after, cloud.newRun()));
    expect(cloud.state()).toBe(goal);
    expect((await cloud.clock.run(after.diff(cloud.newRun()))).changes).toBe(false);
    // The next run deletes it, as ever.
    await cloud.clock.run(after.destroy(cloud.newRun()));
    expect(cloud.state()).not.toBe(goal);
  });
});

test("a balancer's port that the cluster has for its own API is never taken", async () => {
  const { cloud } = ruleWorld.open();
  await expect(cloud.clock.run(kinds.balancer!.declared("api", 6443).up(cloud.newRun()))).rejects.toThrow(/port 6443 of .* already has the balancer rule/);
});

/** The same rule, its place named by its own id instead of the cluster's. */
function byOwnId(kind: string, rule: DeclaredRule, { recorded }: Opened): DeclaredRule {
  const { publicIpAddressId, networkId } = recorded.endpoint.outputs;
  const { machineId } = recorded.cluster.outputs.nodes[0]!;
  const place = kind === "egress" ? { networkId } : { ipAddressId: publicIpAddressId };
  return rule.declare({ cluster: undefined, ...place, ...(kind === "portForward" ? { target: { machineId } } : kind === "balancer" ? { members: { machineIds: [machineId] } } : {}) });
}

describe.each(Object.keys(kinds))("%s: two that name one place in two ways and want one port", (kind) => {
  const { declared, noun } = kinds[kind]!;

  test("are told, run after run, and neither takes it from the other", async () => {
    const world = ruleWorld.open();
    const { cloud } = world;
    const [first, second] = [declared("first", 443), byOwnId(kind, declared("second", 443), world)];
    for (const run of [cloud.newRun(), cloud.newRun()]) {
      await cloud.clock.run(first.up(run));
      const standing = cloud.state();
      await expect(cloud.clock.run(second.up(run))).rejects.toThrow(new RegExp(`second: .*first of this program declares a ${noun} for the same ports at the same place; Mold takes one of the two`));
      expect(cloud.state()).toBe(standing);
    }
  });

  test("are told also by a run that has not looked at the first, as an apply of Terraform's", async () => {
    const world = ruleWorld.open();
    const { cloud } = world;
    await cloud.clock.run(declared("first", 443).up(cloud.newRun()));
    const standing = cloud.state();
    await expect(cloud.clock.run(byOwnId(kind, declared("second", 443), world).up(cloud.newRun()))).rejects.toThrow(/already/);
    expect(cloud.state()).toBe(standing);
  });

  test("as one resource whose place is named otherwise from now on, which is made before it is deleted: it is there", async () => {
    const world = ruleWorld.open();
    const { cloud } = world;
    const [before, after] = [declared("web", 443), byOwnId(kind, declared("web", 443), world)];
    await cloud.clock.run(before.up(cloud.newRun()));
    const run = cloud.newRun();
    await cloud.clock.run(after.up(run).then(() => before.destroy(run)));
    expect((await cloud.clock.run(after.diff(cloud.newRun()))).plan).toEqual([]);
  });
});

test.each(Object.keys(kinds))("%s: two that may take over what is there change places all the same", async (kind) => {
  const { declared, ports } = kinds[kind]!;
  const { cloud } = ruleWorld.open();
  const rules = [declared("rule-0", 80), declared("rule-1", 443)].map((rule) => rule.declare({ adopt: true }));
  for (const rule of rules) await cloud.clock.run(rule.up(cloud.newRun()));
  [443, 80].forEach((port, at) => rules[at]!.declare(ports(port)));
  const run = cloud.newRun();
  await cloud.clock.run(Promise.all(rules.map((rule) => rule.up(run))));
  const next = cloud.newRun();
  for (const rule of rules) expect((await cloud.clock.run(rule.diff(next))).plan).toEqual([]);
});

test.each(Object.keys(kinds))("%s: one that can't be made does not keep the one of its name that goes in the same run", async (kind) => {
  const { declared } = kinds[kind]!;
  const { cloud } = ruleWorld.open();
  await cloud.clock.run(declared("theirs", 8443).by("pulumi:organization/other/prod").up(cloud.newRun()));
  const goal = cloud.state();
  const [before, after] = [declared("web", 443), declared("web", 8443)];
  await cloud.clock.run(before.up(cloud.newRun()));
  const run = cloud.newRun();
  await expect(cloud.clock.run(after.up(run))).rejects.toThrow(/other/);
  await cloud.clock.run(before.destroy(run));
  expect(cloud.state()).toBe(goal);
});
