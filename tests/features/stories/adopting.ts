/** Row 2: a cluster that is there already, made by somebody else. */
import { identityText } from "../../../provider/kubernetes/kubeconfig";
import { Cloud } from "../../core/world/cloud";
import { sharedIdentity } from "../../core/world/cluster";
import { Engine } from "../../core/world/engine";
import { byHand, seen } from "../../core/world/made";
import { refusedByCheck, type Claim } from "../claims";
import { door } from "../door";
import { off, together, unheard, unheardOfPlace } from "../switches";
import { declared, endOf, list } from "../worlds";

/** As somebody makes it at Mold's screens. */
async function atTheScreens(cloud: Cloud): Promise<void> {
  const mold = byHand(cloud);
  const [zone] = await mold.list("listZones", { name: "zone-1" });
  const [offering] = await mold.list("listServiceOfferings", { name: "k8s-2c-4g" });
  const [version] = (await mold.list("listKubernetesSupportedVersions", {})).filter(({ semanticversion }) => semanticversion === "1.34.2");
  await cloud.clock.run(mold.run("createKubernetesCluster", { name: "prod", description: "by hand", zoneid: zone!.id!, kubernetesversionid: version!.id!, serviceofferingid: offering!.id!, size: 2, controlnodes: 1 }));
}

const byAnotherProgram = (cloud: Cloud): Promise<void> => cloud.clock.run(new Engine(declared("core"), "pulumi:organization/project/former").up(cloud.newRun()));

const exported = async (): Promise<{ adoptIdentity: string }> => ({ adoptIdentity: identityText(await sharedIdentity()) });

const owners = (cloud: Cloud): Set<unknown> => new Set((seen(cloud).tags ?? []).flatMap(({ key, value }) => (key === "ablestack-owner" ? [value] : [])));

const notRead = off<(text: string) => unknown>("`adoptIdentity` is not heard", "provider/kubernetes/identity-text", "parseIdentity", () => () => "is not there");

export const adopt: Claim = {
  says: "`adopt`, of a cluster of the core with `adoptIdentity`: the one that is there is taken over as it is, whoever made it, and nothing is left to do",
  async shows(on) {
    const cloud = new Cloud();
    await (on === "core" ? byAnotherProgram(cloud) : atTheScreens(cloud));
    const { machines } = seen(cloud);
    const whole = declared(on, { adopt: true, ...(on === "core" ? await exported() : {}) });
    let plan: readonly string[] = ["not taken over"];
    const taken = door().adopt(cloud, whole).then(async (cluster) => void (plan = await cluster.plan()));
    expect(await endOf(taken)).toBe("done");
    expect(seen(cloud).machines).toEqual(machines);
    expect(owners(cloud)).toEqual(new Set([door().owner]));
    expect(plan).toEqual([]);
  },
  without: (on) => [unheardOfPlace(on, "adopt"), ...(on === "core" ? [notRead] : [])],
};

export const adoptId: Claim = {
  says: "`adoptId`: which of several of that name",
  async shows(on) {
    const cloud = new Cloud();
    await atTheScreens(cloud);
    await atTheScreens(cloud);
    const { id } = (await list({ cloud }, "listKubernetesClusters")).at(-1)!;
    let moldId: string | undefined;
    const taken = door().adopt(cloud, declared(on, { adopt: true, adoptId: id })).then(({ outputs }) => void (moldId = outputs.moldId));
    expect(await endOf(taken)).toBe("done");
    expect(moldId).toBe(id);
  },
  without: (on) => [together("`adoptId` is not heard", unheardOfPlace(on, "adoptId"), unheard(on, "adoptId"))],
  refused: { core: refusedByCheck("adoptId", async () => ({ adopt: true, adoptId: "278ef443-1b9f-48fe-b735-714c29459ce3", ...(await exported()) })) },
};
