// What a reader sees of an answer while it arrives, recorded in the chat's own document: too
// fast for a test to look from outside.

import type { CodeHost } from './host.js';

/** What was shown of the last turn at one moment. */
export interface Moment {
  sources: number;
  letters: number;
}

/** Begins to record; what an earlier call recorded is forgotten. */
export async function recordStream(host: CodeHost): Promise<void> {
  await host.evaluateInChat(`void (() => {
    const log = document.querySelector('[role="log"]');
    const moments = [];
    window.leoamMoments = moments;
    new MutationObserver(() => {
      const turn = [...log.querySelectorAll('article')].at(-1);
      const sources = turn?.querySelectorAll('[role="group"] button').length ?? 0;
      const letters = turn?.querySelector('.markdown')?.textContent.length ?? 0;
      const last = moments.at(-1);
      if (last?.sources !== sources || last.letters !== letters) {
        moments.push({ sources, letters });
      }
    }).observe(log, { childList: true, subtree: true, characterData: true });
  })()`);
}

/** The moments so far, each different from the one before it. */
export function recordedStream(host: CodeHost): Promise<Moment[]> {
  return host.evaluateInChat<Moment[]>('window.leoamMoments');
}
