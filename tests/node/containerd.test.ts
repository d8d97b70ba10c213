import { parse } from "yaml";
import { containerdConfiguration, registryAddress, registryFiles } from "../../provider/node/containerd";

it("runs containers in systemd's cgroups and leaves the pause image to the agent", () => {
  expect(containerdConfiguration).toContain("SystemdCgroup = true");
  expect(containerdConfiguration).toContain('sandbox_image = "@SANDBOX_IMAGE@"');
});

it("starts pods where root may not lower an out-of-memory score, which runc takes for a failure", () => {
  expect(containerdConfiguration).toMatch(/^ {2}restrict_oom_score_adj = true$/m);
});

it.each([
  ["https://registry.example.com", "registry.example.com", "https://registry.example.com", "registry.example.com"],
  ["registry.example.com:5000", "registry.example.com:5000", "https://registry.example.com:5000", "registry.example.com:5000"],
  ["http://10.1.1.9:5000/", "10.1.1.9:5000", "http://10.1.1.9:5000", "10.1.1.9:5000"],
  ["https://registry.example.com/team/", "registry.example.com", "https://registry.example.com", "registry.example.com/team"],
  ["https://index.docker.io/v1/", "docker.io", "https://index.docker.io", "docker.io"],
])("understands the registry %s", (url, host, origin, images) => {
  expect(registryAddress(url)).toEqual({ host, origin, images });
});

it.each(["ftp://registry", "https://", "https://user:hunter2@registry", "https://bad host"])("refuses %s by the property's name, without repeating a password", (url) => {
  expect(() => registryAddress(url)).toThrow(/privateRegistry\.url/);
  expect(() => registryAddress(url)).not.toThrow(/hunter2/);
});

it("asks a registry without credentials for images without any", () => {
  expect(registryFiles({ url: "http://registry.example.com:5000" }).map(({ path }) => path)).toEqual(["/etc/containerd/certs.d/registry.example.com:5000/hosts.toml"]);
});

describe("a private registry", () => {
  const password = `pä"ss'\\ $(id) \u0085\n${"x".repeat(1000)}`;
  const files = new Map(registryFiles({ url: "http://registry.example.com:5000", username: "robot$user", password }).map((file) => [file.path, file]));

  it("is where containerd looks for it", () => {
    expect(files.get("/etc/containerd/certs.d/registry.example.com:5000/hosts.toml")?.content).toContain('[host."http://registry.example.com:5000"]');
  });

  it("has its credentials in one file that only root reads, whole and in plain ASCII", () => {
    const holders = [...files.values()].filter(({ content }) => content.includes("x".repeat(1000)));
    expect(holders.map(({ path, permissions }) => ({ path, permissions }))).toEqual([{ path: "/etc/ablestack-kubernetes/registry/response.json", permissions: "0600" }]);
    expect(holders[0]?.content).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(holders[0]?.content ?? "")).toMatchObject({ kind: "CredentialProviderResponse", auth: { "registry.example.com:5000": { username: "robot$user", password } } });
  });

  it("is given to the kubelet by a provider whose name is its program's", () => {
    const { providers } = parse(files.get("/etc/ablestack-kubernetes/registry/provider.yaml")?.content ?? "") as { providers: { name: string; matchImages: string[] }[] };
    expect(providers).toMatchObject([{ matchImages: ["registry.example.com:5000"] }]);
    expect(files.get(`/usr/local/lib/ablestack-kubernetes/credential-providers/${providers[0]?.name}`)?.permissions).toBe("0755");
  });
});
