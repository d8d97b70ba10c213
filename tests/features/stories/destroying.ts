/** Row 15: deleted. */
import type { World } from "../../../provider/core/ports";
import type { Life } from "../../core/world/life";
import { byHand } from "../../core/world/made";
import type { Claim } from "../claims";
import { off } from "../switches";
import { endOf, opened } from "../worlds";

/** Machine, network and cluster of somebody else's, beside it. */
async function others(life: Life): Promise<void> {
  const mold = byHand(life.cloud);
  const [network] = await mold.list("listNetworks", {});
  const [offering] = await mold.list("listServiceOfferings", { name: "k8s-2c-2g" });
  const [template] = await mold.list("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" });
  const { id } = await mold.call("createNetwork", { name: "theirs", displaytext: "theirs", zoneid: network!.zoneid!, networkofferingid: network!.networkofferingid! });
  await life.cloud.clock.run(mold.run("deployVirtualMachine", { zoneid: network!.zoneid!, serviceofferingid: offering!.id!, templateid: template!.id!, networkids: [id!], name: "theirs-1" }));
  await life.cloud.clock.run(mold.run("createKubernetesCluster", { name: "theirs", zoneid: network!.zoneid!, networkid: id, clustertype: "ExternalManaged" }));
}

const tables = ["machines", "networks", "clusters", "balancers", "firewallRules", "forwards", "affinityGroups", "tags"] as const;

export const destroy: Claim = {
  says: "`delete`: machines, network, address, rules and record go, nothing of anybody else's does",
  async shows(on) {
    const life = opened(on);
    await others(life);
    expect(await endOf(life.destroy())).toBe("done");
    const left = JSON.parse(life.cloud.emulator.snapshot()) as Record<string, readonly { name?: string }[]>;
    expect(tables.flatMap((table) => (left[table] ?? []).map(({ name }) => `${table} ${name ?? ""}`))).toEqual(["machines theirs-1", "networks theirs", "clusters theirs"]);
  },
  without: (on) => [
    off<(owner: { world: World }) => Promise<object[]>>("networks of others are taken for its own", "provider/core/own-network", "ownNetworks", () => ({ world }) => world.mold.list("listNetworks", {})),
    off<(...given: never[]) => object>("the place is not deleted", "provider/handlers/place-runs", `placeRuns.${on}`, (real) => (...given) => Object.assign(real(...given), { delete: () => Promise.resolve() })),
  ],
};
