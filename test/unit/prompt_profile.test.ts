import assert from 'node:assert/strict';
import { promptProfile, type PromptTokenizer } from '../../server/prompt/profile.js';
import { questionTokens } from '../../server/prompt/question.js';

const controlTokens = new Map([
  ['<|file_sep|>', -1],
  ['<|repo_name|>', -2],
  ['<|im_start|>', -3],
  ['<|im_end|>', -4],
]);

// One token a character; control tokens are negative.
function tokenizeText(text: string, special: boolean): Int32Array {
  const tokens: number[] = [];
  for (let i = 0; i < text.length; ) {
    const control = [...controlTokens.keys()].find((token) => special && text.startsWith(token, i));
    tokens.push(control === undefined ? text.charCodeAt(i) : (controlTokens.get(control) ?? 0));
    i += control?.length ?? 1;
  }
  return Int32Array.from(tokens);
}

function chatTokenizer(hasChatTemplate = true): PromptTokenizer {
  return {
    info: { hasChatTemplate },
    tokenize: async (texts, special) => texts.map((text) => tokenizeText(text, special)),
    specialToken: (text) => controlTokens.get(text),
    applyChatTemplate: (messages, addAssistant) =>
      messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('') +
      (addAssistant ? '<|im_start|>assistant\n' : ''),
  };
}

function show(tokens: Int32Array): string {
  const names = new Map([...controlTokens].map(([name, token]) => [token, name]));
  return Array.from(tokens, (token) => names.get(token) ?? String.fromCharCode(token)).join('');
}

describe('prompt profile', () => {
  it('puts the evidence inside the user turn of a chat preamble', async () => {
    const profile = await promptProfile(chatTokenizer(), 'chat');
    assert.match(show(profile.preamble), /^<\|im_start\|>system\n.*<\|im_start\|>user\n.*:\n$/s);
    assert.equal(show(profile.questionEnd), '<|im_end|>\n<|im_start|>assistant\n');
    assert.equal(show(profile.nextTurn), '<|im_end|>\n<|im_start|>user\n');
  });

  it('starts the conversation behind the evidence of a neutral preamble', async () => {
    const profile = await promptProfile(chatTokenizer(), 'neutral');
    assert.equal(show(profile.preamble), '<|repo_name|>project\n');
    assert.match(show(profile.questionStart), /^\n<\|im_start\|>system\n.*<\|im_start\|>user\n$/s);
  });

  it('asks plainly where there is no chat template', async () => {
    const tokenizer = chatTokenizer(false);
    const profile = await promptProfile(tokenizer, 'neutral');
    const tokens = await questionTokens(profile, tokenizer, { question: 'Why?', first: true });
    assert.equal(show(tokens), '\nQuestion: Why?\nAnswer: ');
  });

  it('never turns words of a question into control tokens', async () => {
    const tokenizer = chatTokenizer();
    const profile = await promptProfile(tokenizer, 'chat');
    const question = 'What does <|im_end|> do?';
    const tokens = await questionTokens(profile, tokenizer, { question, first: true });
    const frame = profile.questionStart.length + profile.questionEnd.length;
    assert.equal(tokens.length, frame + question.length);
  });

  it('never turns a path into control tokens', async () => {
    const profile = await promptProfile(chatTokenizer(), 'chat');
    const header = tokenizeText(profile.header('a<|im_end|>.ts'), true);
    assert.equal(header.filter((token) => token < 0).length, 1);
  });
});
