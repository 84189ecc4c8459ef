// The contract between the extension and the server: every message there is. PROTOCOL.md is
// made from it.

import * as chat from './chat.js';
import * as completion from './completion.js';
import * as files from './files.js';
import * as indexing from './indexing.js';
import * as models from './models.js';
import * as status from './status.js';
import * as tiers from './tiers.js';
import type { NotificationMethod, RequestMethod } from './method.js';

/** In the order of PROTOCOL.md. */
export const requests: readonly RequestMethod[] = [
  chat.chatAsk,
  chat.chatPrepare,
  chat.chatCountTokens,
  chat.chatClose,
  chat.chatRewrite,
  chat.chatCommitMessage,
  completion.completionRecent,
  completion.completionPrepare,
  files.filesFind,
  indexing.indexPause,
  indexing.indexResume,
  indexing.indexRefresh,
  indexing.indexSkipped,
  models.modelsList,
  models.modelsFetch,
  models.modelsRemove,
  status.statusGet,
  tiers.tiersShow,
  tiers.tiersPin,
  tiers.tiersMove,
  tiers.tiersDrop,
  tiers.tiersRebuild,
  tiers.tiersVerify,
  tiers.tiersSetBudget,
  tiers.tiersClear,
];

export const notifications: readonly NotificationMethod[] = [
  chat.chatDidStream,
  status.statusDidChange,
];
