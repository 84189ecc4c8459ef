// What the status says of how things stand: the most important of it.

import type { IndexProgress } from '../index/jobs.js';
import type { Status } from '../protocol/status.js';
import type { Folder } from './folders.js';
import type { Loading } from './loading.js';

export interface Standing {
  loading: Pick<Loading, 'told' | 'problem' | 'warning' | 'modelId' | 'canFillIn'>;
  /** Answers that are being written. */
  answering: number;
  isPaused: boolean;
  isOpening: boolean;
  /** A sentence for each folder that could not be opened. */
  failed: readonly string[];
  folders: readonly Folder[];
}

type State = Omit<Status, 'model' | 'folders'>;
type Said = Pick<Status, 'message' | 'detail'>;

export function statusOf(standing: Standing): Status {
  const { modelId, canFillIn } = standing.loading;
  return {
    ...stateOf(standing),
    ...(modelId === undefined ? {} : { model: modelId }),
    ...(canFillIn === undefined ? {} : { canFillIn }),
    folders: standing.folders.map(({ uri, repository, read }) => ({
      uri,
      files: repository.files.length,
      tokens: repository.totalTokens,
      read,
    })),
  };
}

function stateOf({ loading, answering, isPaused, isOpening, failed, folders }: Standing): State {
  if (loading.problem !== undefined) {
    const { message, isEngine } = loading.problem;
    const actions: State['actions'] = isEngine ? ['retry'] : ['retry', 'chooseModel'];
    return { state: 'error', health: 'error', message, actions };
  }
  if (loading.told !== undefined) {
    const health = loading.told.state === 'noModel' ? 'warning' : 'ok';
    return { health, ...loading.told };
  }
  const stopped = folders.find((folder) => folder.stopped !== undefined)?.stopped;
  const warning = stopped?.sentence ?? failed[0] ?? loading.warning;
  const as = (state: State['state'], said: Said, actions: State['actions'] = []): State => ({
    state,
    health: warning === undefined ? 'ok' : 'warning',
    ...said,
    actions,
  });
  if (answering > 0) {
    const [awaited] = folders.flatMap((folder) => folder.awaited ?? []);
    return awaited === undefined
      ? as('answering', plain.answering)
      : { ...as('indexing', readingOf([awaited])), ...awaitedOf(awaited) };
  }
  if (isOpening) {
    return as('loading', plain.listing);
  }
  if (folders.length === 0) {
    return failed[0] === undefined
      ? as('noFolder', { message: 'No folder is open.' }, ['openFolder'])
      : { state: 'error', health: 'error', message: failed[0], actions: ['retry'] };
  }
  if (isPaused) {
    return as('paused', plain.paused, ['resume']);
  }
  const reading = folders.filter((folder) => folder.isReading);
  if (reading.length > 0) {
    return { ...as('indexing', readingOf(reading)), ...progressOf(reading) };
  }
  const waiting = folders.find((folder) => folder.isWaiting);
  if (waiting !== undefined) {
    return as('paused', costOf(waiting), ['resume']);
  }
  if (stopped !== undefined) {
    const detail = { kind: 'readingStopped', ...stopped } as const;
    return as('ready', { message: stopped.sentence, detail }, ['resume']);
  }
  return as('ready', warning === undefined ? plain.ready : { message: warning });
}

const plain = {
  answering: { message: 'Answering.', detail: { kind: 'answering' } },
  listing: { message: 'Listing the files of the folder.', detail: { kind: 'listing' } },
  paused: {
    message: 'Reading is paused. Questions are answered all the same.',
    detail: { kind: 'paused' },
  },
  ready: { message: 'Ready.', detail: { kind: 'ready' } },
} as const satisfies Record<string, Said>;

function readingOf(reading: readonly Pick<Folder, 'filesDone' | 'filesTotal'>[]): Said {
  const filesDone = reading.reduce((sum, folder) => sum + folder.filesDone, 0);
  const filesTotal = reading.reduce((sum, folder) => sum + folder.filesTotal, 0);
  return {
    message: `Reading the folder: ${filesDone} of ${filesTotal} files.`,
    detail: { kind: 'reading', filesDone, filesTotal },
  };
}

/** Of what a question waits for alone. */
function awaitedOf({
  tokensDone,
  tokensTotal,
  secondsLeft,
}: IndexProgress): Pick<State, 'progress' | 'secondsLeft'> {
  return {
    progress: tokensTotal > 0 ? tokensDone / tokensTotal : 1,
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

function progressOf(reading: readonly Folder[]): Pick<State, 'progress' | 'secondsLeft'> {
  const seconds = reading.reduce((sum, { secondsLeft }) => sum + (secondsLeft ?? 0), 0);
  return {
    progress: Math.min(...reading.map(({ read }) => read)),
    ...(seconds > 0 ? { secondsLeft: seconds } : {}),
  };
}

function costOf({ cost }: Folder): Said {
  const { tokens, seconds, bytes } = cost;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return {
    message: `Reading this folder takes about ${minutes} min, once (${tokens.toLocaleString('en')} tokens, ${(bytes / 1e9).toFixed(1)} GB on disk). Questions are answered before, too.`,
    detail: { kind: 'cost', tokens, seconds, bytes: Math.round(bytes) },
  };
}
