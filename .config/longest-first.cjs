const { default: Sequencer } = require("@jest/test-sequencer");

/**
 * jest begins with the files that took longest last time, and on a fresh checkout with the largest. The sweeps, which kill at every call,
 * are files of ten lines that take ten minutes: they came last, and one core worked while the other had nothing left to do.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => /(sweep|kills|faults)[^/]*(\/[^/]+)?\.test\.ts$/.test(path);
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
