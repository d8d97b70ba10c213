/** What a program registers with the engine. */
import * as pulumi from "@pulumi/pulumi";
import { HighlyAvailableCluster, KubernetesCluster, LoadBalancer, NetworkRule, type GetNetworkRulesResult, type HighlyAvailableClusterArgs, type KubernetesClusterArgs, type SeenRule } from "../../sdk/pulumi";
import { createClusterCertificates, createUserCertificates } from "../../provider/kubernetes/certificates";
import { resources } from "../../schema/resources";
import { runProgram, valueOf, type Registered } from "./world/program";

const args: KubernetesClusterArgs = {
  zone: "zone-1",
  version: "1.35",
  template: "debian-13-containerd",
  controlPlane: { count: 3, offering: "k8s-2c-4g" },
  workers: { count: 3, offering: "k8s-2c-4g" },
};

describe("KubernetesCluster", () => {
  test("is made of an identity, an endpoint and the machines, in this order and beneath it", async () => {
    const { registered } = await runProgram(() => new KubernetesCluster("prod", args));
    expect(registered.map(({ type, name, parent }) => [type, name, parent])).toEqual([
      ["ablestack:index:KubernetesCluster", "prod", ""],
      ["pulumi-nodejs:dynamic/ablestack:ClusterIdentity", "prod-identity", "KubernetesCluster prod"],
      ["pulumi-nodejs:dynamic/ablestack:ClusterEndpoint", "prod-endpoint", "KubernetesCluster prod"],
      ["pulumi-nodejs:dynamic/ablestack:Cluster", "prod", "KubernetesCluster prod"],
    ]);
  });

  test("each part says who declares it, is deleted before it is replaced, and hides what it declares", async () => {
    const { registered } = await runProgram(() => new KubernetesCluster("prod", args));
    for (const part of registered.slice(1)) {
      expect(part.inputs.declaredBy).toEqual({ owner: "pulumi:acme/shop/dev", resource: part.name });
      expect(part.deleteBeforeReplace).toBe(true);
      expect(part.additionalSecretOutputs).toContain("declared");
    }
  });

  test("what its options say of keeping and of ignoring changes, they say of its parts: as of one resource", async () => {
    const { find } = await runProgram(() => {
      const host = new pulumi.ComponentResource("test:Host", "host");
      return new KubernetesCluster("prod", args, { retainOnDelete: true, deletedWith: host, ignoreChanges: ["workers.count", "zone", 'tags["a.b"]'] });
    });
    for (const part of ["ClusterIdentity prod-identity", "ClusterEndpoint prod-endpoint", "Cluster prod"]) expect(find(part)).toMatchObject({ retainOnDelete: true, deletedWith: "Host host" });
    expect(find("ClusterIdentity prod-identity").ignoreChanges).toEqual(["workers.count", "zone", 'tags["a.b"]']);
    expect(find("Cluster prod").ignoreChanges).toEqual(["workers.count", "zone", 'tags["a.b"]']);
    // It knows nothing of workers and tags.
    expect(find("ClusterEndpoint prod-endpoint").ignoreChanges).toEqual(["zone"]);
  });

  test("its name is the resource's unless one is given", async () => {
    const { find } = await runProgram(() => [new KubernetesCluster("prod", args), new KubernetesCluster("blue", { ...args, name: "green" })]);
    expect(find("ClusterIdentity prod-identity").inputs.name).toBe("prod");
    expect(find("Cluster blue").inputs.name).toBe("green");
  });

  test("the identity gets the whole declaration, the endpoint only what it hangs on", async () => {
    const { find } = await runProgram(() => new KubernetesCluster("prod", { ...args, timeouts: { delete: 60 } }));
    expect(find("ClusterIdentity prod-identity").inputs).toMatchObject(args);
    const { declaredBy, __provider, ...endpoint } = find("ClusterEndpoint prod-endpoint").inputs;
    expect(endpoint).toEqual({ uid: "k3v9x0a2m7qd", name: "prod", zone: "zone-1", timeouts: { create: 3600, delete: 60 } });
  });

  test("keys of the identity are secrets wherever they go", async () => {
    const { find } = await runProgram(() => new KubernetesCluster("prod", args));
    expect(find("ClusterIdentity prod-identity").additionalSecretOutputs).toEqual(["declared", "caKey", "frontProxyCaKey", "etcdCaKey", "serviceAccountKey", "adminKey", "userKey"]);
  });

  test("a registry's password is a secret even when the program doesn't mark it", async () => {
    const { find } = await runProgram(() => new KubernetesCluster("prod", { ...args, privateRegistry: { url: "https://r.example.com", username: "u", password: "a-password" } }));
    for (const part of ["ClusterIdentity prod-identity", "Cluster prod"]) {
      expect(find(part).inputs.privateRegistry).toEqual({ secret: { url: "https://r.example.com", username: "u", password: "a-password" } });
    }
  });

  test("the kubeconfig is a secret and leads to the endpoint", async () => {
    const { result } = await runProgram(() => new KubernetesCluster("prod", args));
    const { known, secret, value } = await valueOf(result.kubeconfig);
    expect({ known, secret }).toEqual({ known: true, secret: true });
    expect(value).toContain('server: "https://203.0.113.7:6443"');
    expect(value).toContain(Buffer.from("ADMIN KEY").toString("base64"));
  });

  test("kubeconfig and endpoint stay known in a preview that changes the machines in place", async () => {
    const { result } = await runProgram(() => new KubernetesCluster("prod", args), { preview: true, unknown: ["Cluster"] });
    expect(await valueOf(result.kubeconfig)).toMatchObject({ known: true, secret: true });
    expect(await valueOf(result.endpoint)).toMatchObject({ known: true, value: "https://203.0.113.7:6443" });
    expect(await valueOf(result.nodes)).toMatchObject({ known: false });
  });

  test("it comes with the certificate of the year, and says when that ends", async () => {
    const certificates = await createClusterCertificates({ uid: "k3v9x0a2m7qd", now: Date.now() });
    const identity = { uid: "k3v9x0a2m7qd", ...certificates, ...(await createUserCertificates({ uid: "k3v9x0a2m7qd", now: Date.now(), ...certificates })) };
    for (const options of [{}, { preview: true, unknown: ["Cluster"] }]) {
      const { result, find } = await runProgram(() => new KubernetesCluster("prod", args), { ...options, outputs: { ClusterIdentity: identity } });
      const { known, secret, value } = await valueOf(result.kubeconfig);
      expect({ known, secret }).toEqual({ known: true, secret: true });
      expect(value).toContain(Buffer.from(identity.userCertificates[0]!).toString("base64"));
      expect(value).toContain(Buffer.from(identity.userKey).toString("base64"));
      const expires = await valueOf(result.kubeconfigExpires);
      expect(expires).toMatchObject({ known: true, secret: false });
      expect(Date.parse(expires.value!) - Date.now()).toBeGreaterThan(365 * 86_400_000);
      // The machines' part has no use for what is made for people.
      expect(find("Cluster prod").inputs.identity).not.toHaveProperty("userKey");
    }
  });

  test("what uses the kubeconfig waits for the machines", async () => {
    const { find } = await runProgram(() => {
      const cluster = new KubernetesCluster("prod", args);
      return new (class extends pulumi.CustomResource {
        constructor() {
          super("test:index:Workload", "web", { kubeconfig: cluster.kubeconfig });
        }
      })();
    });
    expect(find("Workload web").dependencies).toEqual(expect.arrayContaining(["Cluster prod", "ClusterIdentity prod-identity", "ClusterEndpoint prod-endpoint"]));
  });

  test("the preview of a create shows the plan once, with the cluster; that of a change and the real run don't", async () => {
    const shown: string[] = [];
    const info = jest.spyOn(pulumi.log, "info").mockImplementation(async (message) => void shown.push(message));
    await runProgram(() => new KubernetesCluster("prod", args), { preview: true, unknown: ["ClusterIdentity", "ClusterEndpoint", "Cluster"] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown).toEqual([expect.stringMatching(/^plan:\n {2}- make the keys and certificates of prod\n.*deploy prod-control-1…3, prod-worker-1…3/s)]);
    await runProgram(() => new KubernetesCluster("prod", args), { preview: true, unknown: ["Cluster"] });
    await runProgram(() => new KubernetesCluster("prod", args));
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown).toHaveLength(1);
    info.mockRestore();
  });
});

/** What was registered, but for what stands there as left out. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutNulls(inner)] as const]));
  // A secret that holds nothing.
  return entries.length === 0 && "secret" in value ? undefined : Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
};

test("null leaves an argument out, as undefined does: a configuration has it", async () => {
  const nothing = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, null]));
  const given = Object.keys(args);
  const cluster = Object.keys(resources.KubernetesCluster.inputs).filter((name) => !given.includes(name));
  const program = (more: object, rule: object) => (): void => {
    const ha = new HighlyAvailableCluster("ha", { ...args, ...more });
    new NetworkRule("block", { cluster: ha.cluster, kind: "acl", protocol: "all", ...rule });
  };
  const bare = await runProgram(program({}, {}));
  const withNulls = await runProgram(program(nothing([...cluster, "ingress", "firewallRules", "portForwards"]), nothing(["ipAddressId", "networkId", "aclId", "connection", "tags", "number"])));
  const inOrder = ({ registered }: { readonly registered: readonly Registered[] }): unknown => withoutNulls([...registered].sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1)));
  expect(inOrder(withNulls)).toEqual(inOrder(bare));
});

describe("rules", () => {
  const withRules = (): void => {
    const cluster = new KubernetesCluster("prod", { ...args, connection: "seoul" });
    new NetworkRule("https", { cluster, kind: "firewall", protocol: "tcp", startPort: 443 });
    new LoadBalancer("https", { cluster, publicPort: 443, privatePort: 30443, members: { role: "worker" } });
    new LoadBalancer("named", { cluster: cluster.uid, ipAddressId: "address-9", name: "shop", publicPort: 444, privatePort: 30443, members: { role: "worker" } });
  };

  test("a cluster gives its uid, address and connection, and is made before", async () => {
    const { find } = await runProgram(withRules);
    for (const what of ["NetworkRule https", "LoadBalancer https"]) {
      const { inputs, dependencies } = find(what);
      expect(inputs).toMatchObject({ cluster: "k3v9x0a2m7qd", ipAddressId: "address-1", connection: "seoul" });
      expect(dependencies).toContain("Cluster prod");
    }
  });

  test("a cluster can be named by its uid alone", async () => {
    const { find } = await runProgram(withRules);
    expect(find("LoadBalancer named").inputs).toMatchObject({ cluster: "k3v9x0a2m7qd", ipAddressId: "address-9", name: "shop" });
    expect(find("LoadBalancer named").inputs).not.toHaveProperty("connection");
  });

  test("a list goes in as it comes: a constant, another rule's output, what a data source has found", async () => {
    const { find } = await runProgram(() => {
      const office = ["192.0.2.0/24"] as const;
      const web = new LoadBalancer("web", { ipAddressId: "address-9", publicPort: 80, privatePort: 30080, members: { machineIds: ["machine-1"] }, cidrList: office });
      const seen: GetNetworkRulesResult = { rules: [{ cidrList: ["198.51.100.0/24"] } as unknown as SeenRule] };
      const alike = new LoadBalancer("alike", { ipAddressId: "address-9", publicPort: 81, privatePort: 30081, members: { machineIds: web.memberIds }, cidrList: seen.rules[0]!.cidrList });
      return [alike, new HighlyAvailableCluster("ha", { ...args, ingress: { cidrList: office }, apiAccess: { cidrList: office } })];
    });
    expect(find("LoadBalancer alike").inputs).toMatchObject({ cidrList: ["198.51.100.0/24"], members: { machineIds: [] } });
  });

  test("a balancer is called like its resource unless a name is given", async () => {
    const { find } = await runProgram(withRules);
    expect(find("LoadBalancer https").inputs.name).toBe("https");
  });

  test("rules say who declares them and are deleted before they are replaced", async () => {
    const { find } = await runProgram(withRules);
    for (const what of ["NetworkRule https", "LoadBalancer https"]) {
      expect(find(what)).toMatchObject({ deleteBeforeReplace: true, inputs: { declaredBy: { owner: "pulumi:acme/shop/dev", resource: "https" } } });
    }
  });
});

describe("HighlyAvailableCluster", () => {
  const children = async (more: Partial<HighlyAvailableClusterArgs> = {}): Promise<string[]> => {
    const { registered } = await runProgram(() => new HighlyAvailableCluster("ha", { ...args, ...more }));
    return registered.filter(({ parent }) => parent === "HighlyAvailableCluster ha").map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort();
  };

  test("composes a cluster, and a balancer and a firewall rule for HTTP and HTTPS", async () => {
    const { find } = await runProgram(() => new HighlyAvailableCluster("ha", args));
    expect(await children()).toEqual(["KubernetesCluster ha", "LoadBalancer ha-http", "LoadBalancer ha-https", "NetworkRule ha-http", "NetworkRule ha-https"]);
    expect(find("LoadBalancer ha-http").inputs).toMatchObject({ publicPort: 80, privatePort: 30080, members: { role: "worker" } });
    expect(find("LoadBalancer ha-https").inputs).toMatchObject({ publicPort: 443, privatePort: 30443, members: { role: "worker" } });
    expect(find("NetworkRule ha-https").inputs).toMatchObject({ kind: "firewall", protocol: "tcp", startPort: 443 });
  });

  test("takes other ingress ports, or none", async () => {
    expect(await children({ ingress: false })).toEqual(["KubernetesCluster ha"]);
    expect(await children({ ingress: { ports: { web: { port: 8080, nodePort: 30088 } } } })).toEqual(["KubernetesCluster ha", "LoadBalancer ha-web", "NetworkRule ha-web"]);
  });

  test("makes the firewall rules and port forwards that are asked for", async () => {
    const { find } = await runProgram(
      () =>
        new HighlyAvailableCluster("ha", {
          ...args,
          ingress: { cidrList: ["198.51.100.0/24"] },
          firewallRules: { ssh: { protocol: "tcp", startPort: 2222, cidrList: ["192.0.2.0/24"] } },
          portForwards: { ssh: { protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "ha-control-1" } } },
        }),
    );
    expect(find("NetworkRule ha-http").inputs.cidrList).toEqual(["198.51.100.0/24"]);
    expect(find("NetworkRule ha-ssh").inputs).toMatchObject({ kind: "firewall", startPort: 2222, cidrList: ["192.0.2.0/24"], cluster: "k3v9x0a2m7qd" });
    expect(find("NetworkRule ha-ssh-forward").inputs).toMatchObject({ kind: "portForward", privateStartPort: 22, target: { node: "ha-control-1" } });
  });

  test("its outputs are the cluster's", async () => {
    const { result } = await runProgram(() => new HighlyAvailableCluster("ha", args));
    expect(await valueOf(result.ingressIp)).toMatchObject({ value: "203.0.113.7" });
    expect(await valueOf(result.nodes)).toMatchObject({ value: [{ name: "ha-control-1" }] });
    expect(await valueOf(result.kubeconfig)).toMatchObject({ secret: true });
  });

  test("its options are those of its children; what it ignores is the cluster's, whose arguments it takes", async () => {
    const { find } = await runProgram(() => new HighlyAvailableCluster("ha", args, { retainOnDelete: true, ignoreChanges: ["workers"] }));
    for (const part of ["Cluster ha", "ClusterIdentity ha-identity", "ClusterEndpoint ha-endpoint", "LoadBalancer ha-http", "NetworkRule ha-http"]) expect(find(part).retainOnDelete).toBe(true);
    expect([find("Cluster ha").ignoreChanges, find("LoadBalancer ha-http").ignoreChanges]).toEqual([["workers"], []]);
  });

  test("a transform of each kind of child changes its arguments and options", async () => {
    const { find } = await runProgram(
      () =>
        new HighlyAvailableCluster("ha", {
          ...args,
          firewallRules: { ssh: { protocol: "tcp", startPort: 2222 } },
          portForwards: { ssh: { protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { role: "control-plane" } } },
          transform: {
            cluster: (given) => ({ args: { ...given, description: "Payments" } }),
            ingressBalancer: (given, _opts, name) => (name === "ha-https" ? { args: { ...given, algorithm: "leastconn" } } : undefined),
            ingressFirewall: (given) => ({ args: { ...given, tags: { team: "web" } } }),
            firewallRule: (given) => ({ args: { ...given, cidrList: ["192.0.2.0/24"] } }),
            portForward: (given, opts) => ({ args: given, opts: { ...opts, parent: undefined } }),
          },
        }),
    );
    expect(find("Cluster ha").inputs.description).toBe("Payments");
    expect(find("LoadBalancer ha-https").inputs.algorithm).toBe("leastconn");
    expect(find("LoadBalancer ha-http").inputs).not.toHaveProperty("algorithm");
    expect(find("NetworkRule ha-http").inputs.tags).toEqual({ team: "web" });
    expect(find("NetworkRule ha-ssh").inputs.cidrList).toEqual(["192.0.2.0/24"]);
    expect(find("NetworkRule ha-ssh-forward").parent).toBe("");
  });
});
