/** Preflight of a hop: certificates with life left (design.md). */
import { endingCertificates } from "../../provider/core/certificate-life";
import { certificatesEndAnnotation } from "../../provider/core/ownership";
import { planCluster } from "../../provider/core/plan";
import { desired, nodeOf, owner, registered, whole } from "./world/observed";

const now = Date.parse("2026-03-01T10:00:00Z");
const node = (name: string, end?: string): { name: string; annotations: Record<string, string> } => ({ name, annotations: end === undefined ? {} : { [certificatesEndAnnotation]: end } });
const ending = (...nodes: ReturnType<typeof node>[]): string[] => endingCertificates(nodes, { now, hopSeconds: 7200 });

test("what lasts as long as the hop may take does, and what ends a second earlier does not", () => {
  expect(ending(node("prod-worker-1", "2026-03-01T12:00:00Z"))).toEqual([]);
  expect(ending(node("prod-worker-1", "2026-03-01T11:59:59Z"))).toEqual([expect.stringMatching(/^certificates of prod-worker-1 end on 2026-03-01 11:59 UTC, and a hop may take 120 min \(timeouts\.upgrade\)/)]);
  expect(ending(node("prod-worker-1", "2025-03-01T12:00:00Z"))).toHaveLength(1);
});

test("nobody is refused a hop because nobody says when certificates end", () => {
  expect(ending(node("prod-control-1"), node("prod-control-2", "soon"), node("prod-control-3", ""))).toEqual([]);
});

test("many are one sentence, with the date of the first of them and what to do about it", () => {
  const many = Array.from({ length: 3000 }, (_, index) => node(`prod-worker-${index + 1}`, `2026-03-01T11:${index === 1234 ? "10" : "30"}:00Z`));
  const [why, ...others] = ending(node("prod-control-1", "2027-01-01T00:00:00Z"), ...many);
  expect(others).toEqual([]);
  expect(why).toMatch(/^certificates of prod-worker-1…3000 \(prod-worker-1235's first\) end on 2026-03-01 11:10 UTC/);
  expect(why).toMatch(/kubectl describe node prod-worker-1235.*or replace the machine \(nodes: \{ "prod-worker-1235": \{ replace: "<why>" \} \}\)$/);
});

test("the preview says it once, of the first hop, and only of nodes that are up and stay: what is NotReady or replaced is mended before", () => {
  const notes = (change: (name: string) => object, nodes: object = {}): readonly string[] => {
    const observed = whole();
    const listed = observed.machines.map(({ name }) => ({ ...nodeOf(name), version: "1.34.2", ...change(name) }));
    const input = { desired: desired({ version: "1.36", ...nodes }), observed: { ...observed, nodes: listed }, owner, versions: registered("1.34.2", "1.35.4", "1.36.3"), former: desired() };
    return (planCluster(input).notes ?? []).filter((note) => note.includes("certificates of"));
  };
  const soon = { annotations: node("", "2026-01-01T01:00:00Z").annotations };
  expect(notes(({ length }) => (length > 0 ? soon : {}))).toEqual([expect.stringMatching(/^prod stays at 1\.34\.2: certificates of prod-control-1…3, prod-worker-1…3 \(prod-control-1's first\) end on 2026-01-01 01:00 UTC/)]);
  expect(notes(() => ({}))).toEqual([]);
  expect(notes((name) => (name === "prod-worker-2" ? { ...soon, ready: false } : {}))).toEqual([]);
  const replacing = { nodes: { "prod-worker-2": { replace: "its agent is dead" } } };
  expect(notes((name) => (name === "prod-worker-2" ? soon : {}), replacing)).toEqual([]);
});
