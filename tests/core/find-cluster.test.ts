/** A cluster is found by its name or uid from what Mold shows alone, and where that is not one cluster the error says which there are. */
import { findCluster, type FoundCluster } from "../../provider/core/find-cluster";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import { Cloud, type UserName } from "./world/cloud";
import { declaration, owner, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { changing } from "./world/made";

const other = "pulumi:organization/project/other";
const uids = { prod: "k3x9abcdef01", second: "m4y8bcdefg02" } as const;
const small = { controlPlanes: 1, workers: 1 };
let another: ClusterIdentityOutputs;
beforeAll(async () => {
  await sharedIdentity();
  another = { uid: uids.second, ...(await createClusterCertificates({ uid: uids.second, now: Date.parse("2026-01-01T00:00:00Z") })) };
});

async function find(cloud: Cloud, wanted: string, by?: string, user: UserName = "admin"): Promise<FoundCluster> {
  const run = cloud.newRun({ user });
  const found = await cloud.clock.run(findCluster(run.world({ owner: "" }), wanted, by));
  expect(changing(run)).toEqual([]);
  return found;
}
const refusal = (cloud: Cloud, wanted: string, by?: string, user?: UserName): Promise<string> => find(cloud, wanted, by, user).then(() => "", (error: Error) => error.message);

describe("with two clusters of one name, of two stacks", () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = new Cloud();
    await cloud.clock.run(new Engine(declaration(small)).up(cloud.newRun()));
    await cloud.clock.run(new Engine(declaration(small), other, another).up(cloud.newRun()));
  });

  test("each is found by its uid, and by the name with its owner", async () => {
    const first = { uid: uids.prod, name: "prod", owner };
    expect(await find(cloud, uids.prod)).toEqual(first);
    expect(await find(cloud, "prod", owner)).toEqual(first);
    expect(await find(cloud, "prod", other)).toEqual({ uid: uids.second, name: "prod", owner: other });
  });

  test("the name alone is refused with both", async () => {
    expect(await refusal(cloud, "prod")).toBe(
      `2 clusters are called prod: prod (uid ${uids.prod}, declared by ${owner}); prod (uid ${uids.second}, declared by ${other}). Name one by its uid or its owner.`,
    );
  });

  test("an owner that has none of that name is told whose there are", async () => {
    expect(await refusal(cloud, uids.prod, other)).toBe(`${other} has no cluster ${uids.prod}. There is prod (uid ${uids.prod}, declared by ${owner}).`);
  });

  test("a name that is not there is answered with the nearest, and all that are", async () => {
    expect(await refusal(cloud, "prd")).toMatch(/^there is no cluster prd among what these keys show\. Is prod meant\? There are prod \(uid k3x9abcdef01, .*; prod \(uid m4y8bcdefg02, /);
    // Part of a name is no name.
    expect(await refusal(cloud, "pro")).toMatch(/there is no cluster pro /);
  });

  test("another user sees none of them", async () => {
    expect(await refusal(cloud, "prod", undefined, "user")).toBe("there is no cluster prod among what these keys show, and no other either. Are they the keys (and the project) that it was made with?");
  });
});

describe("in a network of the user's, where no name of a network tells", () => {
  async function made(): Promise<Cloud> {
    const cloud = new Cloud();
    const { mold } = cloud.newRun().world({ owner: "by hand" });
    const [zones, offerings] = await cloud.clock.run(Promise.all([mold.list("listZones", {}), mold.list("listNetworkOfferings", { keyword: "Kubernetes" })]));
    await cloud.clock.run(mold.call("createNetwork", { name: "theirs", zoneid: zones.find(({ name }) => name === "zone-1")!.id!, networkofferingid: offerings[0]!.id! }));
    await cloud.clock.run(new Engine(declaration({ ...small, network: "theirs" })).up(cloud.newRun()));
    return cloud;
  }

  test.each<[string, (cloud: Cloud) => Promise<void>]>([
    ["as it is", () => Promise.resolve()],
    [
      "when its API's rule is gone",
      async (cloud) => {
        const { mold } = cloud.newRun().world({ owner: "by hand" });
        const [rule] = await cloud.clock.run(mold.list("listLoadBalancerRules", {}));
        await cloud.clock.run(mold.run("deleteLoadBalancerRule", { id: rule!.id! }));
      },
    ],
    [
      "when its machines are gone",
      async (cloud) => {
        const { mold } = cloud.newRun().world({ owner: "by hand" });
        for (const { id } of await cloud.clock.run(mold.list("listVirtualMachines", {}))) await cloud.clock.run(mold.run("destroyVirtualMachine", { id: id!, expunge: true }));
      },
    ],
  ])("it is found by name and by uid %s", async (_, meddle) => {
    const cloud = await made();
    await meddle(cloud);
    for (const wanted of ["prod", uids.prod]) expect(await find(cloud, wanted)).toEqual({ uid: uids.prod, name: "prod", owner });
  });
});
