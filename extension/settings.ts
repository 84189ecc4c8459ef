// The settings, read in one place. What starts a program or names a path is of `machine` scope:
// a repository cannot set it (package.json).

import * as vscode from 'vscode';
import type { ServerOptions } from '../server/protocol/options.js';

/** Settings that the server is started with; a change starts it anew. */
const startSettings = [
  'leoam.model',
  'leoam.modelPath',
  'leoam.home',
  'leoam.threads',
  'leoam.storeBudgetGib',
  'leoam.index.automatic',
  'leoam.index.askAboveTokens',
];

/** Options of a server that is about to start. */
export function serverOptions(): ServerOptions {
  const settings = vscode.workspace.getConfiguration('leoam');
  const path = settings.get('modelPath', '').trim();
  const model = path || settings.get('model', '').trim();
  const home = settings.get('home', '').trim();
  const threads = settings.get('threads', 0);
  const storeBudgetGib = settings.get('storeBudgetGib', 0);
  return {
    readInBackground: settings.get('index.automatic', true),
    askAboveTokens: settings.get('index.askAboveTokens', 150_000),
    fetchModel: false,
    ...(model === '' ? {} : { model }),
    ...(home === '' ? {} : { home }),
    ...(threads > 0 ? { threads } : {}),
    ...(storeBudgetGib > 0 ? { storeBudgetGib } : {}),
  };
}

export function needsNewServer(event: vscode.ConfigurationChangeEvent): boolean {
  return startSettings.some((name) => event.affectsConfiguration(name));
}

/** Tokens of an answer at most. */
export function answerTokens(): number {
  return vscode.workspace.getConfiguration('leoam').get('chat.maxTokens', 512);
}

/** Chats that are kept for each workspace. */
export function keptChats(): number {
  return vscode.workspace.getConfiguration('leoam').get('chat.keep', 100);
}

/** Chooses a model of the catalogue, for this machine. The settings' change starts a new server. */
export async function useModel(id: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration('leoam');
  await settings.update('modelPath', undefined, vscode.ConfigurationTarget.Global);
  await settings.update('model', id, vscode.ConfigurationTarget.Global);
}

export async function useModelFile(path: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration('leoam');
  await settings.update('modelPath', path, vscode.ConfigurationTarget.Global);
}
