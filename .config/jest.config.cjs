// One runner for every test. swc only strips types: `make lint` checks them, so that tests start at once.
module.exports = {
  rootDir: "..",
  testEnvironment: "node",
  cacheDirectory: "<rootDir>/.state/jest",
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
  transform: { "^.+\\.(t|mj|cj|j)s$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript", decorators: true } }, module: { type: "commonjs" } }] },
  // These are published as ES modules only; Node's require() takes them, jest's own module loader needs them transformed.
  transformIgnorePatterns: ["/node_modules/(?!(@kubernetes/client-node|openid-client|oauth4webapi|jose|@jsep-plugin|jsep|jsonpath-plus|fast-check|pure-rand)/)"],
  // `await import("./x.js")` is how a CommonJS source loads a file of its own late.
  // A bound against hanging, not a measure: on two busy cores five seconds are soon over.
  testTimeout: 120_000,
  moduleNameMapper: { "^fast-check$": "<rootDir>/.config/fast-check.cjs", "^(\\.{1,2}/.*)\\.js$": "$1" },
  testSequencer: "<rootDir>/.config/longest-first.cjs",
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/examples"],
};
