/** Rows 2 and 22: what a cluster has beyond its network. */
import type { Management } from "../../../schema/property";
import type { Cloud } from "../../core/world/cloud";
import type { Life } from "../../core/world/life";
import { send } from "../../core/world/workloads";
import { refusedByCheck, type Claim } from "../claims";
import { unheard } from "../switches";
import { list, made } from "../worlds";

/** Keys that may be put into a cluster. */
const connect = async ({ connections }: Cloud): Promise<void> => void connections.set("inside", { apiUrl: "https://mold.example.com/client/api", apiKey: "inner-key", secretKey: "hush-hush" });

async function inSystem(life: Life): Promise<string[]> {
  const found = await Promise.all(["deployments", "daemonsets"].map((kind) => send(life, "GET", `/apis/apps/v1/namespaces/kube-system/${kind}`)));
  return found.flatMap(({ body }) => (JSON.parse(body) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name)).sort();
}

/** The ISO of 1.35 has both. */
const with_ = (on: Management, addons: object): Promise<Life> => made(on, { version: "1.35", addons: { ...addons, ...(on === "core" ? { credentials: "inside" } : {}) } }, connect);

export const storageDriver: Claim = {
  says: "`addons.csi`: the storage driver, which makes volumes out of Mold's disks",
  async shows(on) {
    const life = await with_(on, { csi: true });
    // Mold's own scripts bring it to its nodes.
    if (on === "mold") expect(await list(life, "listKubernetesClusters")).toMatchObject([{ csienabled: true }]);
    else expect(await inSystem(life)).toEqual(expect.arrayContaining(["cloudstack-csi-controller", "cloudstack-csi-node"]));
  },
  without: (on) => [unheard(on, "addons.csi", false)],
};

export const cloudController: Claim = {
  says: "`addons.cloudController`: services of type LoadBalancer get an address of Mold's",
  async shows(on) {
    expect(await inSystem(await with_(on, { cloudController: true }))).toContain("cloud-controller-manager");
  },
  without: (on) => [unheard(on, "addons.cloudController", false)],
  refused: { mold: refusedByCheck("addons.cloudController", { addons: { cloudController: true } }) },
};
