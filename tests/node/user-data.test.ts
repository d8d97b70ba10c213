import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { parse } from "yaml";
import { generatedScript } from "../../provider/node/agent/generate";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeBootstrap } from "../../provider/node/spec";
import { decodeUserData, encodeUserData, machineFiles, machineUserData, scrubbedUserData, userDataLimit } from "../../provider/node/user-data";
import { someCertificates } from "../kubernetes/identity";
import { controlPlane, worker } from "./bootstraps";

interface CloudConfig {
  write_files: { path: string; owner: string; permissions: string; content: string }[];
  bootcmd: string[][];
  runcmd: string[][];
}
const read = (text: string): CloudConfig => parse(text, { version: "1.1", schema: "yaml-1.1" }) as CloudConfig;
const paths = (spec: NodeBootstrap): string[] => read(machineUserData(spec)).write_files.map(({ path }) => path);

it("is cloud-config that writes exactly the machine's files and starts the agent without waiting for it", async () => {
  const spec = await controlPlane();
  const text = machineUserData(spec);
  expect(text.startsWith("#cloud-config\n")).toBe(true);
  expect(read(text).write_files).toEqual(machineFiles(spec).map((file) => ({ ...file, owner: "root:root" })));
  expect(read(text).runcmd.at(-1)).toEqual(["systemctl", "start", "--no-block", "ablestack-kubernetes-agent.service"]);
});

it("has the agent start once its files are written, not after all else that cloud-init does", async () => {
  const early = read(machineUserData(await worker())).bootcmd;
  expect(early).toEqual([expect.arrayContaining(["systemd-run", "--no-block", "--property=After=cloud-init.service cloud-init-network.service"])]);
  expect(early[0]!.slice(-4)).toEqual(["systemctl", "start", "--no-block", "ablestack-kubernetes-agent.service"]);
});

it("is the same text for the same machine", async () => {
  expect(machineUserData(await controlPlane())).toBe(machineUserData(await controlPlane()));
});

it("gives a control plane what all share", async () => {
  const pki = ["ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "etcd/ca.crt", "etcd/ca.key", "sa.pub", "sa.key"];
  expect(paths(await controlPlane({ action: "join" })).filter((path) => path.startsWith("/etc/kubernetes/pki/"))).toEqual(pki.map((name) => `/etc/kubernetes/pki/${name}`));
});

it("lets only root read keys and the token", async () => {
  for (const { content, permissions } of machineFiles(await controlPlane())) if (/PRIVATE KEY|0123456789abcdef/.test(content)) expect(permissions).toBe("0600");
});

it("gives a worker the CA's certificate and no secret but the token, whatever it is handed", async () => {
  const certificates = await someCertificates();
  const text = machineUserData(await worker());
  expect(paths(await worker()).filter((path) => path.includes("pki"))).toEqual(["/etc/kubernetes/pki/ca.crt"]);
  expect(text).not.toContain("PRIVATE KEY");
  for (const [name, pem] of Object.entries(certificates)) {
    const line = (pem as string).split("\n")[1] ?? "";
    if (name !== "caCertificate") expect(text).not.toContain(line);
  }
});

it("never carries the admin's key: no machine needs it", async () => {
  expect(machineUserData(await controlPlane())).not.toContain((await someCertificates()).adminKey.split("\n")[1]);
});

it("says to the agent what it is, in lines that a shell reads", async () => {
  const environment = machineFiles(await worker()).find(({ path }) => path.endsWith("node.env"))?.content;
  expect(environment).toMatch(
    /^NODE_NAME='prod-worker-1'\nROLE='worker'\nACTION='join'\nKUBERNETES_VERSION='1\.35\.4'\nCLUSTER_UID='k3x0vp9aw2m1'\nENDPOINT='127\.80\.0\.3:6443'\nCA_HASH='sha256:[0-9a-f]{64}'\nJOIN_TIMEOUT='900'\n$/,
  );
});

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const privateRegistry = fc.record({
  url: fc.tuple(fc.constantFrom("http://", "https://", ""), label, fc.constantFrom("", ":5000", "/team/images")).map((parts) => parts.join("")),
  username: fc.string({ unit: "binary", maxLength: 255 }),
  password: fc.string({ unit: "grapheme", minLength: 0, maxLength: 1024 }),
});

it("survives the way to the machine, under the limit, for any name and registry", async () => {
  const [first, later] = [await controlPlane(), await worker()];
  fc.assert(
    fc.property(fc.constantFrom<NodeBootstrap>(first, later), label, privateRegistry, (base, nodeName, registry) => {
      const spec = { ...base, nodeName, privateRegistry: registry };
      const encoded = encodeUserData(machineUserData(spec));
      expect(Buffer.from(encoded, "base64").length).toBeLessThanOrEqual(userDataLimit);
      const files = read(decodeUserData(encoded)).write_files;
      expect(files.map(({ path, content }) => ({ path, content }))).toEqual(machineFiles(spec).map(({ path, content }) => ({ path, content })));
      const response = files.find(({ path }) => path.endsWith("response.json"))?.content ?? "";
      expect(Object.values((JSON.parse(response) as { auth: object }).auth)).toEqual([{ username: registry.username, password: registry.password }]);
    }),
    { numRuns: 60 },
  );
});

it("fits with a password of 1,024 random bytes, however that is written", async () => {
  const password = randomBytes(1024).toString("latin1");
  const encoded = encodeUserData(machineUserData(await controlPlane({ privateRegistry: { url: "https://registry.example.com", username: "u", password } })));
  expect(Buffer.from(encoded, "base64").length).toBeLessThan(userDataLimit);
});

describe("on the way to Mold", () => {
  it("is bare while it fits, so that people can read it there", () => {
    const text = scrubbedUserData();
    expect(Buffer.from(encodeUserData(text), "base64").toString()).toBe(text);
  });

  it("is packed when it does not, the same on every system", () => {
    const text = `#cloud-config\n# ${"long ".repeat(10_000)}\n`;
    const bytes = Buffer.from(encodeUserData(text), "base64");
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    expect(decodeUserData(encodeUserData(text))).toBe(text);
  });

  it("is refused when it is too long even so, by the names of its largest parts and not their content", async () => {
    const password = randomBytes(60_000).toString("base64");
    const text = machineUserData(await controlPlane({ privateRegistry: { url: "https://registry.example.com", username: "u", password } }));
    const refusal = (): string => encodeUserData(text);
    expect(refusal).toThrow(/32768 is the most that Mold takes; the largest parts: \/etc\/ablestack-kubernetes\/registry\/response\.json \d+ bytes, \/usr\/local\/lib/);
    expect(refusal).not.toThrow(new RegExp(password.slice(0, 12).replace(/[+/]/g, ".")));
  });
});

it("leaves nothing to do and nothing to find once scrubbed", () => {
  expect(scrubbedUserData().startsWith("#cloud-config\n")).toBe(true);
  expect(parse(scrubbedUserData())).toBeNull();
});

it.each([
  ["nodeName", { nodeName: "Prod_1" }],
  ["nodeName", { nodeName: "a'b" }],
  ["kubernetesVersion", { kubernetesVersion: "1.35" }],
  ["kubernetesVersion", { kubernetesVersion: "1.30.9" }],
  ["endpoint", { endpoint: "127.80.0.3" }],
  ["token", { token: "hunter2" }],
  ["podCidr", { podCidr: "10.244.0.0" }],
])("refuses a machine that could not work, naming %s", async (property, changes) => {
  const spec = await worker(changes);
  expect(() => machineUserData(spec)).toThrow(new RegExp(property));
  expect(() => machineUserData(spec)).not.toThrow(/hunter2/);
});

it("carries the agent as it is in agent.sh: run `npm run generate` when this fails", () => {
  expect(readFileSync(join(__dirname, "../../provider/node/agent/script.ts"), "utf8")).toBe(generatedScript());
});
