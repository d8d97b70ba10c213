/** What an operator or a pipeline sees without a stack: the command as a process of its own, against the embedded Mold over HTTP. */
import { owner } from "../core/world/cluster";
import { Engine } from "../core/world/engine";
import { managed, managedIdentity } from "../core/managed/managed";
import { served, uid, type Ran, type Served } from "./world/served";

let here: Served;

beforeAll(async () => {
  here = await served("127.84.10.0/24");
}, 120_000);
afterAll(() => here.close());

/** Nothing that it asks changes anything. */
async function look(words: string): Promise<Ran> {
  here.emulator.clearCalls();
  const ran = await here.run(words);
  expect(here.emulator.calls().length).toBeGreaterThan(0);
  expect(here.emulator.calls().filter(({ changing }) => changing)).toEqual([]);
  return ran;
}

const declared = (more: object = {}): string =>
  here.written(
    "declared.json",
    JSON.stringify({ name: "prod", zone: "zone-1", version: "1.35", template: "debian-13-containerd", controlPlane: { count: 1, offering: "k8s-2c-4g" }, workers: { count: 1, offering: "k8s-2c-4g" }, ...more }),
  );

test("list: a line for each cluster, with the columns of Mold's page", async () => {
  const { code, out, err } = await look("list");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const [heading, line, ...more] = out.trimEnd().split("\n");
  expect(heading!.split(/ {2,}/)).toEqual(expect.arrayContaining(["NAME", "STATE", "CONTROL", "SIZE", "AUTOSCALING", "CORES", "MEMORY", "TYPE", "ACCOUNT", "ZONE"]));
  expect(line).toMatch(new RegExp(`^prod +Running .* 1 +1 +off +4 +8 GB +ExternalManaged +\\w+ +zone-1 +${uid}$`));
  expect(more).toEqual([]);
}, 30_000);

test("show: one cluster, its nodes, and what of it is said, as text and as JSON", async () => {
  const { code, out } = await look("show prod");
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^name: +prod$`, "m"));
  expect(out).toMatch(new RegExp(`^declared by: +${owner}$`, "m"));
  expect(out).toMatch(/^NODE .*\nprod-control-1 +control-plane +Running/m);
  const asked = await look(`show ${uid} -o json`);
  expect(JSON.parse(asked.out)).toMatchObject({ name: "prod", uid, nodes: [{ name: "prod-control-1" }, { name: "prod-worker-1" }] });
}, 60_000);

test("nodes: with the cluster's kubeconfig also what it alone knows", async () => {
  expect((await look("nodes prod")).out).not.toContain("READY");
  const { out } = await look(`nodes prod --kubeconfig ${here.config}`);
  expect(out.split("\n")[2]).toMatch(/^prod-worker-1 +worker +Running +yes +1\.35\.4 +10\.\S+ +k8s-2c-4g +2 cores.* 4 GB/);
  const { out: json } = await look(`nodes prod --kubeconfig ${here.config} --output json`);
  expect(JSON.parse(json)).toMatchObject([{ ready: true, version: "1.35.4" }, { ready: true, version: "1.35.4" }]);
}, 60_000);

test("events: what happened, the newest last; that nothing did is said", async () => {
  const { code, out } = await look("events prod --limit 5");
  expect(code).toBe(0);
  expect(out.trimEnd().split("\n")).toHaveLength(6);
  expect(out).toMatch(/^TIME \(UTC\) +LEVEL +TYPE +ABOUT/);
  expect((await look("events prod --level ERROR")).out).toMatch(/^Nothing happened to it in the last 24 hours/);
  expect(await here.run("events prod --limit 0")).toMatchObject({ code: 2, err: expect.stringContaining("limit: is 0; must be between 1 and 10000") });
}, 60_000);

describe("path", () => {
  test("the hops with the registered versions and their ISOs, in each zone", async () => {
    const { code, out } = await look("path 1.34 1.36");
    expect(code).toBe(0);
    expect(out).toMatch(/^In zone-1, from 1\.34\.\d+:\nHOP +FROM +TO +ISO/);
    expect(out).toMatch(/^1 +1\.34\.\d+ +1\.35\.\d+ +\S*1\.35\.\d+\S*/m);
    expect(out).toMatch(/^2 +1\.35\.\d+ +1\.36\.\d+ /m);
  }, 30_000);

  test("a gap is named, and the exit code is 1", async () => {
    const { code, out } = await look("path 1.34 1.38 --output json");
    expect(code).toBe(1);
    const [zone] = JSON.parse(out) as { missing: string[]; hops: unknown[] }[];
    expect(zone!.missing.join("\n")).toMatch(/no Kubernetes version 1\.37 is registered.*\n.*1\.38/s);
  }, 30_000);
});

describe("plan FILE", () => {
  test("of what is there already: nothing to do, and what was taken to be so is said", async () => {
    const { code, out } = await look(`plan ${declared()} --kubeconfig ${here.config}`);
    expect({ code, out }).toEqual({ code: 0, out: `prod (uid ${uid}), declared by ${owner}\n\nAn up would do nothing: it is as declared.\n\nNothing was changed.\n` });
  }, 30_000);

  test("of a change: the steps and why", async () => {
    const { code, out } = await look(`plan ${declared({ workers: { count: 2, offering: "k8s-2c-4g" } })} --kubeconfig ${here.config}`);
    expect(code).toBe(0);
    expect(out).toMatch(/An up would:\n.*deploy prod-worker-2/s);
    expect(out).not.toContain("prod-worker-1 ");
  }, 30_000);

  test("of one that is not there: the plan of a create", async () => {
    const { code, out } = await look(`plan ${declared({ name: "blue" })}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^blue is not there yet\n\nAn up would:\n {2}- make the keys and certificates of blue\n/);
    const json = JSON.parse((await look(`plan ${declared({ name: "blue" })} --json`)).out) as { plan: string[]; problems: unknown[] };
    expect(json).toMatchObject({ name: "blue", problems: [] });
  }, 60_000);

  test("of one that Mold is to run: what Mold is asked for; and of one that it runs what it would be asked for, by the cluster's own word", async () => {
    const molds = (more: object): string => declared({ name: "green", template: undefined, management: "mold", version: "1.34", ...more });
    expect((await look(`plan ${molds({})}`)).out).toMatch(/green is not there yet\n\nAn up would:\n.*have Mold make green: Kubernetes 1\.34/s);
    const engine = new Engine(managed({ name: "green", workers: 1 }), owner, { ...managedIdentity, uid: "c2i9abcdef01" });
    await engine.up(here.asRun);
    expect((await look(`plan ${molds({})}`)).out).toMatch(/An up would do nothing: it is as declared/);
    const { code, out } = await look(`plan ${molds({ workers: { count: 2, offering: "k8s-2c-4g" }, version: "1.35" })}`);
    expect(code).toBe(0);
    expect(out).toMatch(/have Mold upgrade green from 1\.34\.2 to 1\.35\.4.*have Mold make 1 more worker of green/s);
    expect(await look(`plan ${molds({ controlPlane: { count: 3, offering: "k8s-2c-4g" } })}`)).toMatchObject({ code: 1, out: expect.stringMatching(/controlPlane\.count: is 3, and the cluster has 1: Mold can't change/) as unknown });
    await engine.destroy(here.asRun);
  }, 180_000);

  test("of what can't be: each property with what was found, exit code 1, and no secret of the file", async () => {
    const wrong = declared({ workers: { count: 1, offering: "k8s-2c-4gb" }, version: "1.99", privateRegistry: { url: "https://r.example.com", username: "u", password: "the-password" } });
    const { code, out } = await look(`plan ${wrong}`);
    expect(code).toBe(1);
    expect(out).toMatch(/It can't be done:\n.*version: no Kubernetes version 1\.99 is registered.*workers\.offering: there is no compute offering "k8s-2c-4gb"\. Nearest: k8s-2c-4g/s);
    expect(out).not.toContain("the-password");
    const file = here.written("broken.yaml", "name: prod\n  password: [the-password");
    expect(await here.run(`plan ${file}`)).toMatchObject({ code: 2, err: expect.stringMatching(/broken\.yaml is neither YAML nor JSON \(line \d\); see/) });
  }, 60_000);

  test("a tag that nobody resolves here is told by its line, without the value that stands there", async () => {
    const { code, out, err } = await here.run(`plan ${here.written("tagged.yaml", "name: prod\nprivateRegistry:\n  password: !vault the-password\n")}`);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^ablestack-kubernetes: \S+tagged\.yaml has a tag \(!…\) that means nothing here \(line 3\); write the value itself; see/);
    expect(err).not.toContain("the-password");
  }, 60_000);

  test("of several documents it says how many there are; anchors and what is merged from them are values like others", async () => {
    expect(await here.run(`plan ${here.written("several.yaml", "name: prod\n---\nname: other\n")}`)).toMatchObject({ code: 2, err: expect.stringMatching(/holds 2 documents; one declaration at a time/) });
    const shared = "controlPlane: &machines { count: 1, offering: k8s-2c-4g }\nworkers: { <<: *machines, count: 2 }\n";
    const { code, out } = await look(`plan ${here.written("anchors.yaml", `name: fresh\nzone: zone-1\nversion: "1.35"\ntemplate: debian-13-containerd\n${shared}`)}`);
    expect(out).toContain("deploy fresh-control-1, fresh-worker-1…2");
    expect(code).toBe(0);
  }, 60_000);
});

test.each([
  ["show prd", /there is no cluster prd among what these keys show\. Is prod meant\?/],
  ["plan none.yaml", /none\.yaml can't be read \(ENOENT\); see ablestack-kubernetes --help/],
  ["path 1.34 1.36 --zone zone-9", /there is no zone "zone-9"\. Nearest: zone-1/],
])("%s ends with exit code 2, a reason on stderr, and nothing on stdout", async (words, message) => {
  const { code, out, err } = await here.run(words);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(message);
  expect(err).not.toMatch(/at .*\.ts:\d+/);
}, 30_000);
