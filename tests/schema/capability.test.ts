import { capabilities, capability } from "../../schema/capability";
import { checkInputs } from "../../schema/check";
import { bent, cluster } from "./declarations";

test("every row has an answer for both managements, and every no a reason", () => {
  for (const row of capabilities) for (const able of [row.core, row.mold]) expect(able === true || able.length > 10).toBe(true);
  expect(new Set(capabilities.map((row) => row.subject)).size).toBe(capabilities.length);
});

test("what Mold's own service can't do is known by name", () => {
  expect(capability("mold", "change the number of control planes")).toMatch(/Mold can't change/);
  expect(capability("mold", "replace one control plane")).toMatch(/neither remove nor add/);
  expect(capability("core", "replace one control plane")).toBe(true);
  expect(capability("mold", "delete one worker")).toBe(true);
  expect(capability("core", "workers.autoscaling")).toMatch(/Mold watches/);
  expect(capability("core", "workers.autoscaling.min")).toMatch(/Mold watches/);
  expect(capability("mold", "nodes.*.replace")).toBe(true);
  expect(capability("core", "failedCreate")).not.toBe(true);
  expect(() => capability("core", "fly")).toThrow(/"fly"/);
});

test("check refuses what the table refuses, by name, and asks nothing of what is a default", () => {
  const { failures } = checkInputs("KubernetesCluster", bent(cluster, { management: "mold", template: undefined, affinity: "required", podCidr: "10.244.0.0/16", upgrade: { maxSurge: 2 } }));
  const refused = failures.filter((failure) => failure.reason.startsWith("can't be set")).map((failure) => failure.property);
  expect(refused).toEqual(["affinity", "upgrade"]);
});
