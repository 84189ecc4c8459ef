// Mocha's "spec" report, what the slowest suites took with their hooks, and the counts as JSON in
// the file that LEOAM_TEST_COUNTS names.
const { writeFileSync } = require('node:fs');
const Spec = require('mocha/lib/reporters/spec');

const slowest = 25;

module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options);
    /** @type {[title: string, seconds: number][]} */
    const suites = [];
    const started = new Map();
    runner.on('suite', (suite) => started.set(suite, performance.now()));
    runner.on('suite end', (suite) => {
      if (suite.parent?.root) {
        suites.push([suite.title, (performance.now() - started.get(suite)) / 1000]);
      }
    });
    runner.once('end', () => {
      console.log('  seconds of the slowest:');
      for (const [title, seconds] of suites
        .filter(([, seconds]) => seconds >= 1)
        .sort((a, b) => b[1] - a[1])
        .slice(0, slowest)) {
        console.log(`${seconds.toFixed(0).padStart(7)}  ${title}`);
      }
      const { passes, failures, pending } = runner.stats;
      const counts = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(process.env.LEOAM_TEST_COUNTS, JSON.stringify(counts));
    });
  }
};
