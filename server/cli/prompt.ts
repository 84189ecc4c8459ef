// The prompt of `leoam ask`: one question after the other, while the folder is read in the
// background.

import { createInterface, type Interface } from 'node:readline/promises';
import type { AskOptions } from '../chat/asked.js';
import { Conversation } from '../chat/conversation.js';
import { isCancelled } from '../engine/errors.js';
import { isEmpty, outdatedPaths } from '../index/changes.js';
import { readInBackground, type BackgroundReading } from '../index/background.js';
import { stringOption } from './arguments.js';
import { askContextFor, type CommandContext, type Opened } from './common.js';
import { readingLine } from './index.js';
import { sourceLines } from './output.js';
import { PromptScreen } from './promptScreen.js';

/** Tokens of a conversation before it starts over with fresh evidence. */
const conversationTokens = 12288;
const restMs = 300;
/** What is shorter says too little about what will be asked. */
const leastCharacters = 12;

/** Everything that a question of the prompt touches. */
interface Dialogue extends Opened {
  conversation: Conversation;
  reading: BackgroundReading | undefined;
  options: Omit<AskOptions, 'question'>;
  output: CommandContext['output'];
}

/**
 * Asks and answers until the input ends. Ctrl+C stops an answer; once more, or twice at the
 * prompt, ends the program, as Ctrl+D does. Returns the exit code.
 */
export async function questionPrompt(
  opened: Opened,
  options: Dialogue['options'],
  { line, output, signal }: CommandContext,
): Promise<number> {
  const { assistant, repository } = opened;
  const conversation = new Conversation(askContextFor(opened, line), conversationTokens);
  output.note(
    `Ask about ${stringOption(line, 'repo') ?? 'this folder'} (${assistant.engine.model.id}). Empty line: new conversation.`,
  );
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: process.stdin.isTTY,
  });
  const dialogue: Dialogue = { ...opened, conversation, reading: undefined, options, output };
  const screen = new PromptScreen(terminal, output, () => dialogue.reading?.state());
  const interrupts = new Interrupts(terminal, signal, (note) => screen.note(note));
  if (options.mode === 'leoam') {
    dialogue.reading = readInBackground({
      index: repository,
      engine: assistant.engine.native,
      onChange: () => screen.update(),
      onNote: (note) => screen.note(note),
    });
  }
  const stopListening = onRest(terminal, (question) => {
    // It only shortens the wait: when it fails, the question itself will tell.
    conversation.prepareFor({ ...options, question }).catch(() => undefined);
  });
  screen.open();
  try {
    for await (const typed of terminal) {
      screen.close();
      if (typed.trim() === '') {
        conversation.restart();
        output.note('A new conversation.');
      } else {
        await interrupts.during((stopped) => answer(dialogue, typed.trim(), stopped));
        if (interrupts.left) {
          break;
        }
        screen.afterAnswer();
      }
      screen.open();
    }
    return signal.aborted ? 1 : 0;
  } finally {
    stopListening();
    terminal.close();
    await dialogue.reading?.stop();
    conversation.dispose();
  }
}

/** Calls with what is being typed whenever the typing rests. Returns what ends that. */
function onRest(terminal: Interface, rested: (question: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const typed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const question = terminal.line.trim();
      if (question.length >= leastCharacters) {
        rested(question);
      }
    }, restMs);
  };
  process.stdin.on('keypress', typed);
  return () => {
    clearTimeout(timer);
    process.stdin.off('keypress', typed);
  };
}

/** One answer, after a look at what has changed in the folder. A failure is told and the prompt goes on. */
async function answer(dialogue: Dialogue, question: string, signal: AbortSignal): Promise<void> {
  const { conversation, options, output } = dialogue;
  try {
    await noticeEdits(dialogue, signal);
    const result = await conversation.ask({
      ...options,
      question,
      signal,
      onReading: (progress) => output.progress(readingLine(progress)),
      onText: (text) => output.text(text),
      onWarning: (warning) => output.note(warning),
    });
    output.text(`\n${sourceLines(result.sources)}`);
    if (result.reason === 'cancelled') {
      output.note(stoppedNote);
    }
  } catch (error) {
    output.note(
      isCancelled(error)
        ? `\n${stoppedNote}`
        : error instanceof Error
          ? error.message
          : String(error),
    );
  }
}

const stoppedNote = 'Stopped. Ctrl+C once more (or Ctrl+D) to leave.';

/** Files may have been edited since the last question. */
async function noticeEdits(
  { repository, conversation, reading, output }: Dialogue,
  signal: AbortSignal,
): Promise<void> {
  const changes = await repository.refresh({ signal });
  if (!isEmpty(changes)) {
    reading?.refreshed();
  }
  const outdated = conversation.forgetOutdated(outdatedPaths(changes));
  if (outdated !== undefined) {
    output.note(`${outdated} has changed: a new conversation.`);
  }
}

/** What Ctrl+C does: it stops an answer, and ends the program when pressed again. */
class Interrupts {
  /** True once the user has asked for the end of the program. */
  left = false;
  private running: AbortController | undefined;
  private leaving = false;

  constructor(
    private readonly terminal: Interface,
    signal: AbortSignal,
    tell: (note: string) => void,
  ) {
    terminal.on('SIGINT', () => {
      if (this.leaving) {
        terminal.close();
        return;
      }
      this.leaving = true;
      if (this.running === undefined) {
        tell('Ctrl+C once more (or Ctrl+D) to leave.');
      } else {
        this.running.abort();
      }
    });
    terminal.on('close', () => {
      // The end of a pipe is no wish to leave: what came through it is answered.
      if (terminal.terminal) {
        this.leave();
      }
    });
    signal.addEventListener('abort', () => {
      this.leave();
      terminal.close();
    });
  }

  async during(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const running = new AbortController();
    this.running = running;
    this.leaving = false;
    try {
      await work(running.signal);
    } finally {
      this.running = undefined;
    }
  }

  private leave(): void {
    this.left = true;
    this.running?.abort();
  }
}
