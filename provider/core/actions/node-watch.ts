import { isKubernetesFailure, type KubernetesNode, type KubernetesPort } from "../ports";
import type { Patience } from "../waiting";

/** Many wait for their nodes; one list serves all who wait. */
export class NodeWatch {
  private looking: Promise<readonly KubernetesNode[] | undefined> | undefined;
  private seen: readonly KubernetesNode[] = [];

  constructor(
    private readonly kubernetes: KubernetesPort,
    private readonly patience: Patience,
  ) {}

  async ready(name: string, advice: string): Promise<KubernetesNode> {
    return this.patience.until(
      async () => (await this.list())?.find((node) => node.name === name && node.ready),
      (waited) => {
        const node = this.seen.find((each) => each.name === name);
        const state = node ? `its node is NotReady${node.reason ? ` (${node.reason})` : ""}` : "its node has not appeared";
        return `${name} is not Ready after ${waited}: ${state}. ${advice}`;
      },
    );
  }

  private async list(): Promise<readonly KubernetesNode[] | undefined> {
    this.looking ??= this.kubernetes
      .nodes()
      .then((nodes) => (this.seen = nodes))
      .catch((error: unknown) => {
        // A balancer whose first member has just come up drops a connection now and then.
        if (isKubernetesFailure(error) && error.kind !== "foreign" && error.kind !== "forbidden") return undefined;
        throw error;
      })
      .finally(() => (this.looking = undefined));
    return this.looking;
  }
}
