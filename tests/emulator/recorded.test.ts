/** Replays what a real server was asked and compares: HTTP status, shape, and every value that is not of one cloud alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { plainText, differences, shapeAlone } from "./recorded-shapes";
import { left, stages } from "./recorded-stages";
import { World, type Params } from "./test-client";

interface Recording {
  readonly method?: string;
  readonly request: Readonly<Record<string, string>>;
  readonly status: number;
  readonly response: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly job?: readonly Readonly<Record<string, unknown>>[];
}

const folder = join(__dirname, "..", "recorded");
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, "")).sort();
const recording = (name: string): Recording => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Recording;

/** Where the recorded answer is of one moment or one installation, and the emulator rightly answers otherwise. */
const excused: Readonly<Record<string, RegExp>> = {
  // Seven fields vary with how old an offering is; new ones have them all.
  listServiceOfferings: /\.(gpudisplay): not recorded/,
  // The first event of a chain has no parent, and which one stands on a page is of the moment.
  "listEvents-page": /parentid: recorded, missing/,
};

/** Lists of what this cloud has, or of what happened in it: of these the shape is compared. */
const shapes = new Set([
  "auth-get", "auth-v3-valid", "unknown-parameter", "listZones", "listTemplates", "listServiceOfferings", "listNetworkOfferings",
  "listVPCOfferings", "listCounters", "listKubernetesSupportedVersions2", "listKubernetesSupportedVersions-2", "listEvents", "listEvents-2", "listEvents-3", "listEvents-page", "page",
]);

// The two that have no stage of their own but the shape of another moment.
const same: Readonly<Record<string, string>> = {
  "addVMs-2": "addVMs",
  "listKubernetesSupportedVersions-2": "listKubernetesSupportedVersions2",
  "listEvents-2": "listEvents",
  "listEvents-3": "listEvents",
};

const staged = names.filter((name) => stages[same[name] ?? name] !== undefined);

describe("what a real server answered, the embedded Mold answers", () => {
  test.each(staged)("%s", async (name) => {
    const recorded = recording(name);
    const world = new World({ kubernetesStartTimeout: 150_000, users: [{ name: "admin", admin: true, apiKey: "admin-key", secretKey: "admin-secret" }, { name: "u1", apiKey: "u1-key", secretKey: "u1-secret", ...(name === "user-limit" ? { limits: { user_vm: 0 } } : {}) }], ...(name === "unknown-parameter" ? { strict: false } : {}) });
    const stage = await stages[same[name] ?? name]!(world);
    const { command, response: _json, ...asked } = recorded.request;
    const given: Params = { ...asked, ...stage.params };
    const params = Object.fromEntries(Object.entries(given).filter(([key]) => !/^(apikey|signature)$/i.test(key)));
    const answer = stage.raw === undefined ? await world.call(command ?? "", params, stage.user, name === "auth-get" ? "GET" : "POST") : await world.send(stage.raw);

    const unexcused = (found: string[]): string[] => (shapes.has(name) ? shapeAlone(found) : found).filter((one) => excused[name]?.test(one) !== true);
    expect(answer.status).toBe(recorded.status);
    if (typeof recorded.response === "string") expect(answer.body.text).toBe(recorded.response);
    else expect(unexcused(differences(recorded.response, answer.body))).toEqual([]);
    // Earlier recordings kept no headers; of later ones 401 has no description.
    const description = recorded.headers?.["X-Description"];
    if (description !== undefined) expect(plainText(answer.headers["X-Description"] ?? "")).toBe(plainText(description));
    if (recorded.job !== undefined) {
      const first = recorded.job[0];
      if (first?.jobstatus === 0) {
        const { inner } = await world.call("queryAsyncJobResult", { jobid: answer.inner.jobid as string }, stage.user);
        expect(differences(first, inner)).toEqual([]);
      }
      const { job } = await world.ended(answer.inner.jobid as string, stage.user);
      expect(unexcused(differences(recorded.job.at(-1), job))).toEqual([]);
    }
    await world.emulator.close();
  });

  test("every recording is replayed or says why not", () => {
    const leftOut = names.filter((name) => !staged.includes(name));
    process.stdout.write(`\n  ${staged.length} of ${names.length} recorded answers replayed; left out:\n${leftOut.map((name) => `    ${name}: ${left[name] ?? "no reason given"}`).join("\n")}\n`);
    expect(leftOut.filter((name) => left[name] === undefined)).toEqual([]);
  });
});
