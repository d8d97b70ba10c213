/**
 * Every command that the library sends, with its parameters, is one of the recorded catalogue's. A real server ignores a parameter that it
 * does not know and says nothing, so a slip would do nothing and say nothing.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands as played } from "../../provider/emulator/commands";
import apis from "../../provider/mold/catalogue/apis.json";
import unrecorded from "./unrecorded.json";
import { sentBy, type Sent } from "./world/sent";

interface Catalogued {
  readonly async: boolean;
  readonly params: Readonly<Record<string, { readonly required?: boolean }>>;
}
const catalogue = apis as unknown as Readonly<Record<string, Catalogued>>;
const folders = ["provider/core", "provider/handlers", "provider/cli", "provider/mold"];

/** What a real server would refuse, or silently not do. */
function wrongIn({ command, verb, parameters, always, where }: Sent): string[] {
  const known = Object.hasOwn(catalogue, command) ? catalogue[command] : undefined;
  if (known === undefined) return [`${where}: there is no command ${command}`];
  const isJob = verb === "run" || verb === "start";
  return [
    ...(known.async === isJob ? [] : [`${where}: ${command} ${known.async ? "is a job: run or start" : "answers at once: call or list"}`]),
    ...parameters.filter((name) => !Object.hasOwn(known.params, name)).map((name) => `${where}: ${command} has no parameter ${name}`),
    ...Object.entries(known.params).flatMap(([name, { required }]) => (required === true && !always.includes(name) ? [`${where}: ${command} needs ${name}`] : [])),
  ];
}

let sent: Sent[];
beforeAll(() => {
  sent = sentBy(folders);
}, 240_000);

test("every command and every parameter that is sent is in the catalogue, and nothing that is required is left out", () => {
  expect(sent.length).toBeGreaterThan(80);
  expect(sent.flatMap(wrongIn)).toEqual([]);
});

test("the embedded Mold plays every command that is sent", () => {
  const missing = new Set(sent.map(({ command }) => command).filter((command) => !Object.hasOwn(played, command)));
  expect([...missing]).toEqual([]);
});

test("every command that is sent was recorded from a real server, or is listed with the reason", () => {
  const folder = join(__dirname, "../recorded");
  const recorded = new Set(readdirSync(folder).map((file) => (JSON.parse(readFileSync(join(folder, file), "utf8")) as { request: { command?: string } }).request.command));
  const without = [...new Set(sent.map(({ command }) => command))].filter((command) => !recorded.has(command)).sort();
  expect(without).toEqual(Object.keys(unrecorded).sort());
  const replayed = new Set(sent.map(({ command }) => command));
  process.stdout.write(`\n  ${replayed.size} commands are sent, from ${sent.length} places; ${without.length} of them have no recorded answer:\n${without.map((command) => `    ${command}: ${(unrecorded as Readonly<Record<string, string>>)[command] ?? ""}`).join("\n")}\n`);
});

test("a misspelt parameter, an unknown command, a job that is called and a parameter that is left out are found", () => {
  const text = `import type { MoldPort } from "../core/ports";
declare const mold: any;
const some = { virtualmachineid: "id" };
mold.call("createNetwork", { displayText: "x", ...some, zoneid: "z", name: "n", networkofferingid: "o" });
mold.call("createNetwerk", {});
mold.call("deployVirtualMachine", { zoneid: "z", templateid: "t", serviceofferingid: "s" });
mold.run("deleteNetwork", {});
export type Port = MoldPort;
`;
  const found = sentBy([], { "provider/handlers/wrong.ts": text }).flatMap(wrongIn);
  expect(found).toEqual([
    "provider/handlers/wrong.ts:4: createNetwork has no parameter displayText",
    "provider/handlers/wrong.ts:4: createNetwork has no parameter virtualmachineid",
    "provider/handlers/wrong.ts:5: there is no command createNetwerk",
    "provider/handlers/wrong.ts:6: deployVirtualMachine is a job: run or start",
    "provider/handlers/wrong.ts:7: deleteNetwork needs id",
  ]);
}, 240_000);
