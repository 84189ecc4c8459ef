// What the user does with the passages and the code of an answer.

import * as vscode from 'vscode';
import type { FromView } from '../shared/messages.js';
import { openLines } from './citedLines.js';
import { copyCode, insertCode, openAsNewFile } from './codeActions.js';
import type { StoredChat, StoredChip } from './storedChat.js';

/** Shows code of an answer as a change of the file that it belongs to. */
export type ApplyCode = (
  folder: string,
  code: string,
  chips: readonly StoredChip[],
  paths: string[],
) => Promise<void>;

type ContentMessage = Extract<
  FromView,
  { type: 'openSource' | 'copyCode' | 'insertCode' | 'newFile' | 'applyCode' }
>;

export async function useContent(
  message: ContentMessage,
  chat: StoredChat,
  applyCode: ApplyCode,
): Promise<void> {
  switch (message.type) {
    case 'openSource': {
      const turn = chat.turns.find(({ id }) => id === message.turnId);
      const source = turn?.sources[message.index];
      const problem = source && (await openLines(chat.folder, source));
      if (problem !== undefined) {
        void vscode.window.showWarningMessage(problem);
      }
      return;
    }
    case 'copyCode':
      return copyCode(message.code);
    case 'insertCode':
      return insertCode(message.code);
    case 'newFile':
      return openAsNewFile(message.code, message.language);
    case 'applyCode': {
      const turn = chat.turns.find(({ id }) => id === message.turnId);
      const paths = (turn?.sources ?? []).map(({ path }) => path);
      return applyCode(chat.folder, message.code, turn?.chips ?? [], paths);
    }
  }
}
