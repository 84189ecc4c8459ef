// Mocha's "spec" report, and the counts as JSON in the file that LEOAM_TEST_COUNTS names.
const { writeFileSync } = require('node:fs');
const Spec = require('mocha/lib/reporters/spec');

module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      const counts = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(process.env.LEOAM_TEST_COUNTS, JSON.stringify(counts));
    });
  }
};
