/** Every command that the embedded Mold plays, by its recorded name. */
import type { Commands } from "../command";
import { aclCommands } from "./acls";
import { addressCommands } from "./addresses";
import { affinityGroupCommands } from "./affinity-groups";
import { annotationCommands } from "./annotations";
import { autoscaleCommands } from "./autoscale";
import { balancerPolicyCommands } from "./balancer-policies";
import { balancerCommands } from "./balancers";
import { firewallCommands } from "./firewall";
import { forwardCommands } from "./forwards";
import { isoCommands } from "./isos";
import { keyPairCommands } from "./key-pairs";
import { kubernetesCommands } from "./kubernetes";
import { kubernetesVersionCommands } from "./kubernetes-versions";
import { machineListCommands } from "./machine-lists";
import { machineCommands } from "./machines";
import { networkCommands } from "./networks";
import { offerCommands } from "./offers";
import { peopleCommands } from "./people";
import { serverCommands } from "./server";
import { tagCommands } from "./tags";
import { volumeCommands } from "./volumes";
import { vpcCommands } from "./vpcs";

export const commands: Commands = {
  ...serverCommands(() => commands),
  ...offerCommands,
  ...peopleCommands,
  ...networkCommands,
  ...vpcCommands,
  ...aclCommands,
  ...addressCommands,
  ...firewallCommands,
  ...forwardCommands,
  ...balancerCommands,
  ...balancerPolicyCommands,
  ...autoscaleCommands,
  ...machineCommands,
  ...machineListCommands,
  ...volumeCommands,
  ...isoCommands,
  ...tagCommands,
  ...affinityGroupCommands,
  ...keyPairCommands,
  ...annotationCommands,
  ...kubernetesVersionCommands,
  ...kubernetesCommands,
};
