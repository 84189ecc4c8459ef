// How a message of the protocol is described: its name, who sends it, what it carries. Both
// sides check what they receive against the same schema.

import type { z } from 'zod';

export interface RequestMethod<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly kind: 'request';
  /** `leoam/<area>/<verb>`. Requests go from the client to the server. */
  readonly name: string;
  readonly params: P;
  readonly result: R;
  readonly doc: string;
}

export interface NotificationMethod<P extends z.ZodType = z.ZodType> {
  readonly kind: 'notification';
  /** `leoam/<area>/did<Verb>`. Notifications go from the server to the client. */
  readonly name: string;
  readonly params: P;
  readonly doc: string;
}

export function request<P extends z.ZodType, R extends z.ZodType>(
  name: string,
  params: P,
  result: R,
  doc: string,
): RequestMethod<P, R> {
  return { kind: 'request', name, params, result, doc };
}

export function notification<P extends z.ZodType>(
  name: string,
  params: P,
  doc: string,
): NotificationMethod<P> {
  return { kind: 'notification', name, params, doc };
}
