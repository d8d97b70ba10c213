/**
 * Who runs a cluster, and who declares it, with the real Terraform: both managements are made, told of by every data source, taken over by
 * another configuration as they are, left alone where they were declared before, and destroyed by the one that has them.
 */
import { changing, TerraformEngine } from "../world/engine";
import { describeWithTerraform } from "../world/with-terraform";

jest.setTimeout(300_000);

const place = `name = "prod"\n  zone = "zone-1"`;
const template = `template = "debian-13-containerd"`;

const identity = (more: string): string => `resource "ablestack_cluster_identity" "prod" {\n  ${place}\n  ${more}\n}\n`;
const cluster = (workers: number, more: string): string => `
resource "ablestack_kubernetes_cluster" "prod" {
  identity = ablestack_cluster_identity.prod
  ${place}
  version       = "1.35"
  control_plane = { count = 1, offering = "k8s-2c-4g" }
  workers       = { count = ${workers}, offering = "k8s-2c-4g" }
  comments      = ["made by Terraform"]
  ${more}
}
`;

const told = `
data "ablestack_kubernetes_versions" "all" {
  usable = true
  zone   = "zone-1"
}
data "ablestack_kubernetes_clusters" "all" {
  depends_on = [ablestack_kubernetes_cluster.prod]
}
data "ablestack_kubernetes_cluster" "prod" {
  cluster    = ablestack_kubernetes_cluster.prod.uid
  kubeconfig = ablestack_kubernetes_cluster.prod.kubeconfig
}
data "ablestack_comments" "prod" {
  cluster = ablestack_kubernetes_cluster.prod.uid
}
data "ablestack_network_rules" "prod" {
  cluster = ablestack_kubernetes_cluster.prod.uid
}
data "ablestack_events" "prod" {
  cluster = ablestack_kubernetes_cluster.prod.uid
  limit   = 5
}
output "told" {
  sensitive = true
  value = {
    versions = data.ablestack_kubernetes_versions.all.versions[*].version
    clusters = [for each in data.ablestack_kubernetes_clusters.all.clusters : "\${each.name} \${each.cluster_type} \${each.size}"]
    ready    = [for each in data.ablestack_kubernetes_cluster.prod.nodes : each.role if each.ready]
    comments = data.ablestack_comments.prod.comments[*].text
    https    = [for each in data.ablestack_network_rules.prod.rules : each.start_port if each.kind == "firewall"]
    events   = length(data.ablestack_events.prod.events)
  }
}
`;

interface Told {
  readonly versions: readonly string[];
  readonly clusters: readonly string[];
  readonly ready: readonly string[];
  readonly comments: readonly string[];
  readonly https: readonly number[];
  readonly events: number;
}

const managements = [
  { management: "core", range: 54, type: "ExternalManaged", own: template },
  { management: "mold", range: 55, type: "CloudManaged", own: `management = "mold"` },
] as const;

describe.each(managements)("a cluster with management $management", ({ management, range, type, own }) => {
  describeWithTerraform("with the real Terraform", () => {
    let engine: TerraformEngine;
    const isMold = management === "mold";
    const declare = (owner: string, workers: number, adopt = "", adoptIdentity = ""): void =>
      engine.declareAs(owner, identity(`${isMold ? own : ""}\n  ${adopt}\n  ${adoptIdentity}`), cluster(workers, `${own}\n  ${adopt}`), told, `output "identity" {\n  value     = ablestack_kubernetes_cluster.prod.exported_identity\n  sensitive = true\n}\n`);
    const workspace = (...args: readonly string[]): Promise<string> => engine.succeed(["workspace", ...args]);
    beforeAll(async () => {
      engine = await TerraformEngine.create({ range });
      declare("former", 1);
      await engine.init();
    });
    afterAll(() => engine?.close());

    test("is made, and grows; every data source tells of it, and a plan has nothing to do", async () => {
      await engine.apply();
      declare("former", 2);
      expect(await engine.apply()).toContain("0 added, 1 changed, 0 destroyed");
      expect(engine.machines).toHaveLength(3);
      expect(await engine.attributes("ablestack_kubernetes_cluster.prod")).toMatchObject({ state: "Running", size: 2, management, cluster_type: type });
      const { events, ...seen } = JSON.parse(await engine.succeed(["output", "-json", "told"])) as Told;
      expect(seen.versions.length).toBeGreaterThan(2);
      expect(seen).toMatchObject({ clusters: [`prod ${type} 2`], ready: ["control-plane", "worker", "worker"], comments: ["made by Terraform"] });
      expect(seen.https).toContain(6443);
      expect(events).toBe(5);
      expect(await engine.plan()).toMatchObject({ isEmpty: true });
    });

    test("another configuration takes it over as it is: nothing but whose it is changes, and then there is nothing to do", async () => {
      const uid = (await engine.attributes("ablestack_cluster_identity.prod")).uid;
      engine.write("identity.json", await engine.succeed(["output", "-raw", "identity"]));
      const before = engine.machines;
      await workspace("new", "next");
      if (!isMold) {
        declare("next", 2, "adopt = true");
        expect((await engine.run(["plan", "-no-color", "-input=false"])).output.replace(/\s+/g, " ")).toContain("adopt_identity: is missing: the keys that make it a cluster are in the state of whoever declared it");
      }
      declare("next", 2, "adopt = true", isMold ? "" : `adopt_identity = file("identity.json")`);
      const calls = await engine.callsOf(async () => expect(await engine.apply()).toContain("2 added, 0 changed, 0 destroyed"));
      expect([...new Set(changing(calls))].sort()).toEqual(["createTags", "deleteTags"]);
      expect(engine.machines).toEqual(before);
      expect(await engine.attributes("ablestack_kubernetes_cluster.prod")).toMatchObject({ uid, owner: "terraform:next", size: 2 });
      expect(await engine.plan()).toMatchObject({ isEmpty: true });
    });

    test("where it was declared before an apply is refused, and a destroy leaves it alone; one by the configuration that has it leaves nothing", async () => {
      const before = engine.machines;
      await workspace("select", "default");
      declare("former", 2);
      const refused = await engine.callsOf(async () => {
        const { code, output } = await engine.run(["apply", "-no-color", "-input=false", "-auto-approve"]);
        expect([code, output.replace(/\s+/g, " ")]).toEqual([1, expect.stringMatching(/Error: .*adopt: terraform:next has taken it over, and declares it now/)]);
      });
      // The lock, and nothing else.
      expect(changing(refused)).toEqual(["createTags", "deleteTags"]);
      const calls = await engine.callsOf(() => engine.destroy());
      expect(changing(calls)).toEqual([]);
      await workspace("select", "next");
      declare("next", 2, "adopt = true");
      expect(engine.machines).toEqual(before);
      await engine.destroy();
      expect(engine.mold.isEmpty()).toBe(true);
    });
  });
});
