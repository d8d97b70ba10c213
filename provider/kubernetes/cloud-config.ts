/**
 * The secret that the cloud controller and the storage driver read: how to reach Mold, and as whom. Its name and its key are CloudStack's
 * (cloudstack-kubernetes-provider and cloudstack-csi-driver mount it). They read it as they start only.
 */
import type { V1DaemonSet, V1Deployment, V1Secret } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { CloudConfig } from "../core/ports";
import type { KubernetesRequest, KubernetesResponse } from "./transport";

const name = "cloudstack-secret";
const key = "cloud-config";
const secrets = "/api/v1/namespaces/kube-system/secrets";
const path = `${secrets}/${name}`;
const managedBy = { "app.kubernetes.io/managed-by": "ablestack-kubernetes" };
/** On the secret: what reads it is to be restarted. On a template: for which of its texts that was. */
const restartAnnotation = "ablestack.io/restart";
const configAnnotation = "ablestack.io/cloud-config";

/** Sends a request; answers with what is neither of 2xx nor of `also` are thrown. */
export type Exchange = (request: Pick<KubernetesRequest, "method" | "path"> & Partial<KubernetesRequest>, also?: readonly number[]) => Promise<KubernetesResponse>;

const merge = (body: object): Partial<KubernetesRequest> => ({ headers: { "content-type": "application/merge-patch+json" }, body: JSON.stringify(body) });
const encoded = (text: string): { data: Record<string, string> } => ({ data: { [key]: Buffer.from(text).toString("base64") } });

async function read(exchange: Exchange): Promise<V1Secret | undefined> {
  const answer = await exchange({ method: "GET", path }, [404]);
  return answer.status === 404 ? undefined : (JSON.parse(answer.body) as V1Secret);
}

export async function cloudConfig(exchange: Exchange): Promise<CloudConfig | undefined> {
  const secret = await read(exchange);
  return (
    secret && {
      text: Buffer.from(secret.data?.[key] ?? "", "base64").toString(),
      isOurs: Object.entries(managedBy).every(([label, value]) => secret.metadata?.labels?.[label] === value),
      restarts: secret.metadata?.annotations?.[restartAnnotation] !== undefined,
    }
  );
}

export async function putCloudConfig(exchange: Exchange, text: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "kube-system", labels: managedBy }, type: "Opaque", ...encoded(text) });
  const made = await exchange({ method: "POST", path: secrets, body }, [409]);
  if (made.status !== 409 || (await cloudConfig(exchange))?.text === text) return;
  await exchange({ method: "PATCH", path, ...merge({ metadata: { annotations: { [restartAnnotation]: "needed" } }, ...encoded(text) }) });
}

const reads = ({ spec }: V1Deployment | V1DaemonSet): boolean => (spec?.template.spec?.volumes ?? []).some(({ secret }) => secret?.secretName === name);

/** As `kubectl rollout restart` does it: another annotation is another template. */
export async function restartCloudUsers(exchange: Exchange): Promise<void> {
  const version = (await read(exchange))?.metadata?.resourceVersion ?? "";
  for (const kind of ["deployments", "daemonsets"]) {
    const folder = `/apis/apps/v1/namespaces/kube-system/${kind}`;
    const { items } = JSON.parse((await exchange({ method: "GET", path: folder })).body) as { items: (V1Deployment | V1DaemonSet)[] };
    for (const { metadata } of items.filter(reads)) {
      await exchange({ method: "PATCH", path: `${folder}/${metadata?.name ?? ""}`, ...merge({ spec: { template: { metadata: { annotations: { [configAnnotation]: version } } } } }) });
    }
  }
  await exchange({ method: "PATCH", path, ...merge({ metadata: { annotations: { [restartAnnotation]: null } } }) });
}

export async function deleteCloudConfig(exchange: Exchange): Promise<void> {
  await exchange({ method: "DELETE", path }, [404]);
}
