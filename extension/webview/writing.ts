// Tells what is being written whenever the writing rests, so that what it needs can be prepared.

import type { Post } from './api.js';

export interface Writing {
  changed(written: string): void;
  /** What goes with it has changed: it is told again. */
  again(written: string): void;
}

const restMs = 300;
/** What is shorter says too little about what will be asked. */
const leastCharacters = 12;

export function createWriting(post: Post): Writing {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = '';
  const changed = (written: string): void => {
    clearTimeout(timer);
    const question = written.trim();
    if (question.length < leastCharacters || question === told) {
      return;
    }
    timer = setTimeout(() => {
      told = question;
      post({ type: 'writing', question });
    }, restMs);
  };
  return {
    changed,
    again(written) {
      told = '';
      changed(written);
    },
  };
}
