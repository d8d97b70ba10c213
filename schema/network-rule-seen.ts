/** What the data source tells of a rule, whoever made it. */
import type { IntegerProperty, ListProperty, ObjectProperty, StringProperty } from "./property";

const maybe = { required: false } as const;
const text = (description: string, example: string, more: Partial<StringProperty> = {}): StringProperty => ({ type: "string", description, example, ...more });
const port = (description: string, example: number): IntegerProperty => ({ type: "integer", description, example, ...maybe });
const networks = (description: string): ListProperty => ({ type: "list", description, items: { type: "string", description: "An IPv4 network." }, example: ["198.51.100.0/24"] });

export const seenRule: ObjectProperty = {
  type: "object",
  typeName: "SeenRule",
  description: "One rule, of whatever kind.",
  properties: {
    kind: text("What it is.", "firewall", { enum: ["firewall", "portForward", "egress", "acl", "loadBalancer"] }),
    ruleId: text("Its id.", "9f1c0f0a-3b5c-4a39-8d83-5f1f6f8b8f55"),
    name: text("Its name, where it has one.", "ingress-https", maybe),
    protocol: text("Its protocol.", "tcp"),
    ipAddress: text("The public address that it lies at.", "203.0.113.7", maybe),
    startPort: port("First port (of the public address).", 80),
    endPort: port("Last port (of the public address).", 443),
    privateStartPort: port("First port on the machine.", 8080),
    cidrList: networks("Networks that it is for; empty: everyone."),
    action: text("`allow` or `deny`, of an access list's rule.", "deny", maybe),
    number: port("Its place in an access list.", 10),
    machineId: text("Machine that it leads to (portForward).", "c1a2b3c4-0000-4000-8000-000000000001", maybe),
    state: text("Its state, in Mold's words.", "Active"),
    declaredBy: text("Who declares it: `pulumi:<organization>/<project>/<stack>`. Absent: made by hand, or by another program.", "pulumi:acme/shop/prod", maybe),
    resource: text("The resource's name in that program. Absent for what a cluster has for itself.", "ingress-https", maybe),
  },
};
