/** The methods of a dynamic provider in terms of a handler. */
import { Provider } from "../../provider/adapters/pulumi-dynamic/provider";
import { unknown } from "../../provider/handlers/handler";
import { declaredBy, handlerOf, session } from "./world/handler";

const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const news = { name: "prod", workers: { count: 3 }, declaredBy, __provider: "…" };
const inputs = { name: "prod", workers: { count: 3 }, declaredBy };

function provider(): { provider: Provider; printed: string[] } {
  const printed: string[] = [];
  return { provider: new Provider(session, (line) => printed.push(line)), printed };
}

test("check hands over the old inputs, and none where there are none", async () => {
  const check = jest.fn(async () => ({ inputs, failures: [], warnings: [] }));
  await provider().provider.check(handlerOf({ check }), {}, news);
  await provider().provider.check(handlerOf({ check }), news, news);
  expect(check).toHaveBeenNthCalledWith(1, session, undefined, inputs);
  expect(check).toHaveBeenNthCalledWith(2, session, inputs, inputs);
});

test("what a stack made under another name stays that one's, whatever the stack is called now; what is new is the present one's", async () => {
  const check = jest.fn(async (_session: unknown, _olds: unknown, given: never) => ({ inputs: given, failures: [], warnings: [] }));
  const handler = handlerOf({ check: check as never });
  const renamed = { ...news, declaredBy: { owner: "pulumi:acme/shop/prod", resource: "ha" } };
  expect((await provider().provider.check(handler, news, renamed)).inputs.declaredBy).toEqual({ owner: declaredBy.owner, resource: "ha" });
  expect((await provider().provider.check(handler, {}, renamed)).inputs.declaredBy).toEqual(renamed.declaredBy);
});

test("check passes unknown values on and gives them back as Pulumi's own", async () => {
  const check = jest.fn(async (_session: unknown, _olds: unknown, given: never) => ({ inputs: given, failures: [], warnings: [] }));
  const checked = await provider().provider.check(handlerOf({ check: check as never }), {}, { ...news, zone: marker });
  expect(check).toHaveBeenCalledWith(session, undefined, { ...inputs, zone: unknown });
  expect(checked.inputs.zone).toBe(marker);
});

test("what is refused names its property, and lets the engine show no value of it", async () => {
  const failures = [{ property: "privateRegistry.password", reason: "is missing" }];
  const checked = await provider().provider.check(handlerOf({ check: async () => ({ inputs, failures, warnings: [] }) }), {}, news);
  expect(checked.failures).toEqual([{ property: "", reason: "privateRegistry.password: is missing" }]);
});

test("warnings are said with the resource they are about", async () => {
  const { provider: it, printed } = provider();
  await it.check(handlerOf({ check: async () => ({ inputs, failures: [], warnings: ["controlPlane.count: 2 survive no failure"] }) }), {}, news);
  expect(printed).toEqual(["warning: prod: controlPlane.count: 2 survive no failure"]);
});

test("diff compares with what was declared, prints the plan, and names whole properties to the engine", async () => {
  const { provider: it, printed } = provider();
  const diff = jest.fn(async () => ({ changes: true, replaces: ["workers.offering", "workers.count"], plan: ["deploy prod-worker-4"] }));
  const answer = await it.diff(handlerOf({ diff }), "id", { size: 3, declared: inputs, __provider: "…" }, news);
  expect(diff).toHaveBeenCalledWith(session, "id", { inputs, outputs: { size: 3 } }, inputs);
  expect(answer).toEqual({ changes: true, replaces: ["workers"], deleteBeforeReplace: true });
  expect(printed).toEqual(["plan of prod:\n  - deploy prod-worker-4"]);
});

test("create and update record what was declared beside what came of it, and nothing undefined", async () => {
  const outputs = { size: 3, account: undefined };
  const handler = handlerOf({ create: async () => ({ id: "id", outputs }), update: async () => ({ outputs }) });
  expect(await provider().provider.create(handler, news)).toEqual({ id: "id", outs: { size: 3, declared: inputs } });
  expect(await provider().provider.update(handler, "id", { declared: inputs }, news)).toEqual({ outs: { size: 3, declared: inputs } });
});

test("what is gone is read as an empty id", async () => {
  const record = { size: 3, declared: inputs };
  expect(await provider().provider.read(handlerOf({ read: async () => undefined }), "id", record)).toEqual({ id: "", props: {} });
  expect(await provider().provider.read(handlerOf({ read: async () => ({ id: "id", outputs: { size: 4 } }) }), "id", record)).toEqual({ id: "id", props: { size: 4, declared: inputs } });
});

test("delete is told the id and all that was recorded", async () => {
  const remove = jest.fn(async () => undefined);
  await provider().provider.delete(handlerOf({ delete: remove }), "uid/generation", { size: 3, declared: inputs });
  expect(remove).toHaveBeenCalledWith(session, "uid/generation", { inputs, outputs: { size: 3 } });
});
