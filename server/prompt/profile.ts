// How a model wants to be spoken to: the preamble that every segment and session shares,
// the header of a file, and the frame around questions and answers. All of it is decided
// once per model; the preamble is part of every segment's key.

import type { NativeEngine } from '../engine/addon.js';

/**
 * `neutral`: a bare repository mark; the conversation starts after the evidence.
 * `chat`: the system message and the start of the user's turn; evidence lies inside that turn.
 */
export type PreambleKind = 'neutral' | 'chat';

/** The part of the engine that prompts are made with. */
export type PromptTokenizer = Pick<
  NativeEngine,
  'tokenize' | 'specialToken' | 'applyChatTemplate'
> & {
  info: { hasChatTemplate: boolean };
};

export interface PromptProfile {
  kind: PreambleKind;
  /** Shared start of every segment and session. */
  preamble: Int32Array;
  /** Between evidence and the question's own words. */
  questionStart: Int32Array;
  /** After the question: ends the user's turn and opens the assistant's. */
  questionEnd: Int32Array;
  /** After an answer: opens the next turn, in which evidence or a question may follow. */
  nextTurn: Int32Array;
  /** Between new evidence of a later turn and its question. */
  nextQuestionStart: Int32Array;
  /** Text of a file's header, chunk 0 of its segments; tokenised with control tokens recognised. */
  header(path: string): string;
}

/** Control tokens that code models were trained with, before a file's path. */
const fileMarks = ['<|file_sep|>', '<file_sep>'];
const repositoryMarks = ['<|repo_name|>', '<repo_name>', '<reponame>'];
/** Starts of text that some models must see first; the others have none. */
const startMarks = ['<|begin_of_text|>', '<｜begin▁of▁sentence｜>', '<s>'];

const systemMessage =
  'You answer questions about a code repository from its files. Answer briefly and exactly, with the names and values that stand in the code.';
const evidenceLine = 'Files of the repository:\n';

// Stand-ins that no template trims or escapes; the rendered text is cut at them.
const cut = { user: '[[U]]', question: '[[Q]]', answer: '[[A]]', next: '[[N]]' };

/** Renders a model's template once and cuts it into the pieces that prompts are made of. */
export async function promptProfile(
  tokenizer: PromptTokenizer,
  kind: PreambleKind,
): Promise<PromptProfile> {
  const frame = tokenizer.info.hasChatTemplate ? chatFrame(tokenizer) : plainFrame();
  const start = firstKnown(tokenizer, startMarks) ?? '';
  const repository = firstKnown(tokenizer, repositoryMarks) ?? '# Repository: ';
  const fileMark = firstKnown(tokenizer, fileMarks) ?? '# File: ';
  const pieces =
    kind === 'chat'
      ? {
          preamble: start + frame.beforeUser + evidenceLine,
          questionStart: `\n${frame.questionLead}`,
        }
      : {
          preamble: `${start}${repository}project\n`,
          questionStart: `\n${frame.beforeUser}${frame.questionLead}`,
        };
  const [preamble, questionStart, questionEnd, nextTurn, nextQuestionStart] =
    await tokenizer.tokenize(
      [
        pieces.preamble,
        pieces.questionStart,
        frame.afterUser,
        frame.afterAnswer,
        `\n${frame.questionLead}`,
      ],
      true,
    );
  const empty = new Int32Array();
  return {
    kind,
    preamble: preamble ?? empty,
    questionStart: questionStart ?? empty,
    questionEnd: questionEnd ?? empty,
    nextTurn: nextTurn ?? empty,
    nextQuestionStart: nextQuestionStart ?? empty,
    header: (path) => `${fileMark}${withoutControlTokens(path)}\n`,
  };
}

export function joinTokens(pieces: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

interface Frame {
  beforeUser: string;
  /** Names the question where no chat template marks the user's turn. */
  questionLead: string;
  afterUser: string;
  afterAnswer: string;
}

function chatFrame(tokenizer: PromptTokenizer): Frame {
  const text = tokenizer.applyChatTemplate(
    [
      { role: 'system', content: systemMessage },
      { role: 'user', content: cut.user + cut.question },
      { role: 'assistant', content: cut.answer },
      { role: 'user', content: cut.next },
    ],
    true,
  );
  const user = text.indexOf(cut.user);
  const question = text.indexOf(cut.question);
  const answer = text.indexOf(cut.answer);
  const next = text.indexOf(cut.next);
  if (!(user >= 0 && user < question && question < answer && answer < next)) {
    return plainFrame(); // a template that drops or reorders turns
  }
  return {
    beforeUser: text.slice(0, user),
    questionLead: '',
    afterUser: text.slice(question + cut.question.length, answer),
    afterAnswer: text.slice(answer + cut.answer.length, next),
  };
}

/** For models without a template that libllama knows. */
function plainFrame(): Frame {
  return {
    beforeUser: '',
    questionLead: 'Question: ',
    afterUser: '\nAnswer: ',
    afterAnswer: '\n\n',
  };
}

function firstKnown(tokenizer: PromptTokenizer, texts: string[]): string | undefined {
  return texts.find((text) => tokenizer.specialToken(text) !== undefined);
}

/** A file may be named like a control token; its header must not end the user's turn. */
function withoutControlTokens(path: string): string {
  return path.replaceAll('<|', '< |').replaceAll('|>', '| >');
}
