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
import { budgetOf, changesStoreBudget } from '../settings.js';
import { bytesIn, setBudget } from './budgets.js';
import { countText } from './figures.js';
import type { PicturePanel } from './picturePanel.js';
import { meantPlaces, type Place, type PlaceNode } from './places.js';
import { confirmed, dropQuestion, readAgainQuestion } from './questions.js';
import type { TiersTree } from './tiersTree.js';

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
      async (node?: PlaceNode, selected?: PlaceNode[]): Promise<void> => {
        if (node === undefined) {
          // VS Code no longer knows which row it was: its parent was drawn anew since.
          void vscode.window.showInformationMessage(
            vscode.l10n.t('The tiers were drawn anew in that moment. Choose the row once more.'),
          );
          return;
        }
        await run(meantPlaces(node, selected));
      };
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
      command('setBudget', (node) => setBudget(this.server, this.tree.view, node)),
      command('clear', () => this.clear()),
    ];
  }

  /** Sends the budget of the settings to the server, which makes it hold at once. */
  async tellBudget(): Promise<void> {
    try {
      await this.server.request(tiersSetBudget, {
        budgetBytes: Math.round(budgetOf('storeBudgetGib') * bytesIn.GiB),
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

  private async clear(): Promise<void> {
    const question = vscode.l10n.t(
      'Wipe all stored KV, of every folder and model? Reading stops, and what is needed is computed again.',
    );
    if (await confirmed(question, vscode.l10n.t('Wipe'))) {
      await this.server.request(tiersClear, {});
    }
  }
}
