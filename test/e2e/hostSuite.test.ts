import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shopFiles, temporaryFolder, temporaryRepository } from '../server/setup.js';
import { environmentOrSkip } from './environment.js';
import { CodeHost } from './host.js';

interface Report {
  passes: { fullTitle: string }[];
  failures: { fullTitle: string; err: { message?: string } }[];
}

const suiteMs = 120_000;

describe('inside the extension host of VS Code @slow', function () {
  this.timeout(300_000);

  it('passes the suite of test/host', async function () {
    const environment = environmentOrSkip(this);
    const extension = process.env['LEOAM_TEST_EXTENSION'];
    const file = process.env['LEOAM_TEST_HOST_SUITE'];
    if (!extension || !file) {
      console.log('skipped: LEOAM_TEST_EXTENSION or LEOAM_TEST_HOST_SUITE not set');
      this.skip();
    }
    const report = join(await temporaryFolder('report'), 'report.json');
    const host = await CodeHost.start(environment, {
      folder: await temporaryRepository(shopFiles),
      suite: { extension, file },
      env: { LEOAM_HOST_REPORT: report },
    });
    try {
      const ended = new Promise<number>((resolve, reject) => {
        void sleep(suiteMs, undefined, { ref: false }).then(() =>
          reject(new Error('the suite did not end')),
        );
        void host.page.exposeFunction('codeAutomationExit', resolve);
        void host.page.exposeFunction('codeAutomationLog', () => undefined);
      });
      await host.openSuite();
      await ended;
    } finally {
      await host.close();
    }
    const { passes, failures } = JSON.parse(await readFile(report, 'utf8')) as Report;
    passes.forEach(({ fullTitle }) => console.log(`      ✔ ${fullTitle}`));
    assert.deepEqual(
      failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? ''}`),
      [],
    );
    assert.ok(passes.length > 0);
  });
});
