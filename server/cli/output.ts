// What the terminal sees: results on standard output, progress and notes on standard error.

import type { Source } from '../chat/citations.js';

export interface Output {
  /** True when exactly one JSON object is wanted on standard output. */
  readonly isJson: boolean;
  /** Text of the result; ignored in JSON. */
  text(text: string): void;
  /** The result in JSON; ignored otherwise. */
  json(value: unknown): void;
  /** One line that is replaced by the next; on a terminal only, else every few seconds. */
  progress(line: string): void;
  /** A model that is being fetched: a bar on a terminal, else a line as above. */
  fetching(done: number, total: number, bytesPerSecond: number): void;
  /** A line for people on standard error. Ends a progress line. */
  note(line: string): void;
}

/** Without a terminal, progress is a line in a log: not more often than this. */
const loggedProgressEveryMs = 5000;

export function terminalOutput(
  isJson: boolean,
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Output {
  let open = false;
  let lastLoggedMs = 0;
  const endLine = (): void => {
    if (open) {
      stderr.write('\r\x1b[K');
      open = false;
    }
  };
  const columns = (): number => Math.max(20, (stderr.columns ?? 80) - 1);
  const progress = (line: string): void => {
    if (stderr.isTTY) {
      stderr.write(`\r\x1b[K${line.slice(0, columns())}`);
      open = true;
    } else if (Date.now() - lastLoggedMs >= loggedProgressEveryMs) {
      lastLoggedMs = Date.now();
      stderr.write(`${line}\n`);
    }
  };
  return {
    isJson,
    progress,
    fetching(done, total, bytesPerSecond) {
      const width = stderr.isTTY ? columns() : 0;
      progress(fetchProgressLine(done, total, bytesPerSecond, width));
    },
    text(text) {
      if (!isJson) {
        endLine();
        stdout.write(text);
      }
    },
    json(value) {
      if (isJson) {
        endLine();
        stdout.write(`${JSON.stringify(value)}\n`);
      }
    },
    note(line) {
      endLine();
      stderr.write(`${line}\n`);
    },
  };
}

/** 1234567 -> "1.2 MB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** 4000 s -> "1 h 7 min". */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) {
    return `${Math.ceil(seconds)} s`;
  }
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * "Fetching the model: [####    ] 12 %, 12.0 MB of 98.4 MB, 3.1 MB/s, 28 s left" in `width`
 * columns; without the bar where it has no room.
 */
export function fetchProgressLine(
  done: number,
  total: number,
  bytesPerSecond: number,
  width = 0,
): string {
  const of = total > 0 ? ` of ${formatBytes(total)}` : '';
  const left =
    total > done && bytesPerSecond > 0
      ? `, ${formatSeconds((total - done) / bytesPerSecond)} left`
      : '';
  const what = 'Fetching the model: ';
  const figures = `${formatBytes(done)}${of}, ${formatBytes(Math.round(bytesPerSecond))}/s${left}`;
  const share = total > 0 ? done / total : 0;
  const percent = `] ${Math.floor(100 * share)} %, `;
  const room = Math.min(longestBar, width - what.length - figures.length - percent.length - 1);
  if (total === 0 || room < shortestBar) {
    return what + figures;
  }
  const bar = '#'.repeat(Math.round(share * room)).padEnd(room);
  return `${what}[${bar}${percent}${figures}`;
}

const longestBar = 30;
const shortestBar = 6;

/** Sources that are worth a line on the screen. */
const shownSources = 5;

/** Sources as `path:lines`, the weightiest first. */
export function sourceLines(sources: readonly Source[]): string {
  return sources
    .slice(0, shownSources)
    .map(({ path, startLine, endLine }) => `  ${path}:${startLine}-${endLine}\n`)
    .join('');
}

/** Milliseconds and rates in JSON need no more than two decimals. */
export function rounded<T>(value: T): T {
  if (typeof value === 'number') {
    return (Number.isInteger(value) ? value : Math.round(value * 100) / 100) as T;
  }
  if (Array.isArray(value)) {
    return value.map(rounded) as T;
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, rounded(inner)]),
    ) as T;
  }
  return value;
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
