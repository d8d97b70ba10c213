/** Rows 4 and 6: where a cluster is. */
import type { Cloud } from "../../core/world/cloud";
import { seen } from "../../core/world/made";
import { refusedByCheck, type Claim } from "../claims";
import { off, unheardOfPlace } from "../switches";
import { list, machinesOf, made, makeNetwork } from "../worlds";

const networksIn = (cloud: Cloud): unknown[] => seen(cloud).networks!.map((network) => network.name);

export const givenNetwork: Claim = {
  says: "`network`: the machines are on it, and it stays when the cluster goes",
  async shows(on) {
    const life = await made(on, { network: "apps" }, (cloud) => makeNetwork(cloud, "apps"));
    expect(networksIn(life.cloud)).toEqual(["apps"]);
    expect((await list(life, "listKubernetesClusters")).map(({ associatednetworkname }) => associatednetworkname)).toEqual(["apps"]);
    await life.destroy();
    expect(networksIn(life.cloud)).toEqual(["apps"]);
  },
  without: (on) => [unheardOfPlace(on, "network")],
};

export const ownNetwork: Claim = {
  says: "without `network` one is made, and goes with the cluster",
  async shows(on) {
    const life = await made(on, {}, (cloud) => makeNetwork(cloud, "apps"));
    expect(networksIn(life.cloud)).toEqual(["apps", expect.stringMatching(/^prod-/)]);
    expect(new Set((await machinesOf(life)).map(({ nic }) => (nic as { networkname: string }[])[0]!.networkname))).toEqual(new Set([life.outputs.networkName]));
    await life.destroy();
    expect(networksIn(life.cloud)).toEqual(["apps"]);
  },
  without: (on) => [
    unheardOfPlace(on, "network", "apps"),
    off<(...given: never[]) => object>("the network is not deleted", "provider/handlers/place-runs", `placeRuns.${on}`, (real) => (...given) => Object.assign(real(...given), { delete: () => Promise.resolve() })),
  ],
};

const balancerOfYours = { network: "lan", externalLoadBalancerIp: "192.0.2.40" };

export const externalBalancer: Claim = {
  says: "`externalLoadBalancerIp`: on a shared network the API is behind the balancer of the user's",
  async shows(on) {
    const life = await made(on, balancerOfYours, (cloud) => makeNetwork(cloud, "lan", "DefaultSharedNetworkOffering"));
    expect(life.outputs.endpoint).toBe("https://192.0.2.40:6443");
    expect((await list(life, "listKubernetesClusters")).map(({ endpoint }) => endpoint)).toEqual(["https://192.0.2.40:6443/"]);
    expect(await list(life, "listPublicIpAddresses")).toEqual([]);
  },
  without: (on) => [
    off<(...given: never[]) => object>("its address is not given out", "provider/handlers/place-runs", `placeRuns.${on}`, (real) => (...given) => {
      const run = real(...given) as { create(): Promise<object> };
      const create = run.create.bind(run);
      return Object.assign(run, { create: async () => ({ ...(await create()), publicIpAddress: "192.0.2.99" }) });
    }),
  ],
  refused: { core: refusedByCheck("externalLoadBalancerIp", balancerOfYours) },
};
