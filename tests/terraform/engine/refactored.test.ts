/** A configuration that is rearranged: rules that `count` numbers move up a list, change ports with each other, are called otherwise. One apply each, by the real Terraform. */
import { TerraformEngine } from "../world/engine";
import { describeWithTerraform } from "../world/with-terraform";

jest.setTimeout(150_000);

const cluster = `
resource "ablestack_cluster_identity" "prod" {
  name = "prod"
  zone = "zone-1"
}
resource "ablestack_kubernetes_cluster" "prod" {
  identity      = ablestack_cluster_identity.prod
  name          = "prod"
  zone          = "zone-1"
  version       = "1.35"
  template      = "debian-13-containerd"
  control_plane = { count = 1, offering = "k8s-2c-4g" }
  workers       = { count = 1, offering = "k8s-2c-4g" }
}
`;
const rules = (name: string, ports: readonly number[], more = ""): string => `
locals {
  ports = [${ports.join(", ")}]
}
resource "ablestack_network_rule" "${name}" {
  count      = length(local.ports)
  name       = "${name}-\${count.index}"
  cluster    = ablestack_kubernetes_cluster.prod.uid
  kind       = "firewall"
  protocol   = "tcp"
  start_port = local.ports[count.index]
  ${more}
}
resource "ablestack_load_balancer" "${name}" {
  count        = length(local.ports)
  name         = "${name}-\${count.index}"
  cluster      = ablestack_kubernetes_cluster.prod.uid
  public_port  = local.ports[count.index]
  private_port = 30000 + local.ports[count.index]
  members      = { role = "worker" }
  ${more}
}
`;

describeWithTerraform("rules that are rearranged", () => {
  let engine: TerraformEngine;
  beforeAll(async () => {
    engine = await TerraformEngine.create({ range: 64 });
    engine.declare(cluster, rules("web", [80, 443, 8080]));
    await engine.init();
  });
  afterAll(() => engine?.close());

  const ports = (): { open: number[]; balanced: number[] } => {
    const { firewallRules, balancers } = JSON.parse(engine.mold.snapshot()) as { firewallRules: { startPort: number }[]; balancers: { publicPort: number }[] };
    const sorted = (all: readonly number[]): number[] => all.filter((port) => port !== 6443).sort((a, b) => a - b);
    return { open: sorted(firewallRules.map(({ startPort }) => startPort)), balanced: sorted(balancers.map(({ publicPort }) => publicPort)) };
  };

  test.each<[string, string, number[], string]>([
    ["three rules are made", "web", [80, 443, 8080], ""],
    ["the first goes, and the others move up", "web", [443, 8080], ""],
    ["they change ports with each other", "web", [8080, 443], ""],
    ["each is called otherwise", "site", [8080, 443], ""],
    ["each is made before it is destroyed", "site", [443, 8080], "lifecycle {\n    create_before_destroy = true\n  }"],
  ])("%s, and a plan has nothing to do", async (_, name, on, more) => {
    engine.declare(cluster, rules(name, on, more));
    await engine.apply();
    const wanted = [...on].sort((a, b) => a - b);
    expect(ports()).toEqual({ open: wanted, balanced: wanted });
    const { code, output } = await engine.run(["plan", "-no-color", "-input=false", "-detailed-exitcode"]);
    expect(code === 0 ? "" : output).toBe("");
  });

  test("destroy leaves nothing", async () => {
    await engine.succeed(["destroy", "-no-color", "-input=false", "-auto-approve"]);
    expect(engine.mold.isEmpty()).toBe(true);
  });
});
