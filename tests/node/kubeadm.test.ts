import { parseAllDocuments } from "yaml";
import { caHash } from "../../provider/kubernetes/certificates";
import { kubeadmConfiguration } from "../../provider/node/kubeadm";
import type { NodeBootstrap } from "../../provider/node/spec";
import { controlPlane, worker } from "./bootstraps";

interface Document {
  readonly kind: string;
  readonly nodeRegistration?: { readonly ignorePreflightErrors?: string[]; readonly kubeletExtraArgs?: { name: string; value: string }[] };
  readonly controlPlane?: object;
  readonly apiServer?: object;
}
const documents = (spec: NodeBootstrap): Document[] => parseAllDocuments(kubeadmConfiguration(spec)).map((document) => document.toJS() as Document);

// Checked by hand with a kubeadm 1.35.4 as well: `kubeadm config validate`, and `init phase certs all` over the certificates of this library.
it("tells the first control plane about itself, the cluster and every kubelet", async () => {
  const [init, cluster, kubelet, ...more] = documents(await controlPlane());
  expect(more).toEqual([]);
  expect(init).toMatchObject({
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "InitConfiguration",
    bootstrapTokens: [{ token: "abcdef.0123456789abcdef", ttl: "3600s", usages: ["signing", "authentication"], groups: ["system:bootstrappers:kubeadm:default-node-token"] }],
    nodeRegistration: { name: "prod-control-1" },
  });
  expect(cluster).toMatchObject({
    kind: "ClusterConfiguration",
    kubernetesVersion: "v1.35.4",
    controlPlaneEndpoint: "127.80.0.3:6443",
    apiServer: { certSANs: ["127.80.0.3"] },
    networking: { podSubnet: "10.244.0.0/16", serviceSubnet: "10.96.0.0/12" },
  });
  expect(kubelet).toEqual({ apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", cgroupDriver: "systemd", rotateCertificates: true });
});

it("lets a control plane join with the CA's hash and without a certificate key", async () => {
  const spec = await controlPlane({ action: "join", nodeName: "prod-control-2" });
  const [join, ...more] = documents(spec);
  expect(more).toEqual([]);
  expect(join).toMatchObject({
    kind: "JoinConfiguration",
    discovery: { bootstrapToken: { token: spec.token, apiServerEndpoint: "127.80.0.3:6443", caCertHashes: [caHash(spec.certificates.caCertificate)] } },
    controlPlane: { localAPIEndpoint: { bindPort: 6443 } },
    nodeRegistration: { name: "prod-control-2" },
  });
  expect(join?.controlPlane).not.toHaveProperty("certificateKey");
});

it("lets a worker join over the CA file that is there already, and as nothing more", async () => {
  const [join] = documents(await worker());
  expect(join?.nodeRegistration?.ignorePreflightErrors).toEqual(["FileAvailable--etc-kubernetes-pki-ca.crt"]);
  expect(join).not.toHaveProperty("controlPlane");
});

it("weakens no machine for the sake of one with cgroup v1", async () => {
  for (const spec of [await controlPlane(), await controlPlane({ action: "join" }), await worker()]) expect(kubeadmConfiguration(spec)).not.toMatch(/failCgroupV1|SystemVerification/);
});

it("names the bare host of an IPv6 endpoint in the certificate", async () => {
  expect(documents(await controlPlane({ endpoint: "[2001:db8::7]:6443" }))[1]?.apiServer).toMatchObject({ certSANs: ["2001:db8::7"] });
});

it("hands the kubelet its credential provider when a private registry has credentials, and only then", async () => {
  const privateRegistry = { url: "https://registry.example.com", username: "u", password: "p" };
  expect(documents(await worker({ privateRegistry }))[0]?.nodeRegistration?.kubeletExtraArgs).toEqual([
    { name: "image-credential-provider-bin-dir", value: "/usr/local/lib/ablestack-kubernetes/credential-providers" },
    { name: "image-credential-provider-config", value: "/etc/ablestack-kubernetes/registry/provider.yaml" },
  ]);
  expect(documents(await worker({ privateRegistry: { url: "registry.example.com" } }))[0]?.nodeRegistration).not.toHaveProperty("kubeletExtraArgs");
  expect(documents(await worker())[0]?.nodeRegistration).not.toHaveProperty("kubeletExtraArgs");
});
