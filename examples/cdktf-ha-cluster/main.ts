import { AblestackProvider, HighlyAvailableCluster } from "ablestack-kubernetes/cdktf";
import { App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";

const app = new App();
const stack = new TerraformStack(app, "ha-cluster");
// Where Mold is and the keys for it come by the environment: ABLESTACK_API_URL, ABLESTACK_API_KEY, ABLESTACK_SECRET_KEY.
new AblestackProvider(stack, "ablestack", { owner: "cdktf-ha-cluster/dev" });

// What differs from run to run is a variable, with what the embedded Mold has as defaults: TF_VAR_workers=4
const version = new TerraformVariable(stack, "kubernetes", { type: "string", default: "1.35", description: "Kubernetes version: exact, or a minor." });
const workers = new TerraformVariable(stack, "workers", { type: "number", default: 3, description: "How many workers." });

const ha = new HighlyAvailableCluster(stack, "ha", {
  zone: "zone-1",
  version: version.stringValue,
  template: "debian-13-containerd",
  controlPlane: { count: 3, offering: "k8s-2c-4g" },
  workers: { count: workers.numberValue, offering: "k8s-2c-4g" },
});

new TerraformOutput(stack, "kubeconfig", { value: ha.kubeconfig, sensitive: true, staticId: true });
new TerraformOutput(stack, "endpoint", { value: ha.endpoint, staticId: true });
new TerraformOutput(stack, "ingressIp", { value: ha.ingressIp, staticId: true });
new TerraformOutput(stack, "nodes", { value: ha.nodes, staticId: true });

app.synth();
