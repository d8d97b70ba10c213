import { secretCarriers, secretProperties } from "../../schema/secrets";

test("every key and password is a secret, and nothing else", () => {
  const keys = ["caKey", "frontProxyCaKey", "etcdCaKey", "serviceAccountKey", "adminKey"];
  expect(secretProperties("ClusterIdentity")).toEqual({ inputs: ["adoptIdentity"], outputs: [...keys, "userKey"] });
  expect(secretProperties("KubernetesCluster")).toEqual({ inputs: ["privateRegistry.password", "adoptIdentity"], outputs: ["kubeconfig", "exportedIdentity"] });
  expect(secretProperties("Cluster")).toEqual({ inputs: ["privateRegistry.password", ...keys.map((key) => `identity.${key}`)], outputs: [] });
  expect(secretProperties("ClusterAccess")).toEqual({ inputs: [], outputs: ["kubeconfig"] });
  expect(secretProperties("Connection")).toEqual({ inputs: ["secretKey", "proxy"], outputs: [] });
  for (const name of ["ClusterEndpoint", "NetworkRule", "LoadBalancer"] as const) expect(secretProperties(name)).toEqual({ inputs: [], outputs: [] });
});

test("properties at the top that must not be shown whole are known", () => {
  expect(secretCarriers("Cluster")).toEqual(["privateRegistry", "identity"]);
  expect(secretCarriers("NetworkRule")).toEqual([]);
});
