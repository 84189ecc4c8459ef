// The lines that the last answer or suggestion rested on, marked in the editors on request: the
// warmer, the more of it rested on them. Owns leoam.tiers.showEvidence.

import * as vscode from 'vscode';
import { completionRecent } from '../../server/protocol/completion.js';
import { uriIn } from '../chat/citedLines.js';
import type { Server } from '../server/server.js';
import { percentText } from './figures.js';

/** Of one answer or suggestion, in one folder. */
export interface Evidence {
  folder: string;
  /** Milliseconds since 1970. */
  time: number;
  /** Absent: of an answer. */
  isOfSuggestion?: true;
  /** Weights add up to 1: half by attention, half by order; of a suggestion all alike. */
  sources: { path: string; startLine: number; endLine: number; weight: number }[];
}

/** How strongly lines are marked, from the weight on. */
const degrees = [
  { from: 0.3, opacity: 'cc' },
  { from: 0.1, opacity: '80' },
  { from: 0, opacity: '40' },
] as const;
const warm = '#e08000';

export function evidenceLines(
  server: Pick<Server, 'state' | 'request'>,
  lastAnswer: () => Evidence | undefined,
): vscode.Disposable {
  const marks = degrees.map(({ opacity }) =>
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      overviewRulerColor: `${warm}${opacity}`,
      overviewRulerLane: vscode.OverviewRulerLane.Left,
      borderColor: `${warm}${opacity}`,
      borderStyle: 'solid',
      borderWidth: '0 0 0 4px',
    }),
  );
  let shown: Evidence | undefined;
  const draw = (editor: vscode.TextEditor): void => {
    marks.forEach((mark, degree) => editor.setDecorations(mark, rangesIn(editor, shown, degree)));
  };
  const drawAll = (): void => vscode.window.visibleTextEditors.forEach(draw);
  return vscode.Disposable.from(
    ...marks,
    vscode.window.onDidChangeVisibleTextEditors(drawAll),
    vscode.commands.registerCommand('leoam.tiers.showEvidence', async () => {
      const answer = lastAnswer();
      if (shown !== undefined && !isOlder(shown, answer)) {
        shown = undefined;
        drawAll();
        return;
      }
      shown = latest(answer, await lastSuggestion(server).catch(() => undefined));
      if (shown === undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t('No answer or suggestion has rested on lines of a file yet.'),
        );
      }
      drawAll();
    }),
  );
}

/** Marks of an answer that is no longer the last one give way to those of the last. */
function isOlder(shown: Evidence, answer: Evidence | undefined): boolean {
  return (
    shown.isOfSuggestion !== true &&
    answer !== undefined &&
    JSON.stringify(answer.sources) !== JSON.stringify(shown.sources)
  );
}

function rangesIn(
  editor: vscode.TextEditor,
  evidence: Evidence | undefined,
  degree: number,
): vscode.DecorationOptions[] {
  const { document } = editor;
  return (evidence?.sources ?? [])
    .filter(({ weight }) => degrees.findIndex(({ from }) => weight >= from) === degree)
    .filter(
      ({ path }) => uriIn(evidence?.folder ?? '', path)?.toString() === document.uri.toString(),
    )
    .map(({ startLine, endLine, weight }) => {
      const last = Math.min(endLine, document.lineCount) - 1;
      const first = Math.max(0, Math.min(startLine - 1, last));
      return {
        range: new vscode.Range(first, 0, last, 0),
        hoverMessage: evidence?.isOfSuggestion ? suggestionText() : answerText(weight),
      };
    });
}

function answerText(weight: number): string {
  return vscode.l10n.t(
    'LeoAM: {0} of what the last answer rests on, by its attention and by the order of what it was given',
    percentText(weight),
  );
}

function suggestionText(): string {
  return vscode.l10n.t(
    'LeoAM: one of the passages that the last suggestion was given; what it owes to each is not measured',
  );
}

function latest(a: Evidence | undefined, b: Evidence | undefined): Evidence | undefined {
  return (a?.time ?? 0) >= (b?.time ?? 0) ? (a ?? b) : b;
}

/** All of its passages alike: what a suggestion owes to which is not measured. */
async function lastSuggestion(
  server: Pick<Server, 'state' | 'request'>,
): Promise<Evidence | undefined> {
  if (server.state !== 'running') {
    return undefined;
  }
  const records = await server.request(completionRecent, {});
  const record = records.find(
    ({ outcome, sources }) => outcome !== 'dropped' && sources.length > 0,
  );
  const folder =
    record && vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(record.uri))?.uri.toString();
  if (record === undefined || folder === undefined) {
    return undefined;
  }
  const weight = 1 / record.sources.length;
  return {
    folder,
    time: record.time,
    isOfSuggestion: true,
    sources: record.sources.map((source) => ({ ...source, weight })),
  };
}
