/** What machines are told, for the tests of provider/node. */
import type { ControlPlaneBootstrap, WorkerBootstrap } from "../../provider/node/spec";
import { someCertificates } from "../kubernetes/identity";

const shared = {
  kubernetesVersion: "1.35.4",
  clusterUid: "k3x0vp9aw2m1",
  endpoint: "127.80.0.3:6443",
  token: "abcdef.0123456789abcdef",
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/12",
  joinTimeoutSeconds: 900,
} as const;

export async function controlPlane(changes: Partial<ControlPlaneBootstrap> = {}): Promise<ControlPlaneBootstrap> {
  return { ...shared, nodeName: "prod-control-1", role: "control-plane", action: "init", tokenTtlSeconds: 3600, certificates: await someCertificates(), ...changes };
}

export async function worker(changes: Partial<WorkerBootstrap> = {}): Promise<WorkerBootstrap> {
  return { ...shared, nodeName: "prod-worker-1", role: "worker", action: "join", certificates: await someCertificates(), ...changes };
}
