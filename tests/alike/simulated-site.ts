/** The simulated hypervisor in virtual time. */
import type { ClusterAccess } from "../../provider/core/ports";
import type { DirectResponse } from "../../provider/emulator";
import { Cloud } from "../core/world/cloud";
import { sharedIdentity } from "../core/world/cluster";
import { TooOld, type Site } from "./site";

export async function simulatedSite(): Promise<Site> {
  const cloud = new Cloud({ expungeDelay: 0 });
  const { mold, kubernetes } = cloud.newRun().world({ owner: "by hand" });
  const ask = async (access: ClusterAccess, path: string): Promise<DirectResponse> => {
    const { hostname, port } = new URL(access.endpoint);
    const answer = await cloud.emulator.request(hostname, Number(port), { method: "GET", path, headers: {}, body: undefined, clientCertificate: access.clientCertificate });
    if (!answer) throw new Error("nobody answers");
    if (answer.status === 410) throw new TooOld(answer.body);
    if (answer.status !== 200) throw new Error(answer.body);
    return answer;
  };
  return {
    clock: cloud.clock,
    identity: await sharedIdentity(),
    mold,
    kubernetes,
    get: async (access, path) => (await ask(access, path)).body,
    // It answers with what has happened since, and ends: the next one goes on from there.
    watch: async (access, path, line) => (await ask(access, path)).body.split("\n").filter(Boolean).forEach(line),
    newRun: () => cloud.newRun(),
    run: (work) => cloud.clock.run(work),
    close: () => cloud.emulator.close(),
  };
}
