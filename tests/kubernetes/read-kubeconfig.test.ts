import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeconfig } from "../../provider/kubernetes/kubeconfig";
import { readKubeconfig } from "../../provider/kubernetes/read-kubeconfig";
import { someCertificates } from "./identity";

const folder = mkdtempSync(join(tmpdir(), "read-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string, name = "config"): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
const ours = async (): Promise<string> => {
  const { caCertificate, adminCertificate, adminKey } = await someCertificates();
  return kubeconfig({ name: "prod", endpoint: "https://127.80.0.3:6443", caCertificate, adminCertificate, adminKey });
};

test("what this library exports is read back as it was written", async () => {
  const { caCertificate, adminCertificate, adminKey } = await someCertificates();
  expect(readKubeconfig(written(await ours()))).toEqual({ endpoint: "https://127.80.0.3:6443", caCertificate, clientCertificate: adminCertificate, clientKey: adminKey });
});

test("certificates in files beside it are read, and of several contexts the current one counts", () => {
  for (const name of ["ca", "cert", "key"]) written(name.toUpperCase(), name);
  const path = written(`
current-context: b
contexts: [{name: a, context: {cluster: x, user: x}}, {name: b, context: {cluster: y, user: y}}]
clusters: [{name: x, cluster: {server: "https://x"}}, {name: y, cluster: {server: "https://y:6443/", certificate-authority: ca}}]
users: [{name: x, user: {token: t}}, {name: y, user: {client-certificate: cert, client-key: ${join(folder, "key")}}}]`);
  expect(readKubeconfig(path)).toEqual({ endpoint: "https://y:6443", caCertificate: "CA", clientCertificate: "CERT", clientKey: "KEY" });
});

test("one in which something is only odd is read, and nothing of it is printed by the way", async () => {
  const warned = jest.spyOn(process, "emitWarning").mockReturnValue();
  const { adminKey } = await someCertificates();
  expect(readKubeconfig(written((await ours()).replace("client-key-data: ", "client-key-data: !vault ")))).toMatchObject({ clientKey: adminKey });
  expect(warned).not.toHaveBeenCalled();
});

test.each<[string, (text: string) => string, RegExp]>([
  ["is no YAML", () => "a: [SECRET", /config: is not YAML\. Give the kubeconfig that the program exports/],
  ["is empty", () => "", /names no server in its current context/],
  ["is of a user with a token", (text) => text.replace(/client-key-data: .*/, "token: SECRET"), /has no client-key-data in its current context/],
  ["names a file that is not there", (text) => text.replace(/certificate-authority-data: .*/, "certificate-authority: nowhere.pem"), /its certificate-authority can't be read \(ENOENT\)/],
])("one that %s is refused, and the error holds nothing of it", async (_, change, message) => {
  const text = await ours();
  const failure = ((): Error | undefined => {
    try {
      readKubeconfig(written(change(text)));
      return undefined;
    } catch (error) {
      return error as Error;
    }
  })();
  expect(failure?.message).toMatch(message);
  const key = /client-key-data: (\S+)/.exec(text)![1]!;
  expect(`${failure?.message}${failure?.stack}`).not.toMatch(new RegExp(`SECRET|${key.slice(0, 40).replace(/[+]/g, "\\+")}`));
});

test("one that is not there is said to be", () => {
  expect(() => readKubeconfig(join(folder, "none"))).toThrow(/none: can't be read \(ENOENT\)/);
});
