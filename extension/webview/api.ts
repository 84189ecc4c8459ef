// The way to the extension host: messages out, and a small state that outlives the view.

import type { FromView } from '../shared/messages.js';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

// VS Code hands it out once.
const api = acquireVsCodeApi();

/** Sends a message to the extension host. */
export type Post = (message: FromView) => void;

export const post: Post = (message) => api.postMessage(message);

/** What `keepState` kept, also by an earlier instance of this view. */
export function keptState(): unknown {
  return api.getState();
}

/** Keeps plain data until the view is closed for good. */
export function keepState(state: unknown): void {
  api.setState(state);
}
