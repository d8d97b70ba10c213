import { builtinModules } from "node:module";

/**
 * What each layer of the house may import: design.md's picture as data. ESLint holds it (`import-x/no-restricted-paths`: static and
 * dynamic imports, `export … from` and `require` alike), and tests/structure/layers.test.ts shows that each line really bites.
 *
 * `own`: folders and files of this repository besides the layer itself. `packages`: what it may take from node_modules; `types` are
 * packages it may name in types only, `typesOf` the same of `own`; `loadsLate`: it loads what is heavy on first use. Anything not listed is refused, so that a new dependency of a layer is a decision made here.
 */
export const layers = [
  {
    folder: "schema",
    own: [],
    packages: ["ipaddr.js"],
    types: ["@pulumi/pulumi"],
    why: "schema/ is what all the others read: it knows none of them",
  },
  {
    folder: "provider/core",
    own: ["schema", "provider/mold/catalogue/commands.ts", "provider/node", "provider/kubernetes/bootstrap-token.ts"],
    packages: ["semver", "ipaddr.js"],
    builtins: ["crypto", "zlib", "timers", "timers/promises", "util", "assert", "events"],
    why: "the core plans and waits; it reaches the world only through the ports it declares itself (provider/core/ports.ts), and keeps no files",
  },
  {
    folder: "provider/mold",
    own: ["schema", "provider/core/ports.ts"],
    typesOf: ["provider/core/ports.ts"],
    packages: ["axios", "https-proxy-agent", "p-limit", "pino"],
    loadsLate: true,
    why: "the Mold client fits the core's ports and knows nothing else of the core, nor of who calls it",
  },
  {
    folder: "provider/kubernetes",
    own: ["provider/core/ports.ts"],
    typesOf: ["provider/core/ports.ts"],
    packages: ["@kubernetes/client-node", "@peculiar/x509", "reflect-metadata", "yaml", "https-proxy-agent"],
    loadsLate: true,
    why: "the Kubernetes client fits the core's ports and knows nothing else of the core, nor of who calls it",
  },
  {
    folder: "provider/node",
    own: ["provider/core/ports.ts", "provider/kubernetes/bootstrap-token.ts", "provider/kubernetes/certificates.ts"],
    typesOf: ["provider/core/ports.ts"],
    packages: ["yaml", "semver"],
    why: "what runs on a machine is made of the machine's description alone",
  },
  {
    folder: "provider/handlers",
    own: ["schema", "provider/core", "provider/mold", "provider/kubernetes", "provider/node"],
    packages: ["p-limit", "pino"],
    why: "handlers serve every engine alike: no Pulumi, no Terraform, no emulator, and the API only through the clients",
  },
  {
    folder: "provider/adapters",
    own: ["schema", "provider/handlers", "provider/core", "provider/mold", "provider/kubernetes", "provider/node"],
    packages: ["@pulumi/pulumi", "pino", "@grpc/grpc-js", "@msgpack/msgpack", "@grpc/proto-loader", "@peculiar/x509", "reflect-metadata"],
    why: "an adapter translates for one engine and decides nothing; the embedded Mold is a server like any other to it",
  },
  {
    folder: "provider/cli",
    own: ["schema", "provider/handlers", "provider/core", "provider/mold", "provider/kubernetes"],
    packages: ["yaml"],
    why: "the command line asks the core what a person wants to know; no engine is needed for it, and the embedded Mold is a server like any other",
  },
  {
    folder: "provider/emulator",
    own: ["provider/mold/catalogue/apis.json"],
    packages: ["@peculiar/x509", "reflect-metadata", "yaml", "ipaddr.js", "semver", "pino"],
    why: "the embedded Mold must not share the client's mistakes: of the rest of the house it reads the recorded catalogue alone",
  },
  {
    folder: "sdk/pulumi",
    own: ["schema/generated", "sdk/topology", "provider/kubernetes/kubeconfig.ts", "provider/adapters/pulumi-dynamic"],
    packages: ["@pulumi/pulumi"],
    why: "a program imports the SDK: it composes resources, and pulls nothing heavy in before there is work",
  },
  {
    folder: "sdk/cdktf",
    own: ["sdk/topology"],
    packages: ["cdktf", "constructs"],
    why: "a program imports the constructs: they compose what the Terraform provider has, and know nothing of how it is done",
  },
  {
    folder: "sdk/topology",
    own: [],
    packages: [],
    why: "what components of every engine are made of is data and arithmetic; an engine's own SDK makes it",
  },
  {
    folder: "sdk/generator",
    own: ["schema"],
    packages: ["@cdktf/provider-generator", "@cdktf/commons", "codemaker"],
    why: "bindings are made of the declarations, by CDKTF's own generator; nothing of this is published",
  },
];

/** Without `node:` a name could be a package's. */
const bareBuiltins = { regex: `^(${builtinModules.filter((name) => !name.startsWith("_")).join("|")})$`, message: "Write it with node: in front." };

/** A package's own name, as a folder in node_modules: `@pulumi/pulumi`, `axios`. */
const folder = (name) => `./${name}`;

/** The zones of `import-x/no-restricted-paths`. */
export function zones() {
  return layers.flatMap(({ folder: layer, own, packages, types = [], why }) => {
    const message = `${layer} may not import this: ${why} (.config/layers.mjs).`;
    const parts = ["provider", "schema", "sdk", "tests", "examples"];
    return [
      ...parts.map((part) => ({
        target: `./${layer}`,
        from: `./${part}`,
        except: [layer, ...own].filter((path) => path === part || path.startsWith(`${part}/`)).map((path) => `./${path.slice(part.length + 1)}`),
        message,
      })),
      { target: `./${layer}`, from: "./node_modules", except: [...packages, ...types].map(folder), message },
    ];
  });
}

/** The patterns of `@typescript-eslint/no-restricted-imports`: what a layer may name in types but not run, and Node's own modules. */
export function unresolvable({ types = [], typesOf = [], builtins, why }) {
  const message = `Types only: ${why} (.config/layers.mjs).`;
  const listed = (builtins ?? []).map((name) => `${name}$`).join("|");
  return [
    bareBuiltins,
    ...types.map((name) => ({ group: [name, `${name}/*`], allowTypeImports: true, message })),
    ...typesOf.map((path) => {
      const [parent, file] = path.replace(/\.ts$/, "").split("/").slice(-2);
      return { group: [`**/${parent}/${file}`, `**/${parent}/${file}.js`], allowTypeImports: true, message };
    }),
    ...(builtins === undefined ? [] : [{ regex: `^node:(?!${listed})`, message: `Not in this layer: ${why} (.config/layers.mjs).` }]),
  ];
}
