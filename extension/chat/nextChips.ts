// The chips beside the next question, with their tokens as soon as the server has counted them.

import { chatCountTokens } from '../../server/protocol/chat.js';
import { filesFind } from '../../server/protocol/files.js';
import type { Server } from '../server/server.js';
import type { Chip } from '../shared/messages.js';
import { isSameChip } from './chips.js';
import type { StoredChip } from './storedChat.js';

/** A folder's own entry is among the first that its path finds. */
const foundPaths = 100;

export class NextChips {
  private chips: StoredChip[] = [];

  constructor(
    private readonly server: Server,
    private readonly onChange: () => void,
  ) {}

  get shown(): Chip[] {
    return this.chips.map(({ text: _text, ...shown }) => shown);
  }

  /** `folder` is the workspace folder that the chip's path is relative to. */
  add(chip: StoredChip, folder: string | undefined): void {
    if (!this.chips.some((known) => isSameChip(known, chip))) {
      this.chips.push(chip);
      void this.count(chip, folder);
    }
    this.onChange();
  }

  remove(id: string): void {
    this.chips = this.chips.filter((chip) => chip.id !== id);
    this.onChange();
  }

  /** For the question that is asked now; the next one begins without. */
  take(): StoredChip[] {
    const taken = this.chips;
    this.chips = [];
    this.onChange();
    return taken;
  }

  /** Without a server a chip stays without its tokens; the status tells why. */
  private async count(chip: StoredChip, folder: string | undefined): Promise<void> {
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
