/** What a delete is stopped by and what goes along with it: every such thing is named with its id, and nothing of ours is. Pure. */
import fc from "fast-check";
import { intentKey } from "../../provider/core/claim";
import type { DeleteScope, OwnAddress, OwnNetwork } from "../../provider/core/observe-delete";
import type { ObservedMachine } from "../../provider/core/observe";
import { mark, ownershipTags, tagKeys, type Tags } from "../../provider/core/ownership";
import { planDelete } from "../../provider/core/plan-delete";
import { blockProblems, findingLine, lossLines, rehearseDelete, type Finding, type Rehearsal } from "../../provider/core/rehearse-delete";
import { apiFirewallTuple } from "../../provider/core/plan-api";
import { desired, machine, owner, uid, whole } from "./world/observed";

const other = "pulumi:organization/project/other";
const address = (changes: Partial<OwnAddress> = {}): OwnAddress => ({ id: "address", ipAddress: "127.80.0.3", goes: true, firewall: [], forwards: [], balancers: [], ...changes });
const network = (changes: Partial<OwnNetwork> = {}): OwnNetwork => ({ id: "network", name: `prod-${uid}`, others: [], addresses: [], ...changes });
const rehearse = (scope: DeleteScope, observed: { machines?: readonly ObservedMachine[]; intents?: Tags } = {}): Rehearsal =>
  rehearseDelete({ uid, owner, observed: { machines: whole().machines, intents: {}, ...observed }, scope });
const names = (findings: readonly Finding[]): string[] => findings.map(({ kind, name, id }) => `${kind} ${name}${id === undefined ? "" : ` ${id}`}`);

const firewall = (id: string, tags: Tags = {}, port = 22): OwnAddress["firewall"][number] => ({ id, state: "Active", protocol: "tcp", startPort: port, endPort: port, cidrs: ["0.0.0.0/0"], tags });
const forward = (id: string, tags: Tags = {}, machineId = "db"): OwnAddress["forwards"][number] => ({
  id, state: "Active", protocol: "tcp", startPort: 2222, endPort: 2223, privateStartPort: 22, privateEndPort: 23, machineId, cidrs: [], tags,
});
const balancer = (id: string, tags: Tags = {}, description = ""): OwnAddress["balancers"][number] => ({
  id, name: id, description, publicPort: 80, privatePort: 30080, algorithm: "roundrobin", protocol: "tcp", cidrs: [], state: "Active", tags,
});
const ruleTags = (resource: string, by = owner): Tags => ({ [tagKeys.cluster]: uid, [tagKeys.owner]: by, [tagKeys.resource]: resource });

describe("what blocks", () => {
  const db = { id: "7f3c", name: "db", state: "Running" };

  test("a machine of others on the cluster's own network, with what to do", () => {
    const { blocks } = rehearse({ network: network({ others: [db] }) });
    expect(blocks.map(findingLine)).toEqual([`machine db (7f3c, Running) on the network prod-${uid}, not of this cluster: move it to another network or remove it; the network can't go while it is there`]);
  });

  test.each(["Destroyed", "Expunging"])("one that is %s is on its way out and blocks nothing", (state) => {
    expect(rehearse({ network: network({ others: [{ ...db, state }] }) }).blocks).toEqual([]);
  });

  test("a machine of the cluster's that is protected against deletion", () => {
    const machines = [machine("control-plane", 1), machine("worker", 1, { isProtected: true })];
    expect(names(rehearse({ address: address() }, { machines }).blocks)).toEqual(["protectedMachine prod-worker-1 id-prod-worker-1"]);
  });

  test("then the plan has no step, and its problems name each machine and what to do", () => {
    const machines = [machine("worker", 1, { isProtected: true })];
    const { blocks } = rehearse({ network: network({ others: [db, { id: "8a1d", name: "cache", state: "Stopped" }] }) }, { machines });
    const { steps, problems } = planDelete({ subject: desired(), observed: whole(), blocks });
    expect(steps).toEqual([]);
    expect(problems).toEqual([
      { property: "network", reason: `machines that are not of this cluster are on its network prod-${uid}: db (7f3c), cache (8a1d). They would keep the network from going. Move or remove them, then destroy again. Nothing was deleted.` },
      { property: "nodes", reason: "machines of this cluster are protected against deletion in Mold: prod-worker-1 (id-prod-worker-1). Take the protection away there, then destroy again. Nothing was deleted." },
    ]);
  });
});

describe("what is lost", () => {
  test("rules on the address that somebody made by hand, each with its id, port and ranges", () => {
    const { losses } = rehearse({ address: address({ firewall: [firewall("f1")], forwards: [forward("p1")], balancers: [balancer("b1")] }) });
    expect(losses.map(({ what, where }) => `${what} @ ${where}`)).toEqual([
      "firewall rule tcp/22 from 0.0.0.0/0 on 127.80.0.3 (f1), made by hand or by another program @ 127.80.0.3:22",
      "port forward tcp/2222-2223 on 127.80.0.3 (p1), made by hand or by another program @ 127.80.0.3:2222",
      "balancer rule b1 (80) on 127.80.0.3 (b1), made by hand or by another program @ 127.80.0.3:80",
    ]);
    expect(losses[0]!.todo).toBe("declare it as a NetworkRule or LoadBalancer, or note it, if it is to be there again");
  });

  test("an icmp rule has no port and is named all the same", () => {
    const icmp = { id: "f2", state: "Active", protocol: "icmp", icmpType: -1, icmpCode: -1, cidrs: ["10.0.0.0/8"], tags: {} };
    expect(rehearse({ address: address({ firewall: [icmp] }) }).losses).toMatchObject([{ name: "icmp from 10.0.0.0/8", where: "127.80.0.3" }]);
  });

  test("another stack's rule on it, with its owner", () => {
    const { losses } = rehearse({ address: address({ firewall: [firewall("f1", ruleTags("web", other))] }) });
    expect(losses.map(findingLine)).toEqual([`firewall rule tcp/22 from 0.0.0.0/0 on 127.80.0.3 (f1), declared by ${other}: destroy it there first, so that it is not missed`]);
  });

  test("the program's own rules are none: they are listed as what it deletes first", () => {
    const { losses, declared } = rehearse({ address: address({ firewall: [firewall("f1", ruleTags("web"))], forwards: [forward("p1", ruleTags("ssh"))], balancers: [balancer("b1", ruleTags("ingress"))] }) });
    expect(losses).toEqual([]);
    expect(declared).toEqual([
      "LoadBalancer ingress: balancer rule b1 (80) on 127.80.0.3",
      "NetworkRule ssh: port forward tcp/2222-2223 on 127.80.0.3",
      "NetworkRule web: firewall rule tcp/22 from 0.0.0.0/0 on 127.80.0.3",
    ]);
  });

  test.each<[string, Partial<OwnAddress>, Tags?]>([
    ["the API's rules", { firewall: [firewall("f1", ownershipTags(uid, owner, "api"), 6443)], balancers: [balancer("b1", ownershipTags(uid, owner, "api"))] }],
    ["the API's rules, made when the stack had another name", { firewall: [firewall("f1", ownershipTags(uid, other, "api"), 6443)] }],
    ["the API's balancer rule that an interrupted run could not tag", { balancers: [balancer("b1", {}, `Kubernetes API of prod ${mark(uid)}`)] }],
    ["a balancer rule of the program's that an interrupted run could not tag", { balancers: [balancer("b1", {}, mark(`${uid} ${owner} ingress`))] }],
    ["a firewall rule that an interrupted run had written down", { firewall: [firewall("f1", {}, 6443)] }, { [intentKey(apiFirewallTuple("0.0.0.0/0"))]: `${owner} api ${apiFirewallTuple("0.0.0.0/0")}@2026-01-01T00:00:00.000Z` }],
  ])("%s are none", (_, rules, intents = {}) => {
    expect(rehearse({ address: address(rules) }, { intents }).losses).toEqual([]);
  });

  test.each<[string, Partial<OwnAddress>, Tags?]>([
    ["a balancer rule that another stack's interrupted run could not tag", { balancers: [balancer("b1", {}, mark(`${uid} ${other} ingress`))] }],
    ["a firewall rule that another stack had written down", { firewall: [firewall("f1", {}, 6443)] }, { [intentKey(apiFirewallTuple("0.0.0.0/0"))]: `${other} api ${apiFirewallTuple("0.0.0.0/0")}@2026-01-01T00:00:00.000Z` }],
  ])("%s is one", (_, rules, intents = {}) => {
    expect(rehearse({ address: address(rules) }, { intents }).losses).toHaveLength(1);
  });

  test("an address that stays with a network of the user's keeps its rules, but for forwards to machines that go", () => {
    const stays = address({ goes: false, firewall: [firewall("f1")], forwards: [forward("p1"), forward("p2", {}, "id-prod-worker-1")], balancers: [balancer("b1")] });
    expect(names(rehearse({ address: stays }).losses)).toEqual(["portForward tcp/2222-2223 p2"]);
  });

  test("further public addresses of the network, but neither its source NAT nor the cluster's own", () => {
    const addresses = [
      { id: "address", ipAddress: "127.80.0.3", isSourceNat: false, tags: ownershipTags(uid, owner, "address") },
      { id: "a1", ipAddress: "127.80.0.2", isSourceNat: true, tags: {} },
      { id: "a2", ipAddress: "127.80.0.9", isSourceNat: false, tags: {} },
      { id: "a3", ipAddress: "127.80.0.10", isSourceNat: false, tags: ownershipTags("m4y8bcdefg02", other, "address") },
    ];
    const { losses } = rehearse({ network: network({ addresses }), address: address() });
    expect(names(losses)).toEqual(["publicAddress 127.80.0.9 a2", "publicAddress 127.80.0.10 a3"]);
    expect(findingLine(losses[0]!)).toBe(`public address 127.80.0.9 (a2) with all rules on it, of the network prod-${uid}: note what it is used for; it goes with its network`);
  });

  test("services of type LoadBalancer and volumes, and what becomes of each", () => {
    const inside = {
      services: [{ namespace: "shop", name: "web", ports: [80, 443], addresses: ["127.80.0.9"] }],
      volumes: [
        { name: "pvc-1", claim: "shop/data", size: "10Gi", onNode: true },
        { name: "pvc-2", onNode: false, keptBy: "csi.example.com" },
      ],
    };
    expect(rehearse({ network: network(), inside }).losses.map(findingLine)).toEqual([
      "service shop/web of type LoadBalancer (127.80.0.9, port 80, 443): delete it first if what it is known by outside (DNS, say) has to be cleared up",
      "volume pvc-1 (shop/data, 10Gi, kept by a node's own disk): save what is on it: it goes with its machine",
      "volume pvc-2 (kept by csi.example.com): delete its claim first if it is to go: it would stay where it is kept, with nobody to remove it",
    ]);
    // What its controller made on Mold goes with the network, or is left behind on the user's.
    expect(rehearse({ inside }).losses[0]!.todo).toMatch(/would stay, with nobody to remove it/);
  });

  test("what could not be looked at is said, and why", () => {
    expect(rehearse({ inside: { unseen: "no control plane runs" } })).toMatchObject({ losses: [], unseen: "no control plane runs" });
  });

  test("a log says ten of a kind and how many more there are", () => {
    const { losses } = rehearse({ address: address({ firewall: Array.from({ length: 13 }, (_, n) => firewall(`f${n}`)), balancers: [balancer("b1")] }) });
    const lines = lossLines(losses);
    expect(lines).toHaveLength(12);
    expect(lines[10]).toBe("3 more of the kind firewallRule; `ablestack-kubernetes plan --delete` shows all");
  });
});

describe("whatever is there", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  const port = fc.integer({ min: 1, max: 65_535 });
  const theirTags = fc.dictionary(fc.constantFrom("team", "note"), word);
  const whose = fc.oneof(theirTags.map((tags) => ({ ours: false, tags })), word.map((resource) => ({ ours: false, tags: ruleTags(resource, other) })), word.map((resource) => ({ ours: true, tags: ruleTags(resource) })));
  const anyAddress = fc.record({
    firewall: fc.array(fc.tuple(whose, port), { maxLength: 5 }),
    forwards: fc.array(whose, { maxLength: 5 }),
    balancers: fc.array(whose, { maxLength: 5 }),
  });
  const states = fc.constantFrom("Running", "Stopped", "Starting", "Error", "Destroyed", "Expunging");
  const anyNetwork = fc.record({
    others: fc.array(fc.record({ name: word, state: states }), { maxLength: 80 }),
    addresses: fc.array(fc.record({ isSourceNat: fc.boolean(), tags: theirTags }), { maxLength: 5 }),
  });
  const anyInside = fc.option(
    fc.oneof(
      fc.record({ unseen: word }),
      fc.record({
        services: fc.array(fc.record({ namespace: word, name: word, ports: fc.array(port), addresses: fc.array(word) }), { maxLength: 15 }),
        volumes: fc.array(fc.record({ name: word, claim: word, size: word, keptBy: word, onNode: fc.boolean() }, { requiredKeys: ["name", "onNode"] }), { maxLength: 15 }),
      }),
    ),
    { nil: undefined },
  );
  const anyScope = fc.record({ network: fc.option(anyNetwork, { nil: undefined }), address: fc.option(anyAddress, { nil: undefined }), inside: anyInside }).map(({ network: net, address: own, inside }) => ({
    expected: {
      blocks: (net?.others ?? []).flatMap(({ state }, n) => (state === "Destroyed" || state === "Expunging" ? [] : [`m${n}`])),
      losses: [
        ...(own?.firewall ?? []).flatMap(([{ ours }], n) => (ours ? [] : [`f${n}`])),
        ...(own?.forwards ?? []).flatMap(({ ours }, n) => (ours ? [] : [`p${n}`])),
        ...(own?.balancers ?? []).flatMap(({ ours }, n) => (ours ? [] : [`b${n}`])),
        ...(net?.addresses ?? []).flatMap(({ isSourceNat }, n) => (isSourceNat ? [] : [`a${n}`])),
      ],
    },
    scope: {
      ...(net ? { network: network({ others: net.others.map((each, n) => ({ ...each, id: `m${n}` })), addresses: net.addresses.map((each, n) => ({ ...each, id: `a${n}`, ipAddress: `127.81.0.${n}` })) }) } : {}),
      ...(own
        ? {
            address: address({
              firewall: own.firewall.map(([{ tags }, at], n) => firewall(`f${n}`, tags, at)),
              forwards: own.forwards.map(({ tags }, n) => forward(`p${n}`, tags)),
              balancers: own.balancers.map(({ tags }, n) => balancer(`b${n}`, tags)),
            }),
          }
        : {}),
      ...(inside ? { inside } : {}),
    } satisfies DeleteScope,
  }));
  const idsOf = (findings: readonly Finding[]): string[] => findings.flatMap(({ id }) => id ?? []);

  test("exactly what is not ours is found, each with its name, its id and what to do", () => {
    fc.assert(
      fc.property(anyScope, ({ scope, expected }) => {
        const { blocks, losses } = rehearse(scope);
        expect(idsOf(blocks)).toEqual(expected.blocks);
        expect(idsOf(losses)).toEqual(expected.losses);
        const inside = scope.inside && "services" in scope.inside ? scope.inside.services.length + scope.inside.volumes.length : 0;
        expect(losses).toHaveLength(expected.losses.length + inside);
        for (const { name, id, what, todo } of [...blocks, ...losses]) expect(what.includes(name) && what.includes(id ?? name) && todo.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("there is a plan if nothing blocks, and else none and a problem that names a property and the machines", () => {
    fc.assert(
      fc.property(anyScope, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), ({ scope }, guarded) => {
        const seen = whole();
        const machines = seen.machines.map((each, n) => ({ ...each, ...(guarded[n] ? { isProtected: true } : {}) }));
        const { blocks } = rehearse(scope, { machines });
        const { steps, problems } = planDelete({ subject: desired(), observed: { ...seen, machines }, blocks });
        expect(problems).toEqual(blockProblems(blocks));
        expect(problems.length > 0).toBe(blocks.length > 0);
        expect(steps.length > 0).toBe(blocks.length === 0);
        const foreign = blocks.filter(({ kind }) => kind === "foreignMachine");
        for (const { id } of [...foreign.slice(0, 50), ...blocks.slice(foreign.length)]) expect(problems.some(({ reason }) => reason.includes(`(${id})`))).toBe(true);
        if (foreign.length > 50) expect(problems[0]!.reason).toContain(`and ${foreign.length - 50} more`);
        for (const { property } of problems) expect(property).not.toBe("");
      }),
      { numRuns: 1000 },
    );
  });
});
