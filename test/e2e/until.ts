// Waiting for what no event tells.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so; fails with what was waited for. */
export async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  ms = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `not within ${ms / 1000} s: ${what}`);
    await sleep(50);
  }
}
