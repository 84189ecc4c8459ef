// The budgets of the tiers, and how one is set: each is a setting of its own, asked for and weighed
// in the same way.

import * as vscode from 'vscode';
import { tiersShow, type TiersView } from '../../server/protocol/tiers.js';
import type { Server } from '../server/server.js';
import {
  budgetOf,
  restsOnWholeRepository,
  startsAnew,
  writeBudget,
  type BudgetName,
} from '../settings.js';
import { bytesText } from './figures.js';
import type { PlaceNode } from './places.js';
import { budgetQuestion, confirmed, newStartQuestion } from './questions.js';

export const bytesIn = { MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

interface Budget {
  /** On whose row it is set. */
  tier: Exclude<PlaceNode['kind'], 'place'>;
  setting: BudgetName;
  unit: keyof typeof bytesIn;
  name: string;
  /** What 0 stands for; absent: it has to be more. */
  zero?: string;
  /** It limits nothing while answers rest on passages. */
  isOfWholeRepositories?: true;
  /** Bytes that lie under it. */
  used(view: TiersView): number;
}

/**
 * Asks which budget where the row's tier has several or there is no row, for a number, and before
 * anything goes whether it may. `known`: what was shown last.
 */
export async function setBudget(
  server: Pick<Server, 'state' | 'request'>,
  known: TiersView | undefined,
  node?: PlaceNode,
): Promise<void> {
  const budget = await chosenBudget(node);
  const value = budget && (await enteredValue(budget, known));
  if (budget === undefined || value === undefined || value === budgetOf(budget.setting)) {
    return;
  }
  const view = await heldNow(server);
  const question = view && costOf(budget, view, value * bytesIn[budget.unit]);
  if (question === undefined || (await confirmed(question, vscode.l10n.t('Set the budget')))) {
    await writeBudget(budget.setting, value);
  }
}

function allBudgets(): Budget[] {
  return [
    {
      ...{ tier: 'gpu', setting: 'chat.deviceMemoryMib', unit: 'MiB' },
      name: vscode.l10n.t('Memory of a GPU for whole repositories'),
      zero: vscode.l10n.t('0: none.'),
      isOfWholeRepositories: true,
      used: ({ gpu }) => gpu?.bytes ?? 0,
    },
    {
      ...{ tier: 'ram', setting: 'storeRamMib', unit: 'MiB' },
      name: vscode.l10n.t('RAM for files that are moved there'),
      used: ({ ram }) => ram.segmentBytes,
    },
    {
      ...{ tier: 'ram', setting: 'chat.evidenceMemoryMib', unit: 'MiB' },
      name: vscode.l10n.t('RAM for whole repositories'),
      isOfWholeRepositories: true,
      used: ({ ram }) => ram.evidence?.bytes ?? 0,
    },
    {
      ...{ tier: 'disk', setting: 'storeBudgetGib', unit: 'GiB' },
      name: vscode.l10n.t('Budget of the store on disk'),
      zero: vscode.l10n.t('0: no limit.'),
      used: ({ disk }) => disk.bytes,
    },
  ];
}

async function chosenBudget(node: PlaceNode | undefined): Promise<Budget | undefined> {
  const all = allBudgets();
  const ofTier = all.filter(({ tier }) => tier === node?.kind);
  if (ofTier.length === 1) {
    return ofTier[0];
  }
  const items = (ofTier.length === 0 ? all : ofTier).map((budget) => ({
    budget,
    label: budget.name,
    description: `${budgetOf(budget.setting)} ${budget.unit}`,
  }));
  return (await vscode.window.showQuickPick(items))?.budget;
}

async function enteredValue(
  budget: Budget,
  known: TiersView | undefined,
): Promise<number | undefined> {
  const { name, unit, setting, zero, isOfWholeRepositories } = budget;
  const wrong =
    unit === 'GiB'
      ? vscode.l10n.t('A number of GiB, such as 8 or 0.5.')
      : vscode.l10n.t('A number of MiB, such as 256.');
  const prompt = [
    ...(zero === undefined ? [] : [zero]),
    ...(known === undefined
      ? []
      : [vscode.l10n.t('{0} are taken now.', bytesText(budget.used(known)))]),
    ...(isOfWholeRepositories && !restsOnWholeRepository()
      ? [vscode.l10n.t('Answers rest on passages now, which take nothing of it.')]
      : []),
  ].join(' ');
  const entered = await vscode.window.showInputBox({
    title: vscode.l10n.t('{0}, in {1}', name, unit),
    ...{ prompt, value: String(budgetOf(setting)) },
    validateInput: (text) => (valueOf(text, budget) === undefined ? wrong : undefined),
  });
  return entered === undefined ? undefined : valueOf(entered, budget);
}

/** Undefined for what is no such budget. */
function valueOf(text: string, { unit, zero }: Budget): number | undefined {
  const value = Number(text.trim().replace(',', '.'));
  if (text.trim() === '' || !Number.isFinite(value)) {
    return undefined;
  }
  const isEnough = unit === 'MiB' ? value >= 1 : value > 0;
  return isEnough || (value === 0 && zero !== undefined) ? value : undefined;
}

/** Undefined where nothing is held, or it cannot be asked. */
async function heldNow(server: Pick<Server, 'state' | 'request'>): Promise<TiersView | undefined> {
  return server.state === 'running'
    ? server.request(tiersShow, {}).catch(() => undefined)
    : undefined;
}

/** Undefined where it costs nothing. */
function costOf({ setting, used }: Budget, view: TiersView, bytes: number): string | undefined {
  return startsAnew(setting)
    ? newStartQuestion(view, used(view), bytes)
    : budgetQuestion(view.disk, bytes);
}
