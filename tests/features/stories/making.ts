/** Rows 2, 3, 5 and 7 to 9: what a cluster is made with. */
import { readUserData } from "../../../provider/emulator/simulated/user-data";
import type { MakeLife } from "../../../provider/handlers/cluster-life";
import type { Management } from "../../../schema/property";
import type { Cloud } from "../../core/world/cloud";
import type { Declaration } from "../../core/world/cluster";
import { inside } from "../../core/world/inside";
import { byHand } from "../../core/world/made";
import { refusedByPlan, type Claim } from "../claims";
import { door, type Found } from "../door";
import { off, together, unheard, unheardOfPlace } from "../switches";
import { calls, controlPlanesOf, declared, list, machinesOf, made, madeAs, ofRole, opened, workersOf } from "../worlds";

const check = (on: Management, more: Declaration): Promise<Found> => door().check(opened(on).cloud, declared(on, more));

export const name: Claim = {
  says: "`name`: its record in Mold and its machines are called by it",
  async shows(on) {
    const life = await made(on, { name: "shop" });
    expect((await list(life, "listKubernetesClusters")).map((record) => record.name)).toEqual(["shop"]);
    expect((await machinesOf(life)).map((machine) => machine.name!.split("-")[0])).toEqual(["shop", "shop", "shop"]);
    expect(life.outputs.name).toBe("shop");
  },
  // Who gets into it looks for it by its name, too.
  without: (on) => [together("`name` is not heard", unheard(on, "name", "prod"), off<(session: object, inputs: object) => unknown>("", "provider/handlers/cluster-access", "clusterAccess.create", (real) => (session, inputs) => real(session, { ...inputs, name: "prod" })))],
};

export const description: Claim = {
  says: "`description`: Mold's screens show it",
  async shows(on) {
    const life = await made(on, { description: "Payments" });
    expect((await list(life, "listKubernetesClusters")).map((record) => record.description)).toEqual([expect.stringMatching(/^Payments \[/)]);
    expect(life.outputs.description).toBe("Payments");
  },
  without: (on) => [unheard(on, "description")],
};

export const zone: Claim = {
  says: "`zone`: network and machines are in it",
  async shows(on) {
    const life = await made(on, { zone: "zone-2" });
    expect(new Set((await machinesOf(life)).map(({ zonename }) => zonename))).toEqual(new Set(["zone-2"]));
    expect((await list(life, "listNetworks")).map(({ zonename }) => zonename)).toEqual(["zone-2"]);
    expect(life.outputs.zoneName).toBe("zone-2");
  },
  without: (on) => [unheardOfPlace(on, "zone", "zone-1")],
};

export const newestPatch: Claim = {
  says: "`version`, a minor: every node runs the newest patch that is registered",
  async shows(on) {
    // 1.35.2 is registered as well.
    const { outputs } = await made(on, { version: "1.35" });
    expect(outputs.nodes.map(({ version }) => version)).toEqual(["1.35.4", "1.35.4", "1.35.4"]);
  },
  without: (on) => [unheard(on, "version", "1.35.2")],
};

export const exactVersion: Claim = {
  says: "`version`, exact: every node runs that",
  async shows(on) {
    const { outputs } = await made(on, { version: "1.35.2" });
    expect(outputs.nodes.map(({ version }) => version)).toEqual(["1.35.2", "1.35.2", "1.35.2"]);
  },
  without: (on) => [unheard(on, "version", "1.35.4")],
};

export const registeredVersion: Claim = {
  says: "`version` that is not registered: refused at check, with what is",
  async shows(on) {
    expect((await check(on, { version: "1.39" })).failures).toEqual([{ property: "version", reason: expect.stringMatching(/1\.39.*1\.36\.3/) as string }]);
  },
  without: () => [off<(wanted: string, zoneId: string) => Promise<unknown>>("any version is taken", "provider/core/catalogue", "Catalogue.prototype.version", () => async () => undefined)],
};

export const offerings: Claim = {
  says: "`controlPlane.offering`, `workers.offering`: one for each role",
  async shows(on) {
    const life = await made(on, { offerings: { controlPlane: "k8s-4c-8g", workers: "k8s-2c-2g" } });
    const byName = new Map((await machinesOf(life)).map((machine) => [machine.name!, machine.serviceofferingname]));
    expect(controlPlanesOf(life).map((node) => byName.get(node))).toEqual(["k8s-4c-8g"]);
    expect(workersOf(life).map((node) => byName.get(node))).toEqual(["k8s-2c-2g", "k8s-2c-2g"]);
  },
  without: (on) => [unheard(on, "controlPlane.offering", "k8s-2c-4g"), unheard(on, "workers.offering", "k8s-2c-4g")],
};

const sized = (on: Management): Record<string, unknown> => {
  const { controlPlane, workers, ...others } = declared(on) as Record<"controlPlane" | "workers", object>;
  return { ...others, controlPlane: { ...controlPlane, rootDiskGb: 30 }, workers: { ...workers, rootDiskGb: 30 } };
};

export const rootDisks: Claim = {
  says: "`rootDiskGb`: the root disk of every node",
  async shows(on) {
    const volumes = await list(await madeAs(sized(on)), "listVolumes");
    expect(volumes.map(({ size }) => size! / 2 ** 30)).toEqual([30, 30, 30]);
  },
  without: (on) => [unheard(on, "workers.rootDiskGb"), ...(on === "core" ? [unheard(on, "controlPlane.rootDiskGb")] : [])],
};

export const masters: Claim = {
  says: "`controlPlane.count`: that many control planes, each a member of etcd",
  async shows(on) {
    const life = await made(on, { controlPlanes: 3, workers: 1 });
    expect(life.outputs.controlPlaneCount).toBe(3);
    expect(ofRole(life.outputs, "control-plane").map(({ state }) => state)).toEqual(["Running", "Running", "Running"]);
    expect(inside(life.cloud).clusters.map(({ members }) => members.map(({ name, learner }) => `${name} ${String(learner)}`).sort())).toEqual([controlPlanesOf(life).map((name) => `${name} false`).sort()]);
  },
  without: (on) => [unheard(on, "controlPlane.count", 1)],
};

export const twoMasters: Claim = {
  says: "an even count works, and warns: two masters survive no failure",
  async shows(on) {
    expect((await check(on, { controlPlanes: 2 })).warnings).toEqual([expect.stringContaining("2 control planes survive no failure")]);
    expect((await made(on, { controlPlanes: 2, workers: 1 })).outputs.controlPlaneCount).toBe(2);
  },
  without: (on) => [
    off<(...given: never[]) => object>("check warns of nothing", "schema/check", "checkInputs", (real) => (...given) => ({ ...real(...given), warnings: [] })),
    unheard(on, "controlPlane.count", 1),
  ],
};

export const otherMasters: Claim = {
  says: "`controlPlane.count` of a cluster that is there: control planes join and leave",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, { controlPlanes: 3 }));
    expect(controlPlanesOf(life)).toHaveLength(3);
    await life.up(declared(on));
    expect(controlPlanesOf(life)).toHaveLength(1);
  },
  without: (on) => [unheard(on, "controlPlane.count", 1)],
  refused: { mold: refusedByPlan("change the number of control planes", { controlPlanes: 3 }, /controlPlane\.count: is 3, and the cluster has 1: Mold can't change the number of control planes/) },
};

export const size: Claim = {
  says: "`workers.count`: that many workers",
  async shows(on) {
    const life = await made(on, { workers: 4 });
    expect(life.outputs.size).toBe(4);
    expect(workersOf(life)).toHaveLength(4);
    expect(await machinesOf(life)).toHaveLength(5);
  },
  without: (on) => [unheard(on, "workers.count", 2)],
};

export const keyPair: Claim = {
  says: "`sshKeyPair`: every machine is made with it",
  async shows(on) {
    const register = async (cloud: Cloud): Promise<void> => void (await byHand(cloud).call("registerSSHKeyPair" as never, { name: "ops", publickey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRhZGFkYWRhZGFkYWRhZGFkYWRhZGFkYWRhZGFkYWRh x" } as never));
    const machines = await machinesOf(await made(on, { sshKeyPair: "ops" }, register));
    expect(machines.map(({ keypairs }) => keypairs)).toEqual(["ops", "ops", "ops"]);
  },
  without: (on) => [unheard(on, "sshKeyPair")],
};

const privateRegistry = { url: "https://registry.example.com", username: "puller", password: "hush-hush-hush" };

export const registry: Claim = {
  says: "`privateRegistry`: address and login reach every node",
  async shows(on) {
    let sent: ReturnType<typeof calls> = [];
    await made(on, { privateRegistry }, async (cloud) => void (sent = calls(cloud)));
    const { url, username, password } = privateRegistry;
    if (on === "mold") {
      // Its own scripts bring it to the nodes.
      const asked = sent.filter(({ command, clustertype }) => command === "createKubernetesCluster" && clustertype === "CloudManaged");
      expect(asked).toMatchObject([{ dockerregistryurl: url, dockerregistryusername: username, dockerregistrypassword: password }]);
      return;
    }
    const disks = sent.flatMap(({ command, userdata }) => (command === "deployVirtualMachine" ? [readUserData(userdata).files] : []));
    expect(disks).toHaveLength(3);
    for (const files of disks) {
      expect(files.get("/etc/containerd/certs.d/registry.example.com/hosts.toml") ?? "").toContain(`server = "${url}"`);
      const login = [...files.values()].filter((text) => text.includes("CredentialProviderResponse")).map((text) => (JSON.parse(text) as { auth: object }).auth);
      expect(login).toEqual([{ "registry.example.com": { username, password } }]);
    }
  },
  without: (on) => [unheard(on, "privateRegistry"), unheard(on, "privateRegistry.password", "another")],
};

export const registrySecret: Claim = {
  says: "its password is a secret: in no output, no plan, no line of a run",
  async shows(on) {
    const life = await made(on, { privateRegistry });
    expect(await door().isSecretInput(life.cloud, "privateRegistry.password")).toBe(true);
    await life.up(declared(on, { privateRegistry, workers: 3 }));
    const told = [...life.run.lines, ...(await life.plan(declared(on, { privateRegistry, workers: 4 }))), JSON.stringify(life.outputs)].join("\n");
    expect(told).toContain("prod");
    expect(told).not.toContain(privateRegistry.password);
  },
  without: (on) => [
    off<boolean>("the schema does not know it for a secret", "schema/kubernetes-cluster", "clusterInputs.privateRegistry.properties.password.secret", () => false),
    off<MakeLife>("a run says what it is given", "provider/handlers/cluster-life", `lives.${on}`, (real) => (session, inputs, ...more) => {
      session.world(inputs.connection, inputs.declaredBy).log.info(JSON.stringify(inputs));
      return real(session, inputs, ...more);
    }),
  ],
};
