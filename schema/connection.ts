/** How to reach a Mold, and as whom. Configuration, never an argument of a resource: keys can then be rotated without a difference. */
import type { Resource, Rule } from "./resource";

const accountNeedsDomain: Rule = ({ given, fail }) => {
  if (given("account") && !given("domainId")) fail("account", "is given without domainId; an account is looked up in its domain: set domainId as well");
  if (given("account") && given("projectId")) fail("projectId", "is given together with account; what is made belongs either to a project or to an account: leave one out");
};

export const connection: Resource = {
  name: "Connection",
  kind: "config",
  description:
    "How to reach a Mold (or CloudStack) API, and as whom. Set with `pulumi config set ablestack:<name>`, further ones as `ablestack:connections.<connection>.<name>`; environment variables stand in for the default connection. Credentials are never arguments of a resource, so that keys can be rotated without a difference.",
  inputs: {
    apiUrl: {
      type: "string",
      description: "Address of the API, with its path.",
      required: true,
      format: "http-url",
      example: "https://mold.example.com/client/api",
      environment: ["ABLESTACK_API_URL", "CLOUDSTACK_API_URL", "CLOUDSTACK_ENDPOINT"],
    },
    apiKey: {
      type: "string",
      description: "API key of the user that everything is done as. The secret key belongs to it.",
      required: true,
      format: "no-control-characters",
      example: "LIN6rqXuaJwMPfGYFh13qDwYz5VNNz1J",
      environment: ["ABLESTACK_API_KEY", "CLOUDSTACK_API_KEY", "CLOUDSTACK_KEY"],
    },
    secretKey: {
      type: "string",
      description: "Secret key of the user: signs every call and is itself never sent. Set it with `pulumi config set --secret`.",
      required: true,
      secret: true,
      format: "no-control-characters",
      environment: ["ABLESTACK_SECRET_KEY", "CLOUDSTACK_SECRET_KEY", "CLOUDSTACK_SECRET"],
    },
    projectId: {
      type: "string",
      description: "Project that everything is made in.",
      otherwise: "the account itself",
      example: "0b3ff8a4-6b0c-4c1e-9a55-9a1c9b1d2d0e",
      environment: ["ABLESTACK_PROJECT_ID", "CLOUDSTACK_PROJECT_ID"],
    },
    domainId: {
      type: "string",
      description: "Domain of `account`.",
      otherwise: "the user's own domain",
      example: "5e0d2a1c-4c3b-4c5f-8d8e-0f9f6a3c1b2a",
      environment: ["ABLESTACK_DOMAIN_ID", "CLOUDSTACK_DOMAIN_ID"],
    },
    account: {
      type: "string",
      description: "Account that everything is made for, when the user may act for others. Needs `domainId`.",
      otherwise: "the user's own account",
      example: "team-a",
      environment: ["ABLESTACK_ACCOUNT", "CLOUDSTACK_ACCOUNT"],
    },
    digest: {
      type: "string",
      description:
        "Hash that calls are signed with: Mold takes SHA-256, CloudStack SHA-1. A server of the other kind answers 401. `auto` finds out once, by asking for the server's capabilities.",
      enum: ["sha256", "sha1", "auto"],
      default: "sha256",
      example: "auto",
      environment: ["ABLESTACK_DIGEST"],
    },
    caCertificate: {
      type: "string",
      description: "Certificate of the authority that signed the server's certificate: a PEM text, or the path of a PEM file.",
      otherwise: "the authorities that Node.js trusts",
      example: "/etc/ssl/certs/mold-ca.pem",
      environment: ["ABLESTACK_CA_CERTIFICATE"],
    },
    proxy: {
      type: "string",
      description: "HTTP proxy to reach the API through. May carry a user and a password; is then a secret.",
      secret: true,
      format: "proxy-url",
      otherwise: "HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment",
      environment: ["ABLESTACK_PROXY"],
    },
    insecure: {
      type: "boolean",
      description: "Accepts any server certificate. For trials only: whoever is in between can then read and change everything.",
      default: false,
      example: true,
      environment: ["ABLESTACK_INSECURE"],
    },
    timeout: {
      type: "integer",
      description: "How long one call may take before it is given up.",
      unit: "seconds",
      minimum: 1,
      maximum: 3600,
      default: 60,
      example: 120,
      environment: ["ABLESTACK_TIMEOUT"],
    },
    jobTimeout: {
      type: "integer",
      description: "How long an asynchronous job of Mold may take before waiting for it ends with an error.",
      unit: "seconds",
      minimum: 1,
      maximum: 86_400,
      default: 1800,
      example: 3600,
      environment: ["ABLESTACK_JOB_TIMEOUT"],
    },
  },
  outputs: {},
  rules: [accountNeedsDomain],
  example: { apiUrl: "https://mold.example.com/client/api", apiKey: "LIN6rqXuaJwMPfGYFh13qDwYz5VNNz1J", secretKey: "(a secret)" },
};
