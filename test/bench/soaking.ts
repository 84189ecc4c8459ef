// Plays random work to the language server and holds each suggestion against the document: it
// must be for the text that was there when it was asked for, and that still is, and where it was
// kept, the rest of what was shown before.

import { setTimeout as sleep } from 'node:timers/promises';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import { completionPrepare, completionRecent } from '../../server/protocol/completion.js';
import { statusGet } from '../../server/protocol/status.js';
import { within, type OpenDocument, type Suggested } from '../server/openDocument.js';
import type { EditorWindow } from './editorWindow.js';
import { KeptCheck } from './keptCheck.js';
import { memoryOf, type MemorySample } from './memory.js';
import { Restless } from './restless.js';
import type { SourceFile } from './sourceFiles.js';
import { seededRandom } from './statistics.js';

export interface SoakOptions {
  files: readonly SourceFile[];
  requests: number;
  seed: number;
  onRequest: (done: number) => void;
}

export interface Soaked {
  /** By what became of a request, as the server tells: its outcome, or its reason. */
  outcomes: Record<string, number>;
  /** By how it was left alone, interrupted or outdone. */
  sent: Record<Fate, number>;
  /** So often the cursor came to rest before a request. */
  rests: number;
  /** Requests that came to something. */
  suggested: number;
  /** Of these, kept ones that were held against what was shown before. */
  keptAsShown: number;
  memory: MemorySample[];
  longestAnswerMs: number;
  failures: string[];
}

/** What happens to a request: nothing; $/cancelRequest; an edit; the next request. */
type Fate = 'automatic' | 'asked' | 'cancelled' | 'edited' | 'outdone';

interface Pending {
  id: number;
  document: OpenDocument;
  version: number;
  offset: number;
  text: string;
  /** The server has been told that nobody wants it, and has read that. */
  isVoid: boolean;
}

const longestAnswerMs = 30_000;
const shareOfRests = 0.2;
const longestPatienceMs = 150;
const requestsPerSample = 100;
/** The server remembers 200 requests. */
const requestsPerLook = 50;
/** With these, nothing is measured any more, or something is broken. */
const wrongReasons = new Set(['failed', 'notReady', 'outsideFolder', 'unfitModel']);
const mostFailures = 20;

export async function soak(window: EditorWindow, options: SoakOptions): Promise<Soaked> {
  return new Soaker(window, options).run();
}

class Soaker {
  private readonly random: () => number;
  private readonly person: Restless;
  private readonly pending = new Set<Pending>();
  private readonly answers = new Set<Promise<void>>();
  private readonly kept = new KeptCheck();
  private lastRecord = 0;
  private readonly result: Soaked = {
    outcomes: {},
    sent: { automatic: 0, asked: 0, cancelled: 0, edited: 0, outdone: 0 },
    rests: 0,
    suggested: 0,
    keptAsShown: 0,
    memory: [],
    longestAnswerMs: 0,
    failures: [],
  };

  constructor(
    private readonly window: EditorWindow,
    private readonly options: SoakOptions,
  ) {
    this.random = seededRandom(options.seed);
    this.person = new Restless({
      ...{ connection: window.connection, folder: window.folder, files: options.files },
      random: this.random,
    });
  }

  async run(): Promise<Soaked> {
    const { requests, onRequest } = this.options;
    const perSample = Math.min(requestsPerSample, Math.max(1, Math.floor(requests / 20)));
    for (let id = 1; id <= requests && this.result.failures.length < mostFailures; id++) {
      await this.act();
      const rise = this.random() < shareOfRests ? await this.rest() : undefined;
      await this.request(id);
      rise?.();
      onRequest(id);
      if (id % perSample === 0) {
        await this.sample(id);
      }
      if (id % requestsPerLook === 0) {
        await this.look();
      }
    }
    await Promise.all(this.answers);
    await this.look();
    return this.result;
  }

  /** What is asked for a document that is changed holds no more, once the server has heard. */
  private async act(): Promise<void> {
    const outdated = await this.person.act();
    this.makeVoid([...this.pending].filter(({ document }) => document === outdated));
  }

  /**
   * The editor tells where the cursor rests and what its language servers know there. Returns
   * what gives that up again.
   */
  private async rest(): Promise<() => void> {
    this.result.rests++;
    const { document, offset } = await this.person.place();
    const { files } = this.options;
    const file = files[Math.floor(this.random() * files.length)];
    const uri = `${this.window.folder}/${encodeURI(file?.path ?? '')}`;
    const params = {
      ...{ uri: document.uri, position: document.placeOf(offset) },
      definitions: [{ name: 'options', uri, line: Math.floor(this.random() * 50) }],
    };
    const source = new CancellationTokenSource();
    const { token } = source;
    const asked = this.window.connection.sendRequest(completionPrepare.name, params, token);
    const answer = within(longestAnswerMs, asked, 'What a resting cursor needs')
      .catch((error: unknown) => {
        if (!token.isCancellationRequested) {
          this.result.failures.push(String(error));
        }
      })
      .then(() => undefined);
    this.track(answer);
    await Promise.race([answer, sleep(Math.floor(this.random() * longestPatienceMs))]);
    return () => source.cancel();
  }

  private track(answer: Promise<void>): void {
    this.answers.add(answer);
    void answer.finally(() => this.answers.delete(answer));
  }

  private async request(id: number): Promise<void> {
    const fate = this.fate();
    this.result.sent[fate]++;
    const { document, offset } = await this.person.place();
    const { version, text } = document;
    const one: Pending = { id, document, version, offset, text, isVoid: false };
    const source = new CancellationTokenSource();
    const started = performance.now();
    this.pending.add(one);
    const suggesting = document.suggest(offset, {
      isAutomatic: fate !== 'asked', // typing is what cancels and edits
      token: source.token,
    });
    const answer = within(longestAnswerMs, suggesting, `Request ${String(id)}`)
      .then(
        (found) => this.judge(one, found),
        (error: unknown) => this.fail(one, error instanceof Error ? error.message : String(error)),
      )
      .finally(() => {
        this.pending.delete(one);
        const ms = performance.now() - started;
        this.result.longestAnswerMs = Math.max(this.result.longestAnswerMs, ms);
      });
    this.track(answer);
    if (fate === 'automatic' || fate === 'asked') {
      await answer;
      return;
    }
    await Promise.race([answer, sleep(Math.floor(this.random() * longestPatienceMs))]);
    if (fate === 'cancelled') {
      source.cancel();
      this.makeVoid([one]);
      await answer;
    } else if (fate === 'edited') {
      await this.act();
    }
  }

  private fate(): Fate {
    const dice = this.random();
    if (dice < 0.35) {
      return 'cancelled';
    }
    if (dice < 0.57) {
      return 'edited';
    }
    return dice < 0.75 ? 'outdone' : dice < 0.97 ? 'automatic' : 'asked';
  }

  /**
   * A reply may be on its way when the server is told. It reads messages in their order: what it
   * sends behind the answer to a later message was sent by one who knew.
   */
  private makeVoid(requests: readonly Pending[]): void {
    if (requests.length === 0) {
      return;
    }
    const heard = this.window.connection
      .sendRequest(statusGet.name, {})
      .then(() => requests.forEach((one) => (one.isVoid = true)));
    const answer = within(longestAnswerMs, heard, 'The status').catch((error: unknown) => {
      this.result.failures.push(String(error));
    });
    this.track(answer);
  }

  private judge(one: Pending, found: readonly Suggested[]): void {
    const { document, version, offset, text, isVoid } = one;
    this.kept.answered({ uri: document.uri, text, offset }, found);
    if (found.length === 0) {
      return;
    }
    this.result.suggested++;
    if (isVoid) {
      this.fail(one, 'a suggestion came for a request that did not hold any more');
    }
    for (const { text: suggested, start, end } of found) {
      const line = text.indexOf('\n', offset);
      const isValid = start <= offset && offset <= end && end <= (line < 0 ? text.length : line);
      if (!isValid || suggested === '' || suggested.includes('\r')) {
        this.fail(one, `"${suggested}" cannot replace ${String(start)} to ${String(end)}`);
      }
    }
    if (document.version === version) {
      this.person.sees(document, found);
    }
  }

  private fail({ id, document, version, offset }: Pending, what: string): void {
    const where = `${document.uri}, version ${String(version)}, offset ${String(offset)}`;
    this.result.failures.push(`Request ${String(id)} (${where}): ${what}`);
  }

  private async sample(requests: number): Promise<void> {
    const memory = await memoryOf(this.window.pid);
    if (memory !== undefined) {
      this.result.memory.push({ requests, ...memory });
    }
  }

  /** Counts what became of the requests since the last look. */
  private async look(): Promise<void> {
    const asked = this.window.connection.sendRequest(completionRecent.name, {});
    const records = completionRecent.result.parse(
      await within(longestAnswerMs, asked, 'The list of requests'),
    );
    for (const record of [...records].reverse()) {
      const { id, outcome, reason, message } = record;
      if (id > this.lastRecord) {
        const name = reason ?? outcome;
        this.result.outcomes[name] = (this.result.outcomes[name] ?? 0) + 1;
        if (reason !== undefined && wrongReasons.has(reason)) {
          this.result.failures.push(`Record ${String(id)}: ${reason} ${message ?? ''}`);
        }
        const problem = this.kept.problemOf(record);
        this.result.failures.push(...(problem === undefined ? [] : [problem]));
      }
    }
    this.lastRecord = Math.max(this.lastRecord, ...records.map(({ id }) => id));
    this.result.keptAsShown = this.kept.rests;
  }
}
