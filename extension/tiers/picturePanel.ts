// The picture of the tiers beside the editors: how full they are, what moves between them, how
// soon the first word came and what of it was computed. It lives as long as its tab.

import * as vscode from 'vscode';
import type { AnswerInTiers, TiersView } from '../../server/protocol/tiers.js';
import { pageHtml, viewFolder } from '../chat/html.js';
import { pictureReady, type TiersPicture } from '../shared/tiersPicture.js';
import {
  bytesText,
  countText,
  diskText,
  gpuText,
  percentText,
  ramText,
  reusedShare,
} from './figures.js';
import type { TiersTree } from './tiersTree.js';

export class PicturePanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly listening: vscode.Disposable;
  private isReady = false;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly tree: TiersTree,
  ) {
    this.listening = tree.onDidLook(() => this.draw());
  }

  show(): void {
    if (this.panel !== undefined) {
      this.panel.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      'leoam.tiersPicture',
      vscode.l10n.t('LeoAM: tiers'),
      { viewColumn: vscode.ViewColumn.Active, preserveFocus: false },
      {
        enableScripts: true,
        enableCommandUris: false,
        localResourceRoots: [viewFolder(this.extension)],
      },
    );
    panel.iconPath = vscode.Uri.joinPath(this.extension, 'media', 'leoam.svg');
    this.panel = panel;
    this.isReady = false;
    panel.webview.onDidReceiveMessage((raw: unknown) => {
      if (pictureReady.safeParse(raw).success) {
        this.isReady = true;
        this.draw();
      }
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.tree.seen(false);
    });
    panel.webview.html = pageHtml(panel.webview, this.extension, 'tiers');
    this.tree.seen(true);
  }

  dispose(): void {
    this.listening.dispose();
    this.panel?.dispose();
  }

  private draw(): void {
    const { view } = this.tree;
    if (this.isReady && view !== undefined) {
      void this.panel?.webview.postMessage(pictureOf(view));
    }
  }
}

/** What is drawn of the tiers, in the user's language. */
export function pictureOf(view: TiersView): TiersPicture {
  const { disk, ram, gpu, answers } = view;
  const ramBytes = ram.sessionBytes + ram.segmentBytes;
  const gpuBytes = gpu?.bytes ?? 0;
  const most = Math.max(1, disk.bytes, ramBytes, gpuBytes);
  const filled = (bytes: number, budget: number): number =>
    Math.min(1, bytes / (budget > 0 ? budget : most));
  const share = reusedShare(answers);
  const reused = vscode.l10n.t('Reused');
  const computed = vscode.l10n.t('Computed');
  return {
    type: 'picture',
    title: vscode.l10n.t('Where the KV of what LeoAM has read lies'),
    tiers: [
      {
        name: 'GPU',
        text: gpuText(view),
        filled: filled(gpuBytes, gpu?.budgetBytes ?? 0),
        isUsed: gpu !== undefined,
      },
      { name: 'RAM', text: ramText(view), filled: filled(ramBytes, ramBudget(view)), isUsed: true },
      {
        name: vscode.l10n.t('Disk'),
        text: diskText(view),
        filled: filled(disk.bytes, disk.budgetBytes),
        isUsed: true,
      },
    ],
    moves: [
      ...(gpu === undefined
        ? []
        : [{ upper: 0, up: bytesText(gpu.bytesIn), down: bytesText(gpu.bytesOut) }]),
      { upper: 1, up: bytesText(disk.bytesRead), down: bytesText(disk.bytesWritten) },
    ],
    figures: [
      {
        name: vscode.l10n.t('Tokens reused'),
        value: share === undefined ? '–' : percentText(share),
      },
      { name: vscode.l10n.t('Segments'), value: countText(disk.segments) },
      { name: vscode.l10n.t('Tokens stored'), value: countText(disk.tokens) },
      { name: vscode.l10n.t('Evicted'), value: countText(disk.evicted) },
    ],
    answers: answers.map((answer) => ({
      ttftMs: answer.ttftMs,
      tokensReused: answer.tokensReused,
      tokensComputed: answer.tokensComputed,
      text: answerText(answer),
    })),
    firstWord: vscode.l10n.t('First word of the last answers, seconds'),
    tokens: vscode.l10n.t('Tokens of the last answers'),
    reused,
    computed,
    noAnswers: vscode.l10n.t('No question was asked since LeoAM was started.'),
  };
}

/** What RAM may take: chats and suggestions what they do, for which there is no limit; 0 where none is known. */
function ramBudget({ ram }: TiersView): number {
  const { sessionBytes, evidence, segmentBudgetBytes } = ram;
  const limited = (evidence?.budgetBytes ?? 0) + segmentBudgetBytes;
  return limited === 0 ? 0 : sessionBytes - (evidence?.bytes ?? 0) + limited;
}

function answerText({ time, ttftMs, tokensReused, tokensComputed }: AnswerInTiers): string {
  return vscode.l10n.t(
    '{0}: first word after {1} s, {2} tokens reused, {3} computed',
    new Date(time).toLocaleTimeString(vscode.env.language),
    (ttftMs / 1000).toLocaleString(vscode.env.language, { maximumFractionDigits: 2 }),
    countText(tokensReused),
    countText(tokensComputed),
  );
}
