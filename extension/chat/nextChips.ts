// The chips beside the next question, with their tokens as soon as the server has counted them.

import * as vscode from 'vscode';
import { chatCountTokens } from '../../server/protocol/chat.js';
import { filesFind } from '../../server/protocol/files.js';
import type { Server } from '../server/server.js';
import type { Chip } from '../shared/messages.js';
import { isSamePlace, problemOf } from './chips.js';
import { maxChips } from './limits.js';
import { viewOfChip, type StoredChip } from './storedChat.js';

/** A folder's own entry is among the first that its path finds. */
const foundPaths = 100;

export class NextChips {
  private chips: StoredChip[] = [];

  constructor(
    private readonly server: Pick<Server, 'request'>,
    private readonly onChange: () => void,
  ) {}

  get shown(): Chip[] {
    return this.chips.map(viewOfChip);
  }

  get all(): readonly StoredChip[] {
    return this.chips;
  }

  /** Returns one sentence where not all of them can stand beside a question. */
  add(chips: readonly StoredChip[]): string | undefined {
    const problems = chips.map((chip) => this.addOne(chip));
    this.onChange();
    return problems.find((problem) => problem !== undefined);
  }

  remove(id: string): void {
    this.chips = this.chips.filter((chip) => chip.id !== id);
    this.onChange();
  }

  /** Paths of another workspace folder mean nothing in a question about this one. */
  keepThoseOf(folder: string): void {
    this.chips = this.chips.filter((chip) => (chip.folder ?? folder) === folder);
    this.onChange();
  }

  /** For the question that is asked now; the next one begins without. */
  take(): StoredChip[] {
    const taken = this.chips;
    this.chips = [];
    this.onChange();
    return taken;
  }

  /** What was selected again after an edit replaces what it was before. */
  private addOne(chip: StoredChip): string | undefined {
    const at = this.chips.findIndex((known) => isSamePlace(known, chip));
    if (at >= 0 && this.chips[at]?.text === chip.text) {
      return undefined;
    }
    const problem =
      problemOf(chip) ?? (at < 0 && this.chips.length >= maxChips ? full() : undefined);
    if (problem === undefined) {
      this.chips.splice(at < 0 ? this.chips.length : at, 1, chip);
      void this.count(chip);
    }
    return problem;
  }

  /** Without a server a chip stays without its tokens; the status tells why. */
  private async count(chip: StoredChip): Promise<void> {
    const { folder } = chip;
    try {
      if (chip.kind === 'selection') {
        const { tokens } = await this.server.request(chatCountTokens, { text: chip.text ?? '' });
        chip.tokens = tokens;
      } else if (folder !== undefined) {
        const wanted = chip.kind === 'folder' ? `${chip.path}/` : chip.path;
        const query = { folder, query: wanted, limit: foundPaths };
        const found = await this.server.request(filesFind, query);
        chip.tokens = found.find(({ path }) => path === wanted)?.tokens ?? 0;
      }
      this.onChange();
    } catch {
      // As said above.
    }
  }
}

function full(): string {
  return vscode.l10n.t('No more than {0} files and selections fit beside a question.', maxChips);
}
