// What tests get as "fast-check": the same cases in every run, so that a run fails by what was changed and by nothing else. To look at others:
// PROPERTY_SEED=random, or a number that a failure has named.
const fc = require("../node_modules/fast-check/lib/fast-check.js");

const { PROPERTY_SEED: asked = "20261129" } = process.env;
fc.configureGlobal(asked === "random" ? {} : { seed: Number(asked) });
module.exports = fc;
