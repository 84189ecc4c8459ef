// What a completion takes from stored or moved KV instead of computing it, and how its prompt is
// written. Each has its switch, so that what it costs and gains can be measured one at a time.

export interface Approximations {
  /** Passages of other files: stored KV, the same as text, or none. */
  evidence: 'stored' | 'text' | 'none';
  /** The file at first sight of the cursor: its stored KV, only that before the cursor, or read in place. */
  file: 'stored' | 'before' | 'read';
  /**
   * Text that was read and stands behind an edit: moved with it, where the mark before it is computed
   * anew; moved with that mark; or read again.
   */
  behind: 'moved' | 'withMark' | 'read';
  /** Prefix, suffix, middle as the model was trained; or the suffix first, where no text is moved. */
  order: 'psm' | 'spm';
  /** What stands right before the cursor: written anew as the completion's beginning, or taken as it is. */
  healing: 'on' | 'off';
  /** The file's import statements, where the text before the cursor begins below them: shown before it, or not. */
  imports: 'on' | 'off';
}

/**
 * `leoam`: all of it. `rag`: the same passages as text. `file`: no other file.
 * `exact`: as `rag`, and nothing is stored or moved.
 */
export const completionModes = ['leoam', 'rag', 'file', 'exact'] as const;
export type CompletionMode = (typeof completionModes)[number];

const kept = {
  file: 'stored',
  behind: 'moved',
  order: 'psm',
  healing: 'on',
  imports: 'on',
} as const;

const ofMode: Record<CompletionMode, Approximations> = {
  leoam: { evidence: 'stored', ...kept },
  rag: { evidence: 'text', ...kept },
  file: { evidence: 'none', ...kept },
  exact: { ...kept, evidence: 'text', file: 'read', behind: 'read' },
};

export const switches: { readonly [K in keyof Approximations]: readonly Approximations[K][] } = {
  evidence: ['stored', 'text', 'none'],
  file: ['stored', 'before', 'read'],
  behind: ['moved', 'withMark', 'read'],
  order: ['psm', 'spm'],
  healing: ['on', 'off'],
  imports: ['on', 'off'],
};

/** The mode's, with some of them set otherwise. */
export function approximations(
  mode: CompletionMode,
  changed: Partial<Approximations> = {},
): Approximations {
  return { ...ofMode[mode], ...changed };
}

/** `MODE[:SWITCH=VALUE]*`, such as `leoam:order=spm`; undefined for anything else. */
export function parseMode(text: string): Approximations | undefined {
  const [name, ...settings] = text.split(':');
  const mode = completionModes.find((known) => known === name);
  if (mode === undefined) {
    return undefined;
  }
  const changed: Record<string, string> = {};
  for (const setting of settings) {
    const [key = '', value = ''] = setting.split('=');
    const allowed: readonly string[] | undefined = Object.entries(switches).find(
      ([known]) => known === key,
    )?.[1];
    if (allowed?.includes(value) !== true) {
      return undefined;
    }
    changed[key] = value;
  }
  return approximations(mode, changed);
}

/** For messages: what `parseMode` takes. */
export const modeSyntax = `${completionModes.join(', ')}, with ${Object.entries(switches)
  .map(([key, values]) => `:${key}=${values.join('|')}`)
  .join(' ')}`;
