// What the status says of how things stand: the most important of it.

import type { Status } from '../protocol/status.js';
import type { Folder } from './folders.js';
import type { Loading } from './loading.js';

export interface Standing {
  loading: Pick<Loading, 'told' | 'problem' | 'warning' | 'modelId'>;
  /** Answers that are being written. */
  answering: number;
  isPaused: boolean;
  isOpening: boolean;
  folders: readonly Folder[];
}

type State = Omit<Status, 'model' | 'folders'>;

export function statusOf(standing: Standing): Status {
  const { modelId } = standing.loading;
  return {
    ...stateOf(standing),
    ...(modelId === undefined ? {} : { model: modelId }),
    folders: standing.folders.map(({ uri, repository, read }) => ({
      uri,
      files: repository.files.length,
      tokens: repository.totalTokens,
      read,
    })),
  };
}

function stateOf({ loading, answering, isPaused, isOpening, folders }: Standing): State {
  if (loading.problem !== undefined) {
    return { state: 'error', health: 'error', message: loading.problem, actions: ['retry'] };
  }
  if (loading.told !== undefined) {
    const health = loading.told.state === 'noModel' ? 'warning' : 'ok';
    return { health, ...loading.told };
  }
  const health = loading.warning === undefined ? 'ok' : 'warning';
  const as = (state: State['state'], message: string, actions: State['actions'] = []): State => ({
    state,
    health,
    message,
    actions,
  });
  if (answering > 0) {
    return as('answering', 'Answering.');
  }
  if (isOpening) {
    return as('loading', 'Listing the files of the folder.');
  }
  if (folders.length === 0) {
    return as('noFolder', 'No folder is open.', ['openFolder']);
  }
  if (isPaused) {
    return as('paused', 'Reading is paused. Questions are answered all the same.', ['resume']);
  }
  const reading = folders.filter((folder) => folder.isReading);
  if (reading.length > 0) {
    return { ...as('indexing', 'Reading the folder.'), ...progressOf(reading) };
  }
  const waiting = folders.find((folder) => folder.isWaiting);
  if (waiting !== undefined) {
    return as('paused', costOf(waiting), ['resume']);
  }
  return as('ready', loading.warning ?? 'Ready.');
}

function progressOf(reading: readonly Folder[]): Pick<State, 'progress' | 'secondsLeft'> {
  const seconds = reading.reduce((sum, { secondsLeft }) => sum + (secondsLeft ?? 0), 0);
  return {
    progress: Math.min(...reading.map(({ read }) => read)),
    ...(seconds > 0 ? { secondsLeft: seconds } : {}),
  };
}

function costOf({ cost }: Folder): string {
  const { tokens, seconds, bytes } = cost;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return `Reading this folder takes about ${minutes} min, once (${tokens.toLocaleString('en')} tokens, ${(bytes / 1e9).toFixed(1)} GB on disk). Questions are answered before, too.`;
}
