// What stands where in the files of the last refresh: passages, segments, symbols, imports.

import { importsIn, ImportResolver } from './imports.js';
import { definitionsOfCut, type PlannedFile } from './plan.js';
import type { ChunkRange, FileEntry, Passage, SegmentPlan, SymbolDefinition } from './types.js';

/** The look-ups of a `RepositoryIndex` that need no more than the planned files. */
export abstract class PlannedFiles {
  files: readonly FileEntry[] = [];
  totalTokens = 0;

  /** In order of use. */
  protected planned: ReadonlyMap<string, PlannedFile> = new Map();
  private byId = new Map<number, Passage>();
  private definitions: Map<string, SymbolDefinition[]> | undefined;
  private imports: ImportResolver | undefined;

  passages(): Passage[] {
    return [...this.planned.values()].flatMap(({ passages }) => passages);
  }

  passage(id: number): Passage | undefined {
    return this.byId.get(id);
  }

  passagesOf(path: string): Passage[] {
    return this.planned.get(path)?.passages ?? [];
  }

  passageAt(path: string, line: number): Passage | undefined {
    return this.passagesOf(path).find(
      ({ startLine, endLine }) => startLine <= line && line <= endLine,
    );
  }

  segments(): SegmentPlan[] {
    return [...this.planned.values()].flatMap(({ plans }) => plans);
  }

  segmentsOf(path: string): SegmentPlan[] {
    return this.planned.get(path)?.plans ?? [];
  }

  segment(path: string, part: number): SegmentPlan | undefined {
    return this.planned.get(path)?.plans[part];
  }

  tokensOf(path: string, range: ChunkRange): Int32Array {
    const plan = this.segment(path, range.part);
    const start = plan?.chunks[range.firstChunk - 1]?.tokenEnd ?? 0;
    const end = plan?.chunks[range.lastChunk - 1]?.tokenEnd ?? 0;
    return plan?.tokens.subarray(start, end) ?? new Int32Array();
  }

  definitionsOf(name: string): SymbolDefinition[] {
    if (!this.definitions) {
      this.definitions = new Map();
      for (const { cut } of this.planned.values()) {
        for (const definition of definitionsOfCut(cut)) {
          const known = this.definitions.get(definition.name);
          if (known) {
            known.push(definition);
          } else {
            this.definitions.set(definition.name, [definition]);
          }
        }
      }
    }
    return this.definitions.get(name) ?? [];
  }

  definitionsIn(path: string): SymbolDefinition[] {
    const file = this.planned.get(path);
    return file ? definitionsOfCut(file.cut) : [];
  }

  importsOf(path: string, text?: string): string[] {
    const resolver = (this.imports ??= new ImportResolver(this.planned.keys()));
    const written =
      text === undefined ? (this.planned.get(path)?.cut.imports ?? []) : importsIn(path, text);
    return [...new Set(written.flatMap((specifier) => resolver.resolve(path, specifier)))];
  }

  /** From now on all look-ups speak of these files. */
  protected replace(planned: ReadonlyMap<string, PlannedFile>): void {
    this.planned = planned;
    this.byId = new Map(this.passages().map((passage) => [passage.id, passage]));
    this.definitions = undefined;
    this.imports = undefined;
    this.files = [...planned.values()].map(({ entry }) => entry);
    this.totalTokens = this.files.reduce((sum, { tokens }) => sum + tokens, 0);
  }
}
