// What the view remembers when VS Code throws it away and makes it anew: the unsent question,
// which of its two pages is open, and how far down each chat was read.

import { z } from 'zod';
import { keepState, keptState } from './api.js';

const scrollPosition = z.object({ top: z.number(), isAtBottom: z.boolean() });
export type ScrollPosition = z.infer<typeof scrollPosition>;

const savedState = z.object({
  draft: z.string().catch(''),
  showsChats: z.boolean().catch(false),
  /** By chat id, the last one read last. */
  scroll: z.record(z.string(), scrollPosition).catch({}),
});
type SavedState = z.infer<typeof savedState>;

const chatsRemembered = 50;

let saved = load();

function load(): SavedState {
  const kept = savedState.safeParse(keptState() ?? {});
  return kept.success ? kept.data : { draft: '', showsChats: false, scroll: {} };
}

function change(changed: Partial<SavedState>): void {
  saved = { ...saved, ...changed };
  keepState(saved);
}

export function savedDraft(): string {
  return saved.draft;
}

export function saveDraft(draft: string): void {
  change({ draft });
}

export function savedShowsChats(): boolean {
  return saved.showsChats;
}

export function saveShowsChats(showsChats: boolean): void {
  change({ showsChats });
}

export function savedScroll(chatId: string): ScrollPosition | undefined {
  return saved.scroll[chatId];
}

export function saveScroll(chatId: string, position: ScrollPosition): void {
  const others = Object.entries(saved.scroll).filter(([id]) => id !== chatId);
  const kept = others.slice(Math.max(0, others.length + 1 - chatsRemembered));
  change({ scroll: Object.fromEntries([...kept, [chatId, position]]) });
}
