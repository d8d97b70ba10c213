/** What a CDKTF program declares to Terraform; all of it over cdktf, and over cdktn. */
import type { HighlyAvailableClusterArgs, KubernetesClusterArgs } from "../../sdk/cdktf";
import { engines, imports, synthesized, type Imports, type Synthesized } from "./world/synthesized";
import type { TerraformStack } from "cdktf";

const args: KubernetesClusterArgs = {
  zone: "zone-1",
  version: "1.35",
  template: "debian-13-containerd",
  controlPlane: { count: 3, offering: "k8s-2c-4g" },
  workers: { count: 3, offering: "k8s-2c-4g" },
};

describe.each(engines)("with %s", (engine) => {
  let over: Imports;
  beforeAll(() => void (over = imports(engine)));
  const run = <T>(program: (stack: TerraformStack, sdk: Imports["sdk"]) => T): Synthesized<T> => synthesized(over, (stack) => program(stack, over.sdk));

  describe("KubernetesCluster", () => {
    test("is an identity, and the cluster that takes all of it", () => {
      const { declared, find, addressOf } = run((stack, { KubernetesCluster }) => new KubernetesCluster(stack, "prod", { ...args, network: "apps", management: "core" }));
      expect(declared).toEqual(["cluster_identity prod", "kubernetes_cluster prod"]);
      expect(find("cluster_identity prod")).toEqual({ name: "prod", zone: "zone-1", network: "apps", management: "core" });
      expect(find("kubernetes_cluster prod").identity).toBe(`\${${addressOf("cluster_identity prod")}}`);
      expect(addressOf("kubernetes_cluster prod")).toBe("ablestack_kubernetes_cluster.prod");
    });

    test("its arguments are Pulumi's, and go by Terraform's names", () => {
      const { find } = run(
        (stack, { KubernetesCluster }) => new KubernetesCluster(stack, "prod", { ...args, connection: "seoul", nodes: { "prod-worker-2": { reboot: "2026-11-23 kernel" } }, workers: { ...args.workers, rootDiskGb: 40 } }),
      );
      expect(find("kubernetes_cluster prod")).toMatchObject({
        connection_name: "seoul",
        node_operations: { "prod-worker-2": { reboot: "2026-11-23 kernel" } },
        workers: { count: 3, offering: "k8s-2c-4g", root_disk_gb: 40 },
      });
      expect(find("cluster_identity prod").connection_name).toBe("seoul");
    });

    test("its name is the construct's id unless one is given", () => {
      const { declared } = run((stack, { KubernetesCluster }) => [new KubernetesCluster(stack, "prod", args), new KubernetesCluster(stack, "blue", { ...args, name: "green" })]);
      expect(declared).toEqual(expect.arrayContaining(["cluster_identity prod", "kubernetes_cluster prod", "cluster_identity green", "kubernetes_cluster green"]));
    });

    test("what is protected from being destroyed is so with its identity; what else its lifecycle says is about the cluster", () => {
      const { find } = run((stack, { KubernetesCluster }) => new KubernetesCluster(stack, "prod", { ...args, lifecycle: { preventDestroy: true, ignoreChanges: ["workers"] } }));
      expect(find("cluster_identity prod").lifecycle).toEqual({ prevent_destroy: true });
      expect(find("kubernetes_cluster prod").lifecycle).toEqual({ prevent_destroy: true, ignore_changes: ["workers"] });
    });

    test("a cluster is taken over by its identity, which goes to no other resource; the cluster gives out its own", () => {
      const { find, output, addressOf } = run((stack, { KubernetesCluster }) => {
        const cluster = new KubernetesCluster(stack, "prod", { ...args, adopt: true, adoptIdentity: "{}" });
        new over.cdktf.TerraformOutput(stack, "identity", { value: cluster.exportedIdentity, sensitive: true });
      });
      expect(find("cluster_identity prod")).toMatchObject({ adopt: true, adopt_identity: "{}" });
      expect(find("kubernetes_cluster prod")).not.toHaveProperty("adopt_identity");
      expect(output.identity!.value).toBe(`\${${addressOf("kubernetes_cluster prod")}.exported_identity}`);
    });

    test("its outputs are attributes of the resource, each node's too", () => {
      const { output, addressOf } = run((stack, { KubernetesCluster }) => {
        const cluster = new KubernetesCluster(stack, "prod", args);
        new over.cdktf.TerraformOutput(stack, "kubeconfig", { value: cluster.kubeconfig, sensitive: true });
        new over.cdktf.TerraformOutput(stack, "first", { value: cluster.nodes.get(0).ipAddress });
      });
      const address = addressOf("kubernetes_cluster prod");
      expect(output).toEqual({ kubeconfig: { value: `\${${address}.kubeconfig}`, sensitive: true }, first: { value: `\${${address}.nodes[0].ip_address}` } });
    });
  });

  describe("rules", () => {
    const withRules = (stack: TerraformStack, { KubernetesCluster, NetworkRule, LoadBalancer }: Imports["sdk"]): void => {
      const cluster = new KubernetesCluster(stack, "prod", { ...args, connection: "seoul" });
      new NetworkRule(stack, "https", { cluster, kind: "firewall", protocol: "tcp", startPort: 443 });
      new NetworkRule(stack, "out", { cluster, kind: "egress", protocol: "all" });
      new NetworkRule(stack, "listed", { cluster, kind: "acl", aclId: "acl-1", protocol: "all" });
      new LoadBalancer(stack, "https-balancer", { cluster, name: "shop", publicPort: 443, privatePort: 30443, members: { role: "worker" } });
      new LoadBalancer(stack, "named", { cluster: "k3v9x0a2m7qd", ipAddressId: "address-9", publicPort: 444, privatePort: 30443, members: { role: "worker" } });
    };

    test("a cluster gives its uid, connection and place, and so is made before", () => {
      const { find, addressOf } = run(withRules);
      const address = addressOf("kubernetes_cluster prod");
      const given = { cluster: `\${${address}.uid}`, connection_name: "seoul" };
      for (const what of ["network_rule https", "load_balancer shop"]) {
        expect(find(what)).toMatchObject({ ...given, ip_address_id: `\${${address}.public_ip_address_id}` });
        expect(find(what)).not.toHaveProperty("network_id");
      }
      expect(find("network_rule out")).toMatchObject({ ...given, network_id: `\${${address}.network_id}` });
      expect(find("network_rule out")).not.toHaveProperty("ip_address_id");
    });

    test("an access list that is named is the place by itself", () => {
      const { find } = run(withRules);
      expect(find("network_rule listed").acl_id).toBe("acl-1");
      expect(find("network_rule listed")).not.toHaveProperty("network_id");
    });

    test("a cluster can be named by its uid alone", () => {
      const { find } = run(withRules);
      expect(find("load_balancer named")).toMatchObject({ cluster: "k3v9x0a2m7qd", ip_address_id: "address-9" });
      expect(find("load_balancer named")).not.toHaveProperty("connection_name");
    });

    test("a kind that only Terraform knows leaves the place to the provider", () => {
      const { find, addressOf } = run((stack, { KubernetesCluster, NetworkRule }) => {
        const kind = new over.cdktf.TerraformVariable(stack, "kind", { type: "string" });
        new NetworkRule(stack, "some", { cluster: new KubernetesCluster(stack, "prod", args), kind: kind.value as "firewall", protocol: "all" });
      });
      expect(find("network_rule some")).toEqual({ name: "some", kind: `\${var.kind}`, protocol: "all", cluster: `\${${addressOf("kubernetes_cluster prod")}.uid}` });
    });

    test("a rule without a name is called by its path, so that no two of a stack are the same", () => {
      const { declared } = run((stack, { NetworkRule }) => {
        const rule = { ipAddressId: "address-9", kind: "firewall", protocol: "tcp", startPort: 443 } as const;
        new NetworkRule(stack, "https", rule);
        new NetworkRule(new over.constructs.Construct(stack, "web"), "https", rule);
      });
      expect(declared).toEqual(["network_rule https", "network_rule web/https"]);
    });

    test("what Terraform takes with every resource goes along", () => {
      const { find, addressOf } = run((stack, { KubernetesCluster, NetworkRule }) => {
        const cluster = new KubernetesCluster(stack, "prod", args);
        new NetworkRule(stack, "late", { ipAddressId: "address-9", kind: "firewall", protocol: "all", dependsOn: [cluster], lifecycle: { createBeforeDestroy: true } });
      });
      expect(find("network_rule late")).toMatchObject({ depends_on: [addressOf("kubernetes_cluster prod")], lifecycle: { create_before_destroy: true } });
    });
  });

  describe("HighlyAvailableCluster", () => {
    const ways = (more: Partial<HighlyAvailableClusterArgs> = {}): readonly string[] =>
      run((stack, { HighlyAvailableCluster }) => new HighlyAvailableCluster(stack, "ha", { ...args, ...more })).declared.filter((what) => !/cluster/.test(what));

    test("composes a cluster, and a balancer and a firewall rule for HTTP and HTTPS", () => {
      const { find } = run((stack, { HighlyAvailableCluster }) => new HighlyAvailableCluster(stack, "ha", args));
      expect(ways()).toEqual(["load_balancer ha-http", "load_balancer ha-https", "network_rule ha-http", "network_rule ha-https"]);
      expect(find("kubernetes_cluster ha")).toMatchObject({ zone: "zone-1", control_plane: { count: 3 } });
      expect(find("load_balancer ha-http")).toMatchObject({ public_port: 80, private_port: 30080, members: { role: "worker" } });
      expect(find("load_balancer ha-https")).toMatchObject({ public_port: 443, private_port: 30443, members: { role: "worker" } });
      expect(find("network_rule ha-https")).toMatchObject({ kind: "firewall", protocol: "tcp", start_port: 443 });
    });

    test("takes other ingress ports, or none", () => {
      expect(ways({ ingress: false })).toEqual([]);
      expect(ways({ ingress: { ports: { web: { port: 8080, nodePort: 30088 } } } })).toEqual(["load_balancer ha-web", "network_rule ha-web"]);
    });

    test("two in one stack have nothing in common", () => {
      const { declared } = run((stack, { HighlyAvailableCluster }) => ["blue", "green"].map((id) => new HighlyAvailableCluster(stack, id, args)));
      expect(declared.filter((what) => what.includes("blue"))).toHaveLength(6);
      expect(declared).toHaveLength(12);
    });

    test("a provider is for all of it; what it depends on is waited for by the cluster, and so by the rest", () => {
      const { text, find } = run((stack, { HighlyAvailableCluster, AblestackProvider, NetworkRule }) => {
        const provider = new AblestackProvider(stack, "other", { owner: "acme/shop/dev", alias: "other" });
        const first = new NetworkRule(stack, "first", { ipAddressId: "address-9", kind: "firewall", protocol: "all", provider });
        return new HighlyAvailableCluster(stack, "ha", { ...args, provider, dependsOn: [first] });
      });
      expect(text.match(/"provider": "ablestack.other"/g)).toHaveLength(7);
      expect(find("kubernetes_cluster ha").depends_on).toEqual(["ablestack_network_rule.first"]);
    });

    test("a transform of each kind of child changes its arguments and options", () => {
      const { find } = run(
        (stack, { HighlyAvailableCluster }) =>
          new HighlyAvailableCluster(stack, "ha", {
            ...args,
            firewallRules: { ssh: { protocol: "tcp", startPort: 2222 } },
            portForwards: { ssh: { protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { role: "control-plane" } } },
            transform: {
              cluster: (given) => ({ args: { ...given, description: "Payments" } }),
              ingressBalancer: (given, _opts, name) => (name === "ha-https" ? { args: { ...given, algorithm: "leastconn" } } : undefined),
              ingressFirewall: (given) => ({ args: { ...given, tags: { team: "web" } } }),
              firewallRule: (given) => ({ args: { ...given, cidrList: ["192.0.2.0/24"] } }),
              portForward: (given, opts) => ({ args: given, opts: { ...opts, lifecycle: { preventDestroy: true } } }),
            },
          }),
      );
      expect(find("kubernetes_cluster ha").description).toBe("Payments");
      expect(find("load_balancer ha-https").algorithm).toBe("leastconn");
      expect(find("load_balancer ha-http")).not.toHaveProperty("algorithm");
      expect(find("network_rule ha-http").tags).toEqual({ team: "web" });
      expect(find("network_rule ha-ssh").cidr_list).toEqual(["192.0.2.0/24"]);
      expect(find("network_rule ha-ssh-forward").lifecycle).toEqual({ prevent_destroy: true });
    });

    test("its outputs are the cluster's", () => {
      const { output, addressOf } = run((stack, { HighlyAvailableCluster }) => {
        const ha = new HighlyAvailableCluster(stack, "ha", args);
        for (const name of ["kubeconfig", "endpoint", "ingressIp"] as const) new over.cdktf.TerraformOutput(stack, name, { value: ha[name], sensitive: true });
      });
      const address = addressOf("kubernetes_cluster ha");
      expect([output.kubeconfig, output.endpoint, output.ingressIp].map((each) => each!.value)).toEqual([`\${${address}.kubeconfig}`, `\${${address}.endpoint}`, `\${${address}.public_ip_address}`]);
    });
  });

  test("its classes are that package's", () => {
    const { KubernetesCluster, LoadBalancer, NetworkRule, DataAblestackEvents } = over.sdk;
    for (const each of [KubernetesCluster, LoadBalancer, NetworkRule]) expect(each.prototype).toBeInstanceOf(over.cdktf.TerraformResource);
    expect(DataAblestackEvents.prototype).toBeInstanceOf(over.cdktf.TerraformDataSource);
  });

  test("CDKTF's own matchers see what it declares", () => {
    const { text } = run((stack, { HighlyAvailableCluster }) => new HighlyAvailableCluster(stack, "ha", args));
    const { Testing } = over.cdktf;
    expect(Testing.toHaveResourceWithProperties(text, over.sdk.KubernetesCluster.tfResourceType, { name: "ha", version: "1.35" })).toBe(true);
    expect(Testing.toHaveResourceWithProperties(text, over.sdk.LoadBalancer.tfResourceType, { public_port: 81 })).toBe(false);
    expect(Testing.toHaveProviderWithProperties(text, "ablestack", { owner: "acme/shop/dev" })).toBe(true);
  });

  test("tokens go through wherever a value may stand", () => {
    const { find } = run((stack, { KubernetesCluster, NetworkRule }) => {
      const variable = new over.cdktf.TerraformVariable(stack, "v", {});
      const workers = { count: variable.numberValue, offering: variable.stringValue };
      const cluster = new KubernetesCluster(stack, "prod", { ...args, workers, adopt: variable.booleanValue, comments: variable.listValue, nodes: over.cdktf.Token.asAny(variable.value), tags: { team: variable.stringValue } });
      new NetworkRule(stack, "https", { cluster, kind: "firewall", protocol: "tcp", startPort: variable.numberValue, cidrList: [variable.stringValue] });
    });
    const v = `\${var.v}`;
    expect(find("kubernetes_cluster prod")).toMatchObject({ workers: { count: v, offering: v }, adopt: v, comments: v, node_operations: v, tags: { team: v } });
    expect(find("network_rule https")).toMatchObject({ start_port: v, cidr_list: [v] });
  });

  test("in HCL, objects are attributes as the provider has them, and no blocks", () => {
    const stack = new over.cdktf.TerraformStack(over.cdktf.Testing.app(), "shop");
    new over.sdk.AblestackProvider(stack, "ablestack", { owner: "acme/shop/dev" });
    new over.sdk.HighlyAvailableCluster(stack, "ha", { ...args, nodes: { "ha-worker-1": { reboot: "kernel" } } });
    const hcl = String(over.cdktf.Testing.synthHcl(stack)).replace(/\s+/g, " ");
    for (const expected of ["control_plane = { count = 3", 'node_operations = { ha-worker-1 = { reboot = "kernel" } }', 'members = { role = "worker" }']) expect(hcl).toContain(expected);
  });

  test("data sources answer by attributes", () => {
    const { text } = run((stack, { DataAblestackKubernetesVersions, KubernetesCluster }) => {
      const { versions } = new DataAblestackKubernetesVersions(stack, "usable", { zone: "zone-1", usable: true });
      return new KubernetesCluster(stack, "prod", { ...args, version: versions.get(0).version });
    });
    expect(over.cdktf.Testing.toHaveDataSourceWithProperties(text, "ablestack_kubernetes_versions", { usable: true, zone: "zone-1" })).toBe(true);
    expect(text).toContain(`\${data.ablestack_kubernetes_versions.usable.versions[0].version}`);
  });

  test("without a provider, synthesis says so", () => {
    const stack = new over.cdktf.TerraformStack(over.cdktf.Testing.app(), "shop");
    new over.sdk.HighlyAvailableCluster(stack, "ha", args);
    expect(() => over.cdktf.Testing.synth(stack, true)).toThrow(/provider.*ablestack/s);
  });
});
