// The contract between the extension and the server: every message there is. PROTOCOL.md is
// made from it.

import * as chat from './chat.js';
import * as repository from './repository.js';
import * as status from './status.js';
import type { NotificationMethod, RequestMethod } from './method.js';

/** In the order of PROTOCOL.md. */
export const requests: readonly RequestMethod[] = [
  chat.chatAsk,
  chat.chatClose,
  repository.indexPause,
  repository.indexResume,
  repository.indexSkipped,
  status.statusGet,
];

export const notifications: readonly NotificationMethod[] = [
  chat.chatDidStream,
  status.statusDidChange,
];
