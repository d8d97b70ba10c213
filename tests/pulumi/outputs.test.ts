/** The SDK writes out names that `schema/` declares: here the two are held together. */
import { secretProperties } from "../../schema/secrets";
import { resources } from "../../schema/resources";
import { endpointOutputs, identityOutputs, identitySecrets, machineOutputs } from "../../sdk/pulumi/cluster-parts";
import { loadBalancerOutputs } from "../../sdk/pulumi/load-balancer";
import { networkRuleOutputs } from "../../sdk/pulumi/network-rule";

const sorted = (names: Iterable<string>): string[] => [...names].sort();
const declared = (name: keyof typeof resources): string[] => sorted(Object.keys(resources[name].outputs));

test("every output that is declared is one in the SDK", () => {
  expect(sorted(identityOutputs)).toEqual(declared("ClusterIdentity"));
  expect(sorted(endpointOutputs)).toEqual(declared("ClusterEndpoint"));
  expect(sorted(new Set([...machineOutputs, "uid", "name", "description", "caCertificate", ...endpointOutputs].filter((name) => name !== "networkOwned" && name !== "networkCidr")))).toEqual(declared("Cluster"));
  expect(sorted(networkRuleOutputs)).toEqual(declared("NetworkRule"));
  expect(sorted(loadBalancerOutputs)).toEqual(declared("LoadBalancer"));
});

test("every output that is declared a secret is marked as one", () => {
  expect(sorted(identitySecrets)).toEqual(sorted(secretProperties("ClusterIdentity").outputs));
  for (const name of ["ClusterEndpoint", "Cluster", "NetworkRule", "LoadBalancer"] as const) expect(secretProperties(name).outputs).toEqual([]);
});

test("the timeouts that stand in where the program gives none are the declared ones", () => {
  const { timeouts } = resources.KubernetesCluster.inputs;
  if (timeouts?.type !== "object") throw new Error("timeouts is an object");
  expect({ create: timeouts.properties.create?.default, delete: timeouts.properties.delete?.default }).toEqual({ create: 3600, delete: 1800 });
});
