terraform {
  required_providers {
    ablestack = {
      source = "ablestack/ablestack"
    }
  }
}

# Where Mold is and the keys for it come by the environment: ABLESTACK_API_URL, ABLESTACK_API_KEY, ABLESTACK_SECRET_KEY.
provider "ablestack" {
  owner = "terraform-ha-cluster/dev"
}

variable "kubernetes" {
  description = "Kubernetes version: exact, or a minor."
  type        = string
  default     = "1.35"
}

variable "workers" {
  description = "How many workers."
  type        = number
  default     = 3
}

locals {
  name = "ha"
  zone = "zone-1"
  # What of the cluster's address leads to which port of the workers: an ingress controller's NodePorts.
  ingress = {
    http  = { port = 80, node_port = 30080 }
    https = { port = 443, node_port = 30443 }
  }
}

# What never changes in the cluster's life. It is in the state before the first machine is asked for, so that a run that was killed is
# continued by the next.
resource "ablestack_cluster_identity" "ha" {
  name = local.name
  zone = local.zone
}

resource "ablestack_kubernetes_cluster" "ha" {
  identity = ablestack_cluster_identity.ha
  name     = local.name
  zone     = local.zone
  version  = var.kubernetes
  template = "debian-13-containerd"

  control_plane = {
    count    = 3
    offering = "k8s-2c-4g"
  }
  workers = {
    count    = var.workers
    offering = "k8s-2c-4g"
  }
}

resource "ablestack_load_balancer" "ingress" {
  for_each      = local.ingress
  name          = "${local.name}-${each.key}"
  cluster       = ablestack_kubernetes_cluster.ha.uid
  ip_address_id = ablestack_kubernetes_cluster.ha.public_ip_address_id
  public_port   = each.value.port
  private_port  = each.value.node_port
  members       = { role = "worker" }
}

resource "ablestack_network_rule" "ingress" {
  for_each      = local.ingress
  name          = "${local.name}-${each.key}"
  cluster       = ablestack_kubernetes_cluster.ha.uid
  ip_address_id = ablestack_kubernetes_cluster.ha.public_ip_address_id
  kind          = "firewall"
  protocol      = "tcp"
  start_port    = each.value.port
}

output "kubeconfig" {
  value     = ablestack_kubernetes_cluster.ha.kubeconfig
  sensitive = true
}

output "endpoint" {
  value = ablestack_kubernetes_cluster.ha.endpoint
}

output "ingressIp" {
  value = ablestack_kubernetes_cluster.ha.public_ip_address
}

output "nodes" {
  value = ablestack_kubernetes_cluster.ha.nodes
}
