import { rowsOnly } from "../../provider/emulator";
import { declaration, owner, sharedIdentity } from "../core/world/cluster";
import { byHand, changing, intentsLeft, MadeCluster, seen, type Opened } from "../core/world/made";
import type { MoldPort } from "../../provider/core/ports";
import { DeclaredRule } from "./rules";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2, apiAccess: { cidrList: ["127.0.0.0/8"] } }));
});
afterAll(() => made.close());

const cluster = "k3x9abcdef01";
const firewall = (more: object = {}): DeclaredRule => DeclaredRule.networkRule("web", { cluster, kind: "firewall", protocol: "tcp", startPort: 443, ...more });
const forward = (more: object = {}): DeclaredRule =>
  DeclaredRule.networkRule("ssh", { cluster, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-control-1" }, ...more });

const egress = (more: object = {}): DeclaredRule => DeclaredRule.networkRule("out", { cluster, kind: "egress", protocol: "tcp", startPort: 443, ...more });

/** One kind of rule, as the tests that hold for all of them know it. */
interface Kind {
  readonly resource: string;
  readonly declared: (more?: object) => DeclaredRule;
  readonly tagged: string;
  readonly rules: (world: Opened) => readonly Readonly<Record<string, unknown>>[];
  readonly commands: { readonly create: string; readonly delete: string; readonly list: string };
  readonly noun: RegExp;
  /** Made at Mold's screens, as the declaration would make it. */
  readonly byHand: (world: Opened, mold: MoldPort) => Promise<{ id?: string }>;
  readonly removeByHand: (mold: MoldPort, id: string) => Promise<unknown>;
  readonly isGone: RegExp;
}

/** Rules of different kinds behave alike in all of this. */
const kinds: Readonly<Record<string, Kind>> = {
  firewall: {
    resource: "web",
    declared: firewall,
    tagged: "FirewallRule",
    rules: (world) => firewallRules(world),
    commands: { create: "createFirewallRule", delete: "deleteFirewallRule", list: "listFirewallRules" },
    noun: /firewall rule/,
    byHand: ({ recorded }, mold) => mold.run("createFirewallRule", { ipaddressid: recorded.endpoint.outputs.publicIpAddressId, protocol: "tcp", startport: 443, endport: 443, cidrlist: ["0.0.0.0/0"] }),
    removeByHand: (mold, id) => mold.run("deleteFirewallRule", { id }),
    isGone: /the cluster zzzzzzzzzzzz has no public address/,
  },
  portForward: {
    resource: "ssh",
    declared: forward,
    tagged: "PortForwardingRule",
    rules: (world) => forwards(world),
    commands: { create: "createPortForwardingRule", delete: "deletePortForwardingRule", list: "listPortForwardingRules" },
    noun: /port forwarding rule/,
    byHand: ({ recorded }, mold) =>
      mold.run("createPortForwardingRule", {
        ipaddressid: recorded.endpoint.outputs.publicIpAddressId,
        protocol: "tcp",
        publicport: 2222,
        publicendport: 2222,
        privateport: 22,
        privateendport: 22,
        virtualmachineid: recorded.cluster.outputs.nodes[0]!.machineId,
        openfirewall: false,
      }),
    removeByHand: (mold, id) => mold.run("deletePortForwardingRule", { id }),
    isGone: /the cluster zzzzzzzzzzzz has no public address/,
  },
  egress: {
    resource: "out",
    declared: egress,
    tagged: "FirewallRule",
    rules: (world) => egressRules(world),
    commands: { create: "createEgressFirewallRule", delete: "deleteEgressFirewallRule", list: "listEgressFirewallRules" },
    noun: /egress rule/,
    byHand: ({ recorded }, mold) => mold.run("createEgressFirewallRule", { networkid: recorded.endpoint.outputs.networkId, protocol: "tcp", startport: 443, endport: 443, cidrlist: ["0.0.0.0/0"] }),
    removeByHand: (mold, id) => mold.run("deleteEgressFirewallRule", { id }),
    isGone: /the cluster zzzzzzzzzzzz has no network/,
  },
};

const firewallRules = ({ cloud }: Opened): Readonly<Record<string, unknown>>[] => seen(cloud).firewallRules!.filter(({ startPort, direction }) => startPort !== 6443 && direction === "Ingress");
const egressRules = ({ cloud }: Opened): Readonly<Record<string, unknown>>[] => seen(cloud).firewallRules!.filter(({ direction }) => direction === "Egress");
const forwards = ({ cloud }: Opened): readonly Readonly<Record<string, unknown>>[] => seen(cloud).forwards!;
const tagsOn = ({ cloud }: Opened, type: string): string[] => seen(cloud).tags!.flatMap((tag) => (tag.resourceType === type && !String(tag.resourceId).includes("6443") ? [`${String(tag.key)}=${String(tag.value)}`] : []));

/** The port forward of these tests names a node: the cluster's own steps know by a tag that it is to follow. */
const ownTags = (resource: string): string[] => [`ablestack-cluster=${cluster}`, "ablestack-owner=pulumi:organization/project/stack", `ablestack-resource=${resource}`, ...(resource === "ssh" ? ["ablestack-target=node"] : [])];

describe("firewall", () => {
  test("is made as declared, with tags that say whose it is, and nothing else is", async () => {
    const world = made.open();
    const rule = firewall({ endPort: 445, cidrList: ["10.0.0.0/8", "127.0.0.0/8"], tags: { team: "shop" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(firewallRules(world)).toMatchObject([{ protocol: "tcp", startPort: 443, endPort: 445, cidrs: ["10.0.0.0/8", "127.0.0.0/8"], state: "Active", direction: "Ingress" }]);
    expect(tagsOn(world, "FirewallRule").sort()).toEqual([...ownTags("web"), "team=shop"]);
    expect(rule.outputs).toMatchObject({ ipAddress: world.recorded.endpoint.outputs.publicIpAddress, state: "Active" });
    expect(intentsLeft(world.cloud)).toEqual([]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, object, boolean]>([
    ["its range", { cidrList: ["127.0.0.0/8"] }, { cidrs: ["127.0.0.0/8"], startPort: 443 }, true],
    ["its range to one that shares a network", { cidrList: ["0.0.0.0/0", "127.0.0.0/8"] }, { cidrs: ["0.0.0.0/0", "127.0.0.0/8"], startPort: 443 }, false],
    ["its port", { startPort: 8443 }, { cidrs: ["0.0.0.0/0"], startPort: 8443, endPort: 8443 }, true],
    ["its ports to some that hold the old", { startPort: 400, endPort: 500 }, { startPort: 400, endPort: 500 }, false],
    ["its protocol", { protocol: "udp" }, { protocol: "udp", startPort: 443 }, true],
  ])("a change of %s makes it anew, before the old one goes where Mold takes both; the preview says which", async (_, change, found, together) => {
    const world = made.open();
    const rule = firewall();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const before = rule.outputs.ruleId;
    const diff = await world.cloud.clock.run(rule.declare(change).diff(world.cloud.newRun()));
    expect(diff.replaces).toEqual([]);
    expect(diff.plan).toEqual([expect.stringContaining(together ? "the new rule is made before the old one goes" : "so the old one goes first; new connections there are refused for that moment")]);
    const run = world.cloud.newRun();
    await world.cloud.clock.run(rule.up(run));
    const rules = run.calls.filter((call) => /^(create|delete)FirewallRule$/.test(call));
    expect(rules).toEqual(together ? ["createFirewallRule", "deleteFirewallRule"] : ["deleteFirewallRule", "createFirewallRule"]);
    expect(firewallRules(world)).toMatchObject([found]);
    expect(rule.outputs.ruleId).not.toBe(before);
    expect(intentsLeft(world.cloud)).toEqual([]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("another kind or place is another rule: the preview says that there is a gap", async () => {
    const world = made.open();
    const rule = firewall();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const diff = await world.cloud.clock.run(rule.declare({ ipAddressId: "another" }).diff(world.cloud.newRun()));
    expect(diff).toMatchObject({ changes: true, replaces: ["ipAddressId"], plan: [expect.stringMatching(/^NetworkRule web: ipAddressId can't be changed on a rule: the old rule is deleted, then the new one is made/)] });
  });

  test("lets pings through", async () => {
    const world = made.open();
    const rule = DeclaredRule.networkRule("ping", { cluster, kind: "firewall", protocol: "icmp", icmpType: 8 });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(firewallRules(world)).toMatchObject([{ protocol: "icmp", icmpType: 8, icmpCode: -1 }]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("ranges of many words are no hindrance: what is written down beforehand stays within what a tag can hold", async () => {
    const world = made.open();
    const rule = firewall({ cidrList: Array.from({ length: 40 }, (_, at) => `198.51.${at}.0/24`) });
    const run = world.cloud.newRun();
    const sent = jest.spyOn(run.world({ owner }).mold, "run");
    await world.cloud.clock.run(rule.up(run));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
    const values = sent.mock.calls.flatMap(([command, params]) => (command === "createTags" ? (params as { tags: { value: string }[] }).tags.map(({ value }) => value.length) : []));
    expect(values.length).toBeGreaterThan(3);
    expect(Math.max(...values)).toBeLessThanOrEqual(255);
  });
});

describe("portForward", () => {
  test("is made as declared, and Mold opens nothing to the world for it", async () => {
    const world = made.open();
    const rule = forward({ tags: { team: "ops" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(forwards(world)).toMatchObject([{ protocol: "tcp", publicPort: 2222, publicEndPort: 2222, privatePort: 22, privateEndPort: 22, machineId: "machines:prod-control-1", state: "Active" }]);
    expect(firewallRules(world)).toEqual([]);
    expect(tagsOn(world, "PortForwardingRule").sort()).toEqual([...ownTags("ssh"), "team=ops"]);
  });

  test.each([
    ["target", { target: { node: "prod-worker-2" } }, { machineId: "machines:prod-worker-2" }],
    ["target by role", { target: { role: "worker" } }, { machineId: expect.stringMatching(/^machines:prod-worker-/) as string }],
    ["privateStartPort", { privateStartPort: 2022 }, { privatePort: 2022, privateEndPort: 2022 }],
  ])("a change of its %s is made in place", async (_, change, found) => {
    const world = made.open();
    const rule = forward();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const before = rule.outputs.ruleId;
    expect((await world.cloud.clock.run(rule.declare(change).diff(world.cloud.newRun()))).replaces).toEqual([]);
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(rule.outputs.ruleId).toBe(before);
    expect(forwards(world)).toMatchObject([found]);
  });

  test("by role it goes to the first node of that role, whatever its id", async () => {
    const world = made.open();
    const rule = forward({ target: { role: "worker" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(forwards(world)).toMatchObject([{ machineId: "machines:prod-worker-1" }]);
  });

  test("a node made anew under its name is led to again by the same up: Mold took the rule away with the old machine", async () => {
    const world = made.open({ hypervisor: rowsOnly });
    const rule = forward({ target: { node: "prod-worker-1" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const goal = world.cloud.state();
    const mold = byHand(world.cloud);
    const [old] = await world.cloud.clock.run(mold.list("listVirtualMachines", { name: "prod-worker-1" }));
    const replace = async (): Promise<void> => {
      await mold.run("destroyVirtualMachine", { id: old!.id!, expunge: true });
      const anew = await mold.run("deployVirtualMachine", { zoneid: old!.zoneid!, serviceofferingid: old!.serviceofferingid!, templateid: old!.templateid!, networkids: [world.recorded.endpoint.outputs.networkId], name: old!.name, displayname: old!.displayname });
      await mold.run("createTags", { resourcetype: "UserVm", resourceids: [anew.id!], tags: (old!.tags ?? []).map(({ key = "", value = "" }) => ({ key, value })) });
    };
    await world.cloud.clock.run(replace());
    expect(forwards(world)).toEqual([]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(true);
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(forwards(world)).toMatchObject([{ machineId: "machines:prod-worker-1" }]);
    expect((JSON.parse(goal) as { forwards: unknown[] }).forwards).toEqual((JSON.parse(world.cloud.state()) as { forwards: unknown[] }).forwards);
  });

  test("a node that is not there is named, with those that are", async () => {
    const world = made.open();
    const rule = forward({ target: { node: "prod-worker-9" } });
    const run = world.cloud.newRun();
    await expect(world.cloud.clock.run(rule.up(run))).rejects.toThrow("NetworkRule ssh: the cluster has no node prod-worker-9, and none that has taken its place. It has prod-control-1, prod-worker-1, prod-worker-2.");
    expect(changing(run)).toEqual([]);
  });

  test("led elsewhere by hand, it is led back", async () => {
    const world = made.open();
    const rule = forward();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const mold = byHand(world.cloud);
    const worker = world.recorded.cluster.outputs.nodes.find(({ name }) => name === "prod-worker-1")!;
    await world.cloud.clock.run(mold.run("updatePortForwardingRule", { id: String(rule.outputs.ruleId), virtualmachineid: worker.machineId, privateport: 2022 }));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual(["NetworkRule ssh: lead it to where it is declared to lead"]);
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(forwards(world)).toMatchObject([{ machineId: "machines:prod-control-1", privatePort: 22 }]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });
});

describe("egress", () => {
  test.each<[string, object, object]>([
    ["one port", {}, { protocol: "tcp", startPort: 443, endPort: 443, cidrs: ["0.0.0.0/0"], destCidrs: [] }],
    ["a range from some machines to some networks", { protocol: "udp", startPort: 5000, endPort: 5010, cidrList: ["10.1.1.0/25"], destinationCidrList: ["203.0.113.0/24", "198.51.100.0/24"] }, { protocol: "udp", startPort: 5000, endPort: 5010, cidrs: ["10.1.1.0/25"], destCidrs: ["198.51.100.0/24", "203.0.113.0/24"] }],
    ["pings", { protocol: "icmp", startPort: undefined, icmpType: 8, icmpCode: 0 }, { protocol: "icmp", icmpType: 8, icmpCode: 0 }],
    ["everything", { protocol: "all", startPort: undefined }, { protocol: "all", cidrs: ["0.0.0.0/0"] }],
  ])("%s: it is made on the cluster's network, and known again", async (_, declared, found) => {
    const world = made.open();
    const rule = egress({ ...declared, tags: { team: "shop" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(egressRules(world)).toMatchObject([{ direction: "Egress", networkId: expect.stringContaining("networks:prod") as string, state: "Active", ...found }]);
    expect(tagsOn(world, "FirewallRule").sort()).toEqual([...ownTags("out"), "team=shop"]);
    expect(rule.outputs).toEqual({ ruleId: expect.any(String) as string, state: "Active" });
    expect(intentsLeft(world.cloud)).toEqual([]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("where the network lets everything out by default, it says that it holds back", async () => {
    const world = made.open();
    const run = world.cloud.newRun();
    await world.cloud.clock.run(egress().up(run));
    expect(run.lines).toContainEqual(expect.stringMatching(/warn NetworkRule out: the network prod-.* lets everything out by default, so this egress rule holds back what it names/));
  });

  test("machines that aren't on the network are refused in Mold's words, and nothing stays", async () => {
    const world = made.open();
    await expect(world.cloud.clock.run(egress({ cidrList: ["192.168.0.0/16"] }).up(world.cloud.newRun()))).rejects.toThrow(/NetworkRule out: createEgressFirewallRule was refused by Mold.*192\.168\.0\.0\/16 is not within the guest cidr/);
    expect(egressRules(world)).toEqual([]);
  });

  test("the same ports to another network go beside it, to the same one they don't", async () => {
    const world = made.open();
    await world.cloud.clock.run(egress({ destinationCidrList: ["203.0.113.0/24"] }).up(world.cloud.newRun()));
    const rule = DeclaredRule.networkRule("other", { cluster, kind: "egress", protocol: "tcp", startPort: 443, destinationCidrList: ["198.51.100.0/24"] });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(egressRules(world)).toHaveLength(2);
    const run = world.cloud.newRun();
    rule.declare({ destinationCidrList: ["198.51.100.0/24", "192.0.2.0/24"] });
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual([expect.stringContaining("so the old one goes first; the network's default policy holds for that moment")]);
    await world.cloud.clock.run(rule.up(run));
    expect(run.calls.filter((call) => /^(create|delete)Egress/.test(call))).toEqual(["deleteEgressFirewallRule", "createEgressFirewallRule"]);
  });
});

describe.each(Object.keys(kinds))("%s rules", (kind) => {
  const { declared, rules: rulesOf, commands, tagged: type, resource, noun, byHand: makeByHand, removeByHand: unmake, isGone } = kinds[kind]!;

  const byHandTheSame = async (world: Opened): Promise<string> => (await world.cloud.clock.run(makeByHand(world, byHand(world.cloud)))).id!;
  const removeByHand = ({ cloud }: Opened, id: string): Promise<unknown> => cloud.clock.run(unmake(byHand(cloud), id));

  test("declared as they are, they change nothing and send nothing that changes", async () => {
    const world = made.open();
    const rule = declared();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const again = world.cloud.newRun();
    expect(await world.cloud.clock.run(rule.diff(again))).toEqual({ changes: false, replaces: [], plan: [] });
    expect(changing(again)).toEqual([]);
    expect(again.calls).toEqual(expect.arrayContaining([commands.list]));
    expect(again.calls.length).toBeLessThanOrEqual(3);
  });

  test("tags change in place; those taken out go, and others' stay", async () => {
    const world = made.open();
    const rule = declared({ tags: { team: "shop", tier: "front" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const before = rule.outputs.ruleId;
    await world.cloud.clock.run(byHand(world.cloud).run("createTags", { resourcetype: type, resourceids: [String(before)], tags: [{ key: "note", value: "theirs" }] }));
    rule.declare({ tags: { team: "payments" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(rule.outputs.ruleId).toBe(before);
    expect(tagsOn(world, type).sort()).toEqual([...ownTags(resource), "note=theirs", "team=payments"]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("a tag that was taken off by hand comes back", async () => {
    const world = made.open();
    const rule = declared({ tags: { team: "shop" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    await world.cloud.clock.run(byHand(world.cloud).run("deleteTags", { resourcetype: type, resourceids: [String(rule.outputs.ruleId)], tags: [{ key: "team" }] }));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(true);
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(tagsOn(world, type)).toContain("team=shop");
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("removed by hand, they are missed and made again", async () => {
    const world = made.open();
    const rule = declared();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const goal = world.cloud.state();
    await removeByHand(world, String(rule.outputs.ruleId));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual([expect.stringMatching(/: make it: it is not there$/)]);
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(world.cloud.state()).toBe(goal);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("a refresh finds them, and forgets them once they are removed by hand", async () => {
    const world = made.open();
    const rule = declared();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const before = rule.outputs;
    expect(await world.cloud.clock.run(rule.read(world.cloud.newRun()))).toBe(true);
    expect(rule.outputs).toEqual(before);
    await removeByHand(world, String(rule.outputs.ruleId));
    expect(await world.cloud.clock.run(rule.read(world.cloud.newRun()))).toBe(false);
  });

  test("one made by hand is not taken for ours: the error says which it is, and it stays as it was", async () => {
    const world = made.open();
    const id = await byHandTheSame(world);
    const before = world.cloud.state();
    const rule = declared();
    const failure: unknown = await world.cloud.clock.run(rule.up(world.cloud.newRun())).catch((error: unknown) => error);
    expect((failure as Error).message).toMatch(/^NetworkRule (web|ssh|out): there is already a .* rule .*made by hand or by another program.*Delete that one, change this declaration, or set adopt to take it over/s);
    expect((failure as Error).message).toMatch(noun);
    expect((failure as Error).message).toContain(id);
    expect(world.cloud.state()).toBe(before);
  });

  test("one that another stack declared is not taken either: the error says whose it is", async () => {
    const world = made.open();
    await world.cloud.clock.run(otherStacks(declared).up(world.cloud.newRun()));
    const before = world.cloud.state();
    await expect(world.cloud.clock.run(declared().up(world.cloud.newRun()))).rejects.toThrow("declared by pulumi:organization/project/other");
    expect(world.cloud.state()).toBe(before);
  });

  test("one that a dead run had made and could not mark any more is gone on with", async () => {
    const goal = made.open();
    const undisturbed = goal.cloud.newRun();
    await goal.cloud.clock.run(declared().up(undisturbed));
    const world = made.open();
    const command = commands.create;
    const first = world.cloud.newRun({ killAt: { call: undisturbed.calls.indexOf(command) + 1, when: "after" } });
    const rule = declared();
    await world.cloud.clock.run(rule.up(first)).catch(() => undefined);
    expect(first.wasKilled).toBe(true);
    const [orphan] = rulesOf(world);
    expect(orphan).toBeDefined();
    const second = world.cloud.newRun();
    await world.cloud.clock.run(rule.up(second));
    expect(second.calls).not.toContain(command);
    expect(world.cloud.state()).toBe(goal.cloud.state());
  });

  test.each([
    ["made by hand", (world: Opened) => byHandTheSame(world)],
    [
      "of another stack",
      async (world: Opened) => {
        const theirs = otherStacks(declared);
        await world.cloud.clock.run(theirs.up(world.cloud.newRun()));
        return String(theirs.outputs.ruleId);
      },
    ],
  ])("with adopt an equal rule %s is taken over as it is, and is the resource's own from then on", async (_, makeIt) => {
    const world = made.open();
    const id = await makeIt(world);
    const rule = declared({ adopt: true, tags: { team: "shop" } });
    const run = world.cloud.newRun();
    await world.cloud.clock.run(rule.up(run));
    expect(run.calls).not.toContain(commands.create);
    expect(rule.outputs.ruleId).toBe(id);
    expect(tagsOn(world, type).sort()).toEqual([...ownTags(resource), "team=shop"]);
    const again = world.cloud.newRun();
    expect(await world.cloud.clock.run(rule.diff(again))).toEqual({ changes: false, replaces: [], plan: [] });
    await world.cloud.clock.run(rule.declare({ adopt: false }).destroy(world.cloud.newRun()));
    expect(rulesOf(world)).toEqual([]);
  });

  test("adopt takes over nothing that differs from what is declared, and makes the rule where there is none", async () => {
    const world = made.open();
    await byHandTheSame(world);
    const rule = declared({ adopt: true, startPort: 4443, ...(kind === "portForward" ? { privateStartPort: 22 } : {}) });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(rulesOf(world)).toHaveLength(2);
  });

  test("a delete of what is gone already is done", async () => {
    const world = made.open();
    const before = world.cloud.state();
    const rule = declared();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    await removeByHand(world, String(rule.outputs.ruleId));
    const run = world.cloud.newRun();
    await world.cloud.clock.run(rule.destroy(run));
    expect(changing(run)).toEqual([]);
    expect(world.cloud.state()).toBe(before);
  });

  test("a delete leaves a rule alone that somebody made in their place", async () => {
    const world = made.open();
    const rule = declared();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    await removeByHand(world, String(rule.outputs.ruleId));
    await byHandTheSame(world);
    const before = world.cloud.state();
    await world.cloud.clock.run(rule.destroy(world.cloud.newRun()));
    expect(world.cloud.state()).toBe(before);
  });

  test("what a killed create left of an earlier declaration goes when the next run makes the new one", async () => {
    const other = { startPort: 4443, ...(kind === "portForward" ? { privateStartPort: 22 } : {}) };
    const goal = made.open();
    await goal.cloud.clock.run(declared(other).up(goal.cloud.newRun()));
    const undisturbed = made.open();
    const calls = undisturbed.cloud.newRun();
    await undisturbed.cloud.clock.run(declared().up(calls));
    for (let call = 1; call <= calls.calls.length; call++) {
      const world = made.open();
      const rule = declared();
      await world.cloud.clock.run(rule.up(world.cloud.newRun({ killAt: { call, when: "after" } }))).catch(() => undefined);
      // What it had begun ends before somebody runs it again.
      await world.cloud.clock.pass(2000);
      await world.cloud.clock.run(rule.declare(other).up(world.cloud.newRun()));
      expect(`${call} ${calls.calls[call - 1]}: ${world.cloud.state()}`).toBe(`${call} ${calls.calls[call - 1]}: ${goal.cloud.state()}`);
    }
  });

  test("with the cluster's address gone there is nothing to read or delete, and a create says so", async () => {
    const world = made.open();
    const rule = declared();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const gone = declared({ cluster: "zzzzzzzzzzzz" });
    gone.recorded = rule.recorded && { ...rule.recorded, state: { ...rule.recorded.state, inputs: gone.inputs } };
    const run = world.cloud.newRun();
    expect(await world.cloud.clock.run(gone.read(run))).toBe(false);
    gone.recorded = { id: "x", state: { inputs: gone.inputs, outputs: {} } };
    await world.cloud.clock.run(gone.destroy(run));
    await expect(world.cloud.clock.run(gone.up(run))).rejects.toThrow(isGone);
    expect(changing(run)).toEqual([]);
  });

  const otherStacks = (of: (more?: object) => DeclaredRule): DeclaredRule => of().by("pulumi:organization/project/other");
});
