/** A program that is rearranged: rules change ports with each other, move up a list, are called otherwise, get another parent; a stack that is renamed. One `up` each, on the real engine. */
import { tagKeys } from "../../provider/core/ownership";
import { TestStack } from "./world/stack";

jest.setTimeout(150_000);

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.create({ range: 63 });
});
afterAll(() => stack?.close());

const program = (rules: string): string => `import { KubernetesCluster, LoadBalancer, NetworkRule } from "ablestack-kubernetes";
import * as pulumi from "@pulumi/pulumi";
const { uid: cluster } = new KubernetesCluster("prod", { zone: "zone-1", version: "1.35", template: "debian-13-containerd", controlPlane: { count: 1, offering: "k8s-2c-4g" }, workers: { count: 1, offering: "k8s-2c-4g" } });
const balancer = (name: string, publicPort: number, opts?: pulumi.CustomResourceOptions) => new LoadBalancer(name, { cluster, publicPort, privatePort: 30000 + publicPort, members: { role: "worker" } }, opts);
const open = (name: string, startPort: number, opts?: pulumi.CustomResourceOptions) => new NetworkRule(name, { cluster, kind: "firewall", protocol: "tcp", startPort }, opts);
const both = (name: string, port: number, opts?: pulumi.CustomResourceOptions) => [balancer(name, port, opts), open(name, port, opts)];
${rules}
`;
const list = (...ports: number[]): string => `[${ports.join()}].forEach((port, at) => both(\`web-\${at}\`, port));\n`;

/** What is open, and what leads to workers: each port with the resource whose rule it is. */
function ports(): { open: string[]; balanced: string[] } {
  const { balancers, tags } = JSON.parse(stack.mold.snapshot()) as { balancers: { publicPort: number; name: string }[]; tags: { resourceId: string; key: string; value: string }[] };
  // A snapshot tells a rule by its ports.
  const open = tags.flatMap(({ resourceId, key, value }) => (key === tagKeys.resource && resourceId.startsWith("firewallRules:") ? [`${/(\d+)-/.exec(resourceId)![1]!} ${value}`] : []));
  return { open: open.sort(), balanced: balancers.flatMap(({ publicPort, name }) => (publicPort === 6443 ? [] : [`${publicPort} ${name}`])).sort() };
}

/** Brings the program there in one `up`, after which nothing is left to do. */
async function expectAfter(rules: string, on: readonly string[]): Promise<void> {
  stack.write("index.ts", program(rules));
  await stack.up();
  expect(ports()).toEqual({ open: [...on].sort(), balanced: [...on].sort() });
  expect(await stack.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
}

test.each<[string, string, string[]]>([
  ["three rules are made", list(80, 443, 8080), ["80 web-0", "443 web-1", "8080 web-2"]],
  ["they change ports with each other", list(443, 8080, 80), ["443 web-0", "8080 web-1", "80 web-2"]],
  ["the first goes, and the others move up the list", list(8080, 80), ["8080 web-0", "80 web-1"]],
  ["each is called otherwise", `both("api", 8080); both("site", 80);`, ["8080 api", "80 site"]],
  ["one has another parent, without an alias", `const parent = new pulumi.ComponentResource("test:Rules", "rules"); both("api", 8080, { parent }); both("site", 80);`, ["8080 api", "80 site"]],
])("%s", async (_, rules, on) => {
  await expectAfter(rules, on);
});

test("the stack is renamed: nothing is to be done, and changes go on as before", async () => {
  await stack.succeed(["stack", "rename", "renamed"]);
  expect(await stack.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
  await expectAfter(`both("api", 443); both("site", 80);`, ["443 api", "80 site"]);
});

test("destroy leaves nothing in the Mold", async () => {
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});
