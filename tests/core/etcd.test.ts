/** etcd by exec where time is virtual: without a socket, and every command is a call at which a run can be killed. */
import { accessOf } from "../../provider/core/desired";
import type { EtcdMember, KubernetesPort } from "../../provider/core/ports";
import type { Session } from "../../provider/handlers/handler";
import { KubernetesError } from "../../provider/kubernetes/errors";
import { Cloud, type KillAt, type Run } from "./world/cloud";
import { create, declaration, owner, sharedIdentity, type Recorded } from "./world/cluster";
import { Engine } from "./world/engine";
import { MadeCluster } from "./world/made";

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

describe("etcd that does not answer in the five seconds of etcdctl, as while its disk is busy", () => {
  const sized = (controlPlanes: number): Record<string, unknown> => declaration({ controlPlanes, workers: 1 });
  let made: MadeCluster;
  beforeAll(async () => {
    made = await MadeCluster.make(sized(3));
  });
  afterAll(() => made.close());

  /** A session whose etcd does as it is told, but answers neither the first `times` orders nor says whether it does. */
  function slow(session: Session, order: "moveEtcdLeader" | "removeEtcdMember" | "etcdMembers", times: number): Session {
    let left = times;
    const unheard = (port: KubernetesPort): KubernetesPort =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          const method = Reflect.get(target, name, receiver) as unknown;
          if (name !== order) return method;
          return async (...given: unknown[]) => {
            const answer = await (method as (...all: unknown[]) => Promise<unknown>).apply(target, given);
            if (left-- <= 0) return answer;
            throw new KubernetesError("unreachable", "etcdctl in etcd-prod-control-1 by https://api: context deadline exceeded.");
          };
        },
      });
    return { ...session, world: (...given) => ({ ...session.world(...given), kubernetes: (access) => unheard(session.world(...given).kubernetes(access)) }) };
  }

  const shrinking = async (order: Parameters<typeof slow>[1], times: number): Promise<{ failure: string; members: () => Promise<string[]> }> => {
    const { cloud, recorded } = made.open();
    const engine = new Engine(sized(3));
    Object.assign(engine.recorded, recorded);
    const run = cloud.newRun();
    const failure = await cloud.clock.run(engine.declare(sized(1)).up({ session: slow(run.session, order, times), throwIfKilled: () => run.throwIfKilled() })).then(
      () => "",
      (error: Error) => error.message,
    );
    const port = cloud.newRun().world({ owner }).kubernetes(accessOf(await sharedIdentity(), recorded.endpoint.outputs));
    return { failure, members: async () => (await cloud.clock.run(port.etcdMembers("prod-control-1"))).map(({ name }) => name) };
  };

  test.each(["moveEtcdLeader", "removeEtcdMember", "etcdMembers"] as const)("is asked again, and the run goes on (%s)", async (order) => {
    const { failure, members } = await shrinking(order, 3);
    expect(failure).toBe("");
    expect(await members()).toEqual(["prod-control-1"]);
  });

  test("ends the run after two minutes, with etcd's own words", async () => {
    const { failure } = await shrinking("etcdMembers", 1000);
    expect(failure).toMatch(/context deadline exceeded\. \(for 12\d s\)\. Bring one back, then run again\./);
  });
});
