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
  const model = text('modelPath') || text('model');
  const home = text('home');
  const threads = whole('threads', 0, { min: 0, max: 512 });
  const storeBudgetGib = number('storeBudgetGib', 0);
  return {
    readInBackground: settings().get('index.automatic') !== false,
    askAboveTokens: whole('index.askAboveTokens', 150_000, { min: 0 }),
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
  return whole('chat.maxTokens', 512, { min: 16, max: 8192 });
}

/** Chats that are kept for each workspace. */
export function keptChats(): number {
  return whole('chat.keep', 100, { min: 1, max: 10_000 });
}

/** Chooses a model of the catalogue, for this machine. The settings' change starts a new server. */
export async function useModel(id: string): Promise<void> {
  await settings().update('modelPath', undefined, vscode.ConfigurationTarget.Global);
  await settings().update('model', id, vscode.ConfigurationTarget.Global);
}

export async function useModelFile(path: string): Promise<void> {
  await settings().update('modelPath', path, vscode.ConfigurationTarget.Global);
}

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('leoam');
}

// A settings file holds whatever someone typed: the editor marks it, but hands it out.
function text(name: string): string {
  const value: unknown = settings().get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function number(name: string, otherwise: number): number {
  const value: unknown = settings().get(name);
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function whole(
  name: string,
  otherwise: number,
  { min, max = 1e9 }: { min: number; max?: number },
): number {
  return Math.min(max, Math.max(min, Math.round(number(name, otherwise))));
}
