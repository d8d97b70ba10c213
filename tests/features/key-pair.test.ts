import { declaration, sharedIdentity } from "../core/world/cluster";
import { byHand, MadeCluster } from "../core/world/made";

test("machines are made with the declared SSH key pair", async () => {
  await sharedIdentity();
  const register = async (name: string, mold: ReturnType<typeof byHand>): Promise<unknown> => mold.call("registerSSHKeyPair" as never, { name, publickey: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== x" } as never);
  const made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1, sshKeyPair: "ops" }), { prepare: async (cloud) => void (await register("ops", byHand(cloud))) });
  try {
    const machines = await byHand(made.open().cloud).list("listVirtualMachines", {});
    expect(machines.map(({ name, keypairs }) => `${name} ${keypairs}`).sort()).toEqual(["prod-control-1 ops", "prod-worker-1 ops"]);
  } finally {
    made.close();
  }
}, 60_000);
