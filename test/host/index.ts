// Tests that run inside an extension host, with VS Code's own interface at hand. VS Code calls
// `run`; what became of each test is written to the file that LEOAM_HOST_REPORT names.

import Mocha from 'mocha';

export async function run(): Promise<void> {
  const output = process.env['LEOAM_HOST_REPORT'];
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    reporter: 'json',
    reporterOptions: { output },
  });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./extension.js');
  await import('./history.js');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) {
    throw new Error(`${failures} tests failed`);
  }
}
