// The view of the tiers in the sidebar, and what can be done in it. Owns leoam.tiers.*.

import * as vscode from 'vscode';
import type { z } from 'zod';
import type { RequestMethod } from '../../server/protocol/method.js';
import {
  tiersClear,
  tiersDrop,
  tiersMove,
  tiersPin,
  tiersRebuild,
  tiersSetBudget,
  tiersVerify,
} from '../../server/protocol/tiers.js';
import { sentenceOf } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { changesStoreBudget, setStoreBudget, storeBudgetGib } from '../settings.js';
import { bytesText, countText } from './figures.js';
import type { PicturePanel } from './picturePanel.js';
import { meantPlaces, type Place, type PlaceNode } from './places.js';
import { budgetQuestion, dropQuestion, readAgainQuestion } from './questions.js';
import type { TiersTree } from './tiersTree.js';

const gib = 1024 ** 3;

export function tiersView(
  server: Server,
  tree: TiersTree,
  picture: Pick<PicturePanel, 'show'>,
): vscode.Disposable {
  const view = vscode.window.createTreeView('leoam.tiers', {
    treeDataProvider: tree,
    canSelectMany: true,
    showCollapseAll: true,
  });
  let wasSeen = false;
  const see = (isSeen: boolean): void => {
    if (isSeen !== wasSeen) {
      wasSeen = isSeen;
      tree.seen(isSeen);
    }
  };
  see(view.visible);
  const actions = new Actions(server, tree);
  return vscode.Disposable.from(
    view,
    view.onDidChangeVisibility(({ visible }) => see(visible)),
    ...actions.commands(),
    vscode.commands.registerCommand('leoam.tiers.showPicture', () => picture.show()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (changesStoreBudget(event) && server.state === 'running') {
        void actions.tellBudget();
      }
    }),
  );
}

class Actions {
  constructor(
    private readonly server: Server,
    private readonly tree: TiersTree,
  ) {}

  commands(): vscode.Disposable[] {
    const onPlaces =
      (run: (places: Place[]) => Promise<void>) =>
      (node?: PlaceNode, selected?: PlaceNode[]): Promise<void> =>
        run(meantPlaces(node, selected));
    const command = (
      name: string,
      run: (node?: PlaceNode, selected?: PlaceNode[]) => Promise<void>,
    ): vscode.Disposable =>
      vscode.commands.registerCommand(
        `leoam.tiers.${name}`,
        async (node?: PlaceNode, selected?: PlaceNode[]) => {
          try {
            await run(node, selected);
          } catch (error) {
            void vscode.window.showErrorMessage(sentenceOf(error));
          }
          await this.tree.look();
        },
      );
    return [
      command('refresh', async () => undefined),
      command(
        'pin',
        onPlaces((places) => this.each(places, tiersPin, { pinned: true })),
      ),
      command(
        'unpin',
        onPlaces((places) => this.each(places, tiersPin, { pinned: false })),
      ),
      command(
        'moveToRam',
        onPlaces((places) => this.each(places, tiersMove, { tier: 'ram' })),
      ),
      command(
        'moveToDisk',
        onPlaces((places) => this.each(places, tiersMove, { tier: 'disk' })),
      ),
      command(
        'drop',
        onPlaces((places) => this.drop(places)),
      ),
      command(
        'rebuild',
        onPlaces((places) => this.readAgain(places)),
      ),
      command('verify', () => this.verify()),
      command('setBudget', () => this.setBudget()),
      command('clear', () => this.clear()),
    ];
  }

  /** Sends the budget of the settings to the server, which makes it hold at once. */
  async tellBudget(): Promise<void> {
    try {
      await this.server.request(tiersSetBudget, {
        budgetBytes: Math.round(storeBudgetGib() * gib),
      });
    } catch (error) {
      void vscode.window.showErrorMessage(sentenceOf(error));
    }
    await this.tree.look();
  }

  /** One request for each workspace folder. */
  private async each<P extends z.ZodType, R extends z.ZodType>(
    places: readonly Place[],
    method: RequestMethod<P, R>,
    more: object,
  ): Promise<void> {
    for (const folder of new Set(places.map((place) => place.folder))) {
      const paths = places.filter((place) => place.folder === folder).map(({ path }) => path);
      await this.server.request(method, { folder, paths, ...more } as z.infer<P>);
    }
  }

  private async drop(places: readonly Place[]): Promise<void> {
    if (places.length > 0 && (await confirmed(dropQuestion(places), vscode.l10n.t('Drop')))) {
      await this.each(places, tiersDrop, {});
    }
  }

  private async readAgain(places: readonly Place[]): Promise<void> {
    const question = readAgainQuestion(places);
    if (question === undefined || (await confirmed(question, vscode.l10n.t('Read Again')))) {
      await this.each(places, tiersRebuild, {});
    }
  }

  private async verify(): Promise<void> {
    const { ok, damaged } = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('Checking what is stored'),
      },
      () => this.server.request(tiersVerify, {}),
    );
    void vscode.window.showInformationMessage(
      damaged === 0
        ? vscode.l10n.t('{0} segments checked, none is damaged.', countText(ok))
        : vscode.l10n.t(
            '{0} segments checked; {1} were damaged and are removed. They are read again.',
            countText(ok + damaged),
            countText(damaged),
          ),
    );
  }

  private async setBudget(): Promise<void> {
    const now = storeBudgetGib();
    const stored = this.tree.view?.disk;
    const entered = await vscode.window.showInputBox({
      title: vscode.l10n.t('Budget of the store on disk, in GiB'),
      prompt:
        stored === undefined
          ? vscode.l10n.t('0: no limit.')
          : vscode.l10n.t('0: no limit. The store takes {0} now.', bytesText(stored.bytes)),
      value: String(now),
      validateInput: (text) =>
        gibOf(text) === undefined ? vscode.l10n.t('A number of GiB, such as 8 or 0.5.') : undefined,
    });
    const budget = entered === undefined ? undefined : gibOf(entered);
    if (budget === undefined) {
      return;
    }
    const question = stored && budgetQuestion(stored, budget * gib);
    if (question === undefined || (await confirmed(question, vscode.l10n.t('Set the budget')))) {
      await setStoreBudget(budget);
    }
  }

  private async clear(): Promise<void> {
    const question = vscode.l10n.t(
      'Wipe all stored KV, of every folder and model? Reading stops, and what is needed is computed again.',
    );
    if (await confirmed(question, vscode.l10n.t('Wipe'))) {
      await this.server.request(tiersClear, {});
    }
  }
}

/** Undefined for what is no number of GiB. */
function gibOf(text: string): number | undefined {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

async function confirmed(question: string, yes: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true }, yes)) === yes;
}
