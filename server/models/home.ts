// Where models and stores lie: one folder per user, outside every workspace.

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `explicit` (from --home), else LEOAM_HOME, else the platform's folder for data. */
export function homeFolder(explicit?: string): string {
  const named = explicit || process.env['LEOAM_HOME'];
  if (named) return resolve(named);
  if (process.platform === 'darwin') {
    return join(homedir(), 'Library', 'Application Support', 'leoam');
  }
  if (process.platform === 'win32') {
    return join(process.env['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'leoam');
  }
  return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'leoam');
}

export function modelsFolder(home: string): string {
  return join(home, 'models');
}

/** Where a catalogue model's file belongs, whether it is there or not. */
export function modelPath(home: string, id: string): string {
  return join(modelsFolder(home), `${id}.gguf`);
}
