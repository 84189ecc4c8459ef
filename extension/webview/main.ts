// The chat view. Runs inside VS Code's webview, draws what the extension host sends, and sends
// back what the user does; it has no other way out.

import './noEval.js';
import { toView } from '../shared/messages.js';
import { post } from './api.js';
import { createApp } from './app.js';
import { setTexts } from './text.js';

const root = document.getElementById('app');
if (root === null) {
  throw new Error('The page has no element "app".');
}

let app = createApp(root);

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const checked = toView.safeParse(event.data);
  if (!checked.success) {
    // eslint-disable-next-line no-console -- the only log that a view has
    console.warn('LeoAM: a message that does not fit was ignored.', checked.error);
    return;
  }
  const message = checked.data;
  if (message.type !== 'strings') {
    app.receive(message);
  } else if (setTexts(message.strings)) {
    // The first message of all: nothing is shown yet that could get lost.
    app = createApp(root);
  }
});

post({ type: 'ready' });
