// Messages of the protocol on a connection: what comes in is checked before anyone sees it,
// what goes out is typed by its schema.

import {
  ErrorCodes,
  LSPErrorCodes,
  ResponseError,
  type CancellationToken,
  type Connection,
} from 'vscode-languageserver/node';
import { z, type ZodError } from 'zod';
import { isCancelled, isEngineError } from '../engine/errors.js';
import type { NotificationMethod, RequestMethod } from '../protocol/method.js';

/** A failure that is told in one sentence; `data.code` is the engine's or the server's code. */
const failed = LSPErrorCodes.RequestFailed;

/** Answers a request. The signal fires at $/cancelRequest. */
export function onRequest<P extends z.ZodType, R extends z.ZodType>(
  connection: Connection,
  method: RequestMethod<P, R>,
  handle: (params: z.infer<P>, signal: AbortSignal) => Promise<z.infer<R>>,
): void {
  connection.onRequest(method.name, async (raw: unknown, token: CancellationToken) => {
    const checked = method.params.safeParse(raw);
    if (!checked.success) {
      return misfit(method.name, checked.error);
    }
    try {
      return await handle(checked.data, signalOf(token));
    } catch (error) {
      return responseError(error);
    }
  });
}

/** Fires when the token does; the connection drops the token with its request. */
export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort());
  if (token.isCancellationRequested) {
    controller.abort();
  }
  return controller.signal;
}

export function notify<P extends z.ZodType>(
  connection: Connection,
  method: NotificationMethod<P>,
  params: z.infer<P>,
): void {
  void connection.sendNotification(method.name, params);
}

/** The answer to something that does not fit its schema, in one line. */
export function misfit(what: string, error: ZodError): ResponseError<undefined> {
  const problems = z.prettifyError(error).replaceAll('\n', ' ');
  return new ResponseError(ErrorCodes.InvalidParams, `${what}: ${problems}`);
}

function responseError(error: unknown): ResponseError<{ code: string } | undefined> {
  if (isCancelled(error)) {
    return new ResponseError(LSPErrorCodes.RequestCancelled, 'Cancelled.');
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(
    failed,
    message,
    isEngineError(error) ? { code: error.code } : undefined,
  );
}
