/** What containerd is told: systemd's cgroups, the pause image of the ISO, and a private registry. */
import type { MachineFile, PrivateRegistry } from "./spec";
import { places } from "./spec";
import { yamlText } from "./yaml-text";

const certsDirectory = "/etc/containerd/certs.d";
const registryDirectory = `${places.settings}/registry`;
const providerDirectory = "/usr/local/lib/ablestack-kubernetes/credential-providers";
const providerName = "ablestack-registry";

/**
 * The whole configuration, because 1.6 does not merge a table of an import into its own. Version 2 is read by 1.6 to 2.x (2.x migrates it).
 * The agent puts the pause image of the ISO in place of the marker: containerd's own default would be pulled from outside.
 * `restrict_oom_score_adj`: no pod gets a lower score than containerd itself has, which is -999 by its unit. It matters where even root
 * may not lower one: there runc could start no pod at all.
 */
export const containerdConfiguration = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "@SANDBOX_IMAGE@"
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${certsDirectory}"
`;

interface RegistryAddress {
  /** As it begins image names: `registry.example.com:5000`. */
  readonly host: string;
  /** `http://registry.example.com:5000` */
  readonly origin: string;
  /** Images that it is asked for: the host, and a path where the URL has one. */
  readonly images: string;
}

const dockerHub = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** @throws naming `privateRegistry.url`; a URL is repeated only without what could be a password in it. */
export function registryAddress(url: string): RegistryAddress {
  let parsed: URL;
  try {
    parsed = new URL(url.includes("://") ? url : `https://${url}`);
  } catch (cause) {
    throw new Error("privateRegistry.url is not a URL: want https://registry.example.com:5000", { cause });
  }
  if ((parsed.protocol !== "https:" && parsed.protocol !== "http:") || parsed.hostname === "") throw new Error(`privateRegistry.url has to be http or https, not ${parsed.protocol}`);
  if (parsed.username !== "" || parsed.password !== "") throw new Error("privateRegistry.url holds credentials: put them into username and password");
  const host = dockerHub.has(parsed.hostname) ? "docker.io" : parsed.host;
  const path = host === "docker.io" ? "" : parsed.pathname.replace(/\/+$/, "");
  return { host, origin: parsed.origin, images: `${host}${path}` };
}

/** ASCII whatever the password is made of: it passes a shell, a YAML reader and a JSON reader. */
const asciiJson = (value: unknown): string => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

const hasCredentials = (registry: PrivateRegistry): boolean => registry.username !== undefined || registry.password !== undefined;

/**
 * The address goes to containerd's hosts.toml. The credentials go to the kubelet's credential provider, which hands them to containerd
 * with each pull: containerd keeps none itself any longer (`registry.configs.*.auth` is deprecated since 1.5, and hosts.toml has no place
 * for them: https://github.com/containerd/containerd/blob/main/docs/cri/registry.md).
 */
export function registryFiles(registry: PrivateRegistry): MachineFile[] {
  const { host, origin, images } = registryAddress(registry.url);
  const response = {
    apiVersion: "credentialprovider.kubelet.k8s.io/v1",
    kind: "CredentialProviderResponse",
    cacheKeyType: "Registry",
    cacheDuration: "10m",
    auth: { [images]: { username: registry.username ?? "", password: registry.password ?? "" } },
  };
  const hosts: MachineFile[] =
    host === "docker.io"
      ? [] // containerd knows the way to Docker Hub.
      : [{ path: `${certsDirectory}/${host}/hosts.toml`, permissions: "0644", content: `server = "${origin}"\n\n[host."${origin}"]\n  capabilities = ["pull", "resolve"]\n` }];
  if (!hasCredentials(registry)) return hosts;
  return [
    ...hosts,
    { path: `${registryDirectory}/response.json`, permissions: "0600", content: `${asciiJson(response)}\n` },
    {
      path: `${registryDirectory}/provider.yaml`,
      permissions: "0644",
      content: yamlText({
        apiVersion: "kubelet.config.k8s.io/v1",
        kind: "CredentialProviderConfig",
        providers: [{ name: providerName, apiVersion: "credentialprovider.kubelet.k8s.io/v1", matchImages: [images], defaultCacheDuration: "10m" }],
      }),
    },
    {
      path: `${providerDirectory}/${providerName}`,
      permissions: "0755",
      // The request on stdin says which image; there is one answer for all that the kubelet asks about.
      content: `#!/bin/sh\ncat >/dev/null\nexec cat ${registryDirectory}/response.json\n`,
    },
  ];
}

/** The kubelet takes these as flags only (https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/). */
export function registryKubeletArguments(registry: PrivateRegistry | undefined): { name: string; value: string }[] {
  if (registry === undefined || !hasCredentials(registry)) return [];
  return [
    { name: "image-credential-provider-bin-dir", value: providerDirectory },
    { name: "image-credential-provider-config", value: `${registryDirectory}/provider.yaml` },
  ];
}
