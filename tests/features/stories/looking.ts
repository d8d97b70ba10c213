/** Rows 1, 16 to 18, 23 and 24: what a person sees of a cluster. */
import type { MakeLife } from "../../../provider/handlers/cluster-life";
import { output } from "@pulumi/pulumi";
import { parseKubeconfig } from "../../../provider/kubernetes/read-kubeconfig";
import type { Management } from "../../../schema/property";
import type { ClusterOutputs, GetKubernetesClusterResult } from "../../../schema/generated/types";
import type { Life } from "../../core/world/life";
import { byHand } from "../../core/world/made";
import type { Claim } from "../claims";
import { door } from "../door";
import { off, together, unheard, type Switch } from "../switches";
import { declared, list, made, opened, workersOf } from "../worlds";

type Row = Record<string, unknown>;
const without = (row: Row, column: string): Row => Object.fromEntries(Object.entries(row).filter(([name]) => name !== column));

/** Of three machines with two cores and 4 GB each. */
const facts = (on: Management): Row => ({ state: "Running", autoscalingEnabled: false, clusterType: on === "core" ? "ExternalManaged" : "CloudManaged", size: 2, cpuCores: 6, memoryMb: 12_288, kubernetesVersion: "1.34.2", account: "admin", zoneName: "zone-1" });

export const listed: Claim = {
  says: "`getKubernetesClusters`: name, state, autoscaling, type, size, cores, memory, version, account and zone of each",
  async shows(on) {
    const { cloud } = opened(on);
    const { clusters } = await door().read(cloud, "getKubernetesClusters", {});
    expect(clusters).toMatchObject([{ name: "prod", ...facts(on) }]);
  },
  without: (on) =>
    ["name", ...Object.keys(facts(on))].map((column) =>
      off<(...given: never[]) => readonly { summary: Row }[]>(`\`${column}\` is not told`, "provider/handlers/data-sources/seen-clusters", "clustersSeen", (real) => (...given) => real(...given).map((each) => ({ ...each, summary: without(each.summary, column) }))),
    ),
};

/** As an engine refreshes it. */
async function refreshed(life: Life, on: Management): Promise<ClusterOutputs> {
  await life.up(declared(on, { description: "Payments", workers: 3 }));
  return life.outputs;
}

/** What the cluster tells of itself is told without a part; Terraform's resource tells of its place as well. */
const untold = (on: Management, says: string, change: (outputs: Row) => Row): Switch =>
  together(says, untoldOfWhole(change), off<MakeLife>(says, "provider/handlers/cluster-life", `lives.${on}`, (real) => (...given) => {
    const life = real(...given);
    const less = <T extends { outputs: object }>(found: T): T => ({ ...found, outputs: change(found.outputs as Row) });
    return { ...life, apply: async (options) => less(await life.apply(options)), read: async (generation) => life.read(generation).then((found) => found && less(found)) };
  }));

function untoldOfWhole(change: (outputs: Row) => Row): Switch {
  const told = (at: string): Switch => off<(...given: never[]) => Promise<{ outputs: Row } | undefined>>("", "provider/adapters/terraform/kubernetes-cluster", `kubernetesCluster.${at}`, (real) => (...given) => real(...given).then((found) => found && { ...found, outputs: change(found.outputs) }));
  return together("", told("read"), told("update"));
}

/** Of Terraform's resource these are what is configured, as they are. */
const configured = ["name", "description"];
/** Without these it changes nothing. */
const places = ["networkName", "zoneName"];

export const details: Claim = {
  says: "outputs: every column of the details tab, as it is after each change",
  async shows(on) {
    const life = opened(on);
    const { kubernetesVersion, ...others } = facts(on);
    const networkName = life.outputs.networkName;
    expect(networkName).toMatch(/^prod-/);
    const outputs = await refreshed(life, on);
    // Mold can't describe a cluster of its own anew; what is declared is an output all the same.
    expect(outputs).toMatchObject({ name: "prod", description: "Payments", kubernetesVersion, ...others, size: 3, controlPlaneCount: 1, cpuCores: 8, memoryMb: 16_384, networkName, domain: expect.stringMatching(/^ROOT/) as string, created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string });
  },
  without: (on, way) =>
    ["name", "description", "networkName", "domain", "created", "controlPlaneCount", ...Object.keys(facts(on))].flatMap((column) => {
      if (way === "terraform" && configured.includes(column)) return [];
      if (way === "terraform" && places.includes(column)) return untold(on, `\`${column}\` is told wrongly`, (outputs) => ({ ...outputs, [column]: "elsewhere" }));
      return untold(on, `\`${column}\` is not told`, (outputs) => without(outputs, column));
    }),
};

export const kubeconfig: Claim = {
  says: "`kubeconfig` and `endpoint`: kubectl and `k8s.Provider` get into the cluster by them",
  async shows(on) {
    const life = await made(on);
    const way = await door().wayIn(life, on);
    const found = parseKubeconfig(way.kubeconfig, "kubeconfig");
    expect(way.endpoint).toBe(life.outputs.endpoint);
    expect(found.endpoint).toBe(life.outputs.endpoint);
    const nodes = await life.cloud.clock.run(life.cloud.newRun().world({ owner: "kubectl" }).kubernetes(found).nodes());
    expect(nodes.map(({ ready }) => ready)).toEqual([true, true, true]);
    // Once it is known, it is in every preview of a change.
    expect(way.isKnownAhead).toBe(true);
  },
  without: (on) => [
    on === "core"
      ? off<(given: { endpoint: string }) => string>("it leads elsewhere", "provider/kubernetes/kubeconfig", "kubeconfig", (real) => (given) => real({ ...given, endpoint: "https://192.0.2.1:6443" }))
      : off<(...given: never[]) => Promise<{ outputs: { kubeconfig: string } }>>("it leads elsewhere", "provider/handlers/cluster-access", "clusterAccess.create", (real) => async (...given) => {
          const access = await real(...given);
          return { ...access, outputs: { ...access.outputs, kubeconfig: access.outputs.kubeconfig.replace(/server: .*/, "server: https://192.0.2.1:6443") } };
        }),
  ],
};

/** Pulumi's own: nothing is marked as a secret any more. */
const unmarked = (on: Management): Switch =>
  on === "core"
    ? off<(value: unknown) => unknown>("it is no secret", "@pulumi/pulumi", "secret", () => (value) => output(value))
    : off<(first: object, ...others: never[]) => object>("it is no secret", "@pulumi/pulumi", "mergeOptions", (real) => (first, ...others) => real("additionalSecretOutputs" in first ? { ...first, additionalSecretOutputs: [] } : first, ...others));

export const kubeconfigSecret: Claim = {
  says: "`kubeconfig` is a secret: marked as one, and in no plan and no line of a run",
  async shows(on) {
    const life = await made(on);
    const way = await door().wayIn(life, on);
    expect(way.isSecret).toBe(true);
    const [, key] = /client-key-data: (\S+)/.exec(way.kubeconfig)!;
    await life.up(declared(on, { workers: 3 }));
    const told = [...life.run.lines, ...(await life.plan(declared(on, { workers: 4 })))].join("\n");
    expect(told).toContain("prod");
    expect(told).not.toContain(key);
    expect(told).not.toContain(Buffer.from(key!, "base64").toString("utf8"));
  },
  without: (on, way) => [way === "terraform" ? off<boolean>("it is no secret", "schema/kubernetes-cluster", "kubernetesCluster.outputs.kubeconfig.secret", () => false) : unmarked(on)],
};

export const nodes: Claim = {
  says: "`nodes`: each with its role, state, address, offering and version, control planes first",
  async shows(on) {
    const life = opened(on);
    const { nodes: told } = await refreshed(life, on);
    const one = { state: "Running", ipAddress: expect.stringMatching(/^10\./) as string, offering: "k8s-2c-4g", version: "1.34.2", name: expect.stringMatching(/^prod-/) as string, machineId: expect.any(String) as string };
    expect(told).toEqual([{ ...one, role: "control-plane" }, ...Array.from({ length: 3 }, () => ({ ...one, role: "worker" }))]);
  },
  without: (on) =>
    ["role", "state", "ipAddress", "offering", "version"].map((column) => untold(on, `\`nodes[].${column}\` is not told`, (outputs) => ({ ...outputs, nodes: (outputs.nodes as Row[]).map((node) => without(node, column)) }))),
};

/** A machine that somebody stopped. */
export const nodeStates: Claim = {
  says: "a machine that is off is told as Stopped, and the cluster as not Running, with the next look",
  async shows(on) {
    const life = opened(on);
    const node = workersOf(life)[0]!;
    const [machine] = (await list(life, "listVirtualMachines")).filter(({ name }) => name === node);
    await life.cloud.clock.run(byHand(life.cloud).run("stopVirtualMachine", { id: machine!.id! }));
    await life.cloud.clock.pass(120_000);
    const found = await door().read(life.cloud, "getKubernetesCluster", { cluster: "prod" });
    expect(found.nodes.filter(({ state }) => state !== "Running").map(({ name, state }) => `${name} ${state}`)).toEqual([`${node} Stopped`]);
    expect(found.state).toBe("Alert");
  },
  without: () => [
    off<(...given: never[]) => Promise<GetKubernetesClusterResult>>("every machine is said to run", "provider/handlers/data-sources/index", "readers.getKubernetesCluster", (real) => async (...given) => {
      const found = await real(...given);
      return { ...found, nodes: found.nodes.map((node) => ({ ...node, state: "Running" })) };
    }),
  ],
};

const measured = { cpuPercent: 10, memoryUsedMb: 3072, networkReadKb: 32_768, networkWriteKb: 16_384, diskReadKb: 812_032, diskWriteKb: 401_408 };

export const use: Claim = {
  says: "`getKubernetesCluster`: how much CPU, memory, network and disk of each node is used",
  async shows(on) {
    const life = opened(on);
    await life.cloud.clock.pass(120_000);
    // The embedded Mold's hypervisor measures neither memory nor disks; a real one tells them so.
    const told = { memorykbs: 4_194_304, memoryintfreekbs: 1_048_576, diskkbsread: 812_032, diskkbswrite: 401_408 };
    const { emulator } = life.cloud;
    const handle = emulator.handle.bind(emulator);
    emulator.handle = async (request) => {
      const answer = await handle(request);
      return { ...answer, body: Object.entries(told).reduce((body, [key, value]) => body.replaceAll(new RegExp(`"${key}":\\d+`, "g"), `"${key}":${value}`), answer.body) };
    };
    const { nodes: found } = await door().read(life.cloud, "getKubernetesCluster", { cluster: "prod" });
    expect(found).toHaveLength(3);
    for (const node of found) expect(node).toMatchObject(measured);
  },
  without: () =>
    Object.keys(measured).map((column) =>
      off<(...given: never[]) => Promise<GetKubernetesClusterResult>>(`\`${column}\` is not told`, "provider/handlers/data-sources/index", "readers.getKubernetesCluster", (real) => async (...given) => {
        const found = await real(...given);
        return { ...found, nodes: found.nodes.map((node) => without(node as unknown as Row, column)) as unknown as typeof found.nodes };
      }),
    ),
};

const noEvents = off<unknown>("nothing is found", "provider/handlers/data-sources/index", "readers.getEvents", () => async () => ({ events: [] }));

export const events: Claim = {
  says: "`getEvents`: what happened to the cluster and to its machines, and to nobody else's",
  async shows(on) {
    const life = opened(on);
    const mold = byHand(life.cloud);
    const [network] = await mold.list("listNetworks", {});
    await mold.call("createNetwork", { name: "theirs", displaytext: "theirs", zoneid: network!.zoneid!, networkofferingid: network!.networkofferingid! });
    await life.up(declared(on, { workers: 3 }));
    const { events: told } = await door().read(life.cloud, "getEvents", { cluster: "prod", limit: 1000 });
    const about = (name: string): boolean => told.some(({ resourceName }) => resourceName === name);
    expect(workersOf(life).map(about)).toEqual([true, true, true]);
    // Mold's own service tells of the cluster, and not of what it does to its machines.
    expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(on === "core" ? ["VM.CREATE", "LB.CREATE", "FIREWALL.OPEN"] : ["KUBERNETES.CLUSTER.CREATE", "KUBERNETES.CLUSTER.SCALE"]));
    expect(about("theirs")).toBe(false);
    expect(told.map(({ time }) => time)).toEqual(told.map(({ time }) => time).sort());
  },
  without: () => [
    noEvents,
    off<(...given: never[]) => Promise<{ events: readonly object[] }>>("those of others are told as well", "provider/handlers/data-sources/index", "readers.getEvents", (real) => async (...given) => {
      const found = await real(...given);
      return { events: [...found.events, { ...found.events.at(-1), resourceName: "theirs" }] };
    }),
  ],
};

export const machineEvents: Claim = {
  says: "`getEvents`: what is done to a single machine of it, by this library or by hand, whoever runs the cluster; as its own service makes and scales machines, Mold lists events of the cluster alone",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    await life.up(declared(on, { nodes: { [first]: { reboot: "kernel" } } }));
    const [machine] = (await list(life, "listVirtualMachines")).filter(({ name }) => name === second);
    await life.cloud.clock.run(byHand(life.cloud).run("stopVirtualMachine", { id: machine!.id! }));
    const { events: told } = await door().read(life.cloud, "getEvents", { cluster: "prod", limit: 1000 });
    const done = told.filter(({ state, type }) => state === "Completed" && type.startsWith("VM.")).map(({ type, resourceName }) => `${type} ${resourceName}`);
    expect(done).toEqual(expect.arrayContaining([`VM.REBOOT ${first}`, `VM.STOP ${second}`]));
  },
  without: () => [
    off<(...given: never[]) => Promise<{ events: readonly { resourceType?: string }[] }>>("those of machines are left out", "provider/handlers/data-sources/index", "readers.getEvents", (real) => async (...given) => ({
      events: (await real(...given)).events.filter(({ resourceType }) => resourceType !== "VirtualMachine"),
    })),
  ],
};

export const progress: Claim = {
  says: "while it works, each step that is done is told with how long it took",
  inTerraform: "in the provider's log (`TF_LOG_PROVIDER=info`): the protocol has no progress",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, { workers: 3 }));
    const done = life.run.lines.filter((line) => /^info .*: done in \d/.test(line));
    expect(done).toEqual(expect.arrayContaining([expect.stringMatching(on === "core" ? /deploy prod-worker-3: done in/ : /have Mold make 1 more worker of prod.*: done in/)]));
  },
  without: () => [
    off<(options: { log: object }) => unknown>("nothing is told", "provider/core/execute", "execute", (real) => (options) => real({ ...options, log: { debug() {}, info() {}, warn() {} } })),
  ],
};

const record = async (life: Life): Promise<string> => (await list(life, "listKubernetesClusters"))[0]!.id!;
const annotate = async (life: Life, annotation: string): Promise<void> => void (await byHand(life.cloud).call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: await record(life), annotation }));

export const readComments: Claim = {
  says: "`getComments`: who wrote what and when, the oldest first",
  async shows(on) {
    const life = opened(on);
    await annotate(life, "first");
    await life.cloud.clock.pass(5000);
    await annotate(life, "second");
    const { comments } = await door().read(life.cloud, "getComments", { cluster: "prod" });
    expect(comments).toMatchObject([{ text: "first", author: "admin", created: expect.stringMatching(/^\d{4}-/) as string }, { text: "second", author: "admin" }]);
  },
  without: () => [off<unknown>("nothing is found", "provider/handlers/data-sources/index", "readers.getComments", () => async () => ({ comments: [] }))],
};

export const writtenComments: Claim = {
  says: "`comments`: written and taken away in place; those that people write stay",
  async shows(on) {
    const life = opened(on);
    const texts = async (): Promise<unknown[]> => (await list(life, "listAnnotations", { entitytype: "KUBERNETES_CLUSTER", entityid: await record(life) })).map(({ annotation }) => annotation).sort();
    await life.up(declared(on, { comments: ["one", "two"] }));
    await annotate(life, "by hand");
    await life.up(declared(on, { comments: ["two", "three"] }));
    expect(await texts()).toEqual(["by hand", "three", "two"]);
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "comments")],
};

const isoFacts = { version: "1.35.4", usable: true, state: "Enabled", isoState: "Ready", isoName: "v1.35.4-Kubernetes-Binaries-ISO" };

export const versions: Claim = {
  says: "`getKubernetesVersions`: the registered versions with their ISOs, and why one can't be used",
  async shows(on) {
    const { cloud } = opened(on);
    const { versions: told } = await door().read(cloud, "getKubernetesVersions", {});
    expect(told.filter(({ version }) => version === "1.35.4")).toMatchObject([isoFacts]);
    expect(told.filter(({ usable }) => !usable)).toMatchObject([{ version: "1.31.8", reason: "it is Disabled" }]);
  },
  without: () =>
    [...Object.keys(isoFacts), "reason"].map((column) =>
      off<(...given: never[]) => Promise<{ versions: readonly Row[] }>>(`\`${column}\` is not told`, "provider/handlers/data-sources/index", "readers.getKubernetesVersions", (real) => async (...given) => ({
        versions: (await real(...given)).versions.map((each) => without(each, column)),
      })),
    ),
};
