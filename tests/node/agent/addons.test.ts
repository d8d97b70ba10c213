/** What a control plane's disc brings beyond Kubernetes: installed and removed as the Node says, by the agent. */
import { controlPlane, worker } from "../bootstraps";
import type { NodeBootstrap } from "../../../provider/node/spec";
import { Machine } from "./machine";

jest.setTimeout(600_000);

const machines: Machine[] = [];
afterEach(() => machines.splice(0).forEach((machine) => machine.remove()));

/** A node of 1.35.4 whose disc had these. */
async function node(spec: NodeBootstrap, ...onDisc: string[]): Promise<Machine> {
  const made = new Machine(spec);
  machines.push(made);
  for (const name of onDisc) made.onDisc("right", name, `kind: List # ${name}\n`);
  await made.boot();
  made.detach();
  made.unset("addon-answers", "manifests");
  return made;
}
const whole = ["provider.yaml", "snapshot-crds.yaml", "manifest.yaml"];
async function ordered(made: Machine, order: string, polls = "2"): Promise<string[]> {
  made.set("wanted-addons", order);
  made.set("polls", polls);
  await made.boot();
  return made.fact("manifests").split("\n").filter((line) => line !== "");
}
const answers = (of: Machine): string[] => of.fact("addon-answers").split("\n");

it("says what its disc had, once", async () => {
  const made = new Machine(await controlPlane());
  machines.push(made);
  for (const name of whole) made.onDisc("right", name, "kind: List\n");
  made.set("polls", "3");
  await made.boot();
  expect(answers(made)).toEqual(["addons-on-disc=cloud-controller csi"]);
  const plain = await node(await controlPlane());
  plain.set("addons-on-disc", "cloud-controller");
  plain.set("polls", "2");
  await plain.boot();
  expect(answers(plain)).toEqual(["addons-on-disc=none"]);
});

it("installs each in order from what it kept of the disc, answers, and does nothing again", async () => {
  const made = await node(await controlPlane(), ...whole);
  expect(await ordered(made, "1.35.4 +cloud-controller +csi")).toEqual(["+provider.yaml", "+snapshot-crds.yaml", "+manifest.yaml"]);
  expect(made.fact("addons")).toBe("1.35.4 +cloud-controller +csi");
  made.unset("manifests");
  expect(await ordered(made, "1.35.4 +cloud-controller +csi", "4")).toEqual([]);
});

it("removes what is marked with a minus, and leaves definitions that others may use", async () => {
  const made = await node(await controlPlane(), ...whole);
  expect(await ordered(made, "1.35.4 +cloud-controller -csi")).toEqual(["+provider.yaml", "-manifest.yaml"]);
});

it("refuses by the name of what its disc did not have, once", async () => {
  const made = await node(await controlPlane(), "provider.yaml");
  expect(await ordered(made, "1.35.4 +csi", "5")).toEqual([]);
  expect(answers(made)).toEqual(["addons=1.35.4 +csi refused: the Kubernetes ISO of 1.35.4 has no manifest.yaml"]);
  // Of which nothing can be there either.
  expect(await ordered(made, "1.35.4 -csi")).toEqual([]);
  expect(made.fact("addons")).toBe("1.35.4 -csi");
  expect(await ordered(made, "1.35.4 +dashboard")).toEqual([]);
  expect(made.fact("addons")).toBe("1.35.4 +dashboard refused: there is no such add-on: +dashboard");
});

it("says why one can't be applied, and tries again", async () => {
  const made = await node(await controlPlane(), "provider.yaml");
  made.set("manifest-fails", "error: the namespace is being deleted");
  expect(await ordered(made, "1.35.4 +cloud-controller")).toEqual([]);
  expect(made.fact("addons")).toBe("1.35.4 +cloud-controller failed: provider.yaml cannot be applied: error: the namespace is being deleted");
  made.unset("manifest-fails");
  expect(await ordered(made, "1.35.4 +cloud-controller")).toEqual(["+provider.yaml"]);
});

it("waits until it is of the version that the order is for", async () => {
  const made = await node(await controlPlane(), ...whole);
  expect(await ordered(made, "1.36.3 +csi", "4")).toEqual([]);
  expect(made.fact("addons")).toBe("");
});

it("is the business of control planes alone", async () => {
  const made = await node(await worker(), ...whole);
  expect(await ordered(made, "1.35.4 +csi")).toEqual([]);
  expect(made.fact("addon-answers")).toBe("");
});
