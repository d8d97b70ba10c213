/** etcd by exec where time is virtual: without a socket, and every command is a call at which a run can be killed. */
import { accessOf } from "../../provider/core/desired";
import type { EtcdMember, KubernetesPort } from "../../provider/core/ports";
import { Cloud, type KillAt, type Run } from "./world/cloud";
import { create, declaration, owner, sharedIdentity, type Recorded } from "./world/cluster";

beforeAll(sharedIdentity);

/** A cluster with three control planes, and its port for any run. */
async function made(): Promise<{ cloud: Cloud; port: (run: Run) => Promise<KubernetesPort> }> {
  const cloud = new Cloud();
  const recorded: Recorded = {};
  const { endpoint } = await cloud.clock.run(create(cloud.newRun(), recorded, declaration({ workers: 1 })));
  return { cloud, port: async (run) => run.world({ owner }).kubernetes(accessOf(await sharedIdentity(), endpoint.outputs)) };
}

/** The leader hands over and is removed, as when its machine is to leave; whatever of it is done already stays as it is. */
async function dismiss(port: KubernetesPort, leaving: EtcdMember, next: EtcdMember): Promise<void> {
  await port.moveEtcdLeader(next.name, next.id);
  await port.removeEtcdMember(next.name, leaving.id);
}

test("a leader hands over and leaves; killed at any call and run again, it ends the same", async () => {
  const attempt = async (killAt?: KillAt): Promise<readonly string[]> => {
    const { cloud, port } = await made();
    const members = async (): Promise<EtcdMember[]> => cloud.clock.run((await port(cloud.newRun())).etcdMembers("prod-control-2"));
    const before = await members();
    const leaving = before.find(({ isLeader }) => isLeader)!;
    const next = before.find(({ name }) => name === "prod-control-2")!;
    expect(leaving.name).toBe("prod-control-1");
    const run = cloud.newRun({ killAt });
    await cloud.clock.run(dismiss(await port(run), leaving, next)).catch((error: unknown) => {
      if (!run.wasKilled) throw error;
    });
    expect(run.wasKilled).toBe(killAt !== undefined);
    if (run.wasKilled) await cloud.clock.run(dismiss(await port(cloud.newRun()), leaving, next));
    expect((await members()).map(({ name, isLeader }) => `${name}${isLeader ? " leads" : ""}`)).toEqual(["prod-control-2 leads", "prod-control-3"]);
    return run.calls;
  };
  const calls = await attempt();
  const words = calls.map((call) => call.replace("kubernetes exec etcd-prod-control-2 etcdctl ", "").replace(/[0-9a-f]{14,16}$/, "<id>"));
  expect(words).toEqual(["member list", "endpoint status", "move-leader <id>", "member list", "member remove <id>"]);
  for (let call = 1; call <= calls.length; call++) for (const when of ["before", "after"] as const) await attempt({ call, when });
});
