// A copy of a repository from which holes are cut, some at a time: what is to be filled in stands
// neither on disk nor, with the rest of its file, in the store.

import { cp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { shapeOf, type RepoHole } from './holes.js';
import type { SourceFile } from './sourceFiles.js';

export class CutCopy {
  private cutPaths: string[] = [];

  private constructor(
    readonly root: string,
    private readonly texts: Map<string, string>,
  ) {}

  /** Replaces what lies at `target`. */
  static async make(target: string, root: string, files: readonly SourceFile[]): Promise<CutCopy> {
    await rm(target, { recursive: true, force: true });
    await cp(root, target, { recursive: true });
    return new CutCopy(target, new Map(files.map(({ path: name, text }) => [name, text])));
  }

  /** Cuts these, of different files, and puts back those that were cut before. */
  async cut(holes: readonly RepoHole[]): Promise<void> {
    for (const name of this.cutPaths.splice(0)) {
      await this.write(name, Buffer.from(this.textOf(name)));
    }
    for (const { path: name, startByte, endByte } of holes) {
      const bytes = Buffer.from(this.textOf(name));
      this.cutPaths.push(name);
      await this.write(
        name,
        Buffer.concat([bytes.subarray(0, startByte), bytes.subarray(endByte)]),
      );
    }
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }

  private textOf(name: string): string {
    const text = this.texts.get(name);
    if (text === undefined) {
      throw new Error(`There is no file ${name} to cut a hole out of.`);
    }
    return text;
  }

  private write(name: string, bytes: Buffer): Promise<void> {
    return writeFile(path.join(this.root, ...name.split('/')), bytes);
  }
}

/** At most `size` holes each, all of different files and of one shape. */
export function roundsOf(holes: readonly RepoHole[], size: number): RepoHole[][] {
  return (['line', 'block'] as const).flatMap((shape) => {
    const rounds: RepoHole[][] = [];
    for (const hole of holes.filter(({ kind }) => shapeOf(kind) === shape)) {
      const free = rounds.find(
        (round) => round.length < size && round.every((other) => other.path !== hole.path),
      );
      if (free === undefined) {
        rounds.push([hole]);
      } else {
        free.push(hole);
      }
    }
    return rounds;
  });
}
