import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { kubeconfig } from "../../provider/kubernetes/kubeconfig";
import { someCertificates } from "./identity";

const text = async (name = "prod"): Promise<string> => {
  const { caCertificate, adminCertificate, adminKey } = await someCertificates();
  return kubeconfig({ name, endpoint: "https://127.80.0.3:6443", caCertificate, adminCertificate, adminKey });
};
const withoutKubectl = spawnSync("kubectl", ["version", "--client"]).status !== 0;

it("carries the endpoint and the whole trust, under the cluster's name", async () => {
  const { caCertificate, adminKey } = await someCertificates();
  const read = parse(await text()) as { clusters: { name: string; cluster: Record<string, string> }[]; users: { name: string; user: Record<string, string> }[]; "current-context": string };
  expect(read["current-context"]).toBe("prod");
  expect(read.clusters[0]?.cluster.server).toBe("https://127.80.0.3:6443");
  expect(Buffer.from(read.clusters[0]?.cluster["certificate-authority-data"] ?? "", "base64").toString()).toBe(caCertificate);
  expect(Buffer.from(read.users[0]?.user["client-key-data"] ?? "", "base64").toString()).toBe(adminKey);
});

it.each(["on", "1e3", "null", "12-30"])("keeps the name %s a name", async (name) => {
  expect((parse(await text(name), { version: "1.1" }) as { contexts: { name: unknown }[] }).contexts[0]?.name).toBe(name);
});

it("is the same text for the same input", async () => {
  expect(await text()).toBe(await text());
});

(withoutKubectl ? it.skip : it)("is read by kubectl", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  try {
    writeFileSync(join(folder, "config"), await text(), { mode: 0o600 });
    const seen = JSON.parse(execFileSync("kubectl", ["--kubeconfig", join(folder, "config"), "config", "view", "--minify", "-o", "json"], { encoding: "utf8" })) as { users: { name: string }[] };
    expect(seen.users[0]?.name).toBe("prod-admin");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
