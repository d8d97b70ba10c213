/**
 * What the scripts of Mold's own Kubernetes service do with a machine (upstream: conf/k8s-control-node.yml, conf/k8s-node.yml): they wait for
 * the ISO and run kubeadm, as the node agent does. Here their user data says in one file what theirs does in scripts.
 */
import { parse } from "yaml";
import { SERVED_FILE } from "../served-file";
import { DiskError, type NodeDisk } from "./node-disk";
import type { CloudConfig } from "./user-data";

/** Undefined: the machine is none of the service's. */
export function readServedDisk(config: CloudConfig): NodeDisk | undefined {
  const text = config.files.get(SERVED_FILE);
  if (text === undefined) return undefined;
  const disk = parse(text) as Partial<NodeDisk> | null;
  if (disk?.nodeName === undefined || disk.version === undefined || disk.caCertificate === undefined) throw new DiskError(`${SERVED_FILE} is not what the service writes`);
  return { ...(disk as NodeDisk), served: true };
}
