// Choosing a model: the catalogue with size, memory and licence, a GGUF file of one's own, and
// removing what is not needed. Owns leoam.model.*.

import * as vscode from 'vscode';
import {
  modelsFetch,
  modelsList,
  modelsRemove,
  type ModelInfo,
} from '../../server/protocol/models.js';
import { sentenceOf } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { useModel, useModelFile } from '../settings.js';

type Entry = vscode.QuickPickItem & { model?: ModelInfo; isFile?: true };

const removeButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('trash'),
  tooltip: vscode.l10n.t('Remove'),
};

export function modelCommands(server: Server): vscode.Disposable {
  const told =
    <A extends unknown[]>(run: (...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      try {
        await run(...args);
      } catch (error) {
        if (!isCancelled(error)) {
          void vscode.window.showErrorMessage(sentenceOf(error));
        }
      }
    };
  return vscode.Disposable.from(
    vscode.commands.registerCommand(
      'leoam.model.select',
      told(() => selectModel(server)),
    ),
    vscode.commands.registerCommand(
      'leoam.model.fetch',
      told(async () => {
        await server.request(modelsFetch, {});
      }),
    ),
    vscode.commands.registerCommand('leoam.model.useFile', told(pickFile)),
  );
}

async function selectModel(server: Server): Promise<void> {
  const pick = vscode.window.createQuickPick<Entry>();
  pick.title = vscode.l10n.t('Model that answers');
  pick.matchOnDetail = true;
  pick.busy = true;
  pick.show();
  const fill = async (): Promise<void> => {
    pick.items = entries(await server.request(modelsList, {}));
    pick.busy = false;
  };
  const shown = (): void => {
    fill().catch((error: unknown) => {
      pick.hide();
      void vscode.window.showErrorMessage(sentenceOf(error));
    });
  };
  try {
    // Heard from the start: the list may be given up before it has come.
    const choice = new Promise<Entry | undefined>((resolve) => {
      pick.onDidAccept(() => resolve(pick.selectedItems[0]));
      pick.onDidHide(() => resolve(undefined));
      pick.onDidTriggerItemButton(({ item }) => void remove(server, item).then(shown));
    });
    shown();
    const chosen = await choice;
    pick.hide();
    if (chosen?.isFile) {
      await pickFile();
    } else if (chosen?.model !== undefined) {
      await take(server, chosen.model);
    }
  } finally {
    pick.dispose();
  }
}

/** Fetches the model where it is missing, then uses it. */
async function take(server: Server, model: ModelInfo): Promise<void> {
  if (!model.fits) {
    const goOn = vscode.l10n.t('Use it all the same');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t(
        '{0} wants {1} of free memory, which this machine does not have now. It may be slow or fail to load.',
        model.name,
        gib(model.memoryBytes),
      ),
      { modal: true },
      goOn,
    );
    if (answer !== goOn) {
      return;
    }
  }
  if (model.state !== 'present') {
    await server.request(modelsFetch, { id: model.id });
  }
  await useModel(model.id);
}

async function remove(server: Server, { model }: Entry): Promise<void> {
  try {
    if (model !== undefined) {
      await server.request(modelsRemove, { id: model.id });
    }
  } catch (error) {
    void vscode.window.showErrorMessage(sentenceOf(error));
  }
}

async function pickFile(): Promise<void> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('A model file (GGUF)'),
      filters: { GGUF: ['gguf'] },
    })) ?? [];
  if (file !== undefined) {
    await useModelFile(file.fsPath);
  }
}

function entries(models: readonly ModelInfo[]): Entry[] {
  return [
    ...models.map((model): Entry => {
      const { name, licence, state, isRecommended, fits, memoryBytes } = model;
      return {
        model,
        label: `$(${state === 'present' ? 'check' : 'cloud-download'}) ${name}`,
        description: [
          isRecommended ? vscode.l10n.t('fits this machine best') : '',
          fits ? '' : vscode.l10n.t('too large for the free memory'),
        ]
          .filter(Boolean)
          .join(', '),
        detail: [sizeOf(model), vscode.l10n.t('wants {0} of memory', gib(memoryBytes)), licence]
          .filter(Boolean)
          .join(' · '),
        buttons: state === 'missing' ? [] : [removeButton],
      };
    }),
    { label: `$(folder-opened) ${vscode.l10n.t('A GGUF file of my own…')}`, isFile: true },
  ];
}

function sizeOf({ state, bytes, bytesOnDisk }: ModelInfo): string {
  const all = bytes === undefined ? '' : `${(bytes / 1e9).toFixed(1)} GB`;
  return state === 'partial'
    ? vscode.l10n.t('{0} of {1} are here', `${(bytesOnDisk / 1e9).toFixed(1)} GB`, all)
    : all;
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(0)} GiB`;
}

function isCancelled(error: unknown): boolean {
  return error instanceof vscode.CancellationError || /cancelled/iu.test(sentenceOf(error));
}
