/** Where the Kubernetes service's user data says what a node of it is to become. */
export const SERVED_FILE = "/opt/bin/deploy-kube-system";
