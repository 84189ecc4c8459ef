// How much memory a process holds over time, and whether that grows.

import { readFile } from 'node:fs/promises';

export interface MemorySample {
  /** Requests until then. */
  requests: number;
  residentMb: number;
  /** Without the pages of files: those of the model and the store come and go as they are read. */
  anonymousMb: number;
}

export interface MemoryTrend {
  samples: number;
  /** The slope of the line that fits best. */
  residentMbPer1000: number;
  anonymousMbPer1000: number;
  residentSpreadMb: number;
}

/** Undefined where the system does not tell, or the process has ended. */
export async function memoryOf(
  pid: number | undefined,
): Promise<Omit<MemorySample, 'requests'> | undefined> {
  if (pid === undefined) {
    return undefined;
  }
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  const megabytes = (name: string): number | undefined => {
    const kibibytes = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
    return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1e6;
  };
  const residentMb = megabytes('VmRSS');
  const anonymousMb = megabytes('RssAnon');
  return residentMb === undefined || anonymousMb === undefined
    ? undefined
    : { residentMb, anonymousMb };
}

/** Of the samples behind a warm-up of so many requests; undefined where they are too few. */
export function memoryTrend(
  samples: readonly MemorySample[],
  warmUp: number,
): MemoryTrend | undefined {
  const taken = samples.filter(({ requests }) => requests >= warmUp);
  if (taken.length < 3) {
    return undefined;
  }
  const requests = taken.map((sample) => sample.requests);
  const resident = taken.map((sample) => sample.residentMb);
  return {
    samples: taken.length,
    residentMbPer1000: 1000 * slope(requests, resident),
    anonymousMbPer1000:
      1000 *
      slope(
        requests,
        taken.map((sample) => sample.anonymousMb),
      ),
    residentSpreadMb: Math.max(...resident) - Math.min(...resident),
  };
}

/** Of the line with the least squares. */
export function slope(xs: readonly number[], ys: readonly number[]): number {
  const middleX = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const middleY = ys.reduce((sum, y) => sum + y, 0) / ys.length;
  let above = 0;
  let below = 0;
  xs.forEach((x, at) => {
    above += (x - middleX) * ((ys[at] ?? 0) - middleY);
    below += (x - middleX) ** 2;
  });
  return below === 0 ? 0 : above / below;
}
