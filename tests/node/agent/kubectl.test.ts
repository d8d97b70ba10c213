/** What the agent asks of the API, asked by the real kubectl of a simulated cluster: the other tests play kubectl too. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identity, SmallCloud } from "../../emulator/simulated/cluster-under-test";
import { hasKubectl } from "../../emulator/simulated/kubectl";

const upgradeScript = join(__dirname, "../../../provider/node/agent/upgrade.sh");

(process.platform === "linux" && hasKubectl ? describe : describe.skip)("with the real kubectl the agent", () => {
  const folder = mkdtempSync(join(tmpdir(), "agent-kubectl-"));
  let cloud: SmallCloud;

  beforeAll(async () => {
    cloud = new SmallCloud({ listen: true, address: "127.83.0.5" });
    await cloud.node("prod-control-1");
    cloud.clock.pass(60_000);
    await cloud.hypervisor.settled();
    const { caCertificate, adminCertificate, adminKey } = await identity();
    const data = (text: string): string => Buffer.from(text).toString("base64");
    const config = {
      apiVersion: "v1", kind: "Config", "current-context": "node",
      clusters: [{ name: "node", cluster: { server: `https://${cloud.endpoint}`, "certificate-authority-data": data(caCertificate) } }],
      users: [{ name: "node", user: { "client-certificate-data": data(adminCertificate), "client-key-data": data(adminKey) } }],
      contexts: [{ name: "node", context: { cluster: "node", user: "node" } }],
    };
    writeFileSync(join(folder, "kubelet.conf"), JSON.stringify(config));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await cloud.hypervisor.close();
  });

  /** What the lines print that are run after upgrade.sh was sourced. */
  function run(lines: string): Promise<string> {
    const environment = `set -Eeuo pipefail; root=$PWD state=$PWD kubernetes=$PWD settings=$PWD refused=78 none_attached=none step=start task=; NODE_NAME=prod-control-1; fail() { echo "$1"; return 1; }; . ${upgradeScript}`;
    return new Promise((resolve, reject) => {
      execFile("bash", ["-c", `${environment}; ${lines}`], { cwd: folder, env: { PATH: process.env.PATH } }, (error, out) => (error instanceof Error && out === "" ? reject(error) : resolve(out)));
    });
  }
  const annotate = (annotations: Record<string, string | null>): Promise<unknown> =>
    cloud.json("PATCH", "/api/v1/nodes/prod-control-1", { type: "application/merge-patch+json", body: { metadata: { annotations } } });
  const order = (): Promise<string> => run(`read_order && printf '[%s]' "$leads" "$answer" "$wanted"`);

  it("reads its order whole, and none where there is none", async () => {
    expect(await order()).toBe("[][joined 1.35.4][]");
    await annotate({ "ablestack.io/upgrade-role": "first", "ablestack.io/wanted-version": "1.35.4" });
    expect(await order()).toBe("[first][upgraded 1.35.4][1.35.4]");
    await annotate({ "ablestack.io/upgrade-role": "second", "ablestack.io/wanted-version": "\n1.35.4\n" });
    expect(await order()).toBe("[][upgrade refused: the wanted version is not of the form 1.35.4][\n1.35.4\n]");
  });

  it("says when certificates end, and takes away that they could not be renewed, whether it had said so or not", async () => {
    const say = (): Promise<string> => run(`as_kubelet annotate node "$NODE_NAME" --overwrite ablestack.io/certificates-end=2027-11-24T17:11:15Z ablestack.io/certificates- >/dev/null && echo said`);
    const shown = (): Promise<string> => run(`as_kubelet get node "$NODE_NAME" -o 'jsonpath=[{.metadata.annotations.ablestack\\.io/certificates-end}][{.metadata.annotations.ablestack\\.io/certificates}]'`);
    await annotate({ "ablestack.io/certificates": "certificates failed: no room" });
    for (const _ of [1, 2]) expect([await say(), await shown()]).toEqual(["said\n", "[2027-11-24T17:11:15Z][]"]);
  });

  it("knows which version the cluster is", async () => {
    expect(await run("wanted=1.35.4; check_cluster; echo as wanted")).toBe("as wanted\n");
    expect(await run("wanted=1.36.3; check_cluster")).toBe("the cluster is at 1.35.4, its first control plane has not been upgraded to 1.36.3 yet\n");
  });
});
