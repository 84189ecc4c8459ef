import assert from 'node:assert/strict';
import {
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatRate,
  formatShare,
} from '../../../extension/webview/format.js';

describe('numbers in the chat view', () => {
  it('separates thousands', () => {
    assert.equal(formatCount(1234567, 'en'), '1,234,567');
  });

  it('gives small rates a digit after the point', () => {
    assert.equal(formatRate(4.56, 'en'), '4.6');
    assert.equal(formatRate(45.6, 'en'), '46');
  });

  it('gives durations as many digits as they deserve', () => {
    assert.equal(formatDuration(416, 'en'), '0.42 s');
    assert.equal(formatDuration(3141, 'en'), '3.1 s');
    assert.equal(formatDuration(42_400, 'en'), '42 s');
    assert.equal(formatDuration(59_700, 'en'), '1 min 0 s');
    assert.equal(formatDuration(75_000, 'en'), '1 min 15 s');
  });

  it('counts bytes in steps of 1024', () => {
    assert.equal(formatBytes(0, 'en'), '0 B');
    assert.equal(formatBytes(1023, 'en'), '1,023 B');
    assert.equal(formatBytes(1536, 'en'), '1.5 KiB');
    assert.equal(formatBytes(20 * 1024 * 1024, 'en'), '20 MiB');
    assert.equal(formatBytes(1024 * 1024 - 1, 'en'), '1.0 MiB');
  });

  it('does not show a small share as nothing', () => {
    assert.equal(formatShare(0, 'en'), '0 %');
    assert.equal(formatShare(0.001, 'en'), '< 1 %');
    assert.equal(formatShare(0.337, 'en'), '34 %');
  });
});

describe('dates in the list of chats', () => {
  const now = Date.UTC(2025, 5, 20, 12);
  const minuteMs = 60_000;

  it('are relative for a week', () => {
    assert.equal(formatDate(now - 5000, now, 'en'), 'now');
    assert.equal(formatDate(now - 3 * minuteMs, now, 'en'), '3 minutes ago');
    assert.equal(formatDate(now - 2 * 60 * minuteMs, now, 'en'), '2 hours ago');
    assert.equal(formatDate(now - 30 * 60 * minuteMs, now, 'en'), 'yesterday');
  });

  it('are dates after that', () => {
    assert.match(formatDate(now - 30 * 24 * 60 * minuteMs, now, 'en'), /May 2\d, 2025/u);
  });

  it('are never in the future, whatever the clock says', () => {
    assert.equal(formatDate(now + 90 * minuteMs, now, 'en'), 'now');
  });
});
