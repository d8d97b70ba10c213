import { ClusterError } from "../../provider/core/errors";
import { PartialFailure } from "../../provider/handlers/handler";
import { toFailure } from "../../provider/adapters/pulumi-dynamic/failure";

const inputs = { name: "prod", __provider: "…" };

test("a failure that left something behind carries the id, the properties and the reasons that the engine records", () => {
  const failure = toFailure(new PartialFailure("uid/g1", { size: 2, zone: undefined }, ["deploy prod-worker-3: no capacity", "Run again."]), "Cluster", "create", inputs);
  expect(failure).toMatchObject({ id: "uid/g1", properties: { size: 2, declared: { name: "prod" }, __provider: "…" }, reasons: ["deploy prod-worker-3: no capacity", "Run again."] });
  expect(failure).not.toHaveProperty("properties.zone");
});

test("and what counts as declared from then on, where that is not what was asked for", () => {
  const failure = toFailure(new PartialFailure("uid/g1", { size: 2 }, ["drained too long"], {}, { name: "prod", tags: { team: "shop" } }), "Cluster", "update", inputs);
  expect(failure).toMatchObject({ properties: { declared: { name: "prod", tags: { team: "shop" } }, __provider: "…" } });
});

test("any other failure records nothing", () => {
  expect(toFailure(new ClusterError("there is no zone"), "Cluster", "create", inputs)).not.toHaveProperty("id");
});

test("an error that says all there is to say is shown once and without a stack", () => {
  const failure = toFailure(new ClusterError("there is no zone"), "Cluster", "check", inputs);
  // What cmd/dynamic-provider prints before the engine shows the message.
  expect(`${String(failure)}: ${failure.stack}`).toBe("Cluster check: failed; the error of the resource says why");
  expect(failure.message).toBe("there is no zone");
});

test("a mistake of ours keeps its stack", () => {
  const mistake = new TypeError("x is not a function");
  expect(toFailure(mistake, "Cluster", "check", inputs).stack).toBe(mistake.stack);
});
