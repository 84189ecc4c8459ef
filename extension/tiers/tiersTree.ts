// The tiers as a tree: GPU, RAM and Disk with what they hold, below Disk the files of the open
// folders. Asks the server only while it is seen and the server runs.

import { basename } from 'node:path';
import * as vscode from 'vscode';
import { tiersShow, type TiersView } from '../../server/protocol/tiers.js';
import type { Server } from '../server/server.js';
import {
  bytesText,
  countText,
  diskText,
  gpuText,
  percentText,
  placeText,
  placeTooltip,
  ramText,
  reusedShare,
} from './figures.js';
import { idOf, placesOf, type Place, type PlaceNode } from './places.js';
import { Rows } from './rows.js';

/** Between two looks, while something goes on; of a large folder more, so that most time is the engine's. */
const intervalMs = 1000;
const lookShare = 0.1;

export class TiersTree implements vscode.TreeDataProvider<PlaceNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<PlaceNode[] | undefined>();
  private readonly looked = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  /** `view` is another one. */
  readonly onDidLook = this.looked.event;
  /** What the server told last; undefined while it does not run. */
  view: TiersView | undefined;
  private watchers = 0;
  private timer: NodeJS.Timeout | undefined;
  private waitMs = intervalMs;
  private isLooking = false;
  /** Something was done while it looked. */
  private isOld = false;
  private told: string | undefined;
  private readonly rows = new Rows();
  private readonly listening: vscode.Disposable;

  constructor(
    private readonly server: Pick<Server, 'state' | 'status' | 'request' | 'onDidChange'>,
  ) {
    this.listening = server.onDidChange(() => this.lookSoon());
  }

  /** To be told when somebody sees the figures, and when no longer. */
  seen(isSeen: boolean): void {
    this.watchers += isSeen ? 1 : -1;
    if (isSeen) {
      void this.look();
    }
  }

  /** Asks the server now. Never rejects: what cannot be asked is shown as nothing. */
  async look(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isLooking) {
      this.isOld = true;
      return;
    }
    this.isLooking = true;
    this.isOld = false;
    const started = performance.now();
    try {
      this.view =
        this.server.state === 'running' ? await this.server.request(tiersShow, {}) : undefined;
    } catch {
      this.view = undefined; // the status tells why
    } finally {
      this.isLooking = false;
      this.waitMs = Math.max(intervalMs, (performance.now() - started) / lookShare);
    }
    const told = JSON.stringify(this.view);
    if (told !== this.told) {
      this.told = told;
      this.draw();
    }
    this.looked.fire();
    if (this.isOld) {
      await this.look();
    } else if (this.server.status?.state === 'answering') {
      this.lookSoon(); // with each token something moves
    }
  }

  getChildren(node?: PlaceNode): PlaceNode[] {
    return this.rows.below(node);
  }

  getTreeItem(node: PlaceNode): vscode.TreeItem {
    return node.kind === 'place' ? placeItem(node.place) : this.tierItem(node.kind);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listening.dispose();
    this.changed.dispose();
    this.looked.dispose();
  }

  /** What looks as before is let be: VS Code would lose which row a pointer or a menu is on. */
  private draw(): void {
    const places = this.view?.folders.map(({ uri, files }) =>
      placesOf(uri, basename(vscode.Uri.parse(uri).path), files),
    );
    const rows = this.rows.take(places, (row) => this.looksOf(row));
    if (rows === undefined || rows.length > 0) {
      this.changed.fire(rows);
    }
  }

  /** What is seen of it. Not by its item: one for each of thousands of files would be made at each look. */
  private looksOf(row: PlaceNode): string {
    if (row.kind === 'place') {
      return JSON.stringify({ ...row.place, children: [] });
    }
    const { description, tooltip } = this.tierItem(row.kind);
    return JSON.stringify([description, tooltip]);
  }

  private lookSoon(): void {
    if (this.watchers > 0) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        if (this.isLooking) {
          this.lookSoon();
        } else {
          void this.look();
        }
      }, this.waitMs);
    }
  }

  private tierItem(kind: 'gpu' | 'ram' | 'disk'): vscode.TreeItem {
    const { view } = this;
    const item = new vscode.TreeItem(
      { gpu: 'GPU', ram: 'RAM', disk: vscode.l10n.t('Disk') }[kind],
      kind === 'disk'
        ? vscode.TreeItemCollapsibleState.Expanded
        : vscode.TreeItemCollapsibleState.None,
    );
    item.id = kind;
    item.contextValue = `leoam.tier.${kind}`;
    item.iconPath = new vscode.ThemeIcon(
      { gpu: 'circuit-board', ram: 'chip', disk: 'database' }[kind],
    );
    if (view === undefined) {
      return item;
    }
    switch (kind) {
      case 'gpu':
        item.description = gpuText(view);
        break;
      case 'ram':
        item.description = ramText(view);
        item.tooltip = ramTooltip(view);
        break;
      case 'disk':
        item.description = diskText(view);
        item.tooltip = diskTooltip(view);
        break;
    }
    return item;
  }
}

function ramTooltip({ ram }: TiersView): string {
  return [
    vscode.l10n.t(
      '{0} of chats and suggestions ({1} tokens), {2} of {3} of files that were moved here, {4} that the disk refused',
      bytesText(ram.sessionBytes),
      countText(ram.sessionTokens),
      bytesText(ram.segmentBytes - ram.refusedBytes),
      bytesText(ram.segmentBudgetBytes),
      bytesText(ram.refusedBytes),
    ),
    ...(ram.evidence === undefined
      ? []
      : [
          vscode.l10n.t(
            'Of it whole repositories: {0} of {1}; the rest is read from disk',
            bytesText(ram.evidence.bytes),
            bytesText(ram.evidence.budgetBytes),
          ),
        ]),
  ].join('\n');
}

function diskTooltip({ disk, answers }: TiersView): string {
  const reused = reusedShare(answers);
  return [
    vscode.l10n.t(
      '{0} segments, {1} tokens, of all folders and models; since the start {2} read, {3} written, {4} segments evicted',
      countText(disk.segments),
      countText(disk.tokens),
      bytesText(disk.bytesRead),
      bytesText(disk.bytesWritten),
      countText(disk.evicted),
    ),
    ...(reused === undefined
      ? []
      : [
          vscode.l10n.t(
            'Of the tokens that the latest answers took from files and from the chat {0} were reused, wherever they lay; the others were computed',
            percentText(reused),
          ),
        ]),
  ].join('\n');
}

function placeItem(place: Place): vscode.TreeItem {
  const { isFolder, path, folder, pinned, tokensStored, bytesInRam } = place;
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(
    place.name,
    isFolder ? (path === '/' ? Expanded : Collapsed) : None,
  );
  item.id = idOf(place);
  item.description = placeText(place);
  item.tooltip = placeTooltip(place);
  const tier = bytesInRam === 0 ? 'disk' : bytesInRam < place.bytes ? 'both' : 'ram';
  const state = [pinned ? 'pinned' : 'free', tier, tokensStored > 0 ? 'read' : 'unread'];
  item.contextValue = ['leoam.place', ...state].join('.'); // commands in package.json look at it
  item.iconPath = pinned
    ? new vscode.ThemeIcon('pinned')
    : isFolder
      ? vscode.ThemeIcon.Folder
      : vscode.ThemeIcon.File;
  if (!isFolder) {
    const uri = vscode.Uri.joinPath(vscode.Uri.parse(folder), path);
    item.resourceUri = uri;
    item.command = { command: 'vscode.open', title: '', arguments: [uri] };
  }
  return item;
}
