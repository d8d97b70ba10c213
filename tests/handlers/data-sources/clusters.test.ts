/** What a user can see of clusters, from Mold alone. */
import { readers } from "../../../provider/handlers/data-sources";
import type { GetKubernetesClusterResult } from "../../../schema/generated/types";
import { kubeconfig } from "../../../provider/kubernetes/kubeconfig";
import { managed } from "../../core/managed/managed";
import { owner, sharedIdentity } from "../../core/world/cluster";
import { byHand, changing, MadeCluster } from "../../core/world/made";
import type { Cloud } from "../../core/world/cloud";

const uid = "k3x9abcdef01";
let made: MadeCluster;

beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make();
});
afterAll(() => made.close());

const columns = ["name", "state", "autoscalingEnabled", "clusterType", "size", "cpuCores", "memoryMb", "account", "zoneName"] as const;

/** A record of somebody else, as Mold's screens make one. */
async function legacy(cloud: Cloud): Promise<string> {
  const mold = byHand(cloud);
  const [network] = await mold.list("listNetworks", {});
  const { id } = await cloud.clock.run(mold.run("createKubernetesCluster", { name: "legacy", description: "by hand", zoneid: network!.zoneid!, networkid: network!.id, clustertype: "ExternalManaged" }));
  return id!;
}

describe("getKubernetesClusters", () => {
  test("lists every cluster with every column of Mold's page, whoever runs it", async () => {
    const { cloud } = made.open();
    await legacy(cloud);
    const { clusters } = await readers.getKubernetesClusters(cloud.newRun().session, {});
    expect(clusters.map(({ name }) => name)).toEqual(["legacy", "prod"]);
    const [foreign, ours] = clusters;
    for (const cluster of clusters) expect(Object.keys(cluster)).toEqual(expect.arrayContaining([...columns]));
    expect(foreign).toMatchObject({ state: "Running", clusterType: "ExternalManaged", description: "by hand", moldId: expect.any(String) });
    expect(ours).toMatchObject({ uid, owner, state: "Running", size: 2, controlPlaneCount: 1, cpuCores: 6, memoryMb: 12_288, account: "admin", zoneName: "zone-1", autoscalingEnabled: false, clusterType: "ExternalManaged" });
    expect(ours!.endpoint).toMatch(/^https:\/\/127\.90\.0\.\d+:6443$/);
  });

  test("is asked by name and by state", async () => {
    const { cloud } = made.open();
    await legacy(cloud);
    const { session } = cloud.newRun();
    expect((await readers.getKubernetesClusters(session, { name: "prod" })).clusters.map(({ name }) => name)).toEqual(["prod"]);
    expect((await readers.getKubernetesClusters(session, { state: "stopped" })).clusters).toEqual([]);
  });

  test("a cluster whose machines are not all running is in Alert, one with none running is Stopped", async () => {
    const { cloud } = made.open();
    const mold = byHand(cloud);
    const machines = await mold.list("listVirtualMachines", { keyword: uid });
    const stateNow = async (): Promise<string> => (await readers.getKubernetesClusters(cloud.newRun().session, {})).clusters[0]!.state;
    await cloud.clock.run(mold.run("stopVirtualMachine", { id: machines[0]!.id! }));
    expect(await stateNow()).toBe("Alert");
    for (const { id } of machines) await cloud.clock.run(mold.run("stopVirtualMachine", { id: id! }));
    expect(await stateNow()).toBe("Stopped");
  });

  test("the number of calls does not grow with clusters or machines, and none changes anything", async () => {
    const { cloud } = made.open();
    const run = cloud.newRun();
    await readers.getKubernetesClusters(run.session, {});
    expect(run.calls.length).toBeLessThanOrEqual(4);
    expect(changing(run)).toEqual([]);
  });
});

describe("of a cluster that Mold runs for this library", () => {
  let run: MadeCluster;
  beforeAll(async () => {
    run = await MadeCluster.make(managed());
  });
  afterAll(() => run.close());

  test("Mold's own word is told, with who declares it; by name, uid and id of its record alike", async () => {
    const { cloud, recorded } = run.open();
    const ask = cloud.newRun();
    const { clusters } = await readers.getKubernetesClusters(ask.session, {});
    const summary = { name: "prod", uid, owner, state: "Running", clusterType: "CloudManaged", size: 2, controlPlaneCount: 1, cpuCores: 6, memoryMb: 12_288, kubernetesVersion: "1.34.2", publicIpAddress: recorded.endpoint.outputs.publicIpAddress };
    expect(clusters).toMatchObject([summary]);
    // One list more than otherwise, of all their machines.
    expect(ask.calls).toHaveLength(5);
    for (const wanted of ["prod", uid, clusters[0]!.moldId!]) {
      const found = await cloud.clock.run(readers.getKubernetesCluster(cloud.newRun().session, { cluster: wanted }));
      expect(found).toMatchObject({ ...summary, nodes: [{ role: "control-plane" }, { role: "worker" }, { role: "worker" }] });
    }
  });

  test("its state is Mold's, and so is its autoscaling", async () => {
    const { cloud } = run.open();
    const mold = byHand(cloud);
    const [record] = await mold.list("listKubernetesClusters", {});
    await cloud.clock.run(mold.run("scaleKubernetesCluster", { id: record!.id!, autoscalingenabled: true, minsize: 1, maxsize: 4 }));
    expect((await readers.getKubernetesClusters(cloud.newRun().session, {})).clusters).toMatchObject([{ state: "Running", autoscalingEnabled: true, minSize: 1, maxSize: 4 }]);
    await cloud.clock.run(mold.run("stopKubernetesCluster", { id: record!.id! }));
    expect((await readers.getKubernetesClusters(cloud.newRun().session, { state: "Stopped" })).clusters).toHaveLength(1);
  });
});

describe("getKubernetesCluster", () => {
  const one = (cloud: Cloud, cluster: string, more: object = {}): Promise<GetKubernetesClusterResult> => cloud.clock.run(readers.getKubernetesCluster(cloud.newRun().session, { cluster, ...more }));

  test("is asked by name, uid, clusterId or id in Mold", async () => {
    const { cloud, recorded } = made.open();
    const id = await legacy(cloud);
    for (const wanted of ["prod", uid, recorded.cluster.id]) expect((await one(cloud, wanted)).uid).toBe(uid);
    expect((await one(cloud, id)).name).toBe("legacy");
    expect((await one(cloud, "prod", { owner })).uid).toBe(uid);
  });

  test("tells each node with its state, address, offering and use of CPU and network, control planes first", async () => {
    const { cloud } = made.open();
    await cloud.clock.pass(120_000);
    const { nodes } = await one(cloud, "prod");
    expect(nodes.map(({ name, role, state }) => `${name} ${role} ${state}`)).toEqual(["prod-control-1 control-plane Running", "prod-worker-1 worker Running", "prod-worker-2 worker Running"]);
    expect(nodes[1]).toMatchObject({ ipAddress: expect.stringMatching(/^10\./), offering: "k8s-2c-4g", cpuCores: 2, memoryMb: 4096, cpuPercent: 10, networkReadKb: 32_768, networkWriteKb: 16_384, diskReadKb: 0, diskWriteKb: 0 });
    // The recorded hypervisor tells nothing of the inside: that is not a memory of which nothing is used.
    expect(nodes[1]).not.toHaveProperty("memoryUsedMb");
    expect(nodes[1]).not.toHaveProperty("version");
  });

  test("with its kubeconfig it asks the cluster too: versions, readiness, and when certificates end", async () => {
    const { cloud, recorded } = made.open();
    const config = kubeconfig({ ...(await sharedIdentity()), name: "prod", endpoint: recorded.endpoint.outputs.endpoint });
    const { nodes } = await one(cloud, "prod", { kubeconfig: config });
    for (const node of nodes) expect(node).toMatchObject({ version: "1.35.4", ready: true, cordoned: false, certificatesEnd: expect.stringMatching(/^\d{4}-/) });
    const other = kubeconfig({ ...(await sharedIdentity()), name: "prod", endpoint: "https://127.90.0.99:6443" });
    await expect(one(cloud, "prod", { kubeconfig: other })).rejects.toThrow(/leads to https:\/\/127\.90\.0\.99:6443, and the API of prod is at/);
  });

  test("a cluster that is not there is an error with the nearest; one of another owner says whose it is", async () => {
    const { cloud } = made.open();
    await expect(one(cloud, "prd")).rejects.toThrow(`there is no cluster prd among what these keys show. Is prod meant? There are prod (uid ${uid}, declared by ${owner}).`);
    await expect(one(cloud, "prod", { owner: "pulumi:a/b/c" })).rejects.toThrow(`pulumi:a/b/c has no cluster prod. There is prod (uid ${uid}, declared by ${owner}).`);
  });

  test("two clusters of one name are an error that tells them apart", async () => {
    const { cloud } = made.open();
    await legacy(cloud);
    await legacy(cloud);
    await expect(one(cloud, "legacy")).rejects.toThrow(/^2 clusters are meant by legacy: legacy \(id .*\); legacy \(id .*\)\. Name one by its uid/);
  });

  test("arguments that are wrong are named before anything is asked", async () => {
    const run = made.open().cloud.newRun();
    await expect(readers.getKubernetesCluster(run.session, { claster: "prod" } as never)).rejects.toThrow(/claster: is not a property of getKubernetesCluster; did you mean "cluster"\?/);
    expect(run.calls).toEqual([]);
  });
});
