/**
 * Lint: what the compiler doesn't see and a reviewer shouldn't have to. Layout is nobody's argument here; the layers are in layers.mjs.
 *
 *     npx eslint -c .config/eslint.config.mjs .
 */
import { fileURLToPath } from "node:url";
import { importX, createNodeResolver } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";
import { layers, zones, unresolvable } from "./layers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

export default tseslint.config(
  { ignores: ["**/node_modules/", "dist/", ".state/", ".bench/", "**/generated/", "provider/mold/catalogue/commands.ts", "**/*.d.ts", "**/*.js", "**/*.cjs"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["provider/**/*.ts", "sdk/**/*.ts", "schema/**/*.ts", "tests/**/*.ts"],
    plugins: { "@typescript-eslint": tseslint.plugin, "import-x": importX },
    languageOptions: { parser: tseslint.parser, parserOptions: { project: ["./tsconfig.json"], tsconfigRootDir: root } },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js", ".json"], extensionAlias: { ".js": [".ts", ".js"] } })] },
    rules: {
      eqeqeq: ["error", "always"],
      "no-async-promise-executor": "error",
      "no-cond-assign": "error",
      "no-console": "error",
      "no-constant-binary-expression": "error",
      "no-control-regex": "error",
      "no-debugger": "error",
      "no-duplicate-case": "error",
      "no-empty": "error",
      "no-empty-pattern": "error",
      "no-eval": "error",
      "no-implicit-coercion": "error",
      "no-irregular-whitespace": "error",
      "no-loss-of-precision": "error",
      "no-misleading-character-class": "error",
      "no-param-reassign": "error",
      "no-prototype-builtins": "error",
      "no-self-assign": "error",
      "no-self-compare": "error",
      "no-sparse-arrays": "error",
      "no-template-curly-in-string": "error",
      "no-unsafe-finally": "error",
      "no-unsafe-negation": "error",
      "no-useless-assignment": "error",
      "no-useless-catch": "error",
      "no-useless-escape": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",

      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/ban-ts-comment": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/no-empty-object-type": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-for-in-array": "error",
      "@typescript-eslint/no-implied-eval": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-redundant-type-constituents": "error",
      "@typescript-eslint/no-require-imports": "error",
      "@typescript-eslint/no-unsafe-argument": "error",
      "@typescript-eslint/no-unsafe-assignment": "error",
      "@typescript-eslint/no-unsafe-call": "error",
      "@typescript-eslint/no-unsafe-member-access": "error",
      "@typescript-eslint/no-unsafe-return": "error",
      "@typescript-eslint/no-unused-expressions": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "@typescript-eslint/prefer-promise-reject-errors": "error",
      "@typescript-eslint/restrict-plus-operands": "error",
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],

      "import-x/no-restricted-paths": ["error", { basePath: root, zones: zones() }],
    },
  },
  ...layers.map((layer) => ({
    files: [`${layer.folder}/**/*.ts`],
    rules: {
      "@typescript-eslint/no-restricted-imports": ["error", { patterns: unresolvable(layer) }],
      // `import("x")` as a type escapes the zones. Where nothing heavy may be loaded anyway, it has no use either.
      "no-restricted-syntax": layer.loadsLate ? "off" : ["error", { selector: "TSImportType", message: "Import the type at the top, where the layer rules see it." }],
    },
  })),
  {
    // What a person starts talks to the person, and an adapter's words reach one through its engine, which reads them from stdout.
    files: ["**/bin.ts", "**/generate.ts", "provider/emulator/serve.ts", "provider/adapters/**/*.ts", "tests/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    // A test may look into what it has just made: a wrong guess there fails the test.
    files: ["tests/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
);
