import { createPlan } from "../../provider/adapters/pulumi-dynamic/create-plan";

const declaration = {
  name: "ha",
  zone: "zone-1",
  version: "1.35",
  template: "debian-13-containerd",
  controlPlane: { count: 3, offering: "k8s-2c-4g" },
  workers: { count: 12, offering: "k8s-2c-4g" },
  privateRegistry: { url: "https://registry.example.com", username: "puller", password: "a-password" },
};

test("the plan of a create is a page, however many machines there are", () => {
  const lines = createPlan(declaration);
  expect(lines.length).toBeLessThan(30);
  expect(lines).toContainEqual(expect.stringMatching(/^deploy ha-control-1…3, ha-worker-1…12/));
  expect(lines.at(-1)).toMatch(/^about \d+ s in all$/);
});

test("lines come in the order in which things can begin", () => {
  const lines = createPlan(declaration);
  const at = (text: string): number => lines.findIndex((line) => line.startsWith(text));
  expect(at("make the keys")).toBe(0);
  expect(at("create a network")).toBe(1);
  expect(at("deploy")).toBeLessThan(at("attach"));
  expect(at("attach")).toBeLessThan(at("wait for the API"));
  expect(at("wait for the API")).toBeLessThan(at("detach"));
});

test("it tells whose network is used", () => {
  expect(createPlan({ ...declaration, network: "apps" })[1]).toMatch(/take the network apps/);
});

test("what is not installed is said", () => {
  expect(createPlan(declaration).filter((line) => line.startsWith("leave out"))).toHaveLength(2);
});

test("what is installed is, with whose keys", () => {
  const lines = createPlan({ ...declaration, addons: { csi: true, credentials: "inside" } });
  expect(lines.filter((line) => /^(put the keys|install|leave out)/.test(line))).toEqual([
    "put the keys of the connection inside into ha (its add-ons ask Mold with them)",
    "install the storage driver in ha (from the Kubernetes ISO)",
    "leave out: no cloud controller (services of type LoadBalancer get no address)",
  ]);
});

test("it tells no secret", () => {
  expect(createPlan(declaration).join("\n")).not.toContain("a-password");
});

test("a declaration that is wrong has no plan: check says what is wrong", () => {
  expect(createPlan({ ...declaration, controlPlane: { count: 0, offering: "x" } })).toEqual([]);
});
