// The example, and something built on its kubeconfig that is replaced by another one: as `new k8s.Provider` and all in it would be.
import * as pulumi from "@pulumi/pulumi";
import { kubeconfig, nodes } from "./example";

export * from "./example";

const provider: pulumi.dynamic.ResourceProvider = {
  async create() {
    return { id: "workloads", outs: {} };
  },
  async diff(_id, _olds: unknown, news: { kubeconfig: string }) {
    const known = news.kubeconfig !== "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    return { changes: !known, replaces: known ? [] : ["kubeconfig"] };
  },
};

class Workloads extends pulumi.dynamic.Resource {
  constructor(name: string, props: { kubeconfig: pulumi.Input<string> }) {
    super(provider, name, props);
  }
}

new Workloads("workloads", { kubeconfig: pulumi.interpolate`${kubeconfig}${nodes}` });
