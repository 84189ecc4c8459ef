// The page of the tiers' picture. Draws what the extension host sends, as vector graphics.

import './noEval.js';
import { tiersPicture, type TiersPicture } from '../shared/tiersPicture.js';
import { element } from './dom.js';
import { bar, columns, svg } from './drawing.js';

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const width = 640;
const barHeight = 26;
const rowHeight = 64;
const chartHeight = 120;

const root = document.getElementById('app');
if (root === null) {
  throw new Error('The page has no element "app".');
}

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const picture = tiersPicture.safeParse(event.data);
  if (picture.success) {
    root.replaceChildren(...drawn(picture.data));
  }
});

acquireVsCodeApi().postMessage({ type: 'ready' });

function drawn(picture: TiersPicture): HTMLElement[] {
  return [
    element('h1', {}, picture.title),
    figure('tiers', tiersDrawing(picture)),
    element(
      'dl',
      {},
      ...picture.figures.map(({ name, value }) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value)),
      ),
    ),
    ...(picture.answers.length === 0
      ? [element('p', {}, picture.noAnswers)]
      : [
          element('h2', {}, picture.firstWord),
          figure('first-word', firstWordDrawing(picture)),
          element('h2', {}, picture.tokens),
          element(
            'p',
            { class: 'legend' },
            element('span', { class: 'key reused' }),
            picture.reused,
            element('span', { class: 'key computed' }),
            picture.computed,
          ),
          figure('tokens', tokensDrawing(picture)),
        ]),
  ];
}

function figure(name: string, drawing: SVGElement): HTMLElement {
  return element('figure', { class: name }, drawing);
}

function tiersDrawing({ tiers, moves }: TiersPicture): SVGElement {
  const height = rowHeight * tiers.length - (rowHeight - barHeight) + 20;
  const label = tiers.map(({ name, text }) => `${name}: ${text}`).join('; ');
  const rows = tiers.flatMap(({ name, text, filled, isUsed }, row) => [
    ...bar({ x: 80, y: row * rowHeight, width: width - 80, height: barHeight, filled, isUsed }),
    svg('text', { x: 0, y: row * rowHeight + 17, class: 'name' }, name),
    svg('text', { x: 90, y: row * rowHeight + 17, class: 'value' }, text),
  ]);
  const arrows = moves.flatMap(({ upper, up, down }) => {
    const y = upper * rowHeight + barHeight;
    return [
      svg('text', { x: 90, y: y + 23, class: 'move' }, `↑ ${up}`),
      svg('text', { x: 220, y: y + 23, class: 'move' }, `↓ ${down}`),
    ];
  });
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
    ...rows,
    ...arrows,
  );
}

function firstWordDrawing({ answers }: TiersPicture): SVGElement {
  return columns(
    width,
    chartHeight,
    answers.map(({ ttftMs, text }) => ({ text, parts: [{ kind: 'first', value: ttftMs / 1000 }] })),
  );
}

function tokensDrawing({ answers }: TiersPicture): SVGElement {
  return columns(
    width,
    chartHeight,
    answers.map(({ tokensReused, tokensComputed, text }) => ({
      text,
      parts: [
        { kind: 'computed', value: tokensComputed },
        { kind: 'reused', value: tokensReused },
      ],
    })),
  );
}
