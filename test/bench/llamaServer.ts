// llama.cpp's server program on the loopback interface: started, asked, always ended.

import { spawn, type ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

export interface LlamaServerOptions {
  program: string;
  modelPath: string;
  threads: number;
  contextTokens: number;
  /** Folder in which prompt caches are saved; absent: none are. */
  slotFolder?: string;
  /** Pieces of the last prompt of at least so many tokens are moved where the new one has them. */
  cacheReuse?: number;
}

export interface Completion {
  /** From sending the request to the first token, and to the end of the answer. */
  ttftMs: number;
  totalMs: number;
  text: string;
  /** Prompt tokens that the server computed, and those that it found in its cache. */
  tokensComputed: number;
  tokensCached: number;
  tokensDecoded: number;
}

/** A request to fill in, as the server's own clients send it. */
export interface Infill {
  prefix: string;
  suffix: string;
  extra: readonly { filename: string; text: string }[];
  maxTokens: number;
  stop: readonly string[];
}

const host = '127.0.0.1';
const startLimitMs = 120_000;
const stopLimitMs = 10_000;
/** A cold prompt of ten thousand tokens takes minutes. */
const requestLimitMs = 3_600_000;

const streamed = z.object({
  content: z.string(),
  stop: z.boolean().optional(),
  timings: z
    .object({ prompt_n: z.number(), cache_n: z.number().optional(), predicted_n: z.number() })
    .optional(),
});

export class LlamaServer {
  private readonly killAtExit = (): void => {
    this.child.kill('SIGKILL');
  };

  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {
    process.on('exit', this.killAtExit);
  }

  /** Starts the program and waits until its model is loaded. */
  static async start(options: LlamaServerOptions): Promise<LlamaServer> {
    const port = await freePort();
    const child = spawn(
      options.program,
      [
        ...['-m', options.modelPath, '-t', String(options.threads)],
        ...['-c', String(options.contextTokens), '-np', '1', '-fa', 'on'],
        ...['--host', host, '--port', String(port)],
        ...(options.slotFolder === undefined ? [] : ['--slot-save-path', options.slotFolder]),
        ...(options.cacheReuse === undefined ? [] : ['--cache-reuse', String(options.cacheReuse)]),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr.on('data', (data: Buffer) => {
      log = (log + data.toString()).slice(-2000);
    });
    const server = new LlamaServer(child, port);
    try {
      await server.waitUntilReady(() => log);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Keeps the slot's prompt cache in a file of the slot folder. */
  async save(fileName: string): Promise<void> {
    await this.post('/slots/0?action=save', { filename: fileName });
  }

  /** Milliseconds that restoring took. */
  async restore(fileName: string): Promise<number> {
    const started = performance.now();
    await this.post('/slots/0?action=restore', { filename: fileName });
    return performance.now() - started;
  }

  /** A user's message in the model's own chat format, up to where the answer begins. */
  async chatPrompt(message: string): Promise<string> {
    const body = { messages: [{ role: 'user', content: message }] };
    const answer = await this.post('/apply-template', body);
    return z.object({ prompt: z.string() }).parse(JSON.parse(answer)).prompt;
  }

  /** How many tokens a text has. */
  async countTokens(text: string): Promise<number> {
    const answer = await this.post('/tokenize', { content: text });
    return z.object({ tokens: z.array(z.unknown()) }).parse(JSON.parse(answer)).tokens.length;
  }

  /** Continues a prompt greedily, streaming. */
  complete(prompt: string, maxTokens: number): Promise<Completion> {
    return this.stream('/completion', { prompt, n_predict: maxTokens });
  }

  /** Fills in between two texts, greedily, streaming. */
  infill({ prefix, suffix, extra, maxTokens, stop }: Infill): Promise<Completion> {
    return this.stream('/infill', {
      ...{ input_prefix: prefix, input_suffix: suffix, input_extra: extra },
      ...{ n_predict: maxTokens, stop, samplers: ['top_k'], top_k: 1 },
    });
  }

  private async stream(endpoint: string, body: object): Promise<Completion> {
    const started = performance.now();
    let ttftMs: number | undefined;
    let text = '';
    let last: z.infer<typeof streamed> | undefined;
    await this.post(
      endpoint,
      { ...body, temperature: 0, stream: true, cache_prompt: true, id_slot: 0 },
      (line) => {
        if (line.startsWith('data: {')) {
          last = streamed.parse(JSON.parse(line.slice('data: '.length)));
          ttftMs ??= performance.now() - started;
          text += last.content;
        }
      },
    );
    const totalMs = performance.now() - started;
    if (ttftMs === undefined) {
      throw new Error('llama-server sent no token.');
    }
    return {
      ...{ ttftMs, totalMs, text },
      tokensComputed: last?.timings?.prompt_n ?? NaN,
      tokensCached: last?.timings?.cache_n ?? NaN,
      tokensDecoded: last?.timings?.predicted_n ?? NaN,
    };
  }

  /** Ends the program; forces it after a while. */
  async stop(): Promise<void> {
    process.off('exit', this.killAtExit);
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      return;
    }
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopLimitMs);
    await ended;
    clearTimeout(timer);
  }

  private async waitUntilReady(log: () => string): Promise<void> {
    const until = Date.now() + startLimitMs;
    while (Date.now() < until) {
      if (this.child.exitCode !== null) {
        throw new Error(`llama-server ended while starting: ${log().trim()}`);
      }
      if (await this.isHealthy()) {
        return;
      }
      await sleep(100);
    }
    throw new Error(`llama-server was not ready within ${String(startLimitMs / 1000)} s.`);
  }

  private isHealthy(): Promise<boolean> {
    return new Promise((resolve) => {
      const probe = request({ host, port: this.port, path: '/health' }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      probe.on('error', () => resolve(false));
      probe.end();
    });
  }

  /** Calls `onLine` for each complete line as it comes; resolves with what follows the last line end. */
  private post(path: string, body: object, onLine?: (line: string) => void): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request(
        {
          // A connection of its own: the server closes those that it streamed over.
          agent: false,
          ...{ host, port: this.port, path, method: 'POST', timeout: requestLimitMs },
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          let rest = '';
          response.setEncoding('utf8');
          response.on('data', (data: string) => {
            const lines = (rest + data).split('\n');
            rest = lines.pop() ?? '';
            if (response.statusCode === 200) {
              lines.forEach((line) => onLine?.(line));
            }
          });
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === 200) {
              resolve(rest);
            } else {
              reject(new Error(`llama-server: ${path}: ${String(response.statusCode)} ${rest}`));
            }
          });
        },
      );
      call.on('error', reject);
      call.on('timeout', () => call.destroy(new Error('llama-server did not answer.')));
      call.end(JSON.stringify(body));
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
