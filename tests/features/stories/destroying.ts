/** Row 15: deleted. */
import type { World } from "../../../provider/core/ports";
import type { Life } from "../../core/world/life";
import { byHand } from "../../core/world/made";
import type { Claim } from "../claims";
import { off } from "../switches";
import { endOf, makeMachine, makeNetwork, opened } from "../worlds";

/** Machine, network and cluster of somebody else's, beside it. */
async function others(life: Life): Promise<void> {
  const mold = byHand(life.cloud);
  await makeNetwork(life.cloud, "theirs");
  await makeMachine(life.cloud, "theirs-1", "theirs");
  const [network] = (await mold.list("listNetworks", {})).filter(({ name }) => name === "theirs");
  await life.cloud.clock.run(mold.run("createKubernetesCluster", { name: "theirs", zoneid: network!.zoneid!, networkid: network!.id!, clustertype: "ExternalManaged" }));
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
