/** What runs in a cluster under test: made by its API as an administrator, in-process. */
import type { Life } from "./life";

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }; readonly spec: { readonly nodeName?: string } }[];
}

export async function send(life: Life, method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<{ status: number; body: string }> {
  const { clientCertificate } = await life.access();
  const headers = { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" };
  const asked = life.cloud.emulator.request(life.endpoint.publicIpAddress, 6443, { method, path, headers, body: body && JSON.stringify(body), clientCertificate });
  const answer = await life.cloud.clock.run(asked);
  if (!answer) throw new Error(`nobody answers ${method} ${path}`);
  return answer;
}

async function make(life: Life, path: string, name: string, object: object): Promise<void> {
  const made = await send(life, "POST", path, { metadata: { name }, ...object });
  const { status, body } = made.status === 409 ? await send(life, "PATCH", `${path}/${name}`, object) : made;
  if (status >= 300) throw new Error(`${path}/${name}: ${status} ${body}`);
}

const labels = (name: string): Record<string, string> => ({ app: name });

/** A deployment, whose pods the simulated scheduler spreads over what is open. */
export const deployment = (life: Life, name: string, replicas: number, requests: { readonly cpu?: string; readonly memory?: string } = {}): Promise<void> =>
  make(life, "/apis/apps/v1/namespaces/default/deployments", name, {
    spec: { replicas, selector: { matchLabels: labels(name) }, template: { metadata: { labels: labels(name) }, spec: { containers: [{ name, image: name, resources: { requests } }] } } },
  });

/** A disruption budget of that deployment; the same again changes it. */
export const budget = (life: Life, name: string, minAvailable: number): Promise<void> =>
  make(life, "/apis/policy/v1/namespaces/default/poddisruptionbudgets", name, { spec: { minAvailable, selector: { matchLabels: labels(name) } } });

/** The deployment's pods, each with the node it is on. */
export async function podsOf(life: Life, name: string): Promise<{ name: string; node: string }[]> {
  const { items } = JSON.parse((await send(life, "GET", "/api/v1/namespaces/default/pods")).body) as Listed;
  return items.filter(({ metadata }) => metadata.labels?.app === name).map(({ metadata, spec }) => ({ name: metadata.name, node: spec.nodeName ?? "" }));
}

/** A service of that type, on port 80. */
export const service = (life: Life, name: string, type: "ClusterIP" | "NodePort" | "LoadBalancer"): Promise<void> =>
  make(life, "/api/v1/namespaces/default/services", name, { spec: { type, selector: labels(name), ports: [{ port: 80 }] } });

/** A persistent volume that lies where `source` says, claimed by `default/<name>`. */
export const volume = (life: Life, name: string, source: object): Promise<void> =>
  make(life, "/api/v1/persistentvolumes", name, { spec: { capacity: { storage: "10Gi" }, accessModes: ["ReadWriteOnce"], claimRef: { namespace: "default", name }, ...source } });
