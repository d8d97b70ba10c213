/** Every recorded answer of a real server is read as what it is. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MoldErrorKind } from "../../provider/core/ports";
import { isObject, itemsOf, read, unwrap } from "../../provider/mold/answers";
import { createMoldClient } from "../../provider/mold/client";
import { MoldError } from "../../provider/mold/errors";
import { jobResult } from "../../provider/mold/jobs";
import { moldErrorOf } from "./rejection";
import { KeptLog, scriptedTransport, settings } from "./scripted-mold";
import { VirtualClock } from "./virtual-clock";

interface Sample {
  readonly request: Record<string, string>;
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly response: unknown;
  readonly job?: Record<string, unknown>[];
}
const folder = join(__dirname, "..", "recorded");
const samples = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, Sample] => [name.replace(".json", ""), JSON.parse(readFileSync(join(folder, name), "utf8")) as Sample]);
const bodyOf = ({ response }: Sample): string => (typeof response === "string" ? response : JSON.stringify(response));

const kindOf: Record<number, MoldErrorKind> = { 401: "credentials", 430: "refused", 431: "refused", 432: "forbidden", 530: "refused", 531: "forbidden", 533: "capacity", 535: "limit", 537: "conflict" };

/** A client whose server gives one answer to everything, asked for a list whatever the sample's command was (some are unknown or lack parameters). */
function clientFor(sample: Sample) {
  const { transport, calls } = scriptedTransport(() => ({ status: sample.status, headers: { "content-type": sample.headers?.["Content-Type"] ?? "application/json" }, body: bodyOf(sample) }));
  return { calls, client: createMoldClient(settings(), { clock: new VirtualClock(), log: new KeptLog(), transport, random: () => 0 }) };
}

const errors = samples.filter(([, sample]) => sample.status !== 200 && typeof sample.response !== "string");
const lists = samples.filter(([, sample]) => sample.status === 200 && sample.request.command?.startsWith("list"));
const jobs = samples.filter(([, sample]) => sample.job !== undefined);
const once = samples.filter(([, sample]) => sample.status === 200 && !sample.request.command?.startsWith("list") && !sample.job);

test("there are samples of every kind", () => expect([errors.length, lists.length, jobs.length, once.length].every((count) => count > 10)).toBe(true));

describe("refusals", () => {
  test.each(errors)("%s becomes an error in Mold's words, sent once", async (_, sample) => {
    const { client, calls } = clientFor(sample);
    const said = (Object.values(sample.response as object)[0] as { errortext: string }).errortext;
    const error = await moldErrorOf(client.list("listZones", {}, { resource: "KubernetesCluster prod: machine prod-worker-2", property: "workers.offering" }));
    expect(error).toMatchObject({ name: "MoldError", kind: kindOf[sample.status], code: sample.status, command: "listZones", said: said.trim().replace(/\.$/, "") });
    expect(error.message).toMatch(/^KubernetesCluster prod: machine prod-worker-2: listZones /);
    expect(error.message).toContain("(property `workers.offering`)");
    expect(error.message).toContain(said.trim().replace(/\.$/, ""));
    expect(calls.length).toBe(1);
  });

  test("an answer in XML is none of an API called for JSON", async () => {
    const xml = samples.find(([name]) => name === "xml-default")?.[1] as Sample;
    const error = await moldErrorOf(clientFor(xml).client.list("listZones", {}));
    expect(error).toMatchObject({ kind: "unreachable" });
    expect(error.message).toMatch(/not a Mold API \(HTTP 401, text\/xml\).*ablestack:apiUrl/s);
  });
});

describe("answers at once", () => {
  test.each(lists)("%s: all its items", async (_, sample) => {
    const inner = Object.values(sample.response as object)[0] as Record<string, unknown>;
    const items = Object.values(inner).find(Array.isArray) ?? [];
    const reading = read(sample.status, bodyOf(sample));
    expect(reading.is).toBe("answer");
    if (reading.is === "answer") expect(itemsOf(reading.inner)).toEqual({ items, count: inner.count });
  });

  test.each(once)("%s: the object inside", (_, sample) => {
    const reading = read(sample.status, bodyOf(sample));
    if (reading.is !== "answer") throw new Error(reading.is);
    const object = unwrap(reading.inner);
    expect("id" in object || "success" in object || "virtualmachineid" in object || "jobid" in object).toBe(true);
    expect(Object.values(object).length).toBeGreaterThan(0);
  });
});

describe("jobs", () => {
  test.each(jobs)("%s: its object, or Mold's words", (_, sample) => {
    const polls = sample.job ?? [];
    const last = polls.at(-1) as Record<string, unknown>;
    const result = last.jobresult as Record<string, unknown>;
    for (const poll of polls.slice(0, -1)) expect(jobResult("any", poll)).toBeUndefined();
    if (last.jobstatus === 2) {
      const code = result.errorcode as number;
      expect(() => jobResult("any", last)).toThrow(MoldError);
      expect(() => jobResult("any", last)).toThrow(expect.objectContaining({ kind: kindOf[code], code, jobId: last.jobid, said: String(result.errortext).trim().replace(/\.$/, "") }));
    } else {
      const [inside] = Object.values(result);
      expect(jobResult("any", last)).toEqual(isObject(inside) ? inside : result);
    }
  });
});
