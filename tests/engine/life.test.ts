/** The example's life on the real engine: made, looked at, changed and destroyed. Each step builds on the one before. */
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { parse } from "yaml";
import { TestStack } from "./world/stack";

jest.setTimeout(180_000);

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.create({ range: 1 });
  stack.write("example.ts", stack.read("index.ts"));
  stack.write("workloads.ts", readFileSync(join(__dirname, "world/workloads.ts"), "utf8"));
  stack.write(
    "index.ts",
    `export * from "./example";
     import { kubeconfig } from "./example";
     import { Workloads } from "./workloads";
     new Workloads("workloads", { kubeconfig });`,
  );
});
afterAll(() => stack?.close());

/** All that was ever printed, to be searched for secrets at the end. */
let printed = "";
const note = (output: string): string => {
  printed += output;
  return output;
};

const six = ["ha-control-1", "ha-control-2", "ha-control-3", "ha-worker-1", "ha-worker-2", "ha-worker-3"];

test("preview shows the plan once and calls nothing that changes anything", async () => {
  const calls = await stack.callsOf(async () => {
    const output = note(await stack.succeed(["preview"]));
    expect(output).toMatch(/plan:\n\s+- make the keys and certificates of ha\n(.*\n)*\s+- deploy ha-control-1…3, ha-worker-1…3/);
    expect(output.match(/- make the keys and certificates/g)).toHaveLength(1);
  });
  expect(calls.filter(({ changing }) => changing)).toEqual([]);
});

test("up makes a cluster of six machines, and says what it does meanwhile", async () => {
  const output = note(await stack.succeed(["up", "--yes"]));
  expect(output).toMatch(/ha-worker-3: done in/);
  expect(stack.machines).toEqual(six);
  expect((await stack.output<{ name: string }[]>("nodes")).map(({ name }) => name)).toEqual(six);
});

test("the kubeconfig leads to the cluster's API, where six nodes are Ready", async () => {
  const { clusters, users } = parse(await stack.output("kubeconfig")) as {
    clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
    users: [{ user: { "client-certificate-data": string; "client-key-data": string } }];
  };
  const decoded = (text: string): Buffer => Buffer.from(text, "base64");
  const { server, "certificate-authority-data": ca } = clusters[0].cluster;
  const { "client-certificate-data": cert, "client-key-data": key } = users[0].user;
  const body = await new Promise<string>((resolve, reject) => {
    get(`${server}/api/v1/nodes`, { ca: decoded(ca), cert: decoded(cert), key: decoded(key) }, (response) => {
      let text = "";
      response.on("data", (data: Buffer) => (text += data.toString())).on("end", () => resolve(text));
    }).on("error", reject);
  });
  const nodes = (JSON.parse(body) as { items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[] }).items;
  expect(nodes.filter(({ status }) => status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True")).map(({ metadata }) => metadata.name).sort()).toEqual(six);
  expect(server).toBe(await stack.output("endpoint"));
});

test("a second up finds nothing to change and calls nothing that changes anything", async () => {
  const calls = await stack.callsOf(async () => expect(note(await stack.succeed(["up", "--yes"]))).toMatch(/\d+ unchanged/));
  expect(calls.filter(({ changing }) => changing)).toEqual([]);
});

test("up --skip-preview with nothing to change takes at most 13 calls", async () => {
  const calls = await stack.callsOf(async () => expect(note(await stack.up())).not.toMatch(/\d+ (created|updated|replaced|deleted)/));
  expect(calls.map(({ command }) => command).length).toBeLessThanOrEqual(13);
});

test("refresh finds no difference", async () => {
  expect(note(await stack.succeed(["refresh", "--yes", "--skip-preview"]))).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
  expect(note(await stack.succeed(["preview", "--expect-no-changes"]))).toMatch(/\d+ unchanged/);
});

test("a rule that was changed by hand is mended without a refresh", async () => {
  const calls = await stack.callsOf(async () => {
    await removeByHand();
    expect(note(await stack.up())).toMatch(/1 updated/);
  });
  expect(calls.map(({ command }) => command)).toContain("createFirewallRule");
});

/** Deletes the firewall rule of port 80 as a person would, in Mold. */
async function removeByHand(): Promise<void> {
  const { createMoldClient } = await import("../../provider/mold/client.js");
  const { systemClock } = await import("../../provider/core/clock.js");
  const mold = createMoldClient(
    { apiUrl: stack.apiUrl, ...stack.admin, digest: "sha256", timeoutSeconds: 10, jobTimeoutSeconds: 60 },
    { clock: systemClock, log: { debug: () => undefined, warn: () => undefined } },
  );
  const rules = await mold.list("listFirewallRules", {});
  await mold.run("deleteFirewallRule", { id: rules.find(({ startport }) => Number(startport) === 80)!.id! });
  mold.close();
}

test("a change of a rule changes that rule alone", async () => {
  await stack.succeed(["config", "set", "--path", "ha-cluster:sshFrom[0]", "127.0.0.1/32"]);
  const output = note(await stack.succeed(["preview"]));
  expect(output).toMatch(/NetworkRule ha-ssh (replace|update)/);
  expect(output).not.toMatch(/workloads/);
  note(await stack.up());
  expect(await stack.exported()).toContain("127.0.0.1/32");
  expect(stack.machines).toEqual(six);
});

test("the preview of more workers leaves the kubeconfig known: nothing built on it is touched", async () => {
  await stack.succeed(["config", "set", "workers", "4"]);
  const output = note(await stack.succeed(["preview"]));
  expect(output).toMatch(/Cluster ha update/);
  expect(output).toMatch(/plan of ha:\n\s+- deploy ha-worker-4/);
  expect(output).not.toMatch(/workloads|ClusterIdentity ha-identity (update|replace)|ClusterEndpoint ha-endpoint (update|replace)/);
});

test("up makes the one worker more, and puts it behind the ingress balancers", async () => {
  const output = note(await stack.up());
  expect(output).toMatch(/1 updated/);
  expect(stack.machines).toEqual([...six, "ha-worker-4"]);
  expect(note(await stack.succeed(["preview", "--expect-no-changes"]))).not.toMatch(/plan of/);
});

test("up takes the one worker away again, out of the balancers and drained first; nothing built on the kubeconfig is touched", async () => {
  await stack.succeed(["config", "set", "workers", "3"]);
  expect(note(await stack.succeed(["preview"]))).toMatch(/drain ha-worker-4 \(its pods move, as their disruption budgets allow\)/);
  const calls = await stack.callsOf(async () => {
    const output = note(await stack.up());
    expect(output).toMatch(/drain ha-worker-4: done in/);
    expect(output).not.toMatch(/workloads/);
  });
  expect(calls.filter(({ command }) => command === "destroyVirtualMachine")).toHaveLength(1);
  expect(stack.machines).toEqual(six);
  expect(note(await stack.succeed(["preview", "--expect-no-changes"]))).not.toMatch(/plan of/);
});

test("stopped by its declaration and started again, the cluster is whole, and nothing is left to do", async () => {
  stack.write("example.ts", stack.read("example.ts").replace('zone: config', 'powerState: config.get("power") === "off" ? "stopped" : "running", zone: config'));
  await stack.succeed(["config", "set", "power", "off"]);
  expect(note(await stack.up())).toMatch(/stop ha-control-3: done in/);
  expect(stack.states).toEqual(Array(6).fill("Stopped"));
  await stack.succeed(["config", "set", "power", "on"]);
  expect(note(await stack.up())).toMatch(/wait for ha-worker-3 to be Ready: done in/);
  expect(stack.states).toEqual(Array(6).fill("Running"));
  expect(note(await stack.succeed(["preview", "--expect-no-changes"]))).not.toMatch(/plan of/);
});

test("what the state carries of the provider is small, one text per kind, and free of credentials", async () => {
  const texts = new Map<string, string>();
  for (const { type, inputs, outputs } of await stack.resources()) {
    if (!type.startsWith("pulumi-nodejs:dynamic/ablestack")) continue;
    const text = inputs!.__provider as string;
    expect(outputs!.__provider).toBe(text);
    expect(Buffer.byteLength(text)).toBeLessThan(2048);
    expect(text).not.toContain(stack.admin.apiKey);
    const kind = type.split(":").at(-1)!;
    texts.set(kind, texts.get(kind) ?? text);
    expect(texts.get(kind)).toBe(text);
    expect(text.replaceAll(kind, "?")).toBe(texts.values().next().value!.replaceAll([...texts.keys()][0]!, "?"));
  }
  expect([...texts.keys()].sort()).toEqual(["Cluster", "ClusterEndpoint", "ClusterIdentity", "LoadBalancer", "NetworkRule"]);
});

test("no secret is in the state in the clear, nor in anything that was printed", async () => {
  const shown = JSON.parse(await stack.succeed(["stack", "export", "--show-secrets"])) as { deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] } };
  const identity = shown.deployment.resources.find(({ type }) => type.endsWith(":ClusterIdentity"))!.outputs!;
  const keys = Object.entries(identity).filter(([name]) => name.endsWith("Key") && name !== "serviceAccountPublicKey");
  expect(keys).toHaveLength(6);
  const hidden = keys.map(([, value]) => JSON.parse((value as { plaintext: string }).plaintext) as string);
  expect(hidden.every((pem) => pem.includes("PRIVATE KEY"))).toBe(true);
  // A line from the middle of each key, as it would show however the text around it is quoted or coded.
  const secrets = [stack.admin.secretKey, ...hidden.map((pem) => pem.split("\n")[2]!), ...hidden.map((pem) => Buffer.from(pem).toString("base64").slice(60, 100))];
  const state = await stack.exported();
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(state.includes(secret)).toBe(false);
    expect(printed.includes(secret)).toBe(false);
  }
});

test("destroy leaves nothing in the Mold", async () => {
  note(await stack.succeed(["destroy", "--yes", "--skip-preview"]));
  expect(stack.mold.isEmpty()).toBe(true);
});
