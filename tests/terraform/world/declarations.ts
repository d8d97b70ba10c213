/** Configurations as a person writes them. */

export interface ClusterOptions {
  readonly controlPlanes?: number;
  readonly workers?: number;
  readonly version?: string;
  /** Further arguments of the cluster, as HCL. */
  readonly more?: string;
}

export const identity = (name = "prod"): string => `resource "ablestack_cluster_identity" "${name}" {\n  name = "${name}"\n  zone = "zone-1"\n}\n`;

export const cluster = ({ controlPlanes = 1, workers = 1, version = "1.35", more = "" }: ClusterOptions = {}, name = "prod"): string => `
resource "ablestack_kubernetes_cluster" "${name}" {
  identity = ablestack_cluster_identity.${name}
  name     = "${name}"
  zone     = "zone-1"
  version  = "${version}"
  template = "debian-13-containerd"
  control_plane = {
    count    = ${controlPlanes}
    offering = "k8s-2c-4g"
  }
  workers = {
    count    = ${workers}
    offering = "k8s-2c-4g"
  }
  ${more}
}
`;

export const rules = (name = "prod"): string => `
resource "ablestack_load_balancer" "https" {
  name          = "https"
  cluster       = ablestack_kubernetes_cluster.${name}.uid
  public_port   = 443
  private_port  = 30443
  members = {
    role = "worker"
  }
}

resource "ablestack_network_rule" "https" {
  name       = "https"
  cluster    = ablestack_kubernetes_cluster.${name}.uid
  kind       = "firewall"
  protocol   = "tcp"
  start_port = 443
}
`;
