/** Valid declarations that tests bend one property at a time. */
export const uid = "k3v9x0a2m7qd";

export const cluster = {
  name: "prod",
  zone: "zone-1",
  version: "1.35.4",
  template: "debian-13",
  controlPlane: { count: 3, offering: "small" },
  workers: { count: 3, offering: "large" },
} as const;

export const firewall = { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 443, cidrList: ["198.51.100.0/24"] } as const;

export const forward = { cluster: uid, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-control-1" } } as const;

export const balancer = { cluster: uid, name: "https", publicPort: 443, privatePort: 30_443, members: { role: "worker" } } as const;

export const connection = { apiUrl: "https://mold.example.com/client/api", apiKey: "key", secretKey: "hush-hush" } as const;

type Tree = { readonly [key: string]: unknown };

/** A copy with other values at some paths; `undefined` takes the property out. */
export function bent(base: Tree, changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy = structuredClone(base) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split(".");
    const last = names.pop() as string;
    let at = copy;
    for (const name of names) {
      if (typeof at[name] !== "object" || at[name] === null) at[name] = {};
      at = at[name] as Record<string, unknown>;
    }
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return copy;
}
