/** For a program: something built on a kubeconfig that another one replaces, as `new k8s.Provider` and all that it made would be. */
import * as pulumi from "@pulumi/pulumi";

const provider: pulumi.dynamic.ResourceProvider = {
  async create() {
    return { id: "workloads", outs: {} };
  },
  async diff(_id, _olds: unknown, news: { kubeconfig: string }) {
    const known = news.kubeconfig !== "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    return { changes: !known, replaces: known ? [] : ["kubeconfig"] };
  },
};

export class Workloads extends pulumi.dynamic.Resource {
  constructor(name: string, props: { kubeconfig: pulumi.Input<string> }) {
    super(provider, name, props);
  }
}
